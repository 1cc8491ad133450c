package storagetest

import (
	"context"
	"iter"
	"sync/atomic"
	"time"

	"gatehouse/storage"
)

// Counting counts the round trips to a Backend. Every call is one, a Get of
// several keys too; a listing counts as one however long it is.
type Counting struct {
	backend storage.Backend
	trips   atomic.Int64
}

var _ storage.Backend = (*Counting)(nil)

// NewCounting counts the calls to backend.
func NewCounting(backend storage.Backend) *Counting { return &Counting{backend: backend} }

// RoundTrips returns how many there were since the last Reset.
func (c *Counting) RoundTrips() int { return int(c.trips.Load()) }

// Reset begins to count from zero, and returns the count so far.
func (c *Counting) Reset() int { return int(c.trips.Swap(0)) }

// Get implements storage.Backend.
func (c *Counting) Get(ctx context.Context, keys ...string) ([][]byte, error) {
	c.trips.Add(1)
	return c.backend.Get(ctx, keys...)
}

// Put implements storage.Backend.
func (c *Counting) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	c.trips.Add(1)
	return c.backend.Put(ctx, key, value, ttl)
}

// Add implements storage.Backend.
func (c *Counting) Add(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	c.trips.Add(1)
	return c.backend.Add(ctx, key, value, ttl)
}

// Swap implements storage.Backend.
func (c *Counting) Swap(ctx context.Context, key string, old, next []byte, ttl time.Duration) error {
	c.trips.Add(1)
	return c.backend.Swap(ctx, key, old, next, ttl)
}

// Take implements storage.Backend.
func (c *Counting) Take(ctx context.Context, key string) ([]byte, error) {
	c.trips.Add(1)
	return c.backend.Take(ctx, key)
}

// Delete implements storage.Backend.
func (c *Counting) Delete(ctx context.Context, key string) error {
	c.trips.Add(1)
	return c.backend.Delete(ctx, key)
}

// Keys implements storage.Backend.
func (c *Counting) Keys(ctx context.Context, prefix string) iter.Seq2[string, error] {
	c.trips.Add(1)
	return c.backend.Keys(ctx, prefix)
}

// Ping implements storage.Backend.
func (c *Counting) Ping(ctx context.Context) error {
	c.trips.Add(1)
	return c.backend.Ping(ctx)
}

// Close implements storage.Backend.
func (c *Counting) Close() error { return c.backend.Close() }
