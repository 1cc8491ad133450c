package keys_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"iter"
	"sync"
	"testing"
	"time"

	"gatehouse/keys"
	"gatehouse/storage"
)

// memory is the part of a Backend that one record without expiry needs. While
// down is set every call fails.
type memory struct {
	mu     sync.Mutex
	values map[string][]byte
	down   bool
}

var errDown = errors.New("backend is down")

func (m *memory) do(ctx context.Context, f func() error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down {
		return errDown
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return f()
}

func (m *memory) setDown(down bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down = down
}

func (m *memory) Get(ctx context.Context, keys ...string) (values [][]byte, err error) {
	err = m.do(ctx, func() error {
		for _, key := range keys {
			values = append(values, m.values[key])
		}
		return nil
	})
	return values, err
}

func (m *memory) Put(ctx context.Context, key string, value []byte, _ time.Duration) error {
	return m.do(ctx, func() error { m.values[key] = value; return nil })
}

func (m *memory) Add(ctx context.Context, key string, value []byte, _ time.Duration) error {
	return m.do(ctx, func() error {
		if m.values[key] != nil {
			return storage.ErrExists
		}
		m.values[key] = value
		return nil
	})
}

func (m *memory) Swap(ctx context.Context, key string, old, next []byte, _ time.Duration) error {
	return m.do(ctx, func() error {
		switch {
		case m.values[key] == nil:
			return storage.ErrNotFound
		case !bytes.Equal(m.values[key], old):
			return storage.ErrConflict
		}
		m.values[key] = next
		return nil
	})
}

func (m *memory) Take(ctx context.Context, key string) (value []byte, err error) {
	err = m.do(ctx, func() error {
		if value = m.values[key]; value == nil {
			return storage.ErrNotFound
		}
		delete(m.values, key)
		return nil
	})
	return value, err
}

func (m *memory) Delete(ctx context.Context, key string) error {
	return m.do(ctx, func() error { delete(m.values, key); return nil })
}

func (m *memory) Keys(context.Context, string) iter.Seq2[string, error] {
	return func(func(string, error) bool) {}
}

func (m *memory) Ping(ctx context.Context) error { return m.do(ctx, func() error { return nil }) }
func (m *memory) Close() error                   { return nil }

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
	backend *memory
	sealing []byte
}

func newWorld() *world {
	return &world{
		clock:   newClock(),
		backend: &memory{values: map[string][]byte{}},
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
