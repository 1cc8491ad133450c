package redis

import (
	"context"
	"errors"
	"fmt"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"gatehouse/storage"
)

// Get implements storage.Backend. On a Cluster the keys are asked for in one
// pipeline for each node, all nodes at once.
func (b *Backend) Get(ctx context.Context, keys ...string) ([][]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var values [][]byte
	var err error
	switch {
	case len(keys) == 0:
		return [][]byte{}, nil
	case len(keys) == 1:
		values, err = b.getOne(ctx, keys[0])
	case b.cluster == nil:
		values, err = b.getFromOneServer(ctx, keys)
	default:
		values, err = b.getFromCluster(ctx, keys)
	}
	if err != nil {
		return nil, fmt.Errorf("redis: get: %w", err)
	}
	return values, nil
}

func (b *Backend) getOne(ctx context.Context, key string) ([][]byte, error) {
	value, err := found(b.client.Get(ctx, b.prefix+key))
	return [][]byte{value}, err
}

func (b *Backend) getFromOneServer(ctx context.Context, keys []string) ([][]byte, error) {
	prefixed := make([]string, len(keys))
	for i, key := range keys {
		prefixed[i] = b.prefix + key
	}
	answers, err := b.client.MGet(ctx, prefixed...).Result()
	if err != nil {
		return nil, err
	}
	values := make([][]byte, len(keys))
	for i, answer := range answers {
		if text, ok := answer.(string); ok {
			values[i] = []byte(text)
		}
	}
	return values, nil
}

func (b *Backend) getFromCluster(ctx context.Context, keys []string) ([][]byte, error) {
	answers := make([]*goredis.StringCmd, len(keys))
	_, err := b.client.Pipelined(ctx, func(pipe goredis.Pipeliner) error {
		for i, key := range keys {
			answers[i] = pipe.Get(ctx, b.prefix+key)
		}
		return nil
	})
	if err != nil && !errors.Is(err, goredis.Nil) {
		return nil, err
	}
	values := make([][]byte, len(keys))
	for i, answer := range answers {
		// The error of the pipeline is that of its first failed command, and
		// may be Nil while another one failed.
		if values[i], err = found(answer); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// found tells a missing key, nil, from an empty value.
func found(answer *goredis.StringCmd) ([]byte, error) {
	text, err := answer.Result()
	if errors.Is(err, goredis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []byte(text), nil
}

// Put implements storage.Backend.
func (b *Backend) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	expiry, err := expiryArguments(ttl)
	if err != nil {
		return err
	}
	_, err = write(ctx, b, func() *goredis.StatusCmd {
		return goredis.NewStatusCmd(ctx, append([]any{"set", b.prefix + key, value}, expiry...)...)
	})
	return wrap("put", err)
}

// Add implements storage.Backend.
func (b *Backend) Add(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	expiry, err := expiryArguments(ttl)
	if err != nil {
		return err
	}
	_, err = write(ctx, b, func() *goredis.StatusCmd {
		return goredis.NewStatusCmd(ctx, append([]any{"set", b.prefix + key, value, "nx"}, expiry...)...)
	})
	if errors.Is(err, goredis.Nil) {
		return storage.ErrExists
	}
	return wrap("add", err)
}

// What swapSource answers.
const (
	swapped = iota
	swapMissing
	swapConflict
)

// swapSource replaces the value ARGV[1] of the key by ARGV[2]. ARGV[3] is the
// time to live in milliseconds, 0 for none, -1 to leave it as it is.
const swapSource = `
local held = redis.call('GET', KEYS[1])
if not held then
  return 1
end
if held ~= ARGV[1] then
  return 2
end
if ARGV[3] == '-1' then
  redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
elseif ARGV[3] == '0' then
  redis.call('SET', KEYS[1], ARGV[2])
else
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
return 0
`

// Swap implements storage.Backend.
func (b *Backend) Swap(ctx context.Context, key string, old, next []byte, ttl time.Duration) error {
	life := int64(-1)
	if ttl != storage.KeepExpiry {
		var err error
		if life, err = milliseconds(ttl); err != nil {
			return err
		}
	}
	answer, err := b.swap.run(ctx, b, b.prefix+key, old, next, life)
	switch {
	case err != nil:
		return wrap("swap", err)
	case answer == swapped:
		return nil
	case answer == swapMissing:
		return storage.ErrNotFound
	case answer == swapConflict:
		return storage.ErrConflict
	default:
		return fmt.Errorf("redis: swap: unexpected answer %d", answer)
	}
}

// Take implements storage.Backend.
func (b *Backend) Take(ctx context.Context, key string) ([]byte, error) {
	cmd, err := write(ctx, b, func() *goredis.StringCmd {
		return goredis.NewStringCmd(ctx, "getdel", b.prefix+key)
	})
	if errors.Is(err, goredis.Nil) {
		return nil, storage.ErrNotFound
	}
	if err != nil {
		return nil, wrap("take", err)
	}
	return []byte(cmd.Val()), nil
}

// Delete implements storage.Backend.
func (b *Backend) Delete(ctx context.Context, key string) error {
	_, err := write(ctx, b, func() *goredis.IntCmd {
		return goredis.NewIntCmd(ctx, "del", b.prefix+key)
	})
	return wrap("delete", err)
}

func expiryArguments(ttl time.Duration) ([]any, error) {
	life, err := milliseconds(ttl)
	if err != nil || life == 0 {
		return nil, err
	}
	return []any{"px", life}, nil
}

// milliseconds rounds up: a positive time to live is never none at all.
func milliseconds(ttl time.Duration) (int64, error) {
	if ttl < 0 {
		return 0, errors.New("redis: negative time to live")
	}
	return int64((ttl + time.Millisecond - 1) / time.Millisecond), nil
}

func wrap(call string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("redis: %s: %w", call, err)
}
