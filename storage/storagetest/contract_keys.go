package storagetest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/storage"
)

func testKeysByPrefix(t *testing.T, in Instance) {
	for _, key := range []string{"a", "a:1", "a:2", "ab:1", "b:1", "c:a:1"} {
		put(t, in.Backend, key, "", time.Hour)
	}
	for prefix, want := range map[string][]string{
		"":      {"a", "a:1", "a:2", "ab:1", "b:1", "c:a:1"},
		"a":     {"a", "a:1", "a:2", "ab:1"},
		"a:":    {"a:1", "a:2"},
		"a:1":   {"a:1"},
		"a:1:":  nil,
		"other": nil,
	} {
		if diff := cmp.Diff(want, list(t, in.Backend, prefix)); diff != "" {
			t.Errorf("prefix %q (-want +got):\n%s", prefix, diff)
		}
	}
}

// A prefix is taken literally by a Backend that matches patterns.
func testKeysLiteral(t *testing.T, in Instance) {
	prefixes := []string{"*", "?", "[ab]", "[", "]", `\`, `\*`, "[^a]", "a-z", "^", "a*b", "\xff"}
	for _, key := range []string{"plain", "a", "b", "ab", "azb", "\xfe"} {
		put(t, in.Backend, key, "", storage.NoExpiry)
	}
	for _, prefix := range prefixes {
		put(t, in.Backend, prefix+"key", "", storage.NoExpiry)
	}
	for _, prefix := range prefixes {
		var want []string
		for _, other := range prefixes {
			if len(other) >= len(prefix) && other[:len(prefix)] == prefix {
				want = append(want, other+"key")
			}
		}
		slices.Sort(want)
		if diff := cmp.Diff(want, list(t, in.Backend, prefix)); diff != "" {
			t.Errorf("prefix %q (-want +got):\n%s", prefix, diff)
		}
	}
}

// fill writes n keys at once and returns them sorted.
func fill(t testing.TB, backend storage.Backend, prefix string, n int) []string {
	t.Helper()
	keys := make([]string, n)
	errs := race(t.Context(), func(ctx context.Context, contender int) error {
		for i := contender; i < n; i += contenders {
			keys[i] = fmt.Sprintf("%s%05d", prefix, i)
			if err := backend.Put(ctx, keys[i], []byte("x"), storage.NoExpiry); err != nil {
				return err
			}
		}
		return nil
	})
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	return keys
}

func testKeysMany(t *testing.T, in Instance) {
	want := fill(t, in.Backend, "many:", 1500)
	put(t, in.Backend, "other", "", storage.NoExpiry)
	if diff := cmp.Diff(want, list(t, in.Backend, "many:")); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}

func testKeysDuringWrites(t *testing.T, in Instance) {
	want := fill(t, in.Backend, "key:stays:", 800)
	stop := make(chan struct{})
	var group sync.WaitGroup
	defer group.Wait()
	defer close(stop)
	for writer := range 4 {
		group.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				key := fmt.Sprintf("key:%d:%d", writer, i%50)
				if err := in.Backend.Put(t.Context(), key, []byte("x"), time.Hour); err != nil {
					t.Errorf("put: %v", err)
					return
				}
				if err := in.Backend.Delete(t.Context(), key); err != nil {
					t.Errorf("delete: %v", err)
					return
				}
			}
		})
	}
	for range 3 {
		var got []string
		for _, key := range list(t, in.Backend, "key:") {
			if len(key) == len(want[0]) {
				got = append(got, key)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("keys that were there all the time (-want +got):\n%s", diff)
		}
	}
}

func testWritesWhileListing(t *testing.T, in Instance) {
	fill(t, in.Backend, "key:", 100)
	large := make([]byte, 64<<10)
	for key, err := range in.Backend.Keys(t.Context(), "key:") {
		if err != nil {
			t.Fatal(err)
		}
		if err := in.Backend.Put(t.Context(), "copy of "+key, large, storage.NoExpiry); err != nil {
			t.Fatal(err)
		}
		if err := in.Backend.Delete(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
	if left := list(t, in.Backend, "key:"); len(left) != 0 {
		t.Errorf("%d keys are left", len(left))
	}
	if copies := list(t, in.Backend, "copy of "); len(copies) != 100 {
		t.Errorf("%d copies, want 100", len(copies))
	}
}

func testKeysStop(t *testing.T, in Instance) {
	fill(t, in.Backend, "key:", 100)
	for range 200 { // more often than a Backend has connections
		seen := 0
		for _, err := range in.Backend.Keys(t.Context(), "key:") {
			if err != nil {
				t.Fatal(err)
			}
			if seen++; seen == 3 {
				break
			}
		}
		if seen != 3 {
			t.Fatalf("%d keys before the break, want 3", seen)
		}
	}
	if err := in.Backend.Ping(t.Context()); err != nil {
		t.Errorf("ping: %v", err)
	}
}

func testKeysCancelled(t *testing.T, in Instance) {
	fill(t, in.Backend, "key:", 3000)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	for _, err := range in.Backend.Keys(ctx, "key:") {
		cancel()
		last = err
	}
	wantError(t, "listing", last, context.Canceled)
}
