//go:build linux

package bench_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-jose/go-jose/v4"
	goredis "github.com/redis/go-redis/v9"

	"gatehouse/e2e/stack"
)

// recordSize is about that of a sealed grant.
const recordSize = 900

// floor is what even a provider without any work of its own would do: bare chi
// handlers answer recorded bytes, and before the last answer of an operation
// comes one signature, if any, and so many commands to Redis.
type floor struct {
	Redis         string
	Algorithm     jose.SignatureAlgorithm
	Reads, Writes int
	Answers       []answer
	// Listen is where it runs as a process of its own.
	Listen string

	client *goredis.Client
	record []byte
	next   atomic.Int64
	rsa    *rsa.PrivateKey
	ecdsa  *ecdsa.PrivateKey
}

// answer is what was once answered to a request.
type answer struct {
	Method, Path string
	Status       int
	Header       http.Header
	Body         []byte
}

func (f *floor) handler() (http.Handler, error) {
	f.client = goredis.NewClient(&goredis.Options{Addr: f.Redis})
	f.record = make([]byte, recordSize)
	for i := range people {
		if err := f.client.Set(context.Background(), floorKey(int64(i)), f.record, 0).Err(); err != nil {
			return nil, err
		}
	}
	var err error
	if f.rsa, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		return nil, err
	}
	if f.ecdsa, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return nil, err
	}
	router := chi.NewRouter()
	for i, each := range f.Answers {
		last := i == len(f.Answers)-1
		router.Method(each.Method, each.Path, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			if last {
				if err := f.spend(r.Context()); err != nil {
					http.Error(w, err.Error(), http.StatusInternalServerError)
					return
				}
			}
			for _, name := range []string{"Content-Type", "Location"} {
				if value := each.Header.Get(name); value != "" {
					w.Header().Set(name, value)
				}
			}
			w.WriteHeader(each.Status)
			_, _ = w.Write(each.Body)
		}))
	}
	return router, nil
}

func floorKey(i int64) string { return "floor:" + strconv.FormatInt(i%people, 10) }

func (f *floor) spend(ctx context.Context) error {
	if err := f.sign(); err != nil {
		return err
	}
	key := floorKey(f.next.Add(1))
	for range f.Writes {
		if err := f.client.Set(ctx, key, f.record, 0).Err(); err != nil {
			return err
		}
	}
	for range f.Reads {
		if err := f.client.Get(ctx, key).Err(); err != nil {
			return err
		}
	}
	return nil
}

func (f *floor) sign() (err error) {
	sum := sha256.Sum256(f.record)
	switch f.Algorithm {
	case jose.RS256:
		_, err = rsa.SignPKCS1v15(nil, f.rsa, crypto.SHA256, sum[:])
	case jose.ES256:
		_, err = ecdsa.SignASN1(rand.Reader, f.ecdsa, sum[:])
	default: // nothing is signed
	}
	return err
}

// recorder keeps what was answered to each request that went through it.
type recorder struct {
	next    http.RoundTripper
	answers []answer
}

// RoundTrip implements http.RoundTripper.
func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := r.next.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	r.answers = append(r.answers, answer{request.Method, request.URL.Path, response.StatusCode, response.Header, body})
	return response, nil
}

// recordAnswers runs an operation once and returns what was answered.
func recordAnswers(b *testing.B, a *app, run func(*app) error) []answer {
	b.Helper()
	recording := &recorder{next: a.http.Transport}
	recorded, through := *a, *a.http
	through.Transport = recording
	recorded.http = &through
	if err := run(&recorded); err != nil {
		b.Fatal(err)
	}
	return recording.answers
}

// startHere serves the floor in this process.
func (f *floor) startHere(b *testing.B) (base string, clock func() time.Duration) {
	b.Helper()
	handler, err := f.handler()
	if err != nil {
		b.Fatal(err)
	}
	server := httptest.NewServer(handler)
	b.Cleanup(server.Close)
	b.Cleanup(func() { _ = f.client.Close() })
	return server.URL, ownTime
}

// floorVariable makes this program serve the floor that stands in a file.
const floorVariable = "GATEHOUSE_BENCH_FLOOR"

// startApart serves the floor in a process of its own.
func (f *floor) startApart(b *testing.B) (base string, clock func() time.Duration) {
	b.Helper()
	port, err := stack.FreePort(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	f.Listen = fmt.Sprintf("127.0.0.1:%d", port)
	dir := b.TempDir()
	written, err := json.Marshal(f)
	if err != nil {
		b.Fatal(err)
	}
	file := filepath.Join(dir, "floor.json")
	if err := os.WriteFile(file, written, 0o600); err != nil {
		b.Fatal(err)
	}
	process := startProcess(b, stack.Command{
		Name: "floor", Path: os.Args[0], Dir: dir, Log: filepath.Join(dir, "floor.log"), Env: []string{floorVariable + "=" + file},
	}, "http://"+f.Listen+"/floor")
	return "http://" + f.Listen, timeOf(process.PID())
}

// TestMain lets this program be the floor.
func TestMain(m *testing.M) {
	if file := os.Getenv(floorVariable); file != "" {
		fmt.Fprintln(os.Stderr, serveFloor(file))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func serveFloor(file string) error {
	written, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var f floor
	if err := json.Unmarshal(written, &f); err != nil {
		return err
	}
	handler, err := f.handler()
	if err != nil {
		return err
	}
	server := http.Server{Addr: f.Listen, Handler: handler, ReadHeaderTimeout: time.Minute}
	return server.ListenAndServe()
}
