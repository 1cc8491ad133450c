package directus_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"gatehouse/storage"
	"gatehouse/storage/directus"
	"gatehouse/storage/storagetest"
)

// stalling lets time pass at the first replacement of a value: the store is so
// slow that a lease is nearly over before its holder has written its intent.
type stalling struct {
	storage.Backend
	stall func()
}

func (s *stalling) Swap(ctx context.Context, key string, old, next []byte, ttl time.Duration) error {
	stall := s.stall
	s.stall = func() {}
	stall()
	return s.Backend.Swap(ctx, key, old, next, ttl)
}

// A request that could outlive the lease is not sent: another may be asking by
// the time it arrives, and Directus would let both win.
func TestLateHolderDoesNotAsk(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.addAda()
	backend := &stalling{Backend: storagetest.NewMemory(b.clock.Now), stall: func() {}}
	ctx, cancel := context.WithCancel(t.Context())
	sessions, err := directus.NewSessions(directus.SessionsConfig{
		Client: b.client, Store: newStore(t, backend, b.clock.Now),
		Sleep: func(context.Context, time.Duration) error { // the round is over
			cancel()
			return context.Canceled
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	id, err := sessions.Keep(t.Context(), b.signIn(t).Pair)
	if err != nil {
		t.Fatal(err)
	}
	b.clock.Advance(time.Hour)
	backend.stall = func() { b.clock.Advance(2 * directus.DefaultTimeout) }
	if _, err := sessions.AccessToken(ctx, id); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
	if calls := b.fake.Calls("/auth/refresh"); calls != 0 {
		t.Errorf("%d refreshes sent by a holder that is late", calls)
	}
}
