package keys_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/keys"
	"gatehouse/storage"
	"gatehouse/storage/storagetest"
)

// backend is a store that can go down: then no record can be read.
type backend struct {
	storage.Backend
	down atomic.Bool
}

var errDown = errors.New("backend is down")

func (b *backend) Get(ctx context.Context, keys ...string) ([][]byte, error) {
	if b.down.Load() {
		return nil, errDown
	}
	return b.Backend.Get(ctx, keys...)
}

// clock is a time that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock {
	return &clock{now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
}

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

// world is one store that any number of nodes share.
type world struct {
	clock   *clock
	backend *backend
	sealing []byte
}

func newWorld() *world {
	clock := newClock()
	return &world{
		clock:   clock,
		backend: &backend{Backend: storagetest.NewMemory(clock.Now)},
		sealing: bytes.Repeat([]byte{7}, storage.SealingKeySize),
	}
}

// config makes the settings of one more node with a Store of its own.
func (w *world) config(tb testing.TB) keys.Config {
	tb.Helper()
	sealer, err := storage.NewSealer(rand.Reader, w.sealing)
	if err != nil {
		tb.Fatal(err)
	}
	store, err := storage.New(storage.Config{Backend: w.backend, Sealer: sealer, Now: w.clock.Now})
	if err != nil {
		tb.Fatal(err)
	}
	return keys.Config{Rings: store.KeyRings, Now: w.clock.Now}
}

func (w *world) open(tb testing.TB, adjust func(*keys.Config)) *keys.Ring {
	tb.Helper()
	config := w.config(tb)
	if adjust != nil {
		adjust(&config)
	}
	ring, err := keys.Open(tb.Context(), config)
	if err != nil {
		tb.Fatal(err)
	}
	return ring
}

func tick(tb testing.TB, rings ...*keys.Ring) {
	tb.Helper()
	for _, ring := range rings {
		if err := ring.Tick(tb.Context()); err != nil {
			tb.Fatal(err)
		}
	}
}
