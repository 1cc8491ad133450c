package clientkeys_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"gatehouse/storage"
)

func TestRemoteKeysAreKept(t *testing.T) {
	w, key := newWorld(t), newKey(t, "k")
	w.publish(t, key.jwk())
	for range 3 {
		w.wantVerified(t, remote(), key.token(t))
	}
	w.wantFetches(t, 1)
	w.advance(10 * time.Minute)
	w.wantVerified(t, remote(), key.token(t))
	w.wantFetches(t, 2)
}

// A rotated key works at once if nobody asked lately, and else after ten seconds.
func TestRemoteKeyRotation(t *testing.T) {
	for _, id := range []string{"new", "old", ""} {
		t.Run(fmt.Sprintf("to key id %q", id), func(t *testing.T) {
			w, old, next := newWorld(t), newKey(t, "old"), newKey(t, id)
			w.publish(t, old.jwk())
			w.wantVerified(t, remote(), old.token(t))
			w.publish(t, next.jwk())
			w.advance(9 * time.Second)
			_ = w.wantRefused(t, remote(), next.token(t))
			w.advance(time.Second)
			w.wantVerified(t, remote(), next.token(t))
			_ = w.wantRefused(t, remote(), old.token(t))
			w.wantFetches(t, 2)
		})
	}
}

func TestRemoteKeysAreNotFetchedAtStrangersWill(t *testing.T) {
	w, key, stranger := newWorld(t), newKey(t, "k"), newKey(t, "other")
	w.publish(t, key.jwk())
	for range 50 {
		_ = w.wantRefused(t, remote(), stranger.token(t))
	}
	w.wantFetches(t, 1)
	w.advance(10 * time.Second)
	for range 50 {
		_ = w.wantRefused(t, remote(), stranger.token(t))
	}
	w.wantFetches(t, 2)
}

func TestRemoteKeysWhenClientIsDown(t *testing.T) {
	w, key, stranger := newWorld(t), newKey(t, "k"), newKey(t, "other")
	down := errors.New("connection refused by https://app.example/jwks")
	w.publish(t, key.jwk())
	w.wantVerified(t, remote(), key.token(t))
	w.fetcher.serve(nil, down)
	w.advance(time.Minute)

	_ = w.wantRefused(t, remote(), stranger.token(t))
	w.wantFetches(t, 2)
	w.wantVerified(t, remote(), key.token(t)) // the keys it had still hold

	w.advance(10 * time.Minute)
	if err := w.wantRefused(t, remote(), key.token(t)); !errors.Is(err, down) {
		t.Errorf("cause %v", err)
	}
	_ = w.wantRefused(t, remote(), key.token(t))
	w.wantFetches(t, 3)

	w.publish(t, key.jwk())
	w.advance(10 * time.Second)
	w.wantVerified(t, remote(), key.token(t))
}

func TestRemoteDocumentThatIsNoKeySet(t *testing.T) {
	for _, document := range []string{``, `hello`, `[]`, `{}`, `{"keys":[]}`, `{"keys":[{"kty":"oct","k":"AAAA"}]}`} {
		t.Run(document, func(t *testing.T) {
			w, key := newWorld(t), newKey(t, "k")
			w.fetcher.serve([]byte(document), nil)
			_ = w.wantRefused(t, remote(), key.token(t))
		})
	}
}

func TestRemoteKeysAreFetchedOnceForAll(t *testing.T) {
	w, key := newWorld(t), newKey(t, "k")
	w.publish(t, key.jwk())
	w.fetcher.hold = make(chan struct{})
	token := key.token(t)
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			if err := w.keys.Verify(t.Context(), remote(), token); err != nil {
				t.Error(err)
			}
		})
	}
	close(w.fetcher.hold)
	group.Wait()
	w.wantFetches(t, 1)
}

// Clients that register themselves choose the addresses: what is remembered of
// them must have an end.
func TestRemoteKeysAreBounded(t *testing.T) {
	w, key := newWorld(t), newKey(t, "k")
	w.publish(t, key.jwk())
	token := key.token(t)
	const most = 4096
	for i := range most + 1 {
		w.wantVerified(t, storage.Client{JWKSURI: fmt.Sprintf("%s/%d", keysURI, i)}, token)
	}
	w.wantFetches(t, most+1)
	w.wantVerified(t, storage.Client{JWKSURI: fmt.Sprintf("%s/%d", keysURI, most)}, token)
	w.wantFetches(t, most+1)
	w.wantVerified(t, storage.Client{JWKSURI: keysURI + "/0"}, token)
	w.wantFetches(t, most+2)
}
