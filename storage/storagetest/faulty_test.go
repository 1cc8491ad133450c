package storagetest_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"gatehouse/storage"
	"gatehouse/storage/storagetest"
)

func openFaulty(t testing.TB) storagetest.Instance {
	t.Helper()
	in := openMemory(t)
	in.Backend = storagetest.NewFaulty(in.Backend)
	return in
}

func TestFaultyPassesEveryCallOn(t *testing.T) { storagetest.Run(t, openFaulty) }

func TestFaultyCrashes(t *testing.T) {
	for _, test := range []struct {
		name  string
		crash func(*storagetest.Faulty)
		want  []string // the keys that are there afterwards
	}{
		{"before the first write", func(f *storagetest.Faulty) { f.CrashBefore(1) }, nil},
		{"after the first write", func(f *storagetest.Faulty) { f.CrashAfter(1) }, []string{"a"}},
		{"before the third write", func(f *storagetest.Faulty) { f.CrashBefore(3) }, []string{"a", "b"}},
		{"after the third write", func(f *storagetest.Faulty) { f.CrashAfter(3) }, []string{"a", "b", "c"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx := t.Context()
			faulty := storagetest.NewFaulty(openMemory(t).Backend)
			test.crash(faulty)
			var errs []error
			for _, key := range []string{"a", "b", "c", "d"} {
				_, readErr := faulty.Get(ctx, "unrelated")
				if readErr != nil && !faulty.Crashed() {
					t.Errorf("read before the crash: %v", readErr)
				}
				errs = append(errs, faulty.Put(ctx, key, []byte("1"), storage.NoExpiry))
			}
			if !faulty.Crashed() || !errors.Is(errs[3], storagetest.ErrCrashed) {
				t.Fatalf("no crash: %v", errs)
			}
			wantCrashed(t, faulty)

			faulty.Restore()
			var got []string
			for key, err := range faulty.Keys(ctx, "") {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, key)
			}
			slices.Sort(got)
			if !slices.Equal(got, test.want) {
				t.Errorf("the store holds %q, want %q", got, test.want)
			}
			if err := faulty.Put(ctx, "e", nil, storage.NoExpiry); err != nil {
				t.Errorf("put after the restart: %v", err)
			}
		})
	}
}

func wantCrashed(t *testing.T, backend storage.Backend) {
	t.Helper()
	ctx := t.Context()
	_, getErr := backend.Get(ctx, "a")
	_, takeErr := backend.Take(ctx, "a")
	var keysErr error
	for _, err := range backend.Keys(ctx, "") {
		keysErr = err
	}
	for name, err := range map[string]error{
		"get":    getErr,
		"put":    backend.Put(ctx, "a", nil, storage.NoExpiry),
		"add":    backend.Add(ctx, "z", nil, storage.NoExpiry),
		"swap":   backend.Swap(ctx, "a", nil, nil, storage.NoExpiry),
		"take":   takeErr,
		"delete": backend.Delete(ctx, "a"),
		"keys":   keysErr,
		"ping":   backend.Ping(ctx),
	} {
		if !errors.Is(err, storagetest.ErrCrashed) {
			t.Errorf("%s after the crash: %v", name, err)
		}
	}
}

// An order of two writes that is safe to interrupt passes, and every place is
// visited: before and after each of the two, and once without a crash.
func TestEachCrashVisitsEveryPlace(t *testing.T) {
	seen := map[string]int{}
	storagetest.EachCrash(t, func(t *testing.T, arm func(*storagetest.Faulty)) {
		ctx := t.Context()
		faulty := storagetest.NewFaulty(openMemory(t).Backend)
		if err := faulty.Put(ctx, "before arming", []byte("1"), storage.NoExpiry); err != nil {
			t.Fatal(err)
		}
		arm(faulty)
		err := faulty.Put(ctx, "index", []byte("1"), time.Hour)
		if err == nil {
			err = faulty.Put(ctx, "record", []byte("1"), time.Hour)
		}
		if crashed := errors.Is(err, storagetest.ErrCrashed); crashed != faulty.Crashed() {
			t.Errorf("error %v, crashed %v", err, faulty.Crashed())
		}
		faulty.Restore()

		values, err := faulty.Get(ctx, "index", "record")
		if err != nil {
			t.Fatal(err)
		}
		index, record := values[0] != nil, values[1] != nil
		if record && !index {
			t.Error("a record that the index does not know")
		}
		switch {
		case index && record:
			seen["both"]++
		case index:
			seen["index"]++
		default:
			seen["none"]++
		}
	})
	if seen["none"] != 1 || seen["index"] != 2 || seen["both"] != 2 {
		t.Errorf("places visited: %v", seen)
	}
}

func TestCountingCountsCalls(t *testing.T) {
	ctx := t.Context()
	counting := storagetest.NewCounting(openMemory(t).Backend)
	if _, err := counting.Get(ctx, "a", "b", "c"); err != nil {
		t.Fatal(err)
	}
	if err := counting.Put(ctx, "a", nil, storage.NoExpiry); err != nil {
		t.Fatal(err)
	}
	if n := counting.RoundTrips(); n != 2 {
		t.Errorf("%d round trips, want 2", n)
	}
	if n := counting.Reset(); n != 2 || counting.RoundTrips() != 0 {
		t.Errorf("reset returned %d and left %d", n, counting.RoundTrips())
	}
}

func TestCountingPassesEveryCallOn(t *testing.T) {
	storagetest.Run(t, func(t testing.TB) storagetest.Instance {
		t.Helper()
		in := openMemory(t)
		in.Backend = storagetest.NewCounting(in.Backend)
		return in
	})
}
