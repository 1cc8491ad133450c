//go:build unix

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
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/go-jose/go-jose/v4"
	goredis "github.com/redis/go-redis/v9"
)

// recordSize is about that of a sealed grant.
const recordSize = 900

// machine is what even a provider without any work of its own would use.
type machine struct {
	redis  *goredis.Client
	record []byte
	next   atomic.Int64
	rsa    *rsa.PrivateKey
	ecdsa  *ecdsa.PrivateKey
}

func newMachine(b *testing.B, address string) *machine {
	b.Helper()
	m := &machine{redis: goredis.NewClient(&goredis.Options{Addr: address}), record: make([]byte, recordSize)}
	b.Cleanup(func() { _ = m.redis.Close() })
	var err error
	if m.rsa, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		b.Fatal(err)
	}
	if m.ecdsa, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		b.Fatal(err)
	}
	return m
}

// spend makes one signature, unless the algorithm is empty, and goes to Redis.
func (m *machine) spend(algorithm jose.SignatureAlgorithm, reads, writes int) error {
	if err := m.sign(algorithm); err != nil {
		return err
	}
	ctx := context.Background()
	key := "floor:" + strconv.FormatInt(m.next.Add(1)%people, 10)
	for range writes {
		if err := m.redis.Set(ctx, key, m.record, 0).Err(); err != nil {
			return err
		}
	}
	for range reads {
		if err := m.redis.Get(ctx, key).Err(); err != nil && !errors.Is(err, goredis.Nil) {
			return err
		}
	}
	return nil
}

func (m *machine) sign(algorithm jose.SignatureAlgorithm) (err error) {
	sum := sha256.Sum256(m.record)
	switch algorithm {
	case jose.RS256:
		_, err = rsa.SignPKCS1v15(nil, m.rsa, crypto.SHA256, sum[:])
	case jose.ES256:
		_, err = ecdsa.SignASN1(rand.Reader, m.ecdsa, sum[:])
	}
	return err
}

// recorder keeps what was answered to each request that went through it.
type recorder struct {
	next    http.RoundTripper
	answers []answer
}

type answer struct {
	method, path string
	status       int
	header       http.Header
	body         []byte
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

// bareHandlers starts a server that answers the requests of one operation with
// the very bytes that the provider answers, and returns its address.
func bareHandlers(b *testing.B, a *app, run func(*app) error) string {
	b.Helper()
	recording := &recorder{next: a.http.Transport}
	recorded, through := *a, *a.http
	through.Transport = recording
	recorded.http = &through
	if err := run(&recorded); err != nil {
		b.Fatal(err)
	}
	router := chi.NewRouter()
	for _, each := range recording.answers {
		router.Method(each.method, each.path, each)
	}
	server := httptest.NewServer(router)
	b.Cleanup(server.Close)
	return server.URL
}

// ServeHTTP answers what was recorded.
func (a answer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	for _, name := range []string{"Content-Type", "Location"} {
		if value := a.header.Get(name); value != "" {
			w.Header().Set(name, value)
		}
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
}
