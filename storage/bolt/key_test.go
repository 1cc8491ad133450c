package bolt_test

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"gatehouse/storage"
	"gatehouse/storage/bolt"
)

func TestSealingKeyIsMadeOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "made", "gatehouse.db")
	keys := make([][]byte, 16)
	var group sync.WaitGroup
	for i := range keys {
		group.Go(func() {
			key, err := bolt.SealingKey(path, rand.Reader)
			if err != nil {
				t.Errorf("sealing key: %v", err)
			}
			keys[i] = key
		})
	}
	group.Wait()
	if len(keys[0]) != storage.SealingKeySize {
		t.Fatalf("a key of %d bytes", len(keys[0]))
	}
	for _, key := range keys {
		if !bytes.Equal(key, keys[0]) {
			t.Error("two callers got two keys")
		}
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 || entries[0].Name() != "gatehouse.db.key" {
		t.Errorf("the folder holds %v, want the key file alone", entries)
	}
	info, err := os.Stat(path + ".key")
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("the key file has the mode %v, want 0600", mode)
	}
}

func TestSealingKeyRefuses(t *testing.T) {
	good := strings.Repeat("0123456789abcdef", 4)
	for _, test := range []struct {
		name  string
		text  string
		mode  os.FileMode
		store bool // a store file is there
		noKey bool
	}{
		{name: "readable by the group", text: good, mode: 0o640},
		{name: "readable by everybody", text: good, mode: 0o604},
		{name: "writable by the group", text: good, mode: 0o620},
		{name: "empty", text: "", mode: 0o600},
		{name: "too short", text: good[2:], mode: 0o600},
		{name: "too long", text: good + "00", mode: 0o600},
		{name: "not hexadecimal", text: "g" + good[1:], mode: 0o600},
		{name: "key missing beside a store", store: true, noKey: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "gatehouse.db")
			if !test.noKey {
				if err := os.WriteFile(path+".key", []byte(test.text), test.mode); err != nil {
					t.Fatal(err)
				}
				if err := os.Chmod(path+".key", test.mode); err != nil { // whatever the umask
					t.Fatal(err)
				}
			}
			if test.store {
				if err := os.WriteFile(path, []byte("a store"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			key, err := bolt.SealingKey(path, rand.Reader)
			if err == nil || key != nil {
				t.Fatalf("key %x, error %v", key, err)
			}
			if !strings.Contains(err.Error(), path+".key") {
				t.Errorf("the error does not name the file: %v", err)
			}
			if strings.Contains(err.Error(), good[2:10]) {
				t.Errorf("the error shows the key: %v", err)
			}
		})
	}
}

func TestSealingKeyIsReadAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gatehouse.db")
	want := bytes.Repeat([]byte{0xab}, storage.SealingKeySize)
	if err := os.WriteFile(path+".key", []byte(hex.EncodeToString(want)+"\n"), 0o400); err != nil {
		t.Fatal(err)
	}
	openFile(t, path, newClock())
	got, err := bolt.SealingKey(path, iotest.ErrReader(errors.New("random was asked")))
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("key %x, error %v", got, err)
	}
}

func TestSealingKeyWithoutRandomnessLeavesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gatehouse.db")
	if _, err := bolt.SealingKey(path, bytes.NewReader(make([]byte, 31))); err == nil {
		t.Fatal("a key was made of 31 bytes")
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}
