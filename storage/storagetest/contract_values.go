package storagetest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/storage"
)

func testGetOrder(t *testing.T, in Instance) {
	put(t, in.Backend, "a", "1", storage.NoExpiry)
	put(t, in.Backend, "c", "3", storage.NoExpiry)
	values, err := in.Backend.Get(t.Context(), "c", "b", "a")
	if err != nil {
		t.Fatal(err)
	}
	want := [][]byte{[]byte("3"), nil, []byte("1")}
	if diff := cmp.Diff(want, values); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
}

func testGetNothing(t *testing.T, in Instance) {
	values, err := in.Backend.Get(t.Context())
	if err != nil || len(values) != 0 {
		t.Errorf("get of no keys: %v, %v; want no values and no error", values, err)
	}
}

func testGetTwice(t *testing.T, in Instance) {
	put(t, in.Backend, "a", "1", storage.NoExpiry)
	values, err := in.Backend.Get(t.Context(), "a", "a")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]byte{[]byte("1"), []byte("1")}, values); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
}

func testGetMany(t *testing.T, in Instance) {
	const n = 300
	var keys []string
	var want [][]byte
	for i := range n {
		key := fmt.Sprintf("many:%d", i)
		keys = append(keys, key)
		if i%3 == 0 {
			want = append(want, nil)
			continue
		}
		want = append(want, []byte(key))
	}
	errs := make(chan error, n)
	for i, key := range keys {
		go func() {
			if want[i] == nil {
				errs <- nil
				return
			}
			errs <- in.Backend.Put(t.Context(), key, want[i], time.Hour)
		}()
	}
	for range keys {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	values, err := in.Backend.Get(t.Context(), keys...)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, values); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
}

func testPutOverwrites(t *testing.T, in Instance) {
	put(t, in.Backend, "a", "1", storage.NoExpiry)
	put(t, in.Backend, "a", "2", storage.NoExpiry)
	wantValue(t, in.Backend, "a", []byte("2"))
}

func testValues(t *testing.T, in Instance) {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	for _, value := range [][]byte{{}, {0}, []byte("\r\n"), {0xff, 0xfe, 0}, every} {
		for name, write := range map[string]func(context.Context, string, []byte, time.Duration) error{
			"put": in.Backend.Put, "add": in.Backend.Add,
		} {
			key := fmt.Sprintf("%s %x", name, value)
			if err := write(t.Context(), key, value, storage.NoExpiry); err != nil {
				t.Fatalf("%s: %v", key, err)
			}
			wantValue(t, in.Backend, key, value)
			if err := in.Backend.Swap(t.Context(), key, value, []byte("next"), storage.KeepExpiry); err != nil {
				t.Fatalf("swap %s: %v", key, err)
			}
			if err := in.Backend.Swap(t.Context(), key, []byte("next"), value, storage.KeepExpiry); err != nil {
				t.Fatalf("swap %s back: %v", key, err)
			}
			taken, err := in.Backend.Take(t.Context(), key)
			if err != nil || taken == nil || !bytes.Equal(taken, value) {
				t.Errorf("take %s: %x, %v", key, taken, err)
			}
		}
	}
}

func testKeysOfAnyBytes(t *testing.T, in Instance) {
	keys := []string{"\x00", "a b", "a\r\nb", "{tag}a", "ü", "\xff\xfe", "%s", `"`, "a/b?c=d#e"}
	for _, key := range keys {
		put(t, in.Backend, key, key, storage.NoExpiry)
	}
	for _, key := range keys {
		wantValue(t, in.Backend, key, []byte(key))
	}
	slices.Sort(keys)
	if diff := cmp.Diff(keys, list(t, in.Backend, "")); diff != "" {
		t.Errorf("listed keys (-want +got):\n%s", diff)
	}
}

func testLargeValue(t *testing.T, in Instance) {
	value := bytes.Repeat([]byte("0123456789abcdef"), 256<<10/16)
	next := bytes.Repeat([]byte("fedcba9876543210"), 256<<10/16)
	if err := in.Backend.Put(t.Context(), "large", value, storage.NoExpiry); err != nil {
		t.Fatal(err)
	}
	wantValue(t, in.Backend, "large", value)
	if err := in.Backend.Swap(t.Context(), "large", value, next, storage.KeepExpiry); err != nil {
		t.Fatal(err)
	}
	wantValue(t, in.Backend, "large", next)
}

func testValuesAreCopies(t *testing.T, in Instance) {
	value := []byte("original")
	if err := in.Backend.Put(t.Context(), "a", value, storage.NoExpiry); err != nil {
		t.Fatal(err)
	}
	value[0] = 'X'
	got := get(t, in.Backend, "a")
	if len(got) > 0 {
		got[0] = 'Y'
	}
	wantValue(t, in.Backend, "a", []byte("original"))
}

func testAdd(t *testing.T, in Instance) {
	if err := in.Backend.Add(t.Context(), "a", []byte("1"), storage.NoExpiry); err != nil {
		t.Fatal(err)
	}
	wantError(t, "second add", in.Backend.Add(t.Context(), "a", []byte("2"), storage.NoExpiry), storage.ErrExists)
	wantValue(t, in.Backend, "a", []byte("1"))
	if err := in.Backend.Delete(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if err := in.Backend.Add(t.Context(), "a", []byte("3"), time.Hour); err != nil {
		t.Errorf("add after delete: %v", err)
	}
}

func testSwapCompares(t *testing.T, in Instance) {
	put(t, in.Backend, "a", "1", storage.NoExpiry)
	for _, old := range []string{"2", "", "11", "1\x00"} {
		err := in.Backend.Swap(t.Context(), "a", []byte(old), []byte("3"), storage.NoExpiry)
		wantError(t, fmt.Sprintf("swap of %q", old), err, storage.ErrConflict)
	}
	wantValue(t, in.Backend, "a", []byte("1"))
	if err := in.Backend.Swap(t.Context(), "a", []byte("1"), []byte("2"), storage.NoExpiry); err != nil {
		t.Fatal(err)
	}
	wantValue(t, in.Backend, "a", []byte("2"))
}

func testSwapMissing(t *testing.T, in Instance) {
	for _, old := range []string{"", "1"} {
		err := in.Backend.Swap(t.Context(), "a", []byte(old), []byte("2"), storage.KeepExpiry)
		wantError(t, "swap of a missing key", err, storage.ErrNotFound)
	}
	wantValue(t, in.Backend, "a", nil)
}

func testTake(t *testing.T, in Instance) {
	put(t, in.Backend, "a", "1", time.Hour)
	value, err := in.Backend.Take(t.Context(), "a")
	if err != nil || string(value) != "1" {
		t.Fatalf("take: %q, %v", value, err)
	}
	wantValue(t, in.Backend, "a", nil)
	_, err = in.Backend.Take(t.Context(), "a")
	wantError(t, "second take", err, storage.ErrNotFound)
}

func testDelete(t *testing.T, in Instance) {
	put(t, in.Backend, "a", "1", time.Hour)
	put(t, in.Backend, "b", "2", storage.NoExpiry)
	for range 2 {
		if err := in.Backend.Delete(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		wantValue(t, in.Backend, "a", nil)
	}
	wantValue(t, in.Backend, "b", []byte("2"))
}

// A time to live that was computed and came out negative must not be taken for
// one of the named values, which would keep a dead record.
func testNegativeTTL(t *testing.T, in Instance) {
	put(t, in.Backend, "held", "1", storage.NoExpiry)
	for name, err := range map[string]error{
		"put":            in.Backend.Put(t.Context(), "a", []byte("1"), -time.Second),
		"put to keep":    in.Backend.Put(t.Context(), "a", []byte("1"), storage.KeepExpiry),
		"add":            in.Backend.Add(t.Context(), "a", []byte("1"), -time.Second),
		"add to keep":    in.Backend.Add(t.Context(), "a", []byte("1"), storage.KeepExpiry),
		"swap":           in.Backend.Swap(t.Context(), "held", []byte("1"), []byte("2"), -time.Second),
		"swap by a tick": in.Backend.Swap(t.Context(), "held", []byte("1"), []byte("2"), -2),
	} {
		if err == nil {
			t.Errorf("%s with a negative time to live succeeded", name)
		}
	}
	wantValue(t, in.Backend, "a", nil)
	wantValue(t, in.Backend, "held", []byte("1"))
}

func testPing(t *testing.T, in Instance) {
	if err := in.Backend.Ping(t.Context()); err != nil {
		t.Errorf("ping: %v", err)
	}
	if keys := list(t, in.Backend, ""); len(keys) != 0 {
		t.Errorf("ping left keys: %q", keys)
	}
}

func testCancelled(t *testing.T, in Instance) {
	put(t, in.Backend, "held", "1", storage.NoExpiry)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, getErr := in.Backend.Get(ctx, "held")
	_, takeErr := in.Backend.Take(ctx, "held")
	var keysErr error
	for _, err := range in.Backend.Keys(ctx, "") {
		keysErr = err
	}
	for name, err := range map[string]error{
		"get":    getErr,
		"put":    in.Backend.Put(ctx, "a", []byte("1"), storage.NoExpiry),
		"add":    in.Backend.Add(ctx, "a", []byte("1"), storage.NoExpiry),
		"swap":   in.Backend.Swap(ctx, "held", []byte("1"), []byte("2"), storage.NoExpiry),
		"take":   takeErr,
		"delete": in.Backend.Delete(ctx, "held"),
		"keys":   keysErr,
		"ping":   in.Backend.Ping(ctx),
	} {
		wantError(t, name, err, context.Canceled)
	}
	wantValue(t, in.Backend, "a", nil)
	wantValue(t, in.Backend, "held", []byte("1"))
}
