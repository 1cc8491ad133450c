package bolt_test

import (
	"path/filepath"
	"sync"
	"testing"
	"time"

	"gatehouse/storage"
	"gatehouse/storage/bolt"
	"gatehouse/storage/storagetest"
)

// clock is a clock that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func openFile(t testing.TB, path string, clock *clock) *bolt.Backend {
	t.Helper()
	backend, err := bolt.Open(bolt.Options{Path: path, Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := backend.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return backend
}

func open(t testing.TB) storagetest.Instance {
	t.Helper()
	clock := newClock()
	return storagetest.Instance{
		Backend: openFile(t, filepath.Join(t.TempDir(), "gatehouse.db"), clock),
		Advance: clock.Advance,
	}
}

func TestContract(t *testing.T) { storagetest.Run(t, open) }

func TestStore(t *testing.T) { storagetest.RunStore(t, open) }

func BenchmarkBolt(b *testing.B) { storagetest.Benchmark(b, open) }

func put(t testing.TB, backend storage.Backend, key, value string, ttl time.Duration) {
	t.Helper()
	if err := backend.Put(t.Context(), key, []byte(value), ttl); err != nil {
		t.Fatalf("put %q: %v", key, err)
	}
}

func get(t testing.TB, backend storage.Backend, key string) string {
	t.Helper()
	values, err := backend.Get(t.Context(), key)
	if err != nil {
		t.Fatalf("get %q: %v", key, err)
	}
	return string(values[0])
}
