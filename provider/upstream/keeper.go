package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"gatehouse/provider/event"
	"gatehouse/storage"
)

// Sessions are those at Directus. *directus.Sessions satisfies it. All methods
// are safe for concurrent use, by any number of nodes on one store.
type Sessions interface {
	// AccessToken returns an access token of the session, which it refreshes if
	// need be. The error is storage.ErrNotFound, ErrPairLost, ErrSessionRevoked,
	// ErrRestricted or ErrUnavailable, or the end of ctx.
	AccessToken(ctx context.Context, id string) (storage.DirectusToken, error)
	// Expect makes the end of the session at Directus no sign against its user.
	Expect(ctx context.Context, id string) error
	// Unexpect takes that back.
	Unexpect(ctx context.Context, id string) error
	// End ends the session here and at Directus. If it cannot, the session gives
	// no tokens any more, and End has to be called again.
	End(ctx context.Context, id string) error
}

// Config is what a Keeper needs.
type Config struct {
	Store    *storage.Store
	Sessions Sessions
	// SessionAlive says whether a session that exists may still be used.
	SessionAlive func(storage.Session) bool
	// EndSignIn ends every session and grant of the user that names the pair.
	EndSignIn func(ctx context.Context, subject, directusSession, reason string) error
	// IdleLifetime is how long Directus keeps a session that is not used.
	IdleLifetime time.Duration
	Now          func() time.Time
	Random       io.Reader
	Sink         event.Sink
}

// Keeper is safe for concurrent use.
type Keeper struct {
	Config
	hints chan string
	round round

	mu sync.Mutex
	// failing says that the last look at the pairs failed.
	failing bool
}

// maxHints bounds the pairs that wait to be ended. What there is no room for is
// found by the next round.
const maxHints = 1000

// New checks the configuration.
func New(config Config) (*Keeper, error) {
	if config.Store == nil || config.Sessions == nil || config.SessionAlive == nil || config.EndSignIn == nil ||
		config.IdleLifetime <= 0 || config.Now == nil || config.Random == nil || config.Sink == nil {
		return nil, errors.New("upstream sessions: every field of the configuration is needed")
	}
	return &Keeper{Config: config, hints: make(chan string, maxHints)}, nil
}

// ErrSignInAgain says that there is no session at Directus, though the user may
// go on: only another sign-in makes one.
var ErrSignInAgain = errors.New("no session at Directus is kept of this sign-in")

// Token returns a Directus access token of the user of a grant. session is the
// one that the grant was opened in, as far as it lives.
//
// If Directus has ended its session, the sign-in ends here as well, and the
// error is storage.ErrSessionRevoked. Besides it is ErrSignInAgain, or wraps
// storage.ErrRestricted or ErrUnavailable.
func (k *Keeper) Token(ctx context.Context, grant storage.Grant, session *storage.Session) (storage.DirectusToken, error) {
	for _, id := range candidates(grant, session) {
		token, err := k.Sessions.AccessToken(ctx, id)
		switch {
		case errors.Is(err, storage.ErrNotFound), errors.Is(err, storage.ErrPairLost):
			continue
		case errors.Is(err, storage.ErrSessionRevoked):
			if err := k.revoked(ctx, grant.Subject, id); err != nil {
				return storage.DirectusToken{}, err
			}
			return storage.DirectusToken{}, storage.ErrSessionRevoked
		case err != nil:
			return storage.DirectusToken{}, fmt.Errorf("directus token: %w", err)
		case token.Subject != grant.Subject:
			return storage.DirectusToken{}, errors.New("directus token: the kept pair is another user's")
		}
		return token, nil
	}
	return storage.DirectusToken{}, ErrSignInAgain
}

// candidates are the pairs that serve a grant, the best first. A person who signs
// in again in the same session has a new pair, which serves what hangs on the
// session; a grant that outlives it has its own.
func candidates(grant storage.Grant, session *storage.Session) []string {
	var ids []string
	if grant.Offline && grant.DirectusSession != "" {
		ids = append(ids, grant.DirectusSession)
	}
	if session != nil && session.Subject == grant.Subject && session.DirectusSession != "" && session.DirectusSession != grant.DirectusSession {
		ids = append(ids, session.DirectusSession)
	}
	if len(ids) == 0 && grant.DirectusSession != "" {
		ids = append(ids, grant.DirectusSession)
	}
	return ids
}

// reasonRevoked is for operators.
const reasonRevoked = "Directus ended the session of this sign-in"

// revoked ends what came of a sign-in that Directus does not know any more. The
// record goes last: until then whoever finds it does the same.
func (k *Keeper) revoked(ctx context.Context, subject, id string) error {
	ctx = context.WithoutCancel(ctx)
	if err := k.EndSignIn(ctx, subject, id, reasonRevoked); err != nil {
		return fmt.Errorf("end what Directus ended: %w", err)
	}
	return k.Sessions.End(ctx, id)
}

// Expect says that the user is about to have his password changed by us.
func (k *Keeper) Expect(ctx context.Context, id string) error {
	return k.Sessions.Expect(ctx, id)
}

// Unexpect says that the password was not changed after all.
func (k *Keeper) Unexpect(ctx context.Context, id string) error {
	return k.Sessions.Unexpect(ctx, id)
}

// Release says that something that named the pairs is gone. It does not block;
// Run ends those that nothing else names.
func (k *Keeper) Release(ids ...string) {
	for _, id := range ids {
		if id == "" {
			continue
		}
		select {
		case k.hints <- id:
		default:
			return
		}
	}
}

// Run ends what Release names at once and takes a step of its round over all
// pairs at each tick, until the context ends.
func (k *Keeper) Run(ctx context.Context, ticks <-chan time.Time) {
	defer k.round.stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case id := <-k.hints:
			err = k.endUnused(ctx, id)
		case <-ticks:
			err = k.step(ctx)
		}
		k.report(ctx, err)
	}
}

// Keep ends what Release named, and goes over all pairs once, if it is this
// node's turn.
func (k *Keeper) Keep(ctx context.Context) error {
	defer k.round.stop()
	var all error
	for more := true; more; {
		select {
		case id := <-k.hints:
			all = errors.Join(all, k.endUnused(ctx, id))
		default:
			more = false
		}
	}
	k.round.reset()
	for more := true; more && ctx.Err() == nil; more = k.round.underWay() {
		all = errors.Join(all, k.step(ctx))
	}
	return all
}

// endUnused ends a pair unless something alive names it.
func (k *Keeper) endUnused(ctx context.Context, id string) error {
	record, err := k.Store.DirectusSessions.Get(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for a kept pair: %w", err)
	}
	used, err := k.used(ctx, record.Value)
	if err != nil || used {
		return err
	}
	return k.Sessions.End(ctx, id)
}

// report tells once that the pairs cannot be looked after, not at every tick.
func (k *Keeper) report(ctx context.Context, err error) {
	k.mu.Lock()
	first := err != nil && !k.failing
	k.failing = err != nil
	k.mu.Unlock()
	if first && ctx.Err() == nil {
		k.Sink.Emit(ctx, event.Event{Name: event.InternalError, Kind: "directus sessions", Err: err})
	}
}
