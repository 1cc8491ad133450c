package bolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"go.etcd.io/bbolt"

	"gatehouse/storage"
)

// Get implements storage.Backend. All keys are read in one transaction.
func (b *Backend) Get(ctx context.Context, keys ...string) ([][]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	values := make([][]byte, len(keys))
	err := b.db.View(func(tx *bbolt.Tx) error {
		for i, key := range keys {
			if found, ok := b.live(tx, key); ok {
				values[i] = clone(found.value)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read store file: %w", err)
	}
	return values, nil
}

// Put implements storage.Backend.
func (b *Backend) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	expires, err := b.expiry(ttl)
	if err != nil {
		return err
	}
	return b.write(ctx, key, func(tx *bbolt.Tx) (error, error) {
		return nil, set(tx, key, record{expires, value})
	})
}

// Add implements storage.Backend.
func (b *Backend) Add(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	expires, err := b.expiry(ttl)
	if err != nil {
		return err
	}
	return b.write(ctx, key, func(tx *bbolt.Tx) (error, error) {
		if _, ok := b.live(tx, key); ok {
			return storage.ErrExists, nil
		}
		return nil, set(tx, key, record{expires, value})
	})
}

// Swap implements storage.Backend.
func (b *Backend) Swap(ctx context.Context, key string, old, next []byte, ttl time.Duration) error {
	keep := ttl == storage.KeepExpiry
	var expires uint64
	if !keep {
		var err error
		if expires, err = b.expiry(ttl); err != nil {
			return err
		}
	}
	return b.write(ctx, key, func(tx *bbolt.Tx) (error, error) {
		found, ok := b.live(tx, key)
		switch {
		case !ok:
			return storage.ErrNotFound, nil
		case !bytes.Equal(found.value, old):
			return storage.ErrConflict, nil
		case keep:
			return nil, set(tx, key, record{found.expires, next})
		default:
			return nil, set(tx, key, record{expires, next})
		}
	})
}

// Take implements storage.Backend.
func (b *Backend) Take(ctx context.Context, key string) ([]byte, error) {
	var value []byte
	err := b.write(ctx, key, func(tx *bbolt.Tx) (error, error) {
		found, ok := b.live(tx, key)
		if !ok {
			return storage.ErrNotFound, nil
		}
		value = clone(found.value)
		return nil, remove(tx, key)
	})
	if err != nil {
		return nil, err
	}
	return value, nil
}

// Delete implements storage.Backend.
func (b *Backend) Delete(ctx context.Context, key string) error {
	return b.write(ctx, key, func(tx *bbolt.Tx) (error, error) {
		return nil, remove(tx, key)
	})
}

// keysPerStep is how many keys are read in one transaction. Between two of them
// the caller may write: a read transaction held open meanwhile would keep the
// file from reusing its pages, and could wait for that very write for ever.
const keysPerStep = 256

// Keys implements storage.Backend.
func (b *Backend) Keys(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for next := []byte(prefix); next != nil; {
			if err := ctx.Err(); err != nil {
				yield("", err)
				return
			}
			var keys []string
			var err error
			if keys, next, err = b.keysFrom(next, []byte(prefix)); err != nil {
				yield("", fmt.Errorf("read store file: %w", err))
				return
			}
			for _, key := range keys {
				if !yield(key, nil) {
					return
				}
			}
		}
	}
}

// keysFrom returns some keys from a key on, and where the next ones begin, or
// nil after the last.
func (b *Backend) keysFrom(from, prefix []byte) (keys []string, next []byte, err error) {
	err = b.db.View(func(tx *bbolt.Tx) error {
		now := b.millis()
		cursor := records(tx).Cursor()
		seen := 0
		for key, _ := cursor.Seek(from); key != nil && bytes.HasPrefix(key, prefix); key, _ = cursor.Next() {
			if seen++; seen > keysPerStep {
				next = clone(key)
				return nil
			}
			if found, ok := find(tx, string(key)); ok && !found.expired(now) {
				keys = append(keys, string(key))
			}
		}
		return nil
	})
	return keys, next, err
}

func (b *Backend) expiry(ttl time.Duration) (uint64, error) {
	switch {
	case ttl == storage.NoExpiry:
		return 0, nil
	case ttl < 0:
		return 0, errors.New("negative time to live")
	}
	// Rounded up: a positive time to live is never none at all.
	return uint64(max(1, b.now().Add(ttl+time.Millisecond-1).UnixMilli())), nil //nolint:gosec // positive
}

// clone copies bytes that are valid only within a transaction. It never returns
// nil, which would read as a missing key.
func clone(value []byte) []byte { return append([]byte{}, value...) }
