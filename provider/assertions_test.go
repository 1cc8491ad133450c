package provider_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"gatehouse/provider/clients"
	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/provider/registration"
	"gatehouse/storage"
)

const (
	assertionSecret    = "a secret of sixty-four characters, enough for a key of an HS512."
	oldAssertionSecret = "an older secret, not as long, but long enough"
)

// asserting is a client that signs its way in.
type asserting struct {
	server *providertest.Server
	id     string
	key    jose.SigningKey
	used   int
}

// form is a request for a token, with an assertion whose claims are changed.
func (a *asserting) form(t *testing.T, change map[string]any) url.Values {
	t.Helper()
	a.used++
	now := a.server.Clock.Now()
	claims := map[string]any{
		"iss": a.id, "sub": a.id, "aud": a.server.Issuer + "/token", "jti": fmt.Sprint(a.used),
		"iat": now.Unix(), "exp": now.Add(time.Minute).Unix(),
	}
	maps.Copy(claims, change)
	signer, err := jose.NewSigner(a.key, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return url.Values{
		"grant_type": {"client_credentials"}, "client_assertion": {text},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
	}
}

func (a *asserting) token(t *testing.T, change map[string]any) providertest.Answer {
	t.Helper()
	return a.server.Send(t, http.MethodPost, "/token", a.form(t, change), nil)
}

func newSigningKey(t *testing.T, id string) (jose.SigningKey, []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key := jose.JSONWebKey{Key: private, KeyID: id}
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{key.Public()}})
	if err != nil {
		t.Fatal(err)
	}
	return jose.SigningKey{Algorithm: jose.ES256, Key: key}, set
}

// startAsserting starts a provider with one client for each kind of key.
func startAsserting(t *testing.T) (byKey, bySecret *asserting) {
	t.Helper()
	key, set := newSigningKey(t, "one")
	service := func(id, method string) storage.Client {
		return storage.Client{ID: id, TokenEndpointAuthMethod: method, GrantTypes: []string{"client_credentials"}}
	}
	keyed, secret := service("keyed", "private_key_jwt"), service("secret", "client_secret_jwt")
	keyed.JWKS = set
	clients.ReplaceSecret(&secret, assertionSecret, time.Time{})
	s := start(t, providertest.Options{Clients: []storage.Client{keyed, secret}})
	byKey = &asserting{server: s, id: keyed.ID, key: key}
	return byKey, &asserting{server: s, id: secret.ID, key: jose.SigningKey{Algorithm: jose.HS256, Key: []byte(assertionSecret)}}
}

// OpenID Connect Core 1.0, section 9; RFC 7523, section 3.
func TestClientAssertions(t *testing.T) {
	byKey, bySecret := startAsserting(t)
	s := byKey.server
	at := func(d time.Duration) int64 { return s.Clock.Now().Add(d).Unix() }
	for _, client := range []*asserting{byKey, bySecret} {
		t.Run(client.id, func(t *testing.T) {
			for name, change := range map[string]map[string]any{
				"token endpoint as audience": nil,
				"issuer as audience":         {"aud": s.Issuer},
				"list of audiences":          {"aud": []string{s.Issuer, "https://other.example"}},
				"iat 8 s in the future":      {"iat": at(8 * time.Second)},
				"nbf 8 s in the future":      {"nbf": at(8 * time.Second)},
			} {
				t.Run(name, func(t *testing.T) {
					if client.token(t, change).WantOK(t).Text("access_token") == "" {
						t.Error("no token")
					}
				})
			}
			for name, change := range map[string]map[string]any{
				"exp 5 minutes past":       {"exp": at(-5 * time.Minute)},
				"no exp":                   {"exp": nil},
				"iat over 60 s ahead":      {"iat": at(61 * time.Second)},
				"nbf over 60 s ahead":      {"nbf": at(61 * time.Second)},
				"no jti":                   {"jti": nil},
				"no sub":                   {"sub": nil},
				"no iss":                   {"iss": nil},
				"sub of another client":    {"sub": "web"},
				"iss of another client":    {"iss": "web"},
				"no aud":                   {"aud": nil},
				"aud of another server":    {"aud": "https://other.example/token"},
				"aud of another endpoint":  {"aud": s.Issuer + "/introspect"},
				"aud of the authorization": {"aud": s.Issuer + "/authorize"},
			} {
				t.Run(name, func(t *testing.T) {
					client.token(t, change).WantError(t, http.StatusUnauthorized, oauth.InvalidClient)
				})
			}
			t.Run("used twice", func(t *testing.T) {
				form := client.form(t, nil)
				s.Send(t, http.MethodPost, "/token", form, nil).WantOK(t)
				s.Send(t, http.MethodPost, "/token", form, nil).WantError(t, http.StatusUnauthorized, oauth.InvalidClient)
			})
			t.Run("broken", func(t *testing.T) {
				for _, name := range []string{"client_assertion", "client_assertion_type"} {
					form := client.form(t, nil)
					form.Del(name)
					form.Set("client_id", client.id)
					s.Send(t, http.MethodPost, "/token", form, nil).WantError(t, http.StatusUnauthorized, oauth.InvalidClient)
					form.Del("client_assertion_type")
					form.Del("client_assertion")
					s.Send(t, http.MethodPost, "/token", form, nil).WantError(t, http.StatusUnauthorized, oauth.InvalidClient)
				}
				form := client.form(t, nil)
				form.Set("client_id", "web")
				s.Send(t, http.MethodPost, "/token", form, nil).WantError(t, http.StatusUnauthorized, oauth.InvalidClient)
			})
			t.Run("before a code is looked up", func(t *testing.T) {
				form := client.form(t, map[string]any{"exp": at(-5 * time.Minute)})
				form.Set("grant_type", "authorization_code")
				form.Set("code", "nonsense")
				s.Send(t, http.MethodPost, "/token", form, nil).WantError(t, http.StatusUnauthorized, oauth.InvalidClient)
			})
			t.Run("at other endpoints", func(t *testing.T) {
				token := client.token(t, nil).Text("access_token")
				for _, path := range []string{"/introspect", "/revoke"} {
					for _, audience := range []string{s.Issuer, s.Issuer + "/token", s.Issuer + path} {
						form := client.form(t, map[string]any{"aud": audience})
						form.Set("token", token)
						s.Send(t, http.MethodPost, path, form, nil).WantOK(t)
					}
				}
			})
		})
	}
}

// RFC 8725, section 3.1: neither kind of key stands in for the other.
func TestClientAssertionsOfTheWrongKind(t *testing.T) {
	byKey, bySecret := startAsserting(t)
	byKey.key, bySecret.key = bySecret.key, byKey.key
	byKey.token(t, nil).WantError(t, http.StatusUnauthorized, oauth.InvalidClient)
	bySecret.token(t, nil).WantError(t, http.StatusUnauthorized, oauth.InvalidClient)
	basic := byKey.server.RelyingParty(t, bySecret.id, assertionSecret, "")
	basic.Token(url.Values{"grant_type": {"client_credentials"}}).WantError(t, http.StatusUnauthorized, oauth.InvalidClient)
}

func TestClientAssertionsWhileTheSecretIsReplaced(t *testing.T) {
	client := storage.Client{ID: "rotating", TokenEndpointAuthMethod: "client_secret_jwt", GrantTypes: []string{"client_credentials"}}
	clients.ReplaceSecret(&client, oldAssertionSecret, time.Time{})
	clients.ReplaceSecret(&client, assertionSecret, providertest.NewClock().Now().Add(time.Hour))
	s := start(t, providertest.Options{Clients: []storage.Client{client}})
	before := &asserting{server: s, id: client.ID, key: jose.SigningKey{Algorithm: jose.HS256, Key: []byte(oldAssertionSecret)}}
	after := &asserting{server: s, id: client.ID, key: jose.SigningKey{Algorithm: jose.HS512, Key: []byte(assertionSecret)}, used: 100}
	before.token(t, nil).WantOK(t)
	after.token(t, nil).WantOK(t)
	s.Clock.Advance(time.Hour)
	before.token(t, nil).WantError(t, http.StatusUnauthorized, oauth.InvalidClient)
	after.token(t, nil).WantOK(t)
}

// A key that the client changed at its jwks_uri works within a minute.
func TestClientAssertionsByRotatedRemoteKey(t *testing.T) {
	first, firstSet := newSigningKey(t, "one")
	second, secondSet := newSigningKey(t, "two")
	var published atomic.Pointer[[]byte]
	published.Store(&firstSet)
	host := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(*published.Load()) }))
	t.Cleanup(host.Close)
	s := start(t, providertest.Options{Clients: []storage.Client{{
		ID: "remote", TokenEndpointAuthMethod: "private_key_jwt", GrantTypes: []string{"client_credentials"}, JWKSURI: host.URL,
	}}})
	client := &asserting{server: s, id: "remote", key: first}
	client.token(t, nil).WantOK(t)
	published.Store(&secondSet)
	s.Clock.Advance(time.Minute)
	client.key = second
	client.token(t, nil).WantOK(t)
	client.key = first
	client.token(t, nil).WantError(t, http.StatusUnauthorized, oauth.InvalidClient)

	host.Close()
	s.Clock.Advance(time.Minute)
	client.token(t, nil).WantError(t, http.StatusUnauthorized, oauth.InvalidClient)
	client.key = second
	client.token(t, nil).WantOK(t)
}

// A client that registered itself for client_secret_jwt signs with the secret that it
// was given, by every algorithm.
func TestClientAssertionsOfARegisteredClient(t *testing.T) {
	s := start(t, providertest.Options{ClientRegistration: registration.Settings{Mode: registration.Open}})
	answer := s.Register(t, providertest.Metadata{
		"redirect_uris": []string{"https://app.example/callback"}, "token_endpoint_auth_method": "client_secret_jwt",
	})
	if answer.Status != http.StatusCreated {
		t.Fatalf("answer %d %s", answer.Status, answer.Raw)
	}
	for i, algorithm := range []jose.SignatureAlgorithm{jose.HS256, jose.HS384, jose.HS512} {
		key := jose.SigningKey{Algorithm: algorithm, Key: []byte(answer.Text("client_secret"))}
		client := &asserting{server: s, id: answer.Text("client_id"), key: key, used: 10 * i}
		form := client.form(t, nil)
		form.Set("grant_type", "authorization_code")
		form.Set("code", "nonsense")
		form.Set("redirect_uri", "https://app.example/callback")
		form.Set("code_verifier", "a-verifier-of-at-least-forty-three-characters")
		s.Send(t, http.MethodPost, "/token", form, nil).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
	}
}
