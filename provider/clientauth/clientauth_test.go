package clientauth_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"gatehouse/provider/clientauth"
	"gatehouse/provider/clientkeys"
	rules "gatehouse/provider/clients"
	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
	"gatehouse/storage/storagetest"
)

const (
	issuer        = "https://id.example.com"
	tokenEndpoint = issuer + "/token"
	secret        = "correct horse battery staple, at length"
	keysURI       = "https://app.example/jwks"
)

// world is an Authenticator with everything around it.
type world struct {
	auth    *clientauth.Authenticator
	clients clients
	// profile replaces that of every client, if it is set.
	profile *rules.Profile
	fetcher *fetcher
	events  *events

	mu  sync.Mutex
	now time.Time
}

type clients map[string]storage.Client

func (c clients) Client(_ context.Context, id string) (storage.Client, error) {
	if id == "unreachable" {
		return storage.Client{}, errors.New("store is down")
	}
	client, ok := c[id]
	if !ok {
		return storage.Client{}, storage.ErrNotFound
	}
	return client, nil
}

// fetcher serves one document everywhere.
type fetcher struct{ document []byte }

func (f *fetcher) Get(context.Context, string) ([]byte, error) { return f.document, nil }

type events struct {
	mu   sync.Mutex
	list []event.Event
}

func (e *events) Emit(_ context.Context, event event.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = append(e.list, event)
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	w := &world{
		fetcher: &fetcher{}, events: &events{},
		now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	w.clients = registered(w.now)
	sealer, err := storage.NewSealer(rand.Reader, bytes.Repeat([]byte{1}, storage.SealingKeySize))
	if err != nil {
		tb.Fatal(err)
	}
	store, err := storage.New(storage.Config{Backend: storagetest.NewMemory(w.Now), Sealer: sealer, Now: w.Now})
	if err != nil {
		tb.Fatal(err)
	}
	keys, err := clientkeys.New(clientkeys.Config{Fetcher: w.fetcher, Now: w.Now})
	if err != nil {
		tb.Fatal(err)
	}
	w.auth, err = clientauth.New(clientauth.Config{
		Clients: w.clients, Seen: store.Seen, Keys: keys,
		Issuer: issuer, Endpoints: []string{tokenEndpoint, issuer + "/introspect"},
		Profile: func(client storage.Client) rules.Profile {
			if w.profile != nil {
				return *w.profile
			}
			return rules.ProfileOf(client)
		},
		Now: w.Now, Sink: w.events,
	})
	if err != nil {
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

// registered is one client of each kind.
func registered(now time.Time) clients {
	digest := func(secret string, expires time.Time) storage.SecretDigest {
		sum := sha256.Sum256([]byte(secret))
		return storage.SecretDigest{SHA256: sum[:], Expires: expires}
	}
	digests := []storage.SecretDigest{
		digest("an old secret, valid for a while longer", now.Add(time.Hour)),
		digest("an older secret that has just run out!!", now),
		digest(secret, time.Time{}),
	}
	list := []storage.Client{
		{ID: "either", SecretDigests: digests},
		{ID: "basic", SecretDigests: digests, TokenEndpointAuthMethod: "client_secret_basic"},
		{ID: "post", SecretDigests: digests, TokenEndpointAuthMethod: "client_secret_post"},
		{ID: "https://app.example/?a=b c", SecretDigests: []storage.SecretDigest{digest("100% ä:+ & so on, of some length", time.Time{})}},
		{ID: "secretless"},
		{ID: "public", TokenEndpointAuthMethod: "none"},
		{ID: "public-with-secret", TokenEndpointAuthMethod: "none", SecretDigests: digests},
		{ID: "later", TokenEndpointAuthMethod: "tls_client_auth", SecretDigests: digests},
	}
	byID := clients{}
	for _, client := range list {
		byID[client.ID] = client
	}
	return byID
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

func jwks(tb testing.TB, keys ...jose.JSONWebKey) []byte {
	tb.Helper()
	document, err := json.Marshal(jose.JSONWebKeySet{Keys: keys})
	if err != nil {
		tb.Fatal(err)
	}
	return document
}

func (k signingKey) sign(tb testing.TB, claims map[string]any) string {
	tb.Helper()
	payload, err := json.Marshal(claims)
	if err != nil {
		tb.Fatal(err)
	}
	return k.signBytes(tb, payload)
}

func (k signingKey) signBytes(tb testing.TB, payload []byte) string {
	tb.Helper()
	key := jose.SigningKey{Algorithm: k.alg, Key: jose.JSONWebKey{Key: k.private, KeyID: k.id}}
	signer, err := jose.NewSigner(key, nil)
	if err != nil {
		tb.Fatal(err)
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		tb.Fatal(err)
	}
	text, err := jws.CompactSerialize()
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

// request is what a client sends, to the token endpoint if no path is set.
type request struct {
	path   string
	header http.Header
	form   url.Values
}

// to sends it to another endpoint.
func (r request) to(path string) request {
	r.path = path
	return r
}

func basic(id, secret string) request {
	return rawBasic(url.QueryEscape(id), url.QueryEscape(secret))
}

func rawBasic(user, password string) request {
	r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/token", http.NoBody)
	r.SetBasicAuth(user, password)
	return request{header: r.Header}
}

func post(pairs ...string) request {
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return request{form: form}
}

func assertion(text string, more ...string) request {
	return post(append([]string{
		"client_assertion_type", oidc.ClientAssertionTypeJWTAssertion, "client_assertion", text,
	}, more...)...)
}

func (r request) with(other request) request {
	both := request{header: http.Header{}, form: url.Values{}}
	for _, part := range []request{r, other} {
		for key, values := range part.header {
			both.header[key] = append(both.header[key], values...)
		}
		for key, values := range part.form {
			both.form[key] = append(both.form[key], values...)
		}
	}
	return both
}

func (w *world) authenticate(sent request) (storage.Client, oidc.AuthMethod, error) {
	r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, cmp.Or(sent.path, "/token"), http.NoBody)
	maps.Copy(r.Header, sent.header)
	return w.auth.Authenticate(r, sent.form)
}

func (w *world) wantAccepted(t *testing.T, sent request, id string, method oidc.AuthMethod) {
	t.Helper()
	client, got, err := w.authenticate(sent)
	if err != nil {
		t.Fatal(err)
	}
	if client.ID != id || got != method {
		t.Errorf("client %q by %s, want %q by %s", client.ID, got, id, method)
	}
}

func (w *world) wantRefused(t *testing.T, sent request, description string) {
	t.Helper()
	_ = w.refusal(t, sent, oauth.InvalidClient, description)
}

// refusal is the error that must refuse what is sent.
func (w *world) refusal(t *testing.T, sent request, code, description string) *oauth.Error {
	t.Helper()
	client, _, err := w.authenticate(sent)
	var refusal *oauth.Error
	if !errors.As(err, &refusal) {
		t.Fatalf("got %v, want a refusal", err)
	}
	if client.ID != "" {
		t.Errorf("refused, but returned client %q", client.ID)
	}
	if refusal.Code != code || refusal.Description != description {
		t.Errorf("got  %s: %s\nwant %s: %s", refusal.Code, refusal.Description, code, description)
	}
	return refusal
}
