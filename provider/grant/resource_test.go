package grant_test

import (
	"net/url"
	"testing"

	"gatehouse/provider/providertest"
	"gatehouse/storage"
)

const (
	ordersAPI   = "https://orders.example"
	invoicesAPI = "https://invoices.example"
	apiClient   = "with-apis"
)

func withAPIs(t *testing.T) (*providertest.Server, *providertest.RelyingParty) {
	t.Helper()
	s := providertest.New(t, providertest.Options{Clients: []storage.Client{{
		ID: apiClient, SecretDigests: providertest.Digests(providertest.WebSecret), FirstParty: true,
		RedirectURIs: []string{providertest.WebRedirectURI}, GrantTypes: []string{"authorization_code", "refresh_token"},
		Audience: []string{ordersAPI, invoicesAPI},
	}}})
	s.AddUser("ada@example.com")
	return s, s.RelyingParty(t, apiClient, providertest.WebSecret, providertest.WebRedirectURI)
}

func audienceOf(t *testing.T, rp *providertest.RelyingParty, accessToken string) map[string]bool {
	t.Helper()
	answer := rp.Post("/introspect", url.Values{"token": {accessToken}})
	audience := map[string]bool{}
	switch aud := answer.JSON["aud"].(type) {
	case string:
		audience[aud] = true
	case []any:
		for _, a := range aud {
			audience[a.(string)] = true
		}
	}
	return audience
}

// RFC 8707, section 2.2.
func TestResourceAtTokenEndpointNarrowsTheAudience(t *testing.T) {
	s, rp := withAPIs(t)
	code := s.NewBrowser(t).SignIn(rp, "ada@example.com", nil)
	answer := rp.Token(url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {rp.RedirectURI},
		"code_verifier": {rp.Verifier()}, "resource": {ordersAPI},
	})
	if got := audienceOf(t, rp, answer.Text("access_token")); !got[ordersAPI] || got[invoicesAPI] {
		t.Errorf("code: audience %v", got)
	}
	refreshed := rp.Token(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {answer.Text("refresh_token")}, "resource": {invoicesAPI}})
	if got := audienceOf(t, rp, refreshed.Text("access_token")); got[ordersAPI] || !got[invoicesAPI] {
		t.Errorf("refresh: audience %v", got)
	}
}

func TestResourceBeyondTheGrantIsRefusedAndSpendsNothing(t *testing.T) {
	s, rp := withAPIs(t)
	for name, resource := range map[string]string{"unregistered": "https://evil.example", "not asked for at authorization": invoicesAPI} {
		code := s.NewBrowser(t).SignIn(rp, "ada@example.com", map[string]string{"resource": ordersAPI})
		answer := rp.Token(url.Values{
			"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {rp.RedirectURI},
			"code_verifier": {rp.Verifier()}, "resource": {resource},
		})
		if answer.Status != 400 || answer.Text("error") != "invalid_target" {
			t.Errorf("%s: %d %s", name, answer.Status, answer.Raw)
		}
		if answer = rp.Exchange(code); answer.Status != 200 {
			t.Errorf("%s: the code was spent: %d %s", name, answer.Status, answer.Raw)
		}
	}
}
