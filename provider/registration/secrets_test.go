package registration_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
)

// withAssertion asks for tokens with an assertion that is signed by the secret (OpenID
// Connect Core 1.0, section 9, client_secret_jwt). The code is good for nothing, so the
// client is authenticated where the answer is invalid_grant.
func (m managed) withAssertion(t *testing.T, secret string) providertest.Answer {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.HS256, Key: []byte(secret)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	now := m.Clock.Now()
	assertion, err := jwt.Signed(signer).Claims(jwt.Claims{
		Issuer: m.id, Subject: m.id, Audience: jwt.Audience{m.Issuer}, ID: now.String() + secret,
		IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(time.Minute)),
	}).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return m.Send(t, http.MethodPost, "/token", url.Values{
		"grant_type": {"authorization_code"}, "code": {"x"}, "redirect_uri": {redirectURI}, "client_assertion": {assertion},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
	}, nil)
}

// TestRegisterForClientSecretJWT: the secret that is handed out is the key.
func TestRegisterForClientSecretJWT(t *testing.T) {
	s := open(t)
	m := manage(t, s, metadata().With("token_endpoint_auth_method", "client_secret_jwt").With("token_endpoint_auth_signing_alg", "HS256"))
	m.withAssertion(t, m.secret).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
	m.withAssertion(t, strings.Repeat("x", 64)).WantError(t, http.StatusUnauthorized, oauth.InvalidClient)
	answer := s.Register(t, metadata().With("token_endpoint_auth_method", "client_secret_jwt").With("token_endpoint_auth_signing_alg", "RS256"))
	answer.WantError(t, http.StatusBadRequest, oauth.InvalidClientMetadata)
	if read := m.send(t, http.MethodGet, "").WantOK(t); strings.Contains(read.Raw, m.secret) {
		t.Error("the secret is shown again")
	}
}

// TestChangeToClientSecretJWT: only the digest of the old secret is known, so there is a
// new one, unless the client repeats its secret.
func TestChangeToClientSecretJWT(t *testing.T) {
	for name, repeats := range map[string]bool{"repeating the secret": true, "without the secret": false} {
		t.Run(name, func(t *testing.T) {
			m := manage(t, open(t), metadata())
			change := metadata().With("client_id", m.id).With("token_endpoint_auth_method", "client_secret_jwt")
			if repeats {
				change = change.With("client_secret", m.secret)
			}
			fresh := m.send(t, http.MethodPut, change).WantOK(t).Text("client_secret")
			if repeats != (fresh == "") {
				t.Fatalf("new secret %q", fresh)
			}
			if fresh != "" {
				m.withAssertion(t, m.secret).WantError(t, http.StatusUnauthorized, oauth.InvalidClient)
				m.secret = fresh
			}
			m.withAssertion(t, m.secret).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
		})
	}
}

// TestConsentToRegisteredClients: to a client that anybody could have made, a consent is
// remembered within its session; to one that somebody vouched for, as to any other (ADR
// 0007).
func TestConsentToRegisteredClients(t *testing.T) {
	s := open(t)
	s.AddUser("ada@example.com")
	_, token := initialToken(t, s, 1, time.Hour)
	for name, test := range map[string]struct {
		answer providertest.Answer
		again  bool
	}{"openly": {post(t, s, ""), true}, "by token": {post(t, s, token), false}} {
		t.Run(name, func(t *testing.T) {
			rp := s.RelyingParty(t, test.answer.Text("client_id"), test.answer.Text("client_secret"), redirectURI)
			first := s.NewBrowser(t)
			first.SignIn(rp, "ada@example.com", nil)
			silent := map[string]string{"prompt": "none"}
			first.Get(rp.AuthorizationURL(silent)).Code(t)
			other := s.NewBrowser(t)
			other.SignIn(s.Second(t), "ada@example.com", nil)
			page := other.Get(rp.AuthorizationURL(silent))
			if test.again {
				page.WantError(t, oauth.ConsentRequired)
			} else {
				page.Code(t)
			}
		})
	}
}
