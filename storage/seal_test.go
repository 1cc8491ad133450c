package storage_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"testing"
	"testing/iotest"

	"gatehouse/storage"
)

func key(fill byte) []byte { return bytes.Repeat([]byte{fill}, storage.SealingKeySize) }

func newSealer(t testing.TB, keys ...[]byte) *storage.Sealer {
	t.Helper()
	sealer, err := storage.NewSealer(rand.Reader, keys...)
	if err != nil {
		t.Fatal(err)
	}
	return sealer
}

func TestSealOpens(t *testing.T) {
	sealer := newSealer(t, key(1))
	for _, plain := range [][]byte{{}, {0}, []byte("secret"), bytes.Repeat([]byte("long"), 100_000)} {
		envelope, err := sealer.Seal("place", plain)
		if err != nil {
			t.Fatal(err)
		}
		got, err := sealer.Open("place", envelope)
		if err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%d bytes: %d bytes, %v", len(plain), len(got), err)
		}
	}
}

func TestSealRefuses(t *testing.T) {
	sealer := newSealer(t, key(1))
	envelope, err := sealer.Seal("place", []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	for name, open := range map[string]func() ([]byte, error){
		"another place": func() ([]byte, error) { return sealer.Open("other", envelope) },
		"no place":      func() ([]byte, error) { return sealer.Open("", envelope) },
		"another key":   func() ([]byte, error) { return newSealer(t, key(2)).Open("place", envelope) },
		"longer":        func() ([]byte, error) { return sealer.Open("place", append(bytes.Clone(envelope), 0)) },
	} {
		if plain, err := open(); !errors.Is(err, storage.ErrSeal) || plain != nil {
			t.Errorf("%s: %q, %v", name, plain, err)
		}
	}
	for i := range envelope {
		changed := bytes.Clone(envelope)
		changed[i] ^= 0x80
		if _, err := sealer.Open("place", changed); !errors.Is(err, storage.ErrSeal) {
			t.Errorf("byte %d changed: %v", i, err)
		}
		if _, err := sealer.Open("place", envelope[:i]); !errors.Is(err, storage.ErrSeal) {
			t.Errorf("cut to %d bytes: %v", i, err)
		}
	}
}

func TestSealNeverRepeatsItself(t *testing.T) {
	sealer := newSealer(t, key(1))
	seen := make(map[string]bool)
	for range 1000 {
		envelope, err := sealer.Seal("place", []byte("secret"))
		if err != nil {
			t.Fatal(err)
		}
		if seen[string(envelope)] {
			t.Fatal("two equal envelopes")
		}
		seen[string(envelope)] = true
	}
}

func TestSealingKeysChange(t *testing.T) {
	before, during, after := newSealer(t, key(1)), newSealer(t, key(2), key(1)), newSealer(t, key(2))
	old, err := before.Seal("place", []byte("old"))
	if err != nil {
		t.Fatal(err)
	}
	renewed, err := during.Seal("place", []byte("new"))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name     string
		sealer   *storage.Sealer
		envelope []byte
		opens    bool
	}{
		{"old by both", during, old, true},
		{"new by both", during, renewed, true},
		{"new by the new key", after, renewed, true},
		{"old by the new key", after, old, false},
		{"new by the old key", before, renewed, false},
	} {
		if _, err := test.sealer.Open("place", test.envelope); (err == nil) != test.opens {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestNewSealerRefuses(t *testing.T) {
	for name, keys := range map[string][][]byte{
		"no key":             nil,
		"nil key":            {nil},
		"short key":          {key(1)[:31]},
		"long key":           {append(key(1), 1)},
		"AES-128 key":        {key(1)[:16]},
		"short key in order": {key(1), key(2)[:16]},
	} {
		if _, err := storage.NewSealer(rand.Reader, keys...); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestSealWithoutRandomness(t *testing.T) {
	broken := errors.New("no entropy")
	sealer, err := storage.NewSealer(iotest.ErrReader(broken), key(1))
	if err != nil {
		t.Fatal(err)
	}
	if envelope, err := sealer.Seal("place", []byte("secret")); !errors.Is(err, broken) || envelope != nil {
		t.Errorf("envelope %x, error %v", envelope, err)
	}
}

func FuzzSealerOpen(f *testing.F) {
	sealer := newSealer(f, key(1))
	envelope, err := sealer.Seal("place", []byte("secret"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(envelope)
	f.Add([]byte{})
	f.Add(envelope[:17])
	f.Fuzz(func(t *testing.T, given []byte) {
		plain, err := sealer.Open("place", given)
		if err == nil && !bytes.Equal(given, envelope) {
			t.Errorf("opened what was never sealed: %q", plain)
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	sealer := newSealer(b, key(1))
	plain := bytes.Repeat([]byte("x"), 1<<10)
	for b.Loop() {
		envelope, err := sealer.Seal("place", plain)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := sealer.Open("place", envelope); err != nil {
			b.Fatal(err)
		}
	}
}

func TestSealerIsSafeForConcurrentUse(t *testing.T) {
	sealer := newSealer(t, key(1))
	errs := make(chan error, 64)
	for i := range cap(errs) {
		go func() {
			want := fmt.Sprint(i)
			envelope, err := sealer.Seal(want, []byte(want))
			if err != nil {
				errs <- err
				return
			}
			plain, err := sealer.Open(want, envelope)
			if err == nil && string(plain) != want {
				err = fmt.Errorf("%q, want %q", plain, want)
			}
			errs <- err
		}()
	}
	for range cap(errs) {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}
