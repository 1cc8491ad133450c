package session_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
)

const (
	ada   = "ada@example.com"
	grace = "grace@example.com"
)

func start(t *testing.T) *providertest.Server {
	t.Helper()
	s := providertest.New(t, providertest.Options{})
	s.AddUser(ada)
	s.AddUser(grace)
	return s
}

func silent(browser *providertest.Browser, rp *providertest.RelyingParty) *providertest.Page {
	return browser.Get(rp.AuthorizationURL(map[string]string{"prompt": "none"}))
}

func sessionCookie(t *testing.T, browser *providertest.Browser) *http.Cookie {
	t.Helper()
	for _, c := range browser.Cookies() {
		if c.Name == "gatehouse_session" {
			return c
		}
	}
	t.Fatal("the browser has no session cookie")
	return nil
}

// with is a browser with one session cookie, as a thief would make it.
func with(t *testing.T, s *providertest.Server, value string) *providertest.Browser {
	t.Helper()
	browser := s.NewBrowser(t)
	browser.SetCookies([]*http.Cookie{{Name: "gatehouse_session", Value: value, Path: "/"}})
	return browser
}

func TestTamperedCookieIsNoSession(t *testing.T) {
	s := start(t)
	web, browser, other := s.Web(t), s.NewBrowser(t), s.NewBrowser(t)
	browser.SignIn(web, ada, nil)
	other.SignIn(web, grace, nil)
	value := sessionCookie(t, browser).Value
	parts := strings.Split(value, ".")
	id, secret := parts[0], parts[1]
	otherSecret := strings.Split(sessionCookie(t, other).Value, ".")[1]
	silent(with(t, s, value), web).Code(t)
	silent(with(t, s, "x~"+value+"~y.z"), web).Code(t) // what is damaged is left out
	for name, forged := range map[string]string{
		"empty": "", "the id alone": id, "the id with a dot": id + ".", "the secret alone": "." + secret,
		"another session's secret": id + "." + otherSecret, "a shorter secret": id + "." + secret[1:], "a longer secret": id + "." + secret + "A." + parts[2],
		"swapped": secret + "." + id, "separators": "~~~.~.~", "very long": strings.Repeat("a.b~", 500),
	} {
		t.Run(name, func(t *testing.T) {
			silent(with(t, s, forged), web).WantError(t, oauth.LoginRequired)
		})
	}
}

// Session fixation: what a browser held before a sign-in is worth nothing after it.
func TestSignInRotatesTheSecret(t *testing.T) {
	s := start(t)
	web, browser := s.Web(t), s.NewBrowser(t)
	browser.SignIn(web, ada, nil)
	before := sessionCookie(t, browser).Value
	browser.SignIn(web, ada, map[string]string{"prompt": "login"})
	after := sessionCookie(t, browser).Value
	if before == after {
		t.Fatal("the cookie did not change")
	}
	silent(with(t, s, before), web).WantError(t, oauth.LoginRequired)
	silent(browser, web).Code(t)
}

// A cookie that an attacker planted does not become the victim's session.
func TestPlantedCookieStaysTheAttackers(t *testing.T) {
	s := start(t)
	web, attacker := s.Web(t), s.NewBrowser(t)
	attacker.SignIn(web, grace, nil)
	planted := sessionCookie(t, attacker).Value
	victim := with(t, s, planted)
	victim.SignIn(web, ada, map[string]string{"prompt": "login"})
	answer := web.Exchange(silent(attacker, web).Code(t)).WantOK(t)
	if got := s.UserInfo(t, answer.Text("access_token")).Text("email"); got != grace {
		t.Errorf("the attacker's cookie now answers for %s", got)
	}
}

func TestCookieAttributes(t *testing.T) {
	s := start(t)
	web, browser := s.Web(t), s.NewBrowser(t)
	for _, remember := range []bool{false, true} {
		fill := map[string]string{"username": ada, "password": providertest.Password}
		if remember {
			fill["remember"] = "1"
		}
		page := browser.Get(web.AuthorizationURL(map[string]string{"prompt": "login"}))
		fill["action"] = "sign-in"
		answer := browser.Step(http.MethodPost, page.URL.String(), values(fill))
		found := false
		for _, c := range (&http.Response{Header: answer.Header}).Cookies() {
			if c.Name != "gatehouse_session" {
				continue
			}
			found = true
			if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
				t.Errorf("cookie %v", c)
			}
			if remember != (c.MaxAge > 0) {
				t.Errorf("remember %t: Max-Age %d", remember, c.MaxAge)
			}
		}
		if !found {
			t.Errorf("no session cookie in the answer %d", answer.Status)
		}
	}
}

func TestLifetimes(t *testing.T) {
	const day = 24 * time.Hour
	for _, test := range []struct {
		name     string
		remember bool
		// uses is when the browser is used, good whether the session is alive then.
		uses []time.Duration
		good bool
	}{
		{"used in time", false, []time.Duration{providertest.SessionIdle}, true},
		{"idle for too long", false, []time.Duration{providertest.SessionIdle + time.Second}, false},
		{"kept alive by use", false, []time.Duration{2 * time.Hour, 2 * time.Hour, 2 * time.Hour, 2 * time.Hour, 2 * time.Hour}, true},
		{"not beyond the absolute end", false, []time.Duration{2 * time.Hour, 2 * time.Hour, 2 * time.Hour, 2 * time.Hour, 2 * time.Hour, 2 * time.Hour}, false},
		{"remembered for days", true, []time.Duration{19 * day}, true},
		{"remembered but idle", true, []time.Duration{20*day + time.Second}, false},
		{"remembered but not beyond the absolute end", true, []time.Duration{19 * day, 19 * day, 19 * day, 19 * day, 14 * day}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := start(t)
			web, browser := s.Web(t), s.NewBrowser(t)
			page := browser.Get(web.AuthorizationURL(nil))
			fill := map[string]string{"username": ada, "password": providertest.Password}
			if test.remember {
				fill["remember"] = "1"
			}
			browser.Press(browser.Press(page, "login-submit", fill), "consent-allow", nil).Code(t)
			for i, pause := range test.uses {
				s.Clock.Advance(pause)
				page = silent(browser, web)
				if last := i == len(test.uses)-1; !last || test.good {
					page.Code(t)
				} else {
					page.WantError(t, oauth.LoginRequired)
				}
			}
		})
	}
}

func TestSingleSignOn(t *testing.T) {
	s := start(t)
	web, second, browser := s.Web(t), s.Second(t), s.NewBrowser(t)
	browser.SignIn(web, ada, nil)
	logins := s.Directus.Calls("/auth/login")
	second.Exchange(browser.Get(second.AuthorizationURL(nil)).Code(t)).WantOK(t)
	if s.Directus.Calls("/auth/login") != logins {
		t.Error("the second client cost a sign-in")
	}
}

// A sign-in as somebody else makes that account the current one and leaves the
// other in the background.
func TestSignInAsSomebodyElse(t *testing.T) {
	s := start(t)
	web, browser := s.Web(t), s.NewBrowser(t)
	browser.SignIn(web, ada, nil)
	page := browser.Get(web.AuthorizationURL(map[string]string{"prompt": "login"}))
	code := browser.Through(page, grace).Code(t)
	for _, code := range []string{code, silent(browser, web).Code(t)} {
		answer := web.Exchange(code).WantOK(t)
		if got := s.UserInfo(t, answer.Text("access_token")).Text("email"); got != grace {
			t.Errorf("answered for %s", got)
		}
	}
}

func TestABrowserHoldsAtMostFourAccounts(t *testing.T) {
	s := start(t)
	web, browser := s.Web(t), s.NewBrowser(t)
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		s.AddUser(name + "@example.com")
		browser.SignIn(web, name+"@example.com", map[string]string{"prompt": "login"})
	}
	if n := strings.Count(sessionCookie(t, browser).Value, "~") + 1; n > 4 {
		t.Errorf("%d accounts in one cookie", n)
	}
	answer := web.Exchange(silent(browser, web).Code(t)).WantOK(t)
	if got := s.UserInfo(t, answer.Text("access_token")).Text("email"); got != "f@example.com" {
		t.Errorf("answered for %s", got)
	}
}

func TestSuspendedUserLosesEverySession(t *testing.T) {
	s := start(t)
	user := s.AddUser("mary@example.com")
	web, one, two := s.Web(t), s.NewBrowser(t), s.NewBrowser(t)
	one.SignIn(web, "mary@example.com", nil)
	two.SignIn(web, "mary@example.com", nil)
	s.Directus.SetStatus(user, "suspended")
	s.Clock.Advance(providertest.Staleness + time.Second)
	silent(one, web).WantError(t, oauth.LoginRequired)
	s.Directus.SetStatus(user, "active")
	s.Clock.Advance(providertest.Staleness + time.Second)
	silent(two, web).WantError(t, oauth.LoginRequired)
}

func values(fill map[string]string) url.Values {
	form := url.Values{}
	for name, value := range fill {
		form.Set(name, value)
	}
	return form
}
