package authorize_test

import (
	"testing"

	"gatehouse/provider/event"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
)

func TestConsentIsRemembered(t *testing.T) {
	s := start(t, storage.Client{
		ID: "third", SecretDigests: providertest.Digests(providertest.WebSecret),
		RedirectURIs: []string{"https://third.example/callback"}, GrantTypes: []string{"authorization_code"},
	})
	web, browser := s.Web(t), s.NewBrowser(t)
	third := s.RelyingParty(t, "third", providertest.WebSecret, "https://third.example/callback")
	asks := func(b *providertest.Browser, rp *providertest.RelyingParty, change map[string]string) bool {
		t.Helper()
		page := b.Get(rp.AuthorizationURL(change))
		if page.Has("login-submit") {
			page = b.Password(page, change["who"])
		}
		asked := page.Has("consent-allow")
		if asked {
			page = b.Press(page, "consent-allow", nil)
		}
		page.Code(t)
		return asked
	}
	for _, step := range []struct {
		name    string
		browser *providertest.Browser
		rp      *providertest.RelyingParty
		change  map[string]string
		asks    bool
	}{
		{"the first time", browser, web, map[string]string{"who": ada, "scope": "openid email"}, true},
		{"the same again", browser, web, map[string]string{"scope": "openid email"}, false},
		{"fewer scopes", browser, web, map[string]string{"scope": "openid"}, false},
		{"a scope more", browser, web, map[string]string{"scope": "openid email phone"}, true},
		{"that scope again", browser, web, map[string]string{"scope": "openid phone"}, false},
		{"all that was allowed one by one", browser, web, map[string]string{"scope": "phone email openid"}, false},
		{"prompt=consent", browser, web, map[string]string{"scope": "openid", "prompt": "consent"}, true},
		{"another client", browser, third, map[string]string{"scope": "openid"}, true},
		{"a first-party client", browser, s.Second(t), map[string]string{"scope": "openid email phone"}, false},
		{"a first-party client with prompt=consent", browser, s.Second(t), map[string]string{"prompt": "consent"}, true},
		{"another browser of the user", s.NewBrowser(t), web, map[string]string{"who": ada, "scope": "openid email"}, false},
		{"another user", s.NewBrowser(t), web, map[string]string{"who": grace, "scope": "openid email"}, true},
	} {
		if asked := asks(step.browser, step.rp, step.change); asked != step.asks {
			t.Errorf("%s: asked %t, want %t", step.name, asked, step.asks)
		}
	}
}

func TestDeniedConsentIsNotRemembered(t *testing.T) {
	s := start(t)
	web, browser := s.Web(t), s.NewBrowser(t)
	consent := browser.Password(browser.Get(web.AuthorizationURL(nil)), ada)
	browser.Press(consent, "consent-deny", nil).WantError(t, "access_denied")
	if s.Events.Count(event.ConsentDenied) != 1 || s.Events.Count(event.ConsentGranted) != 0 {
		t.Error("the events do not tell the denial")
	}
	if page := browser.Get(web.AuthorizationURL(nil)); !page.Has("consent-allow") {
		t.Errorf("the next request rests at %s", page.URL)
	}
	browser.Get(web.AuthorizationURL(none())).WantError(t, "consent_required")
}

// RFC 8252, section 8.6: any app on the device could claim to be this one.
func TestNativePublicClientAlwaysAsks(t *testing.T) {
	trusted := storage.Client{
		ID: "trusted", TokenEndpointAuthMethod: "none", ApplicationType: "native", Trusted: true,
		RedirectURIs: []string{providertest.NativeLoopback}, GrantTypes: []string{"authorization_code"},
	}
	s := start(t, trusted)
	native, browser := s.Native(t), s.NewBrowser(t)
	for range 2 {
		page := browser.Get(native.AuthorizationURL(nil))
		if page.Has("login-submit") {
			page = browser.Password(page, ada)
		}
		if !page.Has("consent-allow") {
			t.Fatalf("no consent was asked: %s", page.URL)
		}
		browser.Press(page, "consent-allow", nil).Code(t)
	}
	browser.Get(native.AuthorizationURL(none())).WantError(t, "consent_required")

	rp := s.RelyingParty(t, "trusted", "", providertest.NativeLoopback)
	browser.Through(browser.Get(rp.AuthorizationURL(nil)), ada).Code(t)
	browser.Get(rp.AuthorizationURL(none())).Code(t)
}
