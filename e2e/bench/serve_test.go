//go:build linux

package bench_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"gatehouse/e2e/stack"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
	"gatehouse/storage/directus/directustest"
	"gatehouse/storage/redis"
)

// houseApart runs gatehouse serve, with its logs and all, as a process of its
// own: what is measured then is the server alone.
func houseApart(b *testing.B) *house {
	b.Helper()
	fake := directustest.New(b)
	s := newServed(b, fake, stack.RedisForTest(b, stack.RedisOptions{}).Addr)
	process := s.start(b)
	h := &house{
		server: &providertest.Server{
			Issuer: s.issuer, Directus: fake, Clock: providertest.NewClock(), Store: s.openStore(b),
		},
		redis: s.redis, clock: timeOf(process.PID()), startFloor: (*floor).startApart,
		pass: func() {},
	}
	h.signIn(b)
	h.memory = func(b *testing.B) float64 {
		b.Helper()
		return residentMemory(b, process.PID())
	}
	return h
}

// openStore reads and writes what gatehouse serve does.
func (s *served) openStore(b *testing.B) *storage.Store {
	b.Helper()
	backend, err := redis.Open(b.Context(), redis.Config{Addresses: []string{s.redis}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = backend.Close() })
	sealer, err := storage.NewSealer(rand.Reader, sealingKey())
	if err != nil {
		b.Fatal(err)
	}
	store, err := storage.New(storage.Config{Backend: backend, Sealer: sealer, Now: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	return store
}

func sealingKey() []byte { return make([]byte, storage.SealingKeySize) }

// served is gatehouse serve before it runs.
type served struct {
	dir, binary, config, issuer, redis string
}

func newServed(b *testing.B, fake *directustest.Server, redisAddress string) *served {
	b.Helper()
	port, err := stack.FreePort(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	s := &served{
		dir: dir, binary: filepath.Join(dir, "gatehouse"), config: filepath.Join(dir, "gatehouse.yaml"),
		issuer: fmt.Sprintf("http://127.0.0.1:%d", port), redis: redisAddress,
	}
	build := exec.CommandContext(b.Context(), "go", "build", "-buildvcs=false", "-trimpath", "-o", s.binary, "gatehouse/cmd/gatehouse") //nolint:gosec // our own tree
	if output, err := build.CombinedOutput(); err != nil {
		b.Fatalf("build gatehouse: %v\n%s", err, output)
	}
	client := func(id, algorithm string, firstParty bool) map[string]any {
		return map[string]any{
			"client_id": id, "client_secret": providertest.WebSecret, "redirect_uris": []string{providertest.WebRedirectURI},
			"grant_types": []string{"authorization_code", "refresh_token", "client_credentials"}, "id_token_signed_response_alg": algorithm,
			"first_party": firstParty,
		}
	}
	content, err := json.Marshal(map[string]any{
		"issuer": s.issuer, "listen": fmt.Sprintf("127.0.0.1:%d", port),
		"directus": map[string]any{"url": fake.URL, "token": fake.ServiceToken.Reveal()},
		"store": map[string]any{
			"redis":        map[string]any{"addresses": []string{redisAddress}},
			"sealing_keys": []string{base64.StdEncoding.EncodeToString(sealingKey())},
		},
		// The benchmark refreshes at once what apps refresh after minutes, and
		// would pile up rotations that are remembered for the replay window.
		"tokens":  map[string]any{"replay_window": "0s"},
		"clients": []map[string]any{client(providertest.WebID, "RS256", false), client(es256ID, "ES256", true)},
	})
	if err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(s.config, content, 0o600); err != nil {
		b.Fatal(err)
	}
	return s
}

func (s *served) start(b *testing.B) *stack.Process {
	b.Helper()
	return startProcess(b, stack.Command{
		Name: "gatehouse serve", Path: s.binary, Args: []string{"serve", "--config", s.config}, Dir: s.dir,
		Env: []string{"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=" + s.dir}, Log: filepath.Join(s.dir, "gatehouse.log"),
	}, s.issuer+"/.well-known/openid-configuration")
}

// startProcess starts a server and waits for its first answer.
func startProcess(b *testing.B, command stack.Command, address string) *stack.Process {
	b.Helper()
	process, err := stack.StartProcess(command)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(process.Stop)
	for !answers(b.Context(), address) {
		select {
		case <-process.Done():
			b.Fatalf("%s ended:\n%s", command.Name, process.Log())
		case <-time.After(time.Millisecond):
		}
	}
	return process
}

func answers(ctx context.Context, address string) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return false
	}
	return response.Body.Close() == nil
}

// The limits of a start with the keys in the store, and of the memory of a
// provider that has nothing to do.
const (
	firstAnswerLimit = 150 * time.Millisecond
	idleMemoryLimit  = 30 // MB
)

// BenchmarkStart measures from the start of the process to its first answer.
func BenchmarkStart(b *testing.B) {
	s := newServed(b, directustest.New(b), stack.RedisForTest(b, stack.RedisOptions{}).Addr)
	s.start(b).Stop() // generates the keys
	var starts, memory []float64
	for b.Loop() {
		began := time.Now()
		process := s.start(b)
		starts = append(starts, float64(time.Since(began).Microseconds())/1000)
		b.StopTimer()
		time.Sleep(100 * time.Millisecond) // what the start still does besides answering
		memory = append(memory, residentMemory(b, process.PID()))
		process.Stop()
		b.StartTimer()
	}
	b.ReportMetric(median(starts), "first-answer-ms")
	b.ReportMetric(median(memory), "idle-MB")
	if median(starts) > float64(firstAnswerLimit.Milliseconds()) || median(memory) > idleMemoryLimit {
		b.Errorf("first answer after %.0f ms, limit %s; %.1f MB of memory, limit %d MB",
			median(starts), firstAnswerLimit, median(memory), idleMemoryLimit)
	}
}
