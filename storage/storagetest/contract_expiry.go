package storagetest

import (
	"testing"
	"time"

	"gatehouse/storage"
)

// lives are the times to live that a test tries on a Backend with a clock of
// its own. It needs its first steps to take less than one; on a machine too
// busy for the short one, the longer ones do.
func lives(in Instance) []time.Duration {
	if in.Advance != nil {
		return []time.Duration{time.Minute}
	}
	return []time.Duration{200 * time.Millisecond, 2 * time.Second, 20 * time.Second}
}

// pass lets a time to live pass: by the clock of the Instance, or until a
// witness key written now with the same time to live is gone.
func pass(t testing.TB, in Instance, ttl time.Duration) {
	t.Helper()
	if in.Advance != nil {
		in.Advance(ttl)
		return
	}
	const witness = "witness of time"
	put(t, in.Backend, witness, "", ttl+time.Millisecond)
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	patience := time.NewTimer(ttl + 30*time.Second)
	defer patience.Stop()
	for get(t, in.Backend, witness) != nil {
		select {
		case <-ticker.C:
		case <-patience.C:
			t.Fatalf("a key with a time to live of %v is still there 30 s after it", ttl)
		}
	}
}

// inTime runs the steps that must all happen within one time to live; steps
// returns false if the key was gone before they were done.
func inTime(t testing.TB, in Instance, steps func(ttl time.Duration) bool) time.Duration {
	t.Helper()
	for _, ttl := range lives(in) {
		if steps(ttl) {
			return ttl
		}
	}
	t.Fatal("the key expired before its time, or the machine is very busy")
	return 0
}

func testExpiry(t *testing.T, in Instance) {
	put(t, in.Backend, "stays", "1", storage.NoExpiry)
	put(t, in.Backend, "later", "1", time.Hour)
	ttl := inTime(t, in, func(ttl time.Duration) bool {
		put(t, in.Backend, "put", "1", ttl)
		if err := in.Backend.Delete(t.Context(), "added"); err != nil {
			t.Fatal(err)
		}
		if err := in.Backend.Add(t.Context(), "added", []byte("1"), ttl); err != nil {
			t.Fatal(err)
		}
		return get(t, in.Backend, "put") != nil && get(t, in.Backend, "added") != nil
	})
	if in.Advance != nil {
		in.Advance(ttl - time.Millisecond)
		wantValue(t, in.Backend, "put", []byte("1"))
		in.Advance(time.Millisecond)
	} else {
		pass(t, in, ttl)
	}
	wantValue(t, in.Backend, "put", nil)
	wantValue(t, in.Backend, "added", nil)
	wantValue(t, in.Backend, "stays", []byte("1"))
	wantValue(t, in.Backend, "later", []byte("1"))
}

func testExpiredIsMissing(t *testing.T, in Instance) {
	backend, ctx := in.Backend, t.Context()
	ttl := lives(in)[0]
	for _, key := range []string{"swap", "take", "delete", "add", "list", "put"} {
		put(t, backend, key, "1", ttl)
	}
	pass(t, in, ttl)
	wantError(t, "swap", backend.Swap(ctx, "swap", []byte("1"), []byte("2"), storage.KeepExpiry), storage.ErrNotFound)
	_, err := backend.Take(ctx, "take")
	wantError(t, "take", err, storage.ErrNotFound)
	if err := backend.Delete(ctx, "delete"); err != nil {
		t.Errorf("delete: %v", err)
	}
	if keys := list(t, backend, ""); len(keys) != 0 {
		t.Errorf("expired keys are listed: %q", keys)
	}
	if err := backend.Add(ctx, "add", []byte("2"), storage.NoExpiry); err != nil {
		t.Errorf("add: %v", err)
	}
	put(t, backend, "put", "2", storage.NoExpiry)
	pass(t, in, ttl)
	wantValue(t, backend, "add", []byte("2"))
	wantValue(t, backend, "put", []byte("2"))
}

func testPutReplacesExpiry(t *testing.T, in Instance) {
	ttl := inTime(t, in, func(ttl time.Duration) bool {
		put(t, in.Backend, "freed", "1", ttl)
		put(t, in.Backend, "longer", "1", ttl)
		put(t, in.Backend, "shorter", "1", time.Hour)
		put(t, in.Backend, "bound", "1", storage.NoExpiry)
		return true
	})
	put(t, in.Backend, "freed", "2", storage.NoExpiry)
	put(t, in.Backend, "longer", "2", time.Hour)
	put(t, in.Backend, "shorter", "2", ttl)
	put(t, in.Backend, "bound", "2", ttl)
	pass(t, in, ttl)
	wantValue(t, in.Backend, "freed", []byte("2"))
	wantValue(t, in.Backend, "longer", []byte("2"))
	wantValue(t, in.Backend, "shorter", nil)
	wantValue(t, in.Backend, "bound", nil)
}

// swapInTime writes a key with a short life and swaps it before that ends.
func swapInTime(t testing.TB, in Instance, next time.Duration) time.Duration {
	t.Helper()
	return inTime(t, in, func(ttl time.Duration) bool {
		put(t, in.Backend, "a", "1", ttl)
		return in.Backend.Swap(t.Context(), "a", []byte("1"), []byte("2"), next) == nil
	})
}

func testSwapKeepsExpiry(t *testing.T, in Instance) {
	put(t, in.Backend, "endless", "1", storage.NoExpiry)
	put(t, in.Backend, "long", "1", time.Hour)
	ttl := swapInTime(t, in, storage.KeepExpiry)
	for _, key := range []string{"endless", "long"} {
		if err := in.Backend.Swap(t.Context(), key, []byte("1"), []byte("2"), storage.KeepExpiry); err != nil {
			t.Fatalf("swap %q: %v", key, err)
		}
	}
	pass(t, in, ttl)
	wantValue(t, in.Backend, "a", nil)
	wantValue(t, in.Backend, "endless", []byte("2"))
	wantValue(t, in.Backend, "long", []byte("2"))
}

func testSwapSetsExpiry(t *testing.T, in Instance) {
	ttl := swapInTime(t, in, time.Hour)
	pass(t, in, ttl)
	wantValue(t, in.Backend, "a", []byte("2"))
}

func testSwapRemovesExpiry(t *testing.T, in Instance) {
	ttl := swapInTime(t, in, storage.NoExpiry)
	pass(t, in, ttl)
	wantValue(t, in.Backend, "a", []byte("2"))
}

func testSwapGivesExpiry(t *testing.T, in Instance) {
	ttl := lives(in)[0]
	for _, before := range []time.Duration{storage.NoExpiry, time.Hour} {
		put(t, in.Backend, "a", "1", before)
		if err := in.Backend.Swap(t.Context(), "a", []byte("1"), []byte("2"), ttl); err != nil {
			t.Fatal(err)
		}
		pass(t, in, ttl)
		wantValue(t, in.Backend, "a", nil)
	}
}
