package web_test

import (
	"strings"
	"testing"
	"time"

	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage/directus/directustest"
)

const otpSeed = "JBSWY3DPEHPK3PXP"

// inFlight begins a sign-in that Directus holds at a path, and returns how to let
// it go on and see where it leads.
func inFlight(s *providertest.Server, path string, signIn func() *providertest.Page) func() *providertest.Page {
	arrived, hold := make(chan struct{}), make(chan struct{})
	s.Directus.Inject(directustest.Fault{Path: path, Times: 1, Arrived: arrived, Hold: hold})
	done := make(chan *providertest.Page, 1)
	go func() { done <- signIn() }()
	<-arrived
	return func() *providertest.Page {
		close(hold)
		return <-done
	}
}

// endings are the ways in which everything of a person ends. Each returns the
// password that he has afterwards, and the browser that is still signed in, if any.
func endings() map[string]func(*testing.T, *providertest.Server, *providertest.RelyingParty) (string, *providertest.Browser) {
	type (
		server       = providertest.Server
		relyingParty = providertest.RelyingParty
	)
	return map[string]func(*testing.T, *server, *relyingParty) (string, *providertest.Browser){
		"reset": func(t *testing.T, s *server, rp *relyingParty) (string, *providertest.Browser) {
			t.Helper()
			browser := s.NewBrowser(t)
			link := forgot(t, s, browser, rp, email)
			page := browser.Press(browser.Get(link), "password-submit", map[string]string{"new-password": newPassword})
			wantAt(t, page, "/login")
			return newPassword, nil
		},
		"password change": func(t *testing.T, s *server, _ *relyingParty) (string, *providertest.Browser) {
			t.Helper()
			browser := s.NewBrowser(t)
			page := visit(t, s, browser, "/account/password", email)
			page = browser.Press(page, "password-submit", map[string]string{"current-password": providertest.Password, "new-password": newPassword})
			wantAt(t, page, "/account/password")
			return newPassword, browser
		},
		"end of the other sessions": func(t *testing.T, s *server, _ *relyingParty) (string, *providertest.Browser) {
			t.Helper()
			browser := s.NewBrowser(t)
			visit(t, s, browser, "/account", email)
			browser.Press(browser.Get(s.Issuer+"/account/sessions/others"), "sessions-end-others-confirm", nil)
			return providertest.Password, browser
		},
		"end of all sessions": func(t *testing.T, s *server, _ *relyingParty) (string, *providertest.Browser) {
			t.Helper()
			browser := s.NewBrowser(t)
			visit(t, s, browser, "/account", email)
			browser.Press(browser.Get(s.Issuer+"/account/sessions/everywhere"), "sessions-end-all-confirm", nil)
			return providertest.Password, nil
		},
	}
}

// Directus checks the password early in a login and takes its time after that. A
// thief who always has one under way must not be let in by it once the password is
// another, or everything was ended.
func TestASignInUnderWayWhenEverythingEnds(t *testing.T) {
	for name, end := range endings() {
		t.Run(name, func(t *testing.T) {
			s := providertest.New(t, providertest.Options{Staleness: -1})
			s.Directus.AllowOwnUpdate()
			id := s.AddUser(email)
			rp, thief := s.Second(t), s.NewBrowser(t)
			login := thief.Get(rp.AuthorizationURL(nil))
			goOn := inFlight(s, "/policies/me/globals", func() *providertest.Page { return thief.Password(login, email) })
			password, kept := end(t, s, rp)
			page := goOn()
			wantAt(t, page, "/login")
			if !strings.Contains(page.Body, "Enter your password again") {
				t.Errorf("the page does not say why it is there:\n%s", page.Body)
			}
			thief.Get(rp.AuthorizationURL(map[string]string{"prompt": "none"})).WantError(t, oauth.LoginRequired)
			wantAt(t, thief.Get(s.Issuer+"/account"), "/login")
			if kept != nil {
				wantAt(t, kept.Get(s.Issuer+"/account"), "/account")
			}
			// Whoever has the right password signs in a moment later, with the
			// same request, and so does the browser that stays signed in.
			s.Clock.Advance(time.Millisecond)
			answer := thief.Press(page, "login-submit", map[string]string{"username": email, "password": password})
			if answer.Has("consent-allow") {
				answer = thief.Press(answer, "consent-allow", nil)
			}
			answer.Code(t)
			if kept != nil {
				again := kept.Get(rp.AuthorizationURL(map[string]string{"prompt": "login"}))
				kept.Press(again, "login-submit", map[string]string{"username": email, "password": password}).Code(t)
			}
			if user, _ := s.Directus.User(id); user.Password != password {
				t.Error("the password is not what it should be")
			}
		})
	}
}

// inFlightWays are other sign-ins than that by password alone. Each returns what
// the browser does last, and what Directus is asked for then.
func inFlightWays() map[string]func(*testing.T, *abroad, *providertest.Browser) (string, func() *providertest.Page) {
	type way = func(*testing.T, *abroad, *providertest.Browser) (string, func() *providertest.Page)
	return map[string]way{
		// Directus finds the password right only after everything ended.
		"password not looked at yet": func(_ *testing.T, a *abroad, browser *providertest.Browser) (string, func() *providertest.Page) {
			login := browser.Get(a.rp.AuthorizationURL(nil))
			return "/auth/login", func() *providertest.Page { return browser.Password(login, email) }
		},
		"another time in the same browser": func(_ *testing.T, a *abroad, browser *providertest.Browser) (string, func() *providertest.Page) {
			browser.SignIn(a.rp, email, nil)
			login := browser.Get(a.rp.AuthorizationURL(map[string]string{"prompt": "login"}))
			return "/policies/me/globals", func() *providertest.Page { return browser.Password(login, email) }
		},
		"one-time password": func(_ *testing.T, a *abroad, browser *providertest.Browser) (string, func() *providertest.Page) {
			page := browser.Password(browser.Get(a.rp.AuthorizationURL(nil)), "grace@example.com")
			otp := directustest.OTP(otpSeed, a.Clock.Now())
			return "/auth/login", func() *providertest.Page {
				return browser.Press(page, "otp-submit", map[string]string{"otp": otp})
			}
		},
		"another provider": func(t *testing.T, a *abroad, browser *providertest.Browser) (string, func() *providertest.Page) {
			t.Helper()
			back := a.depart(t, browser)
			browser.SetCookies(directusCookie("directus_refresh_token", a.Directus.RefreshCookie(a.user)))
			return "/auth/refresh", func() *providertest.Page { return browser.Get(back.String()) }
		},
	}
}

func TestEverySignInUnderWayEnds(t *testing.T) {
	for name, way := range inFlightWays() {
		t.Run(name, func(t *testing.T) {
			a := newAbroad(t)
			users := []string{a.user, a.AddUser(email), a.Directus.AddUser(directustest.User{Email: "grace@example.com", Password: providertest.Password, OTPSecret: otpSeed})}
			browser := a.NewBrowser(t)
			path, last := way(t, a, browser)
			goOn := inFlight(a.Server, path, last)
			a.Clock.Advance(time.Second)
			for _, user := range users {
				if err := a.Provider.EndUser(t.Context(), user, "test"); err != nil {
					t.Fatal(err)
				}
			}
			wantAt(t, goOn(), "/login")
			browser.Get(a.rp.AuthorizationURL(map[string]string{"prompt": "none"})).WantError(t, oauth.LoginRequired)
			for _, err := range a.Store.Sessions.All(t.Context()) {
				t.Errorf("there is a session (%v)", err)
			}
		})
	}
}
