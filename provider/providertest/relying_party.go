package providertest

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"testing"

	oidc "github.com/zitadel/oidc/v3/pkg/oidc"

	"gatehouse/provider/oauth"
	"gatehouse/storage/directus/directustest"
)

// Password of every user that AddUser makes.
const Password = "correct horse battery staple"

// AddUser adds an active user to the fake Directus and returns the id.
func (s *Server) AddUser(email string) string {
	return s.Directus.AddUser(directustest.User{
		Email: email, Password: Password, FirstName: "Ada", LastName: "Lovelace",
	})
}

// RelyingParty is one client, as an app would use it.
type RelyingParty struct {
	t           testing.TB
	server      *Server
	ID, Secret  string
	RedirectURI string
	Scope       string
	// ResponseType is code unless it is set.
	ResponseType string

	verifier string
}

// RelyingParty returns the client with the id; secret is empty for a public one.
func (s *Server) RelyingParty(t testing.TB, id, secret, redirectURI string) *RelyingParty {
	t.Helper()
	verifier, err := oauth.RandomID(rand.Reader, 32)
	if err != nil {
		t.Fatalf("make verifier: %v", err)
	}
	return &RelyingParty{
		t: t, server: s, ID: id, Secret: secret, RedirectURI: redirectURI,
		Scope: "openid profile email", verifier: verifier,
	}
}

// Web is WebID.
func (s *Server) Web(t testing.TB) *RelyingParty {
	t.Helper()
	return s.RelyingParty(t, WebID, WebSecret, WebRedirectURI)
}

// Second is SecondID.
func (s *Server) Second(t testing.TB) *RelyingParty {
	t.Helper()
	return s.RelyingParty(t, SecondID, SecondSecret, SecondRedirectURI)
}

// Hybrid is HybridID, asking for the response type.
func (s *Server) Hybrid(t testing.TB, responseType string) *RelyingParty {
	t.Helper()
	rp := s.RelyingParty(t, HybridID, HybridSecret, HybridRedirectURI)
	rp.ResponseType = responseType
	return rp
}

// SPA is SPAID.
func (s *Server) SPA(t testing.TB) *RelyingParty {
	t.Helper()
	return s.RelyingParty(t, SPAID, "", SPARedirectURI)
}

// Native is NativeID on its loopback address.
func (s *Server) Native(t testing.TB) *RelyingParty {
	t.Helper()
	return s.RelyingParty(t, NativeID, "", NativeLoopback)
}

// API is APIID.
func (s *Server) API(t testing.TB) *RelyingParty {
	t.Helper()
	return s.RelyingParty(t, APIID, APISecret, "")
}

// Parameters are those of an ordinary authorization request. change adds to
// them or replaces; an empty value takes a parameter away.
func (rp *RelyingParty) Parameters(change map[string]string) url.Values {
	parameters := url.Values{
		"client_id": {rp.ID}, "redirect_uri": {rp.RedirectURI}, "response_type": {cmp.Or(rp.ResponseType, "code")}, "scope": {rp.Scope},
		"state": {"state-" + rp.ID}, "nonce": {"nonce-" + rp.ID},
		"code_challenge": {oidc.NewSHACodeChallenge(rp.verifier)}, "code_challenge_method": {"S256"},
	}
	for name, value := range change {
		if value == "" {
			parameters.Del(name)
			continue
		}
		parameters.Set(name, value)
	}
	return parameters
}

// AuthorizationURL is where an app sends its visitor.
func (rp *RelyingParty) AuthorizationURL(change map[string]string) string {
	return rp.server.Issuer + "/authorize?" + rp.Parameters(change).Encode()
}

// Token posts to the token endpoint with the client's authentication.
func (rp *RelyingParty) Token(form url.Values) Answer {
	rp.t.Helper()
	return rp.Post("/token", form)
}

// Post posts a form to an endpoint with the client's authentication.
func (rp *RelyingParty) Post(path string, form url.Values) Answer {
	rp.t.Helper()
	form = maps.Clone(form)
	if rp.Secret == "" {
		form.Set("client_id", rp.ID)
	}
	header := http.Header{}
	if rp.Secret != "" {
		header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(rp.ID)+":"+url.QueryEscape(rp.Secret))))
	}
	return rp.server.Send(rp.t, http.MethodPost, path, form, header)
}

// Exchange redeems a code.
func (rp *RelyingParty) Exchange(code string) Answer {
	rp.t.Helper()
	return rp.Token(url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {rp.RedirectURI}, "code_verifier": {rp.verifier},
	})
}

// Verifier is the PKCE verifier of the client's requests.
func (rp *RelyingParty) Verifier() string { return rp.verifier }

// Refresh uses a refresh token.
func (rp *RelyingParty) Refresh(refreshToken string) Answer {
	rp.t.Helper()
	return rp.Token(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refreshToken}})
}
