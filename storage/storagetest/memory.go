package storagetest

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"strings"
	"sync"
	"time"

	"gatehouse/storage"
)

// Memory is a Backend that keeps everything in memory, for tests of what stands
// on one.
type Memory struct {
	now func() time.Time

	mu      sync.Mutex
	records map[string]memoryRecord
}

type memoryRecord struct {
	value   []byte
	expires time.Time // zero: never
}

var _ storage.Backend = (*Memory)(nil)

// NewMemory returns an empty Memory whose keys expire by the clock now.
func NewMemory(now func() time.Time) *Memory {
	return &Memory{now: now, records: make(map[string]memoryRecord)}
}

// Get implements storage.Backend.
func (m *Memory) Get(ctx context.Context, keys ...string) ([][]byte, error) {
	values := make([][]byte, len(keys))
	err := m.locked(ctx, func() error {
		for i, key := range keys {
			if record, ok := m.find(key); ok {
				values[i] = clone(record.value)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return values, nil
}

// Put implements storage.Backend.
func (m *Memory) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	return m.locked(ctx, func() error { return m.write(key, value, ttl) })
}

// Add implements storage.Backend.
func (m *Memory) Add(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	return m.locked(ctx, func() error {
		if _, ok := m.find(key); ok {
			return storage.ErrExists
		}
		return m.write(key, value, ttl)
	})
}

// Swap implements storage.Backend.
func (m *Memory) Swap(ctx context.Context, key string, old, next []byte, ttl time.Duration) error {
	return m.locked(ctx, func() error {
		record, ok := m.find(key)
		switch {
		case !ok:
			return storage.ErrNotFound
		case !bytes.Equal(record.value, old):
			return storage.ErrConflict
		case ttl == storage.KeepExpiry:
			m.records[key] = memoryRecord{value: clone(next), expires: record.expires}
			return nil
		default:
			return m.write(key, next, ttl)
		}
	})
}

// Take implements storage.Backend.
func (m *Memory) Take(ctx context.Context, key string) ([]byte, error) {
	var value []byte
	err := m.locked(ctx, func() error {
		record, ok := m.find(key)
		if !ok {
			return storage.ErrNotFound
		}
		delete(m.records, key)
		value = record.value
		return nil
	})
	return value, err
}

// Delete implements storage.Backend.
func (m *Memory) Delete(ctx context.Context, key string) error {
	return m.locked(ctx, func() error {
		delete(m.records, key)
		return nil
	})
}

// Keys implements storage.Backend.
func (m *Memory) Keys(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		var keys []string
		err := m.locked(ctx, func() error {
			for key := range m.records {
				if _, ok := m.find(key); ok && strings.HasPrefix(key, prefix) {
					keys = append(keys, key)
				}
			}
			return nil
		})
		if err != nil {
			yield("", err)
			return
		}
		for _, key := range keys {
			if err := ctx.Err(); err != nil {
				yield("", err)
				return
			}
			if !yield(key, nil) {
				return
			}
		}
	}
}

// Ping implements storage.Backend.
func (m *Memory) Ping(ctx context.Context) error { return ctx.Err() }

// Close implements storage.Backend.
func (m *Memory) Close() error { return nil }

func (m *Memory) locked(ctx context.Context, do func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return do()
}

func (m *Memory) find(key string) (memoryRecord, bool) {
	record, ok := m.records[key]
	if ok && !record.expires.IsZero() && !m.now().Before(record.expires) {
		delete(m.records, key)
		return memoryRecord{}, false
	}
	return record, ok
}

func (m *Memory) write(key string, value []byte, ttl time.Duration) error {
	if ttl < 0 {
		return errors.New("negative time to live")
	}
	record := memoryRecord{value: clone(value)}
	if ttl != storage.NoExpiry {
		record.expires = m.now().Add(ttl)
	}
	m.records[key] = record
	return nil
}

// clone never returns nil, which would read as a missing key.
func clone(value []byte) []byte { return append([]byte{}, value...) }
