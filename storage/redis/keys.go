package redis

import (
	"context"
	"iter"
	"strings"

	goredis "github.com/redis/go-redis/v9"
)

// keysPerScan is how many keys Redis looks at for one answer.
const keysPerScan = 500

// Keys implements storage.Backend. On a Cluster it goes from master to master;
// only while slots are being moved from one to another it may miss keys on
// their way.
func (b *Backend) Keys(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		masters, err := b.masters(ctx)
		if err != nil {
			yield("", wrap("keys", err))
			return
		}
		for _, master := range masters {
			for key, err := range b.scan(ctx, master, prefix) {
				if err != nil {
					yield("", wrap("keys", err))
					return
				}
				if !yield(key, nil) {
					return
				}
			}
		}
	}
}

func (b *Backend) masters(ctx context.Context) ([]*goredis.Client, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if b.cluster == nil {
		return []*goredis.Client{b.single}, nil
	}
	found := make(chan *goredis.Client)
	failed := make(chan error, 1)
	go func() {
		failed <- b.cluster.ForEachMaster(ctx, func(_ context.Context, master *goredis.Client) error {
			found <- master
			return nil
		})
		close(found)
	}()
	var masters []*goredis.Client
	for master := range found {
		masters = append(masters, master)
	}
	return masters, <-failed
}

// scan lists the keys of one server over one connection, and ends with an error
// when that breaks: a cursor means nothing to the server that a fail-over put in
// its place, which would pass keys over without saying so.
func (b *Backend) scan(ctx context.Context, master *goredis.Client, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		connection := master.Conn()
		defer connection.Close()
		pattern := literal(b.prefix+prefix) + "*"
		for cursor, first := uint64(0), true; first || cursor != 0; first = false {
			if err := ctx.Err(); err != nil {
				yield("", err)
				return
			}
			cmd := goredis.NewScanCmd(ctx, nil, "scan", cursor, "match", pattern, "count", keysPerScan)
			if err := connection.Process(ctx, once{cmd}); err != nil {
				yield("", err)
				return
			}
			var keys []string
			keys, cursor = cmd.Val()
			for _, key := range keys {
				if !yield(strings.TrimPrefix(key, b.prefix), nil) {
					return
				}
			}
		}
	}
}

// literal writes text as a pattern that matches nothing else.
func literal(text string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`, `]`, `\]`).Replace(text)
}
