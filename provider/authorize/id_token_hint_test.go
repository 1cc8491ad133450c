package authorize_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
)

func idToken(t *testing.T, rp *providertest.RelyingParty, code string) string {
	t.Helper()
	return rp.Exchange(code).WantOK(t).Text("id_token")
}

func TestIDTokenHint(t *testing.T) {
	s, elsewhere := start(t), start(t)
	web, second := s.Web(t), s.Second(t)
	browser, graces := s.NewBrowser(t), s.NewBrowser(t)
	adas := idToken(t, web, browser.SignIn(web, ada, nil))
	graceHint := idToken(t, web, graces.SignIn(web, grace, nil))
	secondHint := idToken(t, second, browser.SignIn(second, ada, nil))
	other := elsewhere.Web(t)
	foreign := idToken(t, other, elsewhere.NewBrowser(t).SignIn(other, ada, nil))
	access := web.Exchange(browser.SignIn(web, ada, nil)).WantOK(t).Text("access_token")
	s.Clock.Advance(providertest.AccessTokenLifetime + time.Second) // hints may have expired

	for _, test := range []struct {
		name, hint, prompt string
		error              string // nothing: a code for ada
	}{
		{"of the current user", adas, "none", ""},
		{"of the current user, not silently", adas, "", ""},
		{"of another user", graceHint, "none", oauth.LoginRequired},
		{"of another client", secondHint, "none", oauth.InvalidRequest},
		{"of another issuer", foreign, "none", oauth.InvalidRequest},
		{"with alg none", unsigned(t, adas), "none", oauth.InvalidRequest},
		{"without a signature", adas[:strings.LastIndex(adas, ".")+1], "none", oauth.InvalidRequest},
		{"with other claims", adas[:strings.Index(adas, ".")] + graceHint[strings.Index(graceHint, "."):strings.LastIndex(graceHint, ".")] + adas[strings.LastIndex(adas, "."):], "none", oauth.InvalidRequest},
		{"an access token", access, "none", oauth.InvalidRequest},
	} {
		t.Run(test.name, func(t *testing.T) {
			page := browser.Get(web.AuthorizationURL(map[string]string{"id_token_hint": test.hint, "prompt": test.prompt}))
			if test.error != "" {
				page.WantError(t, test.error)
				return
			}
			page.Code(t)
		})
	}
}

// unsigned is the token with alg none, as the certification suite sends it.
func unsigned(t *testing.T, token string) string {
	t.Helper()
	parts := strings.Split(token, ".")
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + parts[1] + "."
}

// Of two accounts in a browser the hint picks the one that the client has in mind.
func TestIDTokenHintPicksTheAccount(t *testing.T) {
	s := start(t)
	web, browser := s.Web(t), s.NewBrowser(t)
	adas := idToken(t, web, browser.SignIn(web, ada, nil))
	graces := idToken(t, web, browser.SignIn(web, grace, map[string]string{"prompt": "login"}))
	for name, hint := range map[string]string{"the current account": graces, "the other account": adas} {
		code := browser.Get(web.AuthorizationURL(map[string]string{"id_token_hint": hint, "prompt": "none"})).Code(t)
		if got, want := sub(t, s, web, code), s.Verify(t, hint).Claims["sub"]; got != want {
			t.Errorf("%s: answered for %s, want %s", name, got, want)
		}
	}
}

// Whoever signs in as somebody else than the client has in mind gives the client
// no code for the wrong person.
func TestIDTokenHintOfAnotherUserAfterSignIn(t *testing.T) {
	s := start(t)
	web, browser := s.Web(t), s.NewBrowser(t)
	hint := idToken(t, web, s.NewBrowser(t).SignIn(web, grace, nil))
	browser.SignIn(web, ada, nil)
	page := browser.Get(web.AuthorizationURL(map[string]string{"id_token_hint": hint}))
	if !page.Has("login-submit") {
		t.Fatalf("led to %s", page.URL)
	}
	browser.Password(page, ada).WantError(t, oauth.LoginRequired)
	page = browser.Get(web.AuthorizationURL(map[string]string{"id_token_hint": hint}))
	browser.Through(page, grace).Code(t)
}
