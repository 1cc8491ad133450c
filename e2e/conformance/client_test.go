package conformance

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"gatehouse/provider/providertest"
)

// client is a relying party of the run.
type client struct {
	id, secret     string
	authentication string
	redirectURI    string
	// key signs client assertions and request objects.
	key jose.JSONWebKey
	// registered is the answer to the registration, if there was one.
	registered map[string]any
	// audience of client assertions, if not the token endpoint.
	audience string
}

// register gets the run a client, the one of the configuration if the run is for
// such clients. change adds to the metadata or replaces.
func (m *module) register(change map[string]any) *client {
	m.Helper()
	if m.Static {
		m.client = m.static()
		return m.client
	}
	registered := m.tryRegister(change)
	c := &client{
		authentication: m.Authentication, redirectURI: site + m.path + "/callback", key: m.suite.keys[0], registered: registered.JSON,
	}
	checkRegistered(m, m.metadata, registered)
	c.id, c.secret = registered.Text("client_id"), registered.Text("client_secret")
	if uris, ok := change["redirect_uris"].([]string); ok {
		c.redirectURI = uris[0]
	}
	m.client, m.clients = c, append(m.clients, c)
	return c
}

// static is a client of the configuration; a second one where one is in use.
func (m *module) static() *client {
	id := "static-"
	if m.client != nil {
		id = "static-second-"
	}
	return &client{
		id: id + m.Authentication, secret: staticSecret, authentication: m.Authentication,
		redirectURI: site + "/static/callback", key: m.suite.keys[0],
	}
}

// tryRegister asks for a client and returns whatever is answered.
func (m *module) tryRegister(change map[string]any) providertest.Answer {
	m.Helper()
	grants := []string{}
	if m.Has("code") {
		grants = append(grants, "authorization_code")
	}
	if m.Has("id_token") || m.Has("token") {
		grants = append(grants, "implicit")
	}
	wanted := map[string]any{
		"client_name": "Suite " + m.Module, "redirect_uris": []string{site + m.path + "/callback"},
		"response_types": []string{m.ResponseType}, "grant_types": grants,
		"token_endpoint_auth_method": m.Authentication, "contacts": []string{"certification@example.com"},
		"jwks": public(m, m.suite.keys[0]),
	}
	maps.Copy(wanted, change)
	if wanted["jwks_uri"] != nil {
		delete(wanted, "jwks")
	}
	body, err := json.Marshal(wanted)
	if err != nil {
		m.Fatalf("encode registration: %v", err)
	}
	endpoint := m.metadata.text("registration_endpoint")
	if endpoint == "" {
		m.Fatal("no registration_endpoint")
	}
	return send(m, m.provider, http.MethodPost, endpoint, string(body), http.Header{"Content-Type": {"application/json"}})
}

// cleanUp deletes the clients that registered, as the suite does.
func (m *module) cleanUp() {
	for _, c := range m.clients {
		token, _ := c.registered["registration_access_token"].(string)
		address, _ := c.registered["registration_client_uri"].(string)
		answer := send(m, m.provider, http.MethodDelete, address, "", http.Header{"Authorization": {"Bearer " + token}})
		if answer.Status != http.StatusNoContent {
			m.Errorf("deletion of the client was answered %d %s, want 204", answer.Status, answer.Raw)
		}
	}
}

// token posts to the token endpoint as the client.
func (m *module) token(form url.Values) providertest.Answer {
	m.Helper()
	form = maps.Clone(form)
	header := http.Header{}
	endpoint := m.metadata.text("token_endpoint")
	switch m.client.authentication {
	case "client_secret_basic":
		credentials := url.QueryEscape(m.client.id) + ":" + url.QueryEscape(m.client.secret)
		header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(credentials)))
	case "client_secret_post":
		form.Set("client_id", m.client.id)
		form.Set("client_secret", m.client.secret)
	case "private_key_jwt":
		form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		audience := endpoint
		if m.client.audience != "" {
			audience = m.client.audience
		}
		form.Set("client_assertion", m.sign(m.client.key, map[string]any{
			"iss": m.client.id, "sub": m.client.id, "aud": audience, "jti": random(m, 16),
			"iat": m.now().Unix(), "exp": m.now().Add(time.Minute).Unix(),
		}))
	default:
		m.Fatalf("no client authentication %q", m.client.authentication)
	}
	return m.postForm(endpoint, form, header)
}

// sign makes a JWT with the client's key.
func (m *module) sign(key jose.JSONWebKey, claims map[string]any) string {
	m.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		m.Fatalf("make signer: %v", err)
	}
	signed, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		m.Fatalf("sign: %v", err)
	}
	return signed
}

// unsigned makes a JWT with alg none.
func unsigned(t testing.TB, claims map[string]any) string {
	t.Helper()
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatalf("encode claims: %v", err)
	}
	encode := base64.RawURLEncoding.EncodeToString
	return strings.Join([]string{encode([]byte(`{"alg":"none"}`)), encode(payload), ""}, ".")
}

// lasting is the test's context for what is cleaned up, too.
func lasting(t testing.TB) context.Context {
	t.Helper()
	return context.WithoutCancel(t.Context())
}
