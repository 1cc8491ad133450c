package storage_test

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/storage"
	"gatehouse/storage/storagetest"
)

// clock is a clock that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newClock() *clock { return &clock{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)} }

func newStore(t testing.TB, backend storage.Backend, clock *clock) *storage.Store {
	t.Helper()
	store, err := storage.New(storage.Config{Backend: backend, Sealer: newSealer(t, key(1)), Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func TestNewRefuses(t *testing.T) {
	clock := newClock()
	backend := storagetest.NewMemory(clock.Now)
	sealer := newSealer(t, key(1))
	for name, config := range map[string]storage.Config{
		"no backend":     {Sealer: sealer, Now: clock.Now},
		"no sealing key": {Backend: backend, Now: clock.Now},
		"no clock":       {Backend: backend, Sealer: sealer},
	} {
		if _, err := storage.New(config); err == nil {
			t.Errorf("%s: a store was made", name)
		}
	}
}

// Two tables with one prefix would list each other's records, and one prefix
// that begins another would as well.
func TestTablesHaveKeysOfTheirOwn(t *testing.T) {
	clock := newClock()
	backend := storagetest.NewMemory(clock.Now)
	store := newStore(t, backend, clock)
	ctx := t.Context()
	errs := []error{
		store.Clients.Put(ctx, "x", storage.Client{}, time.Hour),
		store.AuthorizationRequests.Put(ctx, "x", storage.AuthorizationRequest{}, time.Hour),
		store.PendingSignIns.Put(ctx, "x", storage.PendingSignIn{}, time.Hour),
		store.Sessions.Put(ctx, "x", storage.Session{}, time.Hour),
		store.Grants.Put(ctx, "x", storage.Grant{}, time.Hour),
		store.Subjects.Put(ctx, "x", storage.Subject{}, time.Hour),
		store.Consents.Put(ctx, "x", storage.Consents{}, time.Hour),
		store.VerifiedEmails.Put(ctx, "x", storage.VerifiedEmail{}, time.Hour),
		store.Looks.Put(ctx, "x", storage.Look{}, time.Hour),
		store.Histories.Put(ctx, "x", storage.History{}, time.Hour),
		store.Enrolments.Put(ctx, "x", storage.Enrolment{}, time.Hour),
		store.DirectusAccesses.Put(ctx, "x", storage.DirectusAccess{}, time.Hour),
		store.Mailings.Put(ctx, "x", storage.Count{}, time.Hour),
		store.DirectusSessions.Put(ctx, "x", storage.DirectusSession{}, time.Hour),
		store.Attempts.Put(ctx, "x", storage.Attempts{}, time.Hour),
		store.Addresses.Put(ctx, "x", storage.Count{}, time.Hour),
		store.Seen.Put(ctx, "x", storage.Mark{}, time.Hour),
		store.Leases.Put(ctx, "x", storage.Lease{}, time.Hour),
		store.KeyRings.Put(ctx, "x", storage.KeyRing{}, time.Hour),
	}
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	var prefixes []string
	for key, err := range backend.Keys(ctx, "") {
		if err != nil {
			t.Fatal(err)
		}
		prefixes = append(prefixes, key[:strings.Index(key, ":")+1])
	}
	slices.Sort(prefixes)
	if len(prefixes) != len(errs) || len(slices.Compact(prefixes)) != len(errs) {
		t.Errorf("%d tables have the prefixes %q", len(errs), prefixes)
	}
}

func TestErrorsNameTheTableAndNotTheRecord(t *testing.T) {
	clock := newClock()
	faulty := storagetest.NewFaulty(storagetest.NewMemory(clock.Now))
	store := newStore(t, faulty, clock)
	faulty.CrashBefore(1)
	const name = "jane@example.org"
	err := store.Attempts.Put(t.Context(), name, storage.Attempts{}, time.Hour)
	if !errors.Is(err, storagetest.ErrCrashed) {
		t.Fatalf("put: %v", err)
	}
	if text := err.Error(); !strings.Contains(text, "attempts") || strings.Contains(text, name) {
		t.Errorf("put: %v", err)
	}
	_, getErr := store.Attempts.Get(t.Context(), name)
	_, takeErr := store.Attempts.Take(t.Context(), name)
	none := func(*storage.Attempts) error { return nil }
	for call, err := range map[string]error{
		"get":    getErr,
		"take":   takeErr,
		"add":    store.Attempts.Add(t.Context(), name, storage.Attempts{}, time.Hour),
		"update": store.Attempts.Update(t.Context(), name, none),
		"upsert": store.Attempts.Upsert(t.Context(), name, time.Hour, none),
		"delete": store.Attempts.Delete(t.Context(), name),
		"ping":   store.Ping(t.Context()),
	} {
		if !errors.Is(err, storagetest.ErrCrashed) || strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", call, err)
		}
	}
}

// Interrupted anywhere, a record is there as it was or as it is to be.
func TestUpdateIsWholeOrNothing(t *testing.T) {
	storagetest.EachCrash(t, func(t *testing.T, arm func(*storagetest.Faulty)) {
		clock := newClock()
		faulty := storagetest.NewFaulty(storagetest.NewMemory(clock.Now))
		store := newStore(t, faulty, clock)
		ctx := t.Context()
		if err := store.Grants.Put(ctx, "g", storage.Grant{ID: "g", Nonce: "old"}, time.Hour); err != nil {
			t.Fatal(err)
		}
		arm(faulty)
		updateErr := store.Grants.Update(ctx, "g", func(grant *storage.Grant) error {
			grant.Nonce = "new"
			return nil
		})
		addErr := store.Leases.Add(ctx, "l", storage.Lease{Owner: "me"}, time.Minute)
		faulty.Restore()

		grant, err := store.Grants.Get(ctx, "g")
		if err != nil {
			t.Fatal(err)
		}
		switch grant.Value.Nonce {
		case "new":
		case "old":
			if updateErr == nil {
				t.Error("the update was acknowledged and is lost")
			}
		default:
			t.Errorf("nonce %q", grant.Value.Nonce)
		}
		if _, err := store.Leases.Get(ctx, "l"); err != nil && addErr == nil {
			t.Errorf("the lease was acknowledged and is lost: %v", err)
		}
	})
}

// A caller that gives up ends an Update that others keep from succeeding.
func TestUpdateEndsWithItsContext(t *testing.T) {
	clock := newClock()
	store := newStore(t, storagetest.NewMemory(clock.Now), clock)
	if err := store.Attempts.Put(t.Context(), "a", storage.Attempts{}, time.Hour); err != nil {
		t.Fatal(err)
	}
	for name, update := range map[string]func(context.Context, func(*storage.Attempts) error) error{
		"update": func(ctx context.Context, change func(*storage.Attempts) error) error {
			return store.Attempts.Update(ctx, "a", change)
		},
		"upsert": func(ctx context.Context, change func(*storage.Attempts) error) error {
			return store.Attempts.Upsert(ctx, "a", time.Hour, change)
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			rounds := 0
			err := update(ctx, func(*storage.Attempts) error {
				if rounds++; rounds == 5 {
					cancel()
				}
				// Somebody is always faster.
				return store.Attempts.Put(t.Context(), "a", storage.Attempts{}, time.Hour)
			})
			if !errors.Is(err, context.Canceled) || rounds != 5 {
				t.Errorf("after %d rounds: %v", rounds, err)
			}
		})
	}
}

func TestStoreCost(t *testing.T) {
	clock := newClock()
	counting := storagetest.NewCounting(storagetest.NewMemory(clock.Now))
	store := newStore(t, counting, clock)
	ctx := t.Context()
	none := func(*storage.Grant) error { return nil }
	for _, test := range []struct {
		name string
		call func() error
		want int
	}{
		{"add", func() error { return store.Grants.Add(ctx, "g", storage.Grant{}, time.Hour) }, 1},
		{"get", func() error { _, err := store.Grants.Get(ctx, "g"); return err }, 1},
		{"update", func() error { return store.Grants.Update(ctx, "g", none) }, 2},
		{"upsert of a record", func() error { return store.Grants.Upsert(ctx, "g", time.Hour, none) }, 2},
		{"upsert of none", func() error { return store.Grants.Upsert(ctx, "h", time.Hour, none) }, 2},
		{"take", func() error { _, err := store.Grants.Take(ctx, "g"); return err }, 1},
		{"put", func() error { return store.Grants.Put(ctx, "g", storage.Grant{}, time.Hour) }, 1},
		{"delete", func() error { return store.Grants.Delete(ctx, "g") }, 1},
	} {
		counting.Reset()
		if err := test.call(); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if n := counting.RoundTrips(); n != test.want {
			t.Errorf("%s: %d round trips, want %d", test.name, n, test.want)
		}
	}
}

func BenchmarkTable(b *testing.B) {
	clock := newClock()
	store := newStore(b, storagetest.NewMemory(clock.Now), clock)
	grant := storage.Grant{ID: rand.Text(), ClientID: "client", Subject: rand.Text(), Scopes: []string{"openid", "profile"}}
	if err := store.Grants.Put(b.Context(), "g", grant, time.Hour); err != nil {
		b.Fatal(err)
	}
	b.Run("get", func(b *testing.B) {
		for b.Loop() {
			if _, err := store.Grants.Get(b.Context(), "g"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("update", func(b *testing.B) {
		for b.Loop() {
			if err := store.Grants.Update(b.Context(), "g", func(*storage.Grant) error { return nil }); err != nil {
				b.Fatal(err)
			}
		}
	})
}
