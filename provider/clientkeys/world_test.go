package clientkeys_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"math/big"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"gatehouse/provider/clientkeys"
	"gatehouse/storage"
)

const keysURI = "https://app.example/jwks"

// world is Keys with everything around them.
type world struct {
	keys    *clientkeys.Keys
	fetcher *fetcher

	mu  sync.Mutex
	now time.Time
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	w := &world{fetcher: &fetcher{}, now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	var err error
	if w.keys, err = clientkeys.New(clientkeys.Config{Fetcher: w.fetcher, Now: w.Now}); err != nil {
		tb.Fatal(err)
	}
	return w
}

func (w *world) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) advance(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// fetcher serves one document everywhere and counts how often it was asked.
type fetcher struct {
	mu       sync.Mutex
	document []byte
	err      error
	calls    int
	// hold, if set, is waited for before the answer.
	hold chan struct{}
}

func (f *fetcher) Get(_ context.Context, _ string) ([]byte, error) {
	f.mu.Lock()
	f.calls++
	document, err, hold := f.document, f.err, f.hold
	f.mu.Unlock()
	if hold != nil {
		<-hold
	}
	return document, err
}

func (f *fetcher) serve(document []byte, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.document, f.err = document, err
}

func (w *world) publish(tb testing.TB, keys ...jose.JSONWebKey) {
	tb.Helper()
	w.fetcher.serve(jwks(tb, keys...), nil)
}

func (w *world) wantFetches(t *testing.T, want int) {
	t.Helper()
	w.fetcher.mu.Lock()
	defer w.fetcher.mu.Unlock()
	if w.fetcher.calls != want {
		t.Errorf("fetched %d times, want %d", w.fetcher.calls, want)
	}
}

// remote is a client with its keys at keysURI, inline one that registered them.
func remote() storage.Client { return storage.Client{ID: "app", JWKSURI: keysURI} }

func inline(tb testing.TB, keys ...jose.JSONWebKey) storage.Client {
	tb.Helper()
	return storage.Client{ID: "app", JWKS: jwks(tb, keys...)}
}

// signingKey is a client's key pair under a key id.
type signingKey struct {
	private any
	id      string
	alg     jose.SignatureAlgorithm
}

func newKey(tb testing.TB, id string) signingKey {
	tb.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return signingKey{private, id, jose.ES256}
}

func (k signingKey) jwk() jose.JSONWebKey {
	private := jose.JSONWebKey{Key: k.private, KeyID: k.id}
	return private.Public()
}

// hugeKey is an RSA key that is costly to use and costs nothing to make: whoever
// publishes it needs no private half.
func hugeKey() *rsa.PublicKey {
	n := new(big.Int).Lsh(big.NewInt(1), 8192)
	return &rsa.PublicKey{N: n.SetBit(n, 0, 1), E: 1<<31 - 1}
}

func jwks(tb testing.TB, keys ...jose.JSONWebKey) []byte {
	tb.Helper()
	document, err := json.Marshal(jose.JSONWebKeySet{Keys: keys})
	if err != nil {
		tb.Fatal(err)
	}
	return document
}

// token is a JWT of the key, parsed with its algorithm.
func (k signingKey) token(tb testing.TB) *jwt.JSONWebToken {
	tb.Helper()
	key := jose.SigningKey{Algorithm: k.alg, Key: jose.JSONWebKey{Key: k.private, KeyID: k.id}}
	signer, err := jose.NewSigner(key, nil)
	if err != nil {
		tb.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(map[string]any{"iss": "app"}).Serialize()
	if err != nil {
		tb.Fatal(err)
	}
	return parse(tb, text, k.alg)
}

func parse(tb testing.TB, text string, algorithms ...jose.SignatureAlgorithm) *jwt.JSONWebToken {
	tb.Helper()
	token, err := jwt.ParseSigned(text, algorithms)
	if err != nil {
		tb.Fatal(err)
	}
	return token
}

func (w *world) wantVerified(t *testing.T, client storage.Client, token *jwt.JSONWebToken) {
	t.Helper()
	if err := w.keys.Verify(t.Context(), client, token); err != nil {
		t.Error(err)
	}
}

func (w *world) wantRefused(t *testing.T, client storage.Client, token *jwt.JSONWebToken) error {
	t.Helper()
	err := w.keys.Verify(t.Context(), client, token)
	if err == nil {
		t.Error("accepted")
	}
	return err
}
