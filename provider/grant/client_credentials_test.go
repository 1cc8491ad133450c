package grant_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
)

func TestClientCredentials(t *testing.T) {
	s := start(t)
	web := s.Web(t)
	answer := web.Token(url.Values{"grant_type": {"client_credentials"}}).WantOK(t)
	if answer.Text("token_type") != "Bearer" || answer.JSON["expires_in"] != float64(providertest.AccessTokenLifetime/time.Second) {
		t.Errorf("answer %s", answer.Raw)
	}
	// Neither a user's scopes nor a user's tokens.
	if answer.Text("scope") != "orders" || answer.Text("refresh_token") != "" || answer.Text("id_token") != "" {
		t.Errorf("answer %s", answer.Raw)
	}
	s.UserInfo(t, answer.Text("access_token")).WantError(t, http.StatusForbidden, oauth.InsufficientScope)
	seen := web.Post("/introspect", url.Values{"token": {answer.Text("access_token")}}).WantOK(t)
	if seen.JSON["active"] != true || seen.Text("sub") != providertest.WebID || seen.Text("client_id") != providertest.WebID {
		t.Errorf("introspection %s", seen.Raw)
	}
	s.Clock.Advance(providertest.AccessTokenLifetime)
	if seen := web.Post("/introspect", url.Values{"token": {answer.Text("access_token")}}).WantOK(t); seen.JSON["active"] != false {
		t.Errorf("introspection after its end %s", seen.Raw)
	}
}

func TestClientCredentialsRefuses(t *testing.T) {
	s := start(t, storage.Client{
		ID: "public-cc", TokenEndpointAuthMethod: "none", GrantTypes: []string{"client_credentials"},
	})
	for _, test := range []struct {
		name   string
		rp     *providertest.RelyingParty
		form   url.Values
		status int
		error  string
	}{
		{"a user's scope", s.Web(t), url.Values{"scope": {"openid"}}, http.StatusBadRequest, oauth.InvalidScope},
		{"a scope that is not registered", s.Web(t), url.Values{"scope": {"orders refunds"}}, http.StatusBadRequest, oauth.InvalidScope},
		{"any scope of a client that registered none", s.API(t), url.Values{"scope": {"orders"}}, http.StatusBadRequest, oauth.InvalidScope},
		{"a resource that is not registered", s.Web(t), url.Values{"resource": {"https://api.example"}}, http.StatusBadRequest, oauth.InvalidTarget},
		{"a client without the grant type", s.Second(t), url.Values{}, http.StatusBadRequest, oauth.UnauthorizedClient},
		{"a public client", s.RelyingParty(t, "public-cc", "", ""), url.Values{}, http.StatusBadRequest, oauth.UnauthorizedClient},
		{"a wrong secret", s.RelyingParty(t, providertest.WebID, "wrong", ""), url.Values{}, http.StatusUnauthorized, oauth.InvalidClient},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.form.Set("grant_type", "client_credentials")
			test.rp.Token(test.form).WantError(t, test.status, test.error)
		})
	}
}
