package directus_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"gatehouse/storage"
	"gatehouse/storage/directus/directustest"
)

// ends asks for a token when the one before is used up, and says what comes of it.
func (k *keeper) ends(t *testing.T) error {
	t.Helper()
	k.expire()
	_, err := k.sessions.AccessToken(t.Context(), k.id)
	return err
}

func (k *keeper) changePassword() {
	k.fake.Update(k.user, func(u *directustest.User) { u.Password = "another" })
}

func (k *keeper) record(t *testing.T) storage.DirectusSession {
	t.Helper()
	record, err := k.store.DirectusSessions.Get(t.Context(), k.id)
	if err != nil {
		t.Fatal(err)
	}
	return record.Value
}

// What we do ourselves to the session at Directus must not sign its user out, and
// whatever somebody else does, must.
func TestExpectedEndOfASession(t *testing.T) {
	t.Parallel()
	do := func(t *testing.T, k *keeper, what func(context.Context, string) error) {
		t.Helper()
		if err := what(t.Context(), k.id); err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct {
		before func(*testing.T, *keeper)
		want   error
	}{
		"not expected": {func(*testing.T, *keeper) {}, storage.ErrSessionRevoked},
		"expected":     {func(t *testing.T, k *keeper) { do(t, k, k.sessions.Expect) }, storage.ErrPairLost},
		"no longer expected": {func(t *testing.T, k *keeper) {
			do(t, k, k.sessions.Expect)
			do(t, k, k.sessions.Unexpect)
		}, storage.ErrSessionRevoked},
		"expected, and refreshed before it came": {func(t *testing.T, k *keeper) {
			k.expire()
			do(t, k, k.sessions.Expect)
			k.token(t)
		}, storage.ErrPairLost},
		"expected, refreshed, and no longer expected": {func(t *testing.T, k *keeper) {
			k.expire()
			do(t, k, k.sessions.Expect)
			k.token(t)
			do(t, k, k.sessions.Unexpect)
		}, storage.ErrSessionRevoked},
		// Whoever expected it died before he did it.
		"expected long ago": {func(t *testing.T, k *keeper) {
			do(t, k, k.sessions.Expect)
			k.expire()
			k.token(t)
		}, storage.ErrSessionRevoked},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKeeper(t)
			test.before(t, k)
			k.changePassword()
			if err := k.ends(t); !errors.Is(err, test.want) {
				t.Fatalf("error %v, want %v", err, test.want)
			}
			refreshes := k.refreshes()
			again := test.want
			if errors.Is(again, storage.ErrPairLost) {
				again = storage.ErrNotFound
			}
			if err := k.ends(t); !errors.Is(err, again) {
				t.Errorf("the second time: error %v, want %v", err, again)
			}
			if k.refreshes() != refreshes {
				t.Error("a pair that Directus refused is tried again")
			}
		})
	}
}

// A change of the password that begins, or comes to nothing, while another node
// refreshes costs neither the pair nor the sign-in.
func TestExpectWhileRefreshing(t *testing.T) {
	t.Parallel()
	for name, during := range map[string]func(*keeper, context.Context) error{
		"expected": func(k *keeper, ctx context.Context) error { return k.sessions.Expect(ctx, k.id) },
		"expected, and taken back": func(k *keeper, ctx context.Context) error {
			return errors.Join(k.sessions.Expect(ctx, k.id), k.sessions.Unexpect(ctx, k.id))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKeeper(t)
			k.expire()
			arrived, hold := make(chan struct{}, 1), make(chan struct{})
			k.fake.Inject(directustest.Fault{Path: "/auth/refresh", Times: 1, Arrived: arrived, Hold: hold})
			refreshed := make(chan error, 1)
			go func() {
				_, err := k.node(t).AccessToken(t.Context(), k.id)
				refreshed <- err
			}()
			<-arrived
			if err := during(k, t.Context()); err != nil {
				t.Error(err)
			}
			close(hold)
			if err := <-refreshed; err != nil {
				t.Errorf("the refresh: %v", err)
			}
			if got := k.record(t); got.Generation != 2 || k.refreshes() != 1 {
				t.Errorf("generation %d after %d refreshes, want 2 after 1", got.Generation, k.refreshes())
			}
			if err := k.ends(t); err != nil {
				t.Errorf("the pair does not live on: %v", err)
			}
			if got := k.fake.Sessions(k.user); got != 1 {
				t.Errorf("%d sessions at Directus, want 1", got)
			}
		})
	}
}

// Directus refuses a token that another node has meanwhile replaced: that says
// nothing of the pair that there is now, and is no reason to refresh it.
func TestRefusalOfAnOldGeneration(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	k.expire()
	arrived, hold := make(chan struct{}, 1), make(chan struct{})
	k.fake.Inject(directustest.Fault{
		Path: "/auth/refresh", Times: 1, Arrived: arrived, Hold: hold, Status: http.StatusUnauthorized, Code: "INVALID_CREDENTIALS",
	})
	type result struct {
		token storage.DirectusToken
		err   error
	}
	late := make(chan result, 1)
	go func() {
		token, err := k.sessions.AccessToken(t.Context(), k.id)
		late <- result{token, err}
	}()
	<-arrived
	k.clock.Advance(time.Minute) // the lease runs out
	successor, err := k.node(t).AccessToken(t.Context(), k.id)
	if err != nil {
		t.Fatal(err)
	}
	close(hold)
	if got := <-late; got.err != nil || got.token.Token != successor.Token {
		t.Errorf("whoever came too late got another token, or %v", got.err)
	}
	if got := k.record(t); got.Generation != 2 || got.Revoked || storage.Secret(got.AccessToken) != successor.Token {
		t.Errorf("generation %d, revoked %t: the refusal counted", got.Generation, got.Revoked)
	}
	if k.refreshes() != 2 {
		t.Errorf("%d requests to refresh, want the two that met", k.refreshes())
	}
	if err := k.ends(t); err != nil {
		t.Errorf("the pair does not live on: %v", err)
	}
}
