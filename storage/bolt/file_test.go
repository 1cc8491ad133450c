package bolt_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"gatehouse/storage"
	"gatehouse/storage/bolt"
)

// childVariable makes this test binary a process that writes to the file it
// names, for the tests that kill one.
const childVariable = "GATEHOUSE_BOLT_TEST_CHILD"

func TestMain(m *testing.M) {
	if path := os.Getenv(childVariable); path != "" {
		if err := writeForEver(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// writeForEver prints each key once its write was acknowledged.
func writeForEver(path string) error {
	backend, err := bolt.Open(bolt.Options{Path: path, Now: time.Now})
	if err != nil {
		return err
	}
	errs := make(chan error)
	for writer := range 8 {
		go func() {
			for i := 0; ; i++ {
				key := fmt.Sprintf("%d:%d", writer, i)
				if err := backend.Put(context.Background(), key, []byte(key), time.Hour); err != nil {
					errs <- err
					return
				}
				fmt.Println(key)
			}
		}()
	}
	return <-errs
}

func startChild(t *testing.T, path string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0]) //nolint:gosec // ourselves
	child.Env = append(os.Environ(), childVariable+"="+path)
	child.Stderr = os.Stderr
	output, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = child.Process.Kill() // an error means that it has ended
		_ = child.Wait()
	})
	return child, bufio.NewScanner(output)
}

func TestNothingAcknowledgedIsLostByKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gatehouse.db")
	clock := newClock()
	clock.now = time.Now()
	acknowledged := make(map[string]bool)
	for range 3 {
		child, lines := startChild(t, path)
		for n := 0; n < 300 && lines.Scan(); n++ {
			acknowledged[lines.Text()] = true
		}
		if err := child.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() { // what it wrote until it was dead
			if key := lines.Text(); strings.Count(key, ":") == 1 {
				acknowledged[key] = true
			}
		}
		_ = child.Wait() // it was killed

		backend, err := bolt.Open(bolt.Options{Path: path, Now: clock.Now})
		if err != nil {
			t.Fatal(err)
		}
		for key := range acknowledged {
			if got := get(t, backend, key); got != key {
				t.Errorf("%q holds %q after the kill", key, got)
			}
		}
		if err := backend.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(acknowledged) < 300 {
		t.Errorf("only %d keys were acknowledged", len(acknowledged))
	}
}

func TestFileHeldByAnotherProcessIsLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gatehouse.db")
	_, lines := startChild(t, path)
	if !lines.Scan() {
		t.Fatal("the other process does not write")
	}
	_, err := bolt.Open(bolt.Options{Path: path, Now: newClock().Now})
	if !errors.Is(err, bolt.ErrLocked) {
		t.Errorf("open: %v, want %v", err, bolt.ErrLocked)
	}
}

func TestFileStaysAcrossOpens(t *testing.T) {
	path := filepath.Join(t.TempDir(), "made", "gatehouse.db")
	clock := newClock()
	backend, err := bolt.Open(bolt.Options{Path: path, Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	put(t, backend, "stays", "1", storage.NoExpiry)
	put(t, backend, "hour", "1", time.Hour)
	if _, err := bolt.Open(bolt.Options{Path: path, Now: clock.Now}); !errors.Is(err, bolt.ErrLocked) {
		t.Errorf("second open: %v, want %v", err, bolt.ErrLocked)
	}
	if err := backend.Close(); err != nil {
		t.Fatal(err)
	}
	if err := backend.Put(t.Context(), "a", nil, storage.NoExpiry); err == nil {
		t.Error("put after close succeeded")
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("the file has the mode %v, want 0600", mode)
	}

	clock.Advance(30 * time.Minute)
	again := openFile(t, path, clock)
	if get(t, again, "stays") != "1" || get(t, again, "hour") != "1" {
		t.Error("records are gone after opening again")
	}
	clock.Advance(30 * time.Minute)
	if get(t, again, "stays") != "1" || get(t, again, "hour") != "" {
		t.Error("the expiry did not stay")
	}
}

func TestOpenRefuses(t *testing.T) {
	folder := t.TempDir()
	foreign := filepath.Join(folder, "foreign.db")
	newer := filepath.Join(folder, "newer.db")
	for path, bucket := range map[string]string{foreign: "other", newer: "about"} {
		db, err := bbolt.Open(path, 0o600, nil)
		if err != nil {
			t.Fatal(err)
		}
		err = db.Update(func(tx *bbolt.Tx) error {
			about, err := tx.CreateBucket([]byte(bucket))
			if err != nil {
				return err
			}
			return about.Put([]byte("format"), []byte("gatehouse bolt 2"))
		})
		if err := errors.Join(err, db.Close()); err != nil {
			t.Fatal(err)
		}
	}
	text := filepath.Join(folder, "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("not a store\n", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	now := newClock().Now
	for name, options := range map[string]bolt.Options{
		"no path":               {Now: now},
		"no clock":              {Path: filepath.Join(folder, "new.db")},
		"file of another kind":  {Path: text, Now: now},
		"bolt of another maker": {Path: foreign, Now: now},
		"newer format":          {Path: newer, Now: now},
		"folder":                {Path: folder, Now: now},
	} {
		t.Run(name, func(t *testing.T) {
			backend, err := bolt.Open(options)
			if err == nil {
				t.Error("opened")
				_ = backend.Close()
			}
			if errors.Is(err, bolt.ErrLocked) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestKeysThatDoNotFitAreRefused(t *testing.T) {
	backend := open(t).Backend
	for _, key := range []string{"", strings.Repeat("k", 64<<10)} {
		if err := backend.Put(t.Context(), key, []byte("1"), time.Hour); err == nil {
			t.Errorf("a key of %d bytes was taken", len(key))
		}
	}
	put(t, backend, "a", "1", time.Hour) // nothing of the above is in the way
}
