package storagetest

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"gatehouse/storage"
)

// Instance is a Backend under test.
type Instance struct {
	// Backend is empty, shared with nobody, and closed by whoever made it.
	Backend storage.Backend
	// Advance moves the Backend's clock. It is nil for a Backend with a clock
	// of its own; the suite then waits for short times to live to pass.
	Advance func(time.Duration)
}

// Open makes an Instance for one test and lets t.Cleanup close it.
type Open func(t testing.TB) Instance

// contenders is how many callers race for one key.
const contenders = 64

// Run checks that a Backend keeps the contract of storage.Backend.
func Run(t *testing.T, open Open) {
	t.Helper()
	for _, test := range []struct {
		name string
		run  func(*testing.T, Instance)
	}{
		{"get answers in the order asked", testGetOrder},
		{"get of no keys", testGetNothing},
		{"get of one key twice", testGetTwice},
		{"put overwrites", testPutOverwrites},
		{"values of any bytes", testValues},
		{"keys of any bytes", testKeysOfAnyBytes},
		{"large value", testLargeValue},
		{"returned values are the caller's", testValuesAreCopies},
		{"add refuses a taken key", testAdd},
		{"swap compares", testSwapCompares},
		{"swap of a missing key", testSwapMissing},
		{"take reads and deletes", testTake},
		{"delete twice", testDelete},
		{"negative time to live", testNegativeTTL},
		{"ping", testPing},
		{"cancelled context", testCancelled},
		{"expiry", testExpiry},
		{"expired key is as never written", testExpiredIsMissing},
		{"put replaces the expiry", testPutReplacesExpiry},
		{"swap keeps the expiry", testSwapKeepsExpiry},
		{"swap sets the expiry", testSwapSetsExpiry},
		{"swap removes the expiry", testSwapRemovesExpiry},
		{"swap gives an expiry", testSwapGivesExpiry},
		{"add has one winner", testAddOneWinner},
		{"take has one winner", testTakeOneWinner},
		{"swap has one winner", testSwapOneWinner},
		{"swaps lose no increment", testSwapCounter},
		{"keys by prefix", testKeysByPrefix},
		{"keys with special characters", testKeysLiteral},
		{"keys of a large store", testKeysMany},
		{"keys during writes", testKeysDuringWrites},
		{"writes during a listing by the same caller", testWritesWhileListing},
		{"keys stops early", testKeysStop},
		{"keys ends with its context", testKeysCancelled},
		{"get across many keys", testGetMany},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.run(t, open(t))
		})
	}
}

func get(t testing.TB, backend storage.Backend, key string) []byte {
	t.Helper()
	values, err := backend.Get(t.Context(), key)
	if err != nil {
		t.Fatalf("get %q: %v", key, err)
	}
	if len(values) != 1 {
		t.Fatalf("get %q: %d values for one key", key, len(values))
	}
	return values[0]
}

// wantValue checks a value; nil stands for a missing key.
func wantValue(t testing.TB, backend storage.Backend, key string, want []byte) {
	t.Helper()
	got := get(t, backend, key)
	if (got == nil) != (want == nil) || !bytes.Equal(got, want) {
		t.Errorf("%q holds %s, want %s", key, show(got), show(want))
	}
}

func show(value []byte) string {
	switch {
	case value == nil:
		return "nothing"
	case len(value) > 32:
		return string(value[:32]) + "…"
	default:
		return "“" + string(value) + "”"
	}
}

func put(t testing.TB, backend storage.Backend, key, value string, ttl time.Duration) {
	t.Helper()
	if err := backend.Put(t.Context(), key, []byte(value), ttl); err != nil {
		t.Fatalf("put %q: %v", key, err)
	}
}

func wantError(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: error %v, want %v", what, err, want)
	}
}

// list returns the keys with a prefix, sorted and each once.
func list(t testing.TB, backend storage.Backend, prefix string) []string {
	t.Helper()
	seen := make(map[string]bool)
	for key, err := range backend.Keys(t.Context(), prefix) {
		if err != nil {
			t.Fatalf("keys %q: %v", prefix, err)
		}
		seen[key] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

// race calls do from many goroutines that begin together, and returns their
// errors.
func race(ctx context.Context, do func(ctx context.Context, i int) error) []error {
	errs := make([]error, contenders)
	start := make(chan struct{})
	var group sync.WaitGroup
	for i := range contenders {
		group.Go(func() {
			<-start
			errs[i] = do(ctx, i)
		})
	}
	close(start)
	group.Wait()
	return errs
}

// wantOneWinner checks that one call succeeded and all others got the error.
func wantOneWinner(t testing.TB, errs []error, others error) (winner int) {
	t.Helper()
	winners := 0
	for i, err := range errs {
		switch {
		case err == nil:
			winners++
			winner = i
		case !errors.Is(err, others):
			t.Errorf("caller %d: error %v, want %v", i, err, others)
		}
	}
	if winners != 1 {
		t.Fatalf("%d of %d callers won, want one", winners, len(errs))
	}
	return winner
}
