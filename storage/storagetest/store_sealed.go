package storagetest

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"gatehouse/storage"
)

func testStoreSealed(t *testing.T, s *storeTest) {
	const secret = "a-very-secret-password"
	mustPut(t, s.PendingSignIns, "p", storage.PendingSignIn{Email: "jane@example.org", Password: secret}, time.Minute)
	raw := get(t, s.backend, s.onlyKey(t))
	for _, plain := range []string{
		secret, "jane@example.org", "password", "email",
		base64.StdEncoding.EncodeToString([]byte(secret)), hex.EncodeToString([]byte(secret)),
	} {
		if bytes.Contains(raw, []byte(plain)) {
			t.Errorf("the stored bytes contain %q", plain)
		}
	}
	mustPut(t, s.PendingSignIns, "p", storage.PendingSignIn{Email: "jane@example.org", Password: secret}, time.Minute)
	if bytes.Equal(raw, get(t, s.backend, s.onlyKey(t))) {
		t.Error("equal records are stored as equal bytes")
	}
}

// Whoever can write to the store must not be able to give one user's session to
// another, by copying a sealed record to another key.
func testStoreMoved(t *testing.T, s *storeTest) {
	mustPut(t, s.Sessions, "victim", storage.Session{ID: "victim", Subject: "admin"}, time.Hour)
	victim := s.onlyKey(t)
	raw := get(t, s.backend, victim)
	mustPut(t, s.Sessions, "attacker", storage.Session{ID: "attacker"}, time.Hour)
	var attacker string
	for _, key := range list(t, s.backend, "session:") {
		if key != victim {
			attacker = key
		}
	}
	put(t, s.backend, attacker, string(raw), time.Hour)
	_, err := s.Sessions.Get(t.Context(), "attacker")
	wantError(t, "get", err, storage.ErrSeal)
	wantError(t, "update", s.Sessions.Update(t.Context(), "attacker", func(*storage.Session) error { return nil }),
		storage.ErrSeal)
	wantError(t, "add", s.Sessions.Add(t.Context(), "attacker", storage.Session{}, time.Hour), storage.ErrExists)
	for record, err := range s.Sessions.All(t.Context()) {
		if err == nil && record.Value.ID != "victim" {
			t.Errorf("all lists %q", record.Value.ID)
		}
		if err != nil {
			wantError(t, "all", err, storage.ErrSeal)
		}
	}
	_, err = s.Sessions.Take(t.Context(), "attacker")
	wantError(t, "take", err, storage.ErrSeal)

	// The same name in another table is another place, too.
	put(t, s.backend, strings.Replace(victim, "session:", "grant:", 1), string(raw), time.Hour)
	for _, err := range s.Grants.All(t.Context()) {
		wantError(t, "record of another table", err, storage.ErrSeal)
	}
}

func testStoreChanged(t *testing.T, s *storeTest) {
	mustPut(t, s.Sessions, "s", storage.Session{ID: "s"}, time.Hour)
	key := s.onlyKey(t)
	raw := get(t, s.backend, key)
	for _, i := range []int{0, 1, 6, 20, len(raw) - 1} {
		changed := bytes.Clone(raw)
		changed[i] ^= 1
		put(t, s.backend, key, string(changed), time.Hour)
		_, err := s.Sessions.Get(t.Context(), "s")
		wantError(t, "get", err, storage.ErrSeal)
	}
	for _, n := range []int{0, 1, 5, 16, 17, len(raw) - 1} {
		put(t, s.backend, key, string(raw[:n]), time.Hour)
		_, err := s.Sessions.Get(t.Context(), "s")
		wantError(t, "get of a cut record", err, storage.ErrSeal)
	}
}

func testStoreKeys(t *testing.T, s *storeTest) {
	const name = "jane@example.org"
	mustPut(t, s.Attempts, name, storage.Attempts{}, time.Hour)
	mustPut(t, s.Subjects, name, storage.Subject{}, time.Hour)
	keys := list(t, s.backend, "")
	if len(keys) != 2 {
		t.Fatalf("keys %q, want two", keys)
	}
	for _, key := range keys {
		table, digest, found := strings.Cut(key, ":")
		if !found || strings.Contains(key, name) || strings.Contains(key, "jane") {
			t.Errorf("key %q shows its name", key)
		}
		if table != "attempts" && table != "subject" {
			t.Errorf("key %q does not begin with its table", key)
		}
		if len(digest) != 43 {
			t.Errorf("key %q does not end with a SHA-256 digest", key)
		}
	}
	if keys[0][len("attempts:"):] == keys[1][len("subject:"):] {
		t.Error("equal names in two tables show as equal digests")
	}
}

func testStoreRotation(t *testing.T, s *storeTest) {
	oldKey, newKey := newKey(t), newKey(t)
	before, during, after := s.over(t, oldKey), s.over(t, newKey, oldKey), s.over(t, newKey)

	mustPut(t, before.Sessions, "s", storage.Session{ID: "s"}, time.Hour)
	mustPut(t, before.Sessions, "left", storage.Session{ID: "left"}, time.Hour)
	mustGet(t, during.Sessions, "s")
	_, err := after.Sessions.Get(t.Context(), "s")
	wantError(t, "get with the new key alone", err, storage.ErrSeal)

	// Whatever is written again is sealed by the new key.
	err = during.Sessions.Update(t.Context(), "s", func(session *storage.Session) error {
		session.Remember = true
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !mustGet(t, after.Sessions, "s").Value.Remember {
		t.Error("the record changed on its way")
	}
	_, err = before.Sessions.Get(t.Context(), "s")
	wantError(t, "get with the old key alone", err, storage.ErrSeal)
	_, err = after.Sessions.Get(t.Context(), "left")
	wantError(t, "get of a record left behind", err, storage.ErrSeal)
}
