package storagetest_test

import (
	"sync"
	"testing"
	"time"

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

func openMemory(testing.TB) storagetest.Instance {
	clock := newClock()
	return storagetest.Instance{Backend: storagetest.NewMemory(clock.Now), Advance: clock.Advance}
}

func TestMemory(t *testing.T) { storagetest.Run(t, openMemory) }

func TestStoreOnMemory(t *testing.T) { storagetest.RunStore(t, openMemory) }

func BenchmarkMemory(b *testing.B) { storagetest.Benchmark(b, openMemory) }
