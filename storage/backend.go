package storage

import (
	"context"
	"errors"
	"iter"
	"time"
)

// Errors that every Backend and Table returns, possibly wrapped.
var (
	// ErrNotFound says that the key does not exist, or no longer.
	ErrNotFound = errors.New("record not found")
	// ErrExists says that Add found the key taken.
	ErrExists = errors.New("record exists")
	// ErrConflict says that Swap found another value than the one it was to
	// replace. The caller reads again and decides again.
	ErrConflict = errors.New("record changed meanwhile")
)

// NoExpiry as a time to live keeps a key until it is deleted.
const NoExpiry time.Duration = 0

// KeepExpiry as the time to live of a Swap leaves the key's expiry as it is.
const KeepExpiry time.Duration = -1

// Backend is a key-value store. Every call is atomic for each key by itself
// and promises nothing across keys. All methods are safe for concurrent use
// and honour the context. A time to live is NoExpiry or positive; an expired
// key behaves in every method as one that was never written.
type Backend interface {
	// Get reads any number of keys in one round trip. The answer has one
	// value per key in the order asked, nil where the key does not exist.
	// It is not a snapshot: each key is read by itself.
	Get(ctx context.Context, keys ...string) ([][]byte, error)

	// Put writes the key, whether it existed or not.
	Put(ctx context.Context, key string, value []byte, ttl time.Duration) error

	// Add writes the key only if it does not exist, and returns ErrExists
	// otherwise. Of any number of concurrent calls exactly one succeeds.
	Add(ctx context.Context, key string, value []byte, ttl time.Duration) error

	// Swap replaces the value old by next: a compare-and-swap. It returns
	// ErrConflict if the key holds another value and ErrNotFound if it does
	// not exist. With KeepExpiry the expiry stays as it was.
	Swap(ctx context.Context, key string, old, next []byte, ttl time.Duration) error

	// Take reads and deletes the key in one step, or returns ErrNotFound. Of
	// any number of concurrent calls exactly one gets the value.
	Take(ctx context.Context, key string) ([]byte, error)

	// Delete removes the key. A key that does not exist is no error.
	Delete(ctx context.Context, key string) error

	// Keys lists the keys with a prefix, in no order. A key that exists from
	// the first to the last step is listed at least once; one that is written
	// or deleted meanwhile may or may not be. An error ends the sequence. On
	// a cluster every master is visited.
	Keys(ctx context.Context, prefix string) iter.Seq2[string, error]

	// Ping asks whether reads and writes would be served now.
	Ping(ctx context.Context) error

	// Close releases what the Backend holds. No call may follow it.
	Close() error
}
