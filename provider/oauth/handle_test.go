package oauth_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"testing"

	"gatehouse/provider/oauth"
)

type payload struct {
	ID string `json:"id"`
}

func handles(t testing.TB, secrets ...[]byte) *oauth.Handles {
	t.Helper()
	h, err := oauth.NewHandles(rand.Reader, secrets...)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func seal(t testing.TB, h *oauth.Handles, kind oauth.HandleKind) string {
	t.Helper()
	handle, err := h.Seal(kind, payload{ID: "one"})
	if err != nil {
		t.Fatal(err)
	}
	return handle
}

func TestHandles(t *testing.T) {
	first, second := bytes.Repeat([]byte{1}, 32), bytes.Repeat([]byte{2}, 32)
	h := handles(t, first)
	handle := seal(t, h, oauth.CodeHandle)
	for _, test := range []struct {
		name   string
		with   *oauth.Handles
		kind   oauth.HandleKind
		handle string
		good   bool
	}{
		{"the handle", h, oauth.CodeHandle, handle, true},
		{"after a new secret was put first", handles(t, second, first), oauth.CodeHandle, handle, true},
		{"with another secret", handles(t, second), oauth.CodeHandle, handle, false},
		{"as another kind", h, oauth.RefreshTokenHandle, handle, false},
		{"empty", h, oauth.CodeHandle, "", false},
		{"truncated", h, oauth.CodeHandle, handle[:len(handle)-4], false},
		{"truncated to the nonce", h, oauth.CodeHandle, handle[:16], false},
		{"with a line feed", h, oauth.CodeHandle, handle + "\n", false},
		{"with padding", h, oauth.CodeHandle, handle + "=", false},
		{"in the other alphabet", h, oauth.CodeHandle, "+/" + handle[2:], false},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got payload
			err := test.with.Open(test.kind, test.handle, &got)
			if test.good && (err != nil || got.ID != "one") {
				t.Errorf("%v %v", got, err)
			}
			if !test.good && !errors.Is(err, oauth.ErrHandle) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestHandlesNeedALongSecret(t *testing.T) {
	for name, secrets := range map[string][][]byte{"none": nil, "short": {make([]byte, 31)}, "one short": {make([]byte, 32), make([]byte, 8)}} {
		if _, err := oauth.NewHandles(rand.Reader, secrets...); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// FuzzHandleOpen tries to find a handle that was not made here: a second spelling
// of one that was is one.
func FuzzHandleOpen(f *testing.F) {
	// Every worker of the fuzzer must make the same ones.
	h, err := oauth.NewHandles(bytes.NewReader(make([]byte, 1024)), bytes.Repeat([]byte{7}, 32))
	if err != nil {
		f.Fatal(err)
	}
	made := map[string]bool{}
	for _, kind := range []oauth.HandleKind{oauth.CodeHandle, oauth.AccessTokenHandle, oauth.RefreshTokenHandle} {
		handle := seal(f, h, kind)
		made[handle] = kind == oauth.CodeHandle
		for _, seed := range []string{handle, handle[1:], handle + "A", handle + "\n", handle[:20], handle + "=="} {
			f.Add(seed)
		}
	}
	f.Fuzz(func(t *testing.T, handle string) {
		var got payload
		err := h.Open(oauth.CodeHandle, handle, &got)
		if (err == nil) != made[handle] {
			t.Errorf("opening %q: %v", handle, err)
		}
		if err != nil && !errors.Is(err, oauth.ErrHandle) {
			t.Errorf("error %v", err)
		}
	})
}
