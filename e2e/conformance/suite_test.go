package conformance

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"sync"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"gatehouse/provider/providertest"
	"gatehouse/storage"
)

// site is where browsers meet the clients. Nobody listens there: the scripted
// browser rests where it is sent. It must not be this machine, since tokens come
// there through the browser (OpenID Connect Dynamic Client Registration 1.0,
// section 2).
const site = "https://client.example"

// suite is the relying parties' side: an HTTPS server with what they publish,
// and where they are called. It is safe for concurrent use.
type suite struct {
	url string
	// keys are those that clients sign with. They take long to make.
	keys []jose.JSONWebKey

	mu        sync.Mutex
	documents map[string]string
	calls     map[string][]call
}

// call is a request that the suite got.
type call struct {
	Method string
	Query  url.Values
	Form   url.Values
	TLS    uint16
	Type   string
}

func newSuite(t *testing.T) *suite {
	t.Helper()
	s := &suite{documents: map[string]string{}, calls: map[string][]call{}}
	for _, id := range []string{"first", "second"} {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatalf("make key: %v", err)
		}
		s.keys = append(s.keys, jose.JSONWebKey{Key: key, KeyID: id, Algorithm: string(jose.RS256), Use: "sig"})
	}
	server := httptest.NewUnstartedServer(s)
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// ServeHTTP serves what was published and remembers every call.
func (s *suite) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	s.mu.Lock()
	document, published := s.documents[r.URL.Path]
	s.calls[r.URL.Path] = append(s.calls[r.URL.Path], call{
		Method: r.Method, Query: r.URL.Query(), Form: r.PostForm, TLS: r.TLS.Version, Type: r.Header.Get("Content-Type"),
	})
	s.mu.Unlock()
	if r.Method == http.MethodGet && !published {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte(document))
}

// publish serves a document at the path, and returns its address.
func (s *suite) publish(path, document string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.documents[path] = document
	return s.url + path
}

// publishKeys serves the public parts of the keys.
func (s *suite) publishKeys(t testing.TB, path string, keys ...jose.JSONWebKey) string {
	t.Helper()
	return s.publish(path, string(public(t, keys...)))
}

// called returns the calls to the path.
func (s *suite) called(path string) []call {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls[path])
}

// public is the key set without the private parts.
func public(t testing.TB, keys ...jose.JSONWebKey) json.RawMessage {
	t.Helper()
	var set jose.JSONWebKeySet
	for _, key := range keys {
		set.Keys = append(set.Keys, key.Public())
	}
	encoded, err := json.Marshal(set)
	if err != nil {
		t.Fatalf("encode keys: %v", err)
	}
	return encoded
}

// staticSecret is that of the clients of the configuration.
const staticSecret = "conformance-secret-0123456789abcdef0123" //nolint:gosec // of a test

// staticClients are those of an operator who certifies without registration.
func (s *suite) staticClients(t testing.TB) []storage.Client {
	t.Helper()
	var clients []storage.Client
	for _, id := range []string{"static", "static-second"} {
		for _, authentication := range []string{"client_secret_basic", "client_secret_post"} {
			clients = append(clients, storage.Client{
				ID: id + "-" + authentication, Name: "Suite", SecretDigests: providertest.Digests(staticSecret),
				TokenEndpointAuthMethod: authentication, RedirectURIs: []string{site + "/static/callback"},
				GrantTypes:    []string{"authorization_code", "implicit", "refresh_token"},
				ResponseTypes: []string{Code, IDToken, IDTokenToken, CodeIDToken, CodeToken, CodeIDTokenToken},
				JWKS:          public(t, s.keys[0]), Scope: "openid profile email address phone offline_access",
			})
		}
	}
	return clients
}
