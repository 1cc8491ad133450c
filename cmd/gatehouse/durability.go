package main

import (
	"context"
	"errors"
	"log/slog"

	"gatehouse/cmd/gatehouse/config"
	"gatehouse/storage/redis"
)

// durability asks Redis whether records live; it is nil for the embedded store,
// which keeps them.
func durability(settings *config.Loaded) func(context.Context) ([]redis.Durability, error) {
	if settings.Store.Bolt.Path != "" {
		return nil
	}
	return func(ctx context.Context) ([]redis.Durability, error) {
		backend, err := openRedis(ctx, settings.Store.Redis, slog.New(slog.DiscardHandler))
		if err != nil {
			return nil, err
		}
		found, err := backend.Durability(ctx)
		return found, errors.Join(err, backend.Close())
	}
}
