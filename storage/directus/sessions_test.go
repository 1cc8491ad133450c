package directus_test

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"testing"
	"time"

	"gatehouse/storage"
	"gatehouse/storage/directus"
	"gatehouse/storage/directus/directustest"
	"gatehouse/storage/storagetest"
)

// keeper is a bench with a store, and one kept session of Ada in it.
type keeper struct {
	*bench
	backend  *storagetest.Faulty
	store    *storage.Store
	sessions *directus.Sessions
	user, id string
}

func newKeeper(t *testing.T) *keeper {
	t.Helper()
	k := &keeper{bench: newBench(t)}
	k.backend = storagetest.NewFaulty(storagetest.NewMemory(k.clock.Now))
	k.store = newStore(t, k.backend, k.clock.Now)
	k.sessions = k.node(t)
	k.user = k.addAda()
	var err error
	if k.id, err = k.sessions.Keep(t.Context(), k.signIn(t).Pair); err != nil {
		t.Fatal(err)
	}
	return k
}

// node is another node's Sessions on the same store.
func (k *keeper) node(t *testing.T) *directus.Sessions {
	t.Helper()
	sessions, err := directus.NewSessions(directus.SessionsConfig{Client: k.client, Store: k.store, Sleep: shortSleep})
	if err != nil {
		t.Fatal(err)
	}
	return sessions
}

// shortSleep lets others go on, and no more.
func shortSleep(ctx context.Context, _ time.Duration) error {
	timer := time.NewTimer(time.Millisecond)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

func newStore(t *testing.T, backend storage.Backend, now func() time.Time) *storage.Store {
	t.Helper()
	sealer, err := storage.NewSealer(rand.Reader, make([]byte, storage.SealingKeySize))
	if err != nil {
		t.Fatal(err)
	}
	store, err := storage.New(storage.Config{Backend: backend, Sealer: sealer, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func (k *keeper) token(t *testing.T) storage.DirectusToken {
	t.Helper()
	token, err := k.sessions.AccessToken(t.Context(), k.id)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func (k *keeper) expire() { k.clock.Advance(directustest.AccessTokenTTL) }

func (k *keeper) refreshes() int { return k.fake.Calls("/auth/refresh") }

func TestAccessTokenIsRefreshedOnlyWhenNeeded(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	first := k.token(t)
	if first.Subject != k.user || !first.Expires.Equal(k.clock.Now().Add(directustest.AccessTokenTTL)) {
		t.Errorf("subject %s, expires %v", first.Subject, first.Expires)
	}
	k.clock.Advance(directustest.AccessTokenTTL - 2*directus.DefaultMargin)
	if k.token(t).Token != first.Token || k.refreshes() != 0 {
		t.Error("refreshed a token that has life enough")
	}
	for generation := 1; generation <= 3; generation++ {
		k.expire()
		if k.token(t).Token == first.Token || k.refreshes() != generation {
			t.Errorf("generation %d: %d refreshes", generation, k.refreshes())
		}
	}
	if k.fake.Sessions(k.user) != 1 {
		t.Errorf("%d Directus sessions, want 1", k.fake.Sessions(k.user))
	}
}

func TestConcurrentCallsRefreshOnce(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	nodes := []*directus.Sessions{k.node(t), k.node(t), k.node(t)}
	k.expire()
	tokens := make(chan storage.Secret, 32)
	var calls sync.WaitGroup
	for i := range cap(tokens) {
		calls.Go(func() {
			token, err := nodes[i%len(nodes)].AccessToken(t.Context(), k.id)
			if err != nil {
				t.Error(err)
			}
			tokens <- token.Token
		})
	}
	calls.Wait()
	want := <-tokens
	for range cap(tokens) - 1 {
		if got := <-tokens; got != want {
			t.Error("two callers got different tokens")
		}
	}
	if k.refreshes() != 1 {
		t.Errorf("%d refreshes, want 1", k.refreshes())
	}
}

func TestWaitingForAnotherEndsWithTheContext(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	k.expire()
	arrived, hold := make(chan struct{}, 1), make(chan struct{})
	k.fake.Inject(directustest.Fault{Path: "/auth/refresh", Arrived: arrived, Hold: hold})
	holder := make(chan error, 1)
	go func() {
		_, err := k.sessions.AccessToken(t.Context(), k.id)
		holder <- err
	}()
	<-arrived
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := k.node(t).AccessToken(ctx, k.id); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want %v", err, context.DeadlineExceeded)
	}
	close(hold)
	if err := <-holder; err != nil {
		t.Error(err)
	}
}

// A caller that goes away must not lose the pair that Directus just made.
func TestRefreshIsCarriedThrough(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	k.expire()
	arrived, hold := make(chan struct{}, 1), make(chan struct{})
	k.fake.Inject(directustest.Fault{Path: "/auth/refresh", Times: 1, Arrived: arrived, Hold: hold})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = k.sessions.AccessToken(ctx, k.id)
	}()
	<-arrived
	cancel()
	close(hold)
	<-done
	k.token(t)
	if k.refreshes() != 1 {
		t.Errorf("%d refreshes, want 1", k.refreshes())
	}
}

func TestRefreshRefusals(t *testing.T) {
	t.Parallel()
	lost := directustest.Fault{Path: "/auth/refresh", Times: 1, Drop: true, After: true}
	for name, test := range map[string]struct {
		before func(k *keeper)
		fault  *directustest.Fault
		// first and second are what two calls in a row end in.
		first, second error
	}{
		"password changed": {
			before: func(k *keeper) {
				k.fake.Update(k.user, func(u *directustest.User) { u.Password = "another" })
			},
			first: storage.ErrSessionRevoked, second: storage.ErrSessionRevoked,
		},
		"user deleted":          {before: func(k *keeper) { k.fake.Delete(k.user) }, first: storage.ErrSessionRevoked, second: storage.ErrSessionRevoked},
		"user suspended":        {before: func(k *keeper) { k.fake.SetStatus(k.user, "suspended") }, first: storage.ErrSessionRevoked, second: storage.ErrSessionRevoked},
		"answer lost":           {fault: &lost, first: storage.ErrUnavailable, second: storage.ErrPairLost},
		"request lost":          {fault: &directustest.Fault{Times: 1, Drop: true}, first: storage.ErrUnavailable},
		"rate limit":            {fault: &directustest.Fault{Times: 1, Status: 429, Code: "REQUESTS_EXCEEDED"}, first: storage.ErrUnavailable},
		"under pressure":        {fault: &directustest.Fault{Times: 1, Status: 503, Code: "SERVICE_UNAVAILABLE"}, first: storage.ErrUnavailable},
		"bad gateway":           {fault: &directustest.Fault{Times: 1, Status: 502}, first: storage.ErrUnavailable},
		"a proxy's 401":         {fault: &directustest.Fault{Times: 1, Status: 401}, first: storage.ErrUnavailable},
		"licence locked":        {fault: &directustest.Fault{Times: 1, Status: 403, Code: "RESOURCE_RESTRICTED"}, first: storage.ErrRestricted},
		"USER_SUSPENDED":        {fault: &directustest.Fault{Times: 1, Status: 401, Code: "USER_SUSPENDED"}, first: storage.ErrSessionRevoked, second: storage.ErrSessionRevoked},
		"answer is no pair":     {fault: &directustest.Fault{Times: 1, Body: `{"data":{}}`}, first: storage.ErrUnavailable},
		"rate limit, then 401":  {fault: &directustest.Fault{Times: 1, Status: 429, Code: "REQUESTS_EXCEEDED"}, first: storage.ErrUnavailable, second: storage.ErrSessionRevoked},
		"bad gateway, then 401": {fault: &directustest.Fault{Times: 1, Status: 502}, first: storage.ErrUnavailable, second: storage.ErrPairLost},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKeeper(t)
			k.expire()
			if test.before != nil {
				test.before(k)
			}
			if test.fault != nil {
				test.fault.Path = "/auth/refresh"
				k.fake.Inject(*test.fault)
			}
			_, err := k.sessions.AccessToken(t.Context(), k.id)
			if !errors.Is(err, test.first) {
				t.Fatalf("first call: %v, want %v", err, test.first)
			}
			if test.fault != nil && test.second != nil && !test.fault.After {
				k.fake.Delete(k.user)
			}
			_, err = k.sessions.AccessToken(t.Context(), k.id)
			if !errors.Is(err, test.second) {
				t.Errorf("second call: %v, want %v", err, test.second)
			}
		})
	}
}

// Wherever the store goes away, the user is never signed out by it: the session
// either goes on or has lost its pair, and Directus is never taken to have
// revoked it.
func TestCrashWhileRefreshing(t *testing.T) {
	t.Parallel()
	storagetest.EachCrash(t, func(t *testing.T, arm func(*storagetest.Faulty)) {
		k := newKeeper(t)
		k.expire()
		arm(k.backend)
		_, interrupted := k.sessions.AccessToken(t.Context(), k.id)
		k.backend.Restore()
		k.clock.Advance(time.Minute) // the lease of the crashed node ends
		_, err := k.node(t).AccessToken(t.Context(), k.id)
		if err != nil && !errors.Is(err, storage.ErrPairLost) {
			t.Errorf("after %v: %v, want none or %v", interrupted, err, storage.ErrPairLost)
		}
		if errors.Is(err, storage.ErrPairLost) && k.refreshes() != 2 {
			t.Errorf("pair lost after %d refreshes", k.refreshes())
		}
	})
}

// The holder of a lease that ran out while Directus was slow must not write
// over its successor.
func TestLateHolderDoesNotWrite(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	k.expire()
	arrived, hold := make(chan struct{}, 1), make(chan struct{})
	k.fake.Inject(directustest.Fault{Path: "/auth/refresh", Times: 1, Arrived: arrived, Hold: hold})
	late := make(chan storage.Secret, 1)
	go func() {
		token, err := k.sessions.AccessToken(t.Context(), k.id)
		if err != nil {
			t.Error(err)
		}
		late <- token.Token
	}()
	<-arrived
	k.clock.Advance(time.Minute) // the lease runs out
	successor, err := k.node(t).AccessToken(t.Context(), k.id)
	if err != nil {
		t.Fatal(err)
	}
	close(hold)
	if got := <-late; got != successor.Token {
		t.Error("the late holder returned another token than its successor wrote")
	}
	record, err := k.store.DirectusSessions.Get(t.Context(), k.id)
	if err != nil {
		t.Fatal(err)
	}
	if record.Value.Generation != 2 || storage.Secret(record.Value.AccessToken) != successor.Token {
		t.Errorf("generation %d: the late holder wrote", record.Value.Generation)
	}
}

func TestEndWhileRefreshingLeavesNothing(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	k.expire()
	arrived, hold := make(chan struct{}, 1), make(chan struct{})
	k.fake.Inject(directustest.Fault{Path: "/auth/logout", Times: 1, Arrived: arrived, Hold: hold})
	ended := make(chan error, 1)
	refreshArrived, refreshHold := make(chan struct{}, 1), make(chan struct{})
	k.fake.Inject(directustest.Fault{Path: "/auth/refresh", Times: 1, Arrived: refreshArrived, Hold: refreshHold})
	refreshed := make(chan error, 1)
	go func() {
		_, err := k.sessions.AccessToken(t.Context(), k.id)
		refreshed <- err
	}()
	<-refreshArrived
	go func() { ended <- k.sessions.End(t.Context(), k.id) }()
	<-arrived // the record is gone, the old token not logged out yet
	close(refreshHold)
	if err := <-refreshed; !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("refresh of an ended session: %v, want %v", err, storage.ErrNotFound)
	}
	close(hold)
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if k.fake.Sessions(k.user) != 0 {
		t.Error("the refreshed session lives on at Directus")
	}
}

func TestEnd(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	for range 2 { // a second time is no error
		if err := k.sessions.End(t.Context(), k.id); err != nil {
			t.Fatal(err)
		}
	}
	if k.fake.Sessions(k.user) != 0 {
		t.Error("the session lives on at Directus")
	}
	if _, err := k.sessions.AccessToken(t.Context(), k.id); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("error %v, want %v", err, storage.ErrNotFound)
	}
	if err := k.sessions.End(t.Context(), "another"); err != nil {
		t.Error(err)
	}
}

func TestSessionsForgetIdlePairs(t *testing.T) {
	t.Parallel()
	k := newKeeper(t)
	for range 3 { // each refresh gives another seven days
		k.clock.Advance(directus.DefaultIdleLifetime - time.Hour)
		k.token(t)
	}
	k.clock.Advance(directus.DefaultIdleLifetime)
	if _, err := k.sessions.AccessToken(t.Context(), k.id); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("error %v, want %v", err, storage.ErrNotFound)
	}
}
