package provider_test

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"gatehouse/storage"
)

const brokenText = "disk sda1 is on fire"

// broken makes every Get and Put of a store fail while it is set.
type broken struct {
	storage.Backend
	on atomic.Bool
}

func (b *broken) wrap(backend storage.Backend) storage.Backend {
	b.Backend = backend
	return b
}

func (b *broken) set(on bool) { b.on.Store(on) }

func (b *broken) Get(ctx context.Context, keys ...string) ([][]byte, error) {
	if b.on.Load() {
		return nil, errors.New(brokenText)
	}
	return b.Backend.Get(ctx, keys...)
}

func (b *broken) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if b.on.Load() {
		return errors.New(brokenText)
	}
	return b.Backend.Put(ctx, key, value, ttl)
}
