package bolt_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"gatehouse/storage"
	"gatehouse/storage/bolt"
)

// stored counts what the file holds, expired or not.
func stored(t *testing.T, path string) (records, index int) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true, Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	err = db.View(func(tx *bbolt.Tx) error {
		records = tx.Bucket([]byte("records")).Stats().KeyN
		index = tx.Bucket([]byte("expiry")).Stats().KeyN
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return records, index
}

func sweep(t *testing.T, backend *bolt.Backend) int {
	t.Helper()
	n, err := backend.SweepOnce(t.Context())
	if err != nil {
		t.Fatalf("sweep: %v", err)
	}
	return n
}

func TestSweepDeletesWhatExpired(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gatehouse.db")
	clock := newClock()
	backend, err := bolt.Open(bolt.Options{Path: path, Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	put(t, backend, "stays", "1", storage.NoExpiry)
	put(t, backend, "later", "1", 2*time.Hour)
	put(t, backend, "renewed", "1", time.Hour)
	put(t, backend, "renewed", "2", 2*time.Hour)
	put(t, backend, "freed", "1", time.Hour)
	put(t, backend, "freed", "2", storage.NoExpiry)
	put(t, backend, "swapped", "1", time.Hour)
	if err := backend.Swap(t.Context(), "swapped", []byte("1"), []byte("2"), storage.KeepExpiry); err != nil {
		t.Fatal(err)
	}
	put(t, backend, "deleted", "1", time.Hour)
	if err := backend.Delete(t.Context(), "deleted"); err != nil {
		t.Fatal(err)
	}
	put(t, backend, "taken", "1", time.Hour)
	if _, err := backend.Take(t.Context(), "taken"); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		put(t, backend, fmt.Sprintf("expires:%d", i), "1", time.Hour)
	}

	if n := sweep(t, backend); n != 0 {
		t.Errorf("%d swept before anything expired", n)
	}
	clock.Advance(time.Hour)
	if n := sweep(t, backend); n != 4 {
		t.Errorf("%d swept, want 4", n)
	}
	for _, key := range []string{"stays", "later", "renewed", "freed"} {
		if get(t, backend, key) == "" {
			t.Errorf("%q was swept", key)
		}
	}
	if err := backend.Close(); err != nil {
		t.Fatal(err)
	}
	if records, index := stored(t, path); records != 4 || index != 2 {
		t.Errorf("the file holds %d records and %d index entries, want 4 and 2", records, index)
	}
}

func TestSweepTakesManySteps(t *testing.T) {
	clock := newClock()
	backend := openFile(t, filepath.Join(t.TempDir(), "gatehouse.db"), clock)
	const n = 1000
	errs := make(chan error, n)
	for i := range n {
		go func() { errs <- backend.Put(t.Context(), fmt.Sprint(i), nil, time.Minute) }()
	}
	for range n {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	clock.Advance(time.Minute)
	if got := sweep(t, backend); got != n {
		t.Errorf("%d swept, want %d", got, n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := backend.SweepOnce(ctx); err == nil {
		t.Error("a sweep with a cancelled context succeeded")
	}
}

func TestSweepEndsWithItsContext(t *testing.T) {
	clock := newClock()
	backend := openFile(t, filepath.Join(t.TempDir(), "gatehouse.db"), clock)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		backend.Sweep(ctx, time.Hour, func(err error) { t.Errorf("sweep: %v", err) })
	}()
	cancel()
	<-ended
}

// The file reuses what was swept: it is as large as what it held at once, not as
// all that it ever held.
func TestFileDoesNotGrowForEver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gatehouse.db")
	clock := newClock()
	backend := openFile(t, path, clock)
	value := bytes.Repeat([]byte("x"), 1<<10)
	var first int64
	for round := range 30 {
		errs := make(chan error, 200)
		for i := range cap(errs) {
			go func() {
				errs <- backend.Put(t.Context(), fmt.Sprintf("%d:%d", round, i), value, time.Minute)
			}()
		}
		for range cap(errs) {
			if err := <-errs; err != nil {
				t.Fatal(err)
			}
		}
		clock.Advance(time.Minute)
		sweep(t, backend)
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if round == 2 {
			first = info.Size()
		}
		if round > 2 && info.Size() > 2*first {
			t.Fatalf("the file has %d bytes in round %d, and had %d in round 2", info.Size(), round, first)
		}
	}
}
