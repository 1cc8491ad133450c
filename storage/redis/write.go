package redis

import (
	"context"
	"errors"
	"net"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

// once is a command that go-redis does not send again by itself.
type once struct{ goredis.Cmder }

// NoRetry implements goredis.Cmder.
func (once) NoRetry() bool { return true }

const (
	writeAttempts = 4
	writeBackoff  = 50 * time.Millisecond
)

// write carries out a command that changes something, and never carries it out
// twice.
//
// go-redis would send a command again when the connection breaks before the
// answer: rightly for a read, while the first sending of a write may have got
// through. Sent again, an Add that had succeeded finds its own key and says
// ErrExists, a Swap finds its own value and says ErrConflict, a Take finds
// nothing: each lies, and a lease, a code or a refresh token is lost to nobody.
// Put and Delete would say the right thing, but may undo what another node did
// in between: a late Delete removes the lease that somebody has taken since. So
// a broken connection is the caller's error for all of them, and means that the
// write was carried out or not.
//
// What is sent again, a few times, is what certainly was not carried out: when
// no connection came about, and when Redis itself refused. Redirections of a
// Cluster (MOVED, ASK) are such refusals and are followed by go-redis in any
// case; after READONLY, a master that was demoted, it connects anew, and
// Sentinel or the Cluster names the new master.
func write[C goredis.Cmder](ctx context.Context, b *Backend, command func() C) (C, error) {
	backoff := writeBackoff
	for attempt := 1; ; attempt++ {
		cmd := command()
		err := ctx.Err()
		if err == nil {
			err = b.client.Process(ctx, once{cmd})
		}
		if err == nil || attempt == writeAttempts || !notCarriedOut(err) {
			return cmd, err
		}
		if b.cluster != nil {
			b.cluster.ReloadState(ctx) // a slot may have another master by now
		}
		select {
		case <-ctx.Done():
			return cmd, err
		case <-time.After(backoff):
			backoff *= 2
		}
	}
}

// notCarriedOut says whether the error proves that Redis did not carry out the
// command.
func notCarriedOut(err error) bool {
	var network *net.OpError
	switch {
	case errors.As(err, &network) && network.Op == "dial",
		errors.Is(err, goredis.ErrPoolTimeout):
		return true
	}
	// Of these each is an answer of Redis instead of carrying out.
	return goredis.IsReadOnlyError(err) || goredis.IsLoadingError(err) || goredis.IsMasterDownError(err) ||
		goredis.IsClusterDownError(err) || goredis.IsTryAgainError(err) || goredis.IsNoReplicasError(err) ||
		goredis.IsMaxClientsError(err)
}

// script is Lua that Redis may know by its digest already.
type script struct {
	source string
	digest string
}

func newScript(source string) script {
	return script{source: source, digest: goredis.NewScript(source).Hash()}
}

// run sends the digest, and the source to a server that does not know it, as
// after a restart or fail-over. That answer, too, is instead of carrying out.
func (s script) run(ctx context.Context, b *Backend, key string, args ...any) (int64, error) {
	answer, err := s.send(ctx, b, "evalsha", s.digest, key, args)
	if goredis.HasErrorPrefix(err, "NOSCRIPT") {
		answer, err = s.send(ctx, b, "eval", s.source, key, args)
	}
	return answer, err
}

func (s script) send(ctx context.Context, b *Backend, verb, code, key string, args []any) (int64, error) {
	cmd, err := write(ctx, b, func() *goredis.IntCmd {
		return goredis.NewIntCmd(ctx, append([]any{verb, code, 1, key}, args...)...)
	})
	return cmd.Val(), err
}
