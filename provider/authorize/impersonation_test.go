package authorize_test

import (
	"testing"

	"gatehouse/provider/providertest"
	"gatehouse/storage"
)

// RFC 8252, section 8.6: any app on the device could claim to be this one, so
// that being the operator's own is not enough to skip consent.
func TestNativePublicClientSkipsConsentOnlyIfTrusted(t *testing.T) {
	for name, want := range map[string]struct{ trusted, asked bool }{
		"first party":             {false, true},
		"first party and trusted": {true, false},
	} {
		s := providertest.New(t, providertest.Options{Clients: []storage.Client{{
			ID: "app", TokenEndpointAuthMethod: "none", ApplicationType: "native", FirstParty: true, Trusted: want.trusted,
			RedirectURIs: []string{providertest.NativeLoopback}, GrantTypes: []string{"authorization_code"},
		}}})
		s.AddUser("ada@example.com")
		rp, browser := s.RelyingParty(t, "app", "", providertest.NativeLoopback), s.NewBrowser(t)
		for range 2 {
			page := browser.Get(rp.AuthorizationURL(nil))
			if page.Has("login-submit") {
				page = browser.Password(page, "ada@example.com")
			}
			if got := page.Has("consent-allow"); got != want.asked {
				t.Errorf("%s: consent asked %v, want %v", name, got, want.asked)
			}
		}
	}
}
