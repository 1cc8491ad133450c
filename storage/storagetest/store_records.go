package storagetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/storage"
)

func testStoreGetPut(t *testing.T, s *storeTest) {
	wantMissing(t, s.Sessions, "s1")
	want := storage.Session{ID: "s1", Subject: "u1", AMR: []string{"pwd", "otp"}, AuthenticatedAt: s.Now()}
	mustPut(t, s.Sessions, "s1", want, time.Hour)
	record := mustGet(t, s.Sessions, "s1")
	if diff := cmp.Diff(want, record.Value); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}
	if want := s.Now().Add(time.Hour); !record.Expires.Equal(want) {
		t.Errorf("expires %v, want %v", record.Expires, want)
	}
	want.Subject = "u2"
	mustPut(t, s.Sessions, "s1", want, storage.NoExpiry)
	record = mustGet(t, s.Sessions, "s1")
	if record.Value.Subject != "u2" || !record.Expires.IsZero() {
		t.Errorf("overwritten record: %q, expires %v", record.Value.Subject, record.Expires)
	}
	// Equal names in two tables are two records.
	wantMissing(t, s.Grants, "s1")
}

func testStoreLoad(t *testing.T, s *storeTest) {
	counting := NewCounting(s.backend)
	s.backend = counting
	store := s.over(t, newKey(t))
	mustPut(t, store.Sessions, "s1", storage.Session{ID: "s1"}, time.Hour)
	mustPut(t, store.Grants, "g1", storage.Grant{ID: "g1"}, time.Hour)
	counting.Reset()

	stale := &storage.Record[storage.Grant]{}
	var session *storage.Record[storage.Session]
	var grant *storage.Record[storage.Grant]
	missing := stale
	err := store.Load(t.Context(),
		store.Grants.Read("other", &missing), store.Sessions.Read("s1", &session), store.Grants.Read("g1", &grant))
	if err != nil {
		t.Fatal(err)
	}
	if session == nil || session.Value.ID != "s1" || grant == nil || grant.Value.ID != "g1" || missing != nil {
		t.Errorf("session %v, grant %v, missing %v", session, grant, missing)
	}
	if trips := counting.RoundTrips(); trips != 1 {
		t.Errorf("%d round trips, want 1", trips)
	}
	if err := store.Load(t.Context()); err != nil {
		t.Errorf("load of nothing: %v", err)
	}
}

func testStoreExpiry(t *testing.T, s *storeTest) {
	mustPut(t, s.Grants, "g1", storage.Grant{ID: "g1"}, time.Hour)
	mustPut(t, s.Grants, "stays", storage.Grant{ID: "stays"}, storage.NoExpiry)
	record := mustGet(t, s.Grants, "g1")
	s.Advance(time.Hour - time.Millisecond)
	mustGet(t, s.Grants, "g1")
	s.Advance(time.Millisecond)
	wantMissing(t, s.Grants, "g1")
	mustGet(t, s.Grants, "stays")

	var loaded *storage.Record[storage.Grant]
	if err := s.Load(t.Context(), s.Grants.Read("g1", &loaded)); err != nil || loaded != nil {
		t.Errorf("load of an expired record: %v, %v", loaded, err)
	}
	err := s.Grants.Update(t.Context(), "g1", func(*storage.Grant) error {
		t.Error("change was called with an expired record")
		return nil
	})
	wantError(t, "update", err, storage.ErrNotFound)
	_, err = s.Grants.Take(t.Context(), "g1")
	wantError(t, "take", err, storage.ErrNotFound)
	err = s.Grants.Swap(t.Context(), record, record.Value)
	wantError(t, "swap of a taken record", err, storage.ErrNotFound)
	if names := allGrants(t, s.Store); !slices.Equal(names, []string{"stays"}) {
		t.Errorf("all: %q", names)
	}
}

func testStoreAdd(t *testing.T, s *storeTest) {
	if err := s.Leases.Add(t.Context(), "l", storage.Lease{Owner: "a"}, time.Minute); err != nil {
		t.Fatal(err)
	}
	wantError(t, "second add", s.Leases.Add(t.Context(), "l", storage.Lease{Owner: "b"}, time.Minute), storage.ErrExists)
	if owner := mustGet(t, s.Leases, "l").Value.Owner; owner != "a" {
		t.Errorf("owner %q, want a", owner)
	}
	errs := race(t.Context(), func(ctx context.Context, i int) error {
		return s.Leases.Add(ctx, "raced", storage.Lease{Owner: fmt.Sprint(i)}, time.Minute)
	})
	winner := wantOneWinner(t, errs, storage.ErrExists)
	if owner := mustGet(t, s.Leases, "raced").Value.Owner; owner != fmt.Sprint(winner) {
		t.Errorf("owner %q, want %d", owner, winner)
	}
}

func testStoreAddExpired(t *testing.T, s *storeTest) {
	mustPut(t, s.Leases, "l", storage.Lease{Owner: "a"}, time.Minute)
	s.Advance(time.Minute)
	if err := s.Leases.Add(t.Context(), "l", storage.Lease{Owner: "b"}, time.Minute); err != nil {
		t.Fatal(err)
	}
	record := mustGet(t, s.Leases, "l")
	if record.Value.Owner != "b" || !record.Expires.Equal(s.Now().Add(time.Minute)) {
		t.Errorf("owner %q until %v", record.Value.Owner, record.Expires)
	}
}

func testStoreAddExpiredRace(t *testing.T, s *storeTest) {
	for round := range rounds {
		name := fmt.Sprint(round)
		mustPut(t, s.Leases, name, storage.Lease{Owner: "before"}, time.Minute)
		s.Advance(time.Minute)
		errs := race(t.Context(), func(ctx context.Context, i int) error {
			return s.Leases.Add(ctx, name, storage.Lease{Owner: fmt.Sprint(i)}, time.Minute)
		})
		winner := wantOneWinner(t, errs, storage.ErrExists)
		if owner := mustGet(t, s.Leases, name).Value.Owner; owner != fmt.Sprint(winner) {
			t.Errorf("owner %q, want %d", owner, winner)
		}
	}
}

func testStoreTake(t *testing.T, s *storeTest) {
	mustPut(t, s.PendingSignIns, "p", storage.PendingSignIn{Email: "a@example.org"}, time.Minute)
	record, err := s.PendingSignIns.Take(t.Context(), "p")
	if err != nil || record.Value.Email != "a@example.org" {
		t.Fatalf("take: %v, %v", record, err)
	}
	_, err = s.PendingSignIns.Take(t.Context(), "p")
	wantError(t, "second take", err, storage.ErrNotFound)
}

func testStoreTakeRace(t *testing.T, s *storeTest) {
	mustPut(t, s.PendingSignIns, "p", storage.PendingSignIn{Email: "a@example.org"}, time.Minute)
	errs := race(t.Context(), func(ctx context.Context, _ int) error {
		_, err := s.PendingSignIns.Take(ctx, "p")
		return err
	})
	wantOneWinner(t, errs, storage.ErrNotFound)
}

func testStoreDelete(t *testing.T, s *storeTest) {
	mustPut(t, s.Grants, "g", storage.Grant{ID: "g"}, time.Hour)
	for range 2 {
		if err := s.Grants.Delete(t.Context(), "g"); err != nil {
			t.Fatal(err)
		}
		wantMissing(t, s.Grants, "g")
	}
}

func testStoreAll(t *testing.T, s *storeTest) {
	want := make(map[string]bool)
	for i := range 30 {
		id := fmt.Sprintf("g%02d", i)
		want[id] = true
		mustPut(t, s.Grants, id, storage.Grant{ID: id}, time.Hour)
	}
	mustPut(t, s.Sessions, "s", storage.Session{ID: "s"}, time.Hour)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), allGrants(t, s.Store)); diff != "" {
		t.Errorf("grants (-want +got):\n%s", diff)
	}
	keys := map[string]bool{}
	for record, err := range s.Grants.AllBut(t.Context(), func(string) bool { return false }) {
		if err != nil {
			t.Fatal(err)
		}
		if len(keys) < len(want)/2 {
			keys[record.Key()] = true
		}
	}
	for record, err := range s.Grants.AllBut(t.Context(), func(key string) bool { return keys[key] }) {
		if err != nil || keys[record.Key()] {
			t.Errorf("a record that is known was read again: %v", err)
			break
		}
		delete(want, record.Value.ID)
	}
	if len(want) != len(keys) {
		t.Errorf("%d records were passed over, want %d", len(want), len(keys))
	}
	for _, err := range s.Grants.All(t.Context()) {
		if err != nil {
			t.Errorf("the first of all: %v", err)
		}
		break
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var listErr error
	for _, err := range s.Grants.All(ctx) {
		listErr = err
	}
	if !errors.Is(listErr, context.Canceled) {
		t.Errorf("all with a cancelled context: %v", listErr)
	}
}

func allGrants(t testing.TB, store *storage.Store) []string {
	t.Helper()
	ids := make(map[string]bool)
	for record, err := range store.Grants.All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		ids[record.Value.ID] = true
	}
	return slices.Sorted(maps.Keys(ids))
}
