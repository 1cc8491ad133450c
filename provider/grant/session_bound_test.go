package grant_test

import (
	"net/http"
	"testing"
	"time"

	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
)

func signOut(s *providertest.Server, browser *providertest.Browser) {
	browser.Press(browser.Get(s.Issuer+"/logout"), "logout-confirm", nil)
}

func TestSignOutEndsTokensOfTheSession(t *testing.T) {
	s := start(t)
	rp, browser := s.Web(t), s.NewBrowser(t)
	tokens := rp.Exchange(browser.SignIn(rp, ada, nil)).WantOK(t)
	signOut(s, browser)
	dead(t, s, rp, tokens)
}

func TestOfflineAccessOutlivesSignOut(t *testing.T) {
	s := start(t)
	rp, browser := s.Web(t), s.NewBrowser(t)
	tokens := rp.Exchange(browser.SignIn(rp, ada, map[string]string{"scope": "openid offline_access", "prompt": "consent"})).WantOK(t)
	signOut(s, browser)
	s.UserInfo(t, tokens.Text("access_token")).WantOK(t)
	tokens = rp.Refresh(tokens.Text("refresh_token")).WantOK(t)
	s.Clock.Advance(providertest.SessionAbsolute)
	rp.Refresh(tokens.Text("refresh_token")).WantOK(t)
}

func TestRefreshEndsWithTheIdleSession(t *testing.T) {
	s := start(t)
	rp := s.Web(t)
	tokens := signedIn(t, s, rp, nil)
	s.Clock.Advance(providertest.SessionIdle + time.Second)
	rp.Refresh(tokens.Text("refresh_token")).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
}

// An app that is open keeps its person signed in, though not for ever.
func TestRefreshIsUseOfTheSession(t *testing.T) {
	s := start(t)
	rp, browser := s.Web(t), s.NewBrowser(t)
	tokens := rp.Exchange(browser.SignIn(rp, ada, nil)).WantOK(t)
	var used time.Duration
	for used+providertest.SessionIdle < providertest.SessionAbsolute {
		s.Clock.Advance(providertest.SessionIdle)
		used += providertest.SessionIdle
		tokens = rp.Refresh(tokens.Text("refresh_token")).WantOK(t)
	}
	browser.Get(rp.AuthorizationURL(map[string]string{"prompt": "none"})).Code(t)
	s.Clock.Advance(providertest.SessionAbsolute - used)
	rp.Refresh(tokens.Text("refresh_token")).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
	browser.Get(rp.AuthorizationURL(map[string]string{"prompt": "none"})).WantError(t, oauth.LoginRequired)
}

func TestScopeOfTokens(t *testing.T) {
	s := start(t)
	for _, test := range []struct {
		name, scope, granted string
		idToken              bool
	}{
		{"openid", "openid", "openid", true},
		{"without openid there is no ID token", "profile", "profile", false},
		{"unknown scopes are left out", "openid nonsense", "openid", true},
		{"a scope twice", "openid openid email", "openid email", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			answer := signedIn(t, s, s.Web(t), map[string]string{"scope": test.scope})
			if answer.Text("scope") != test.granted || (answer.Text("id_token") != "") != test.idToken {
				t.Errorf("answer %s", answer.Raw)
			}
		})
	}
}
