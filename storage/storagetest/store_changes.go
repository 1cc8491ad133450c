package storagetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"gatehouse/storage"
)

func testStoreSwap(t *testing.T, s *storeTest) {
	mustPut(t, s.DirectusSessions, "d", storage.DirectusSession{Generation: 1}, time.Hour)
	late := mustGet(t, s.DirectusSessions, "d")
	record := mustGet(t, s.DirectusSessions, "d")
	s.Advance(time.Minute)
	if err := s.DirectusSessions.Swap(t.Context(), record, storage.DirectusSession{Generation: 2}); err != nil {
		t.Fatal(err)
	}
	err := s.DirectusSessions.Swap(t.Context(), late, storage.DirectusSession{Generation: 9})
	wantError(t, "swap of an old version", err, storage.ErrConflict)
	got := mustGet(t, s.DirectusSessions, "d")
	if got.Value.Generation != 2 || !got.Expires.Equal(record.Expires) {
		t.Errorf("generation %d until %v, want 2 until %v", got.Value.Generation, got.Expires, record.Expires)
	}
	if err := s.DirectusSessions.Delete(t.Context(), "d"); err != nil {
		t.Fatal(err)
	}
	err = s.DirectusSessions.Swap(t.Context(), got, storage.DirectusSession{Generation: 3})
	wantError(t, "swap of a deleted record", err, storage.ErrNotFound)
	wantMissing(t, s.DirectusSessions, "d")
}

// A record that is written again with the same content is another version.
func testStoreSwapFor(t *testing.T, s *storeTest) {
	mustPut(t, s.Grants, "g", storage.Grant{ID: "g"}, time.Hour)
	record := mustGet(t, s.Grants, "g")
	if err := s.Grants.SwapFor(t.Context(), record, record.Value, 3*time.Hour); err != nil {
		t.Fatal(err)
	}
	wantError(t, "swap of an equal old version", s.Grants.Swap(t.Context(), record, record.Value), storage.ErrConflict)
	s.Advance(2 * time.Hour)
	record = mustGet(t, s.Grants, "g")
	if err := s.Grants.SwapFor(t.Context(), record, record.Value, storage.NoExpiry); err != nil {
		t.Fatal(err)
	}
	s.Advance(100 * time.Hour)
	mustGet(t, s.Grants, "g")
}

func testStoreUpdateExpiry(t *testing.T, s *storeTest) {
	mustPut(t, s.Grants, "g", storage.Grant{ID: "g"}, time.Hour)
	mustPut(t, s.Grants, "endless", storage.Grant{ID: "endless"}, storage.NoExpiry)
	expires := mustGet(t, s.Grants, "g").Expires
	s.Advance(30 * time.Minute)
	for _, name := range []string{"g", "endless"} {
		err := s.Grants.Update(t.Context(), name, func(grant *storage.Grant) error {
			grant.Nonce = "changed"
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	record := mustGet(t, s.Grants, "g")
	if record.Value.Nonce != "changed" || !record.Expires.Equal(expires) {
		t.Errorf("record %+v until %v, want until %v", record.Value, record.Expires, expires)
	}
	s.Advance(30 * time.Minute)
	wantMissing(t, s.Grants, "g")
	if record := mustGet(t, s.Grants, "endless"); record.Value.Nonce != "changed" || !record.Expires.IsZero() {
		t.Errorf("endless record %+v until %v", record.Value, record.Expires)
	}
}

func testStoreUpdateMissing(t *testing.T, s *storeTest) {
	err := s.Grants.Update(t.Context(), "g", func(*storage.Grant) error {
		t.Error("change was called")
		return nil
	})
	wantError(t, "update", err, storage.ErrNotFound)
	wantMissing(t, s.Grants, "g")
}

func testStoreUpdateError(t *testing.T, s *storeTest) {
	refused := errors.New("refused")
	refuse := func(grant *storage.Grant) error {
		grant.Nonce = "changed"
		return refused
	}
	mustPut(t, s.Grants, "g", storage.Grant{ID: "g"}, time.Hour)
	if err := s.Grants.Update(t.Context(), "g", refuse); err != refused { //nolint:errorlint // "returned as it is"
		t.Errorf("update: %v", err)
	}
	for _, name := range []string{"g", "new"} {
		if err := s.Grants.Upsert(t.Context(), name, time.Hour, refuse); err != refused { //nolint:errorlint // "returned as it is"
			t.Errorf("upsert: %v", err)
		}
	}
	if nonce := mustGet(t, s.Grants, "g").Value.Nonce; nonce != "" {
		t.Errorf("the record was changed to %q", nonce)
	}
	wantMissing(t, s.Grants, "new")
}

func countFailure(attempts *storage.Count) error {
	attempts.Count++
	return nil
}

func testStoreUpdateRace(t *testing.T, s *storeTest) {
	mustPut(t, s.Addresses, "a", storage.Count{}, time.Hour)
	testCounting(t, s, func(ctx context.Context) error {
		return s.Addresses.Update(ctx, "a", countFailure)
	})
}

// The first of the callers adds the record.
func testStoreUpsertRace(t *testing.T, s *storeTest) {
	testCounting(t, s, func(ctx context.Context) error {
		return s.Addresses.Upsert(ctx, "a", time.Hour, countFailure)
	})
}

func testCounting(t *testing.T, s *storeTest, count func(context.Context) error) {
	t.Helper()
	const each = 2
	errs := race(t.Context(), func(ctx context.Context, _ int) error {
		for range each {
			if err := count(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if n := mustGet(t, s.Addresses, "a").Value.Count; n != contenders*each {
		t.Errorf("%d counted, want %d", n, contenders*each)
	}
}

func testStoreUpsertExpiry(t *testing.T, s *storeTest) {
	for n := 1; n <= 3; n++ {
		if err := s.Addresses.Upsert(t.Context(), "a", time.Hour, countFailure); err != nil {
			t.Fatal(err)
		}
		record := mustGet(t, s.Addresses, "a")
		if record.Value.Count != n || !record.Expires.Equal(s.Now().Add(time.Hour)) {
			t.Errorf("%d failures until %v, want %d", record.Value.Count, record.Expires, n)
		}
		s.Advance(40 * time.Minute)
	}
}

func testStoreUpsertExpired(t *testing.T, s *storeTest) {
	mustPut(t, s.Addresses, "a", storage.Count{Count: 7}, time.Hour)
	s.Advance(time.Hour)
	if err := s.Addresses.Upsert(t.Context(), "a", time.Hour, countFailure); err != nil {
		t.Fatal(err)
	}
	if n := mustGet(t, s.Addresses, "a").Value.Count; n != 1 {
		t.Errorf("%d failures, want 1", n)
	}
}
