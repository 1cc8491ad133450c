package clientauth_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"

	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// withRemoteKeys registers the client "app" with a key at keysURI.
func withRemoteKeys(t *testing.T, key signingKey) *world {
	t.Helper()
	w := newWorld(t)
	w.clients["app"] = storage.Client{ID: "app", TokenEndpointAuthMethod: "private_key_jwt", JWKSURI: keysURI}
	w.publish(t, key)
	return w
}

func (w *world) publish(t *testing.T, key signingKey) {
	t.Helper()
	w.fetcher.serve(jwks(t, key.jwk()), nil)
}

// once is a request with an assertion that was not used yet.
func (w *world) once(t *testing.T, key signingKey) request {
	t.Helper()
	id, err := oauth.RandomID(rand.Reader, 16)
	if err != nil {
		t.Fatal(err)
	}
	return assertion(key.sign(t, w.claims(map[string]any{"jti": id})))
}

func (w *world) wantFetches(t *testing.T, want int) {
	t.Helper()
	w.fetcher.mu.Lock()
	defer w.fetcher.mu.Unlock()
	if w.fetcher.calls != want {
		t.Errorf("fetched %d times, want %d", w.fetcher.calls, want)
	}
}

func TestRemoteKeysAreKept(t *testing.T) {
	key := newKey(t, "k")
	w := withRemoteKeys(t, key)
	for range 3 {
		w.wantAccepted(t, w.once(t, key), "app", oidc.AuthMethodPrivateKeyJWT)
	}
	w.wantFetches(t, 1)
	w.advance(10 * time.Minute)
	w.wantAccepted(t, w.once(t, key), "app", oidc.AuthMethodPrivateKeyJWT)
	w.wantFetches(t, 2)
}

func TestRemoteKeyRotation(t *testing.T) {
	for _, id := range []string{"new", "old", ""} {
		t.Run(fmt.Sprintf("to key id %q", id), func(t *testing.T) {
			old, next := newKey(t, "old"), newKey(t, id)
			w := withRemoteKeys(t, old)
			w.wantAccepted(t, w.once(t, old), "app", oidc.AuthMethodPrivateKeyJWT)
			w.publish(t, next)
			w.advance(10 * time.Second)
			w.wantAccepted(t, w.once(t, next), "app", oidc.AuthMethodPrivateKeyJWT)
			w.wantRefused(t, w.once(t, old), failed)
		})
	}
}

func TestRemoteKeysAreNotFetchedAtStrangersWill(t *testing.T) {
	key, stranger := newKey(t, "k"), newKey(t, "other")
	w := withRemoteKeys(t, key)
	for range 50 {
		w.wantRefused(t, w.once(t, stranger), failed)
	}
	w.wantFetches(t, 1)
	w.advance(10 * time.Second)
	for range 50 {
		w.wantRefused(t, w.once(t, stranger), failed)
	}
	w.wantFetches(t, 2)
}

func TestRemoteKeysWhenClientIsDown(t *testing.T) {
	key, stranger := newKey(t, "k"), newKey(t, "other")
	down := errors.New("connection refused by https://app.example/jwks")
	w := withRemoteKeys(t, key)
	w.wantAccepted(t, w.once(t, key), "app", oidc.AuthMethodPrivateKeyJWT)
	w.fetcher.serve(nil, down)
	w.advance(time.Minute)

	w.wantRefused(t, w.once(t, stranger), failed)
	w.wantFetches(t, 2)
	w.wantAccepted(t, w.once(t, key), "app", oidc.AuthMethodPrivateKeyJWT) // the keys it had still hold

	w.advance(10 * time.Minute)
	refusal := w.refusal(t, w.once(t, key), oauth.InvalidClient, failed)
	if !errors.Is(refusal, down) {
		t.Errorf("cause %v", refusal.Unwrap())
	}
	w.wantRefused(t, w.once(t, key), failed)
	w.wantFetches(t, 3)

	w.publish(t, key)
	w.advance(10 * time.Second)
	w.wantAccepted(t, w.once(t, key), "app", oidc.AuthMethodPrivateKeyJWT)
}

func TestRemoteDocumentThatIsNoKeySet(t *testing.T) {
	for _, document := range []string{``, `hello`, `[]`, `{}`, `{"keys":[]}`, `{"keys":[{"kty":"oct","k":"AAAA"}]}`} {
		t.Run(document, func(t *testing.T) {
			key := newKey(t, "k")
			w := withRemoteKeys(t, key)
			w.fetcher.serve([]byte(document), nil)
			w.wantRefused(t, w.once(t, key), failed)
		})
	}
}

func TestRemoteKeysAreFetchedOnceForAll(t *testing.T) {
	key := newKey(t, "k")
	w := withRemoteKeys(t, key)
	w.fetcher.hold = make(chan struct{})
	var group sync.WaitGroup
	for range 16 {
		sent := w.once(t, key)
		group.Go(func() {
			if _, _, err := w.authenticate(sent); err != nil {
				t.Error(err)
			}
		})
	}
	close(w.fetcher.hold)
	group.Wait()
	w.wantFetches(t, 1)
}
