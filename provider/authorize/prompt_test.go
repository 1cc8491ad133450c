package authorize_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"gatehouse/provider/authorize"
	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
	"gatehouse/storage/directus/directustest"
)

// authTime is the claim auth_time of the ID token that a code is worth.
func authTime(t *testing.T, s *providertest.Server, rp *providertest.RelyingParty, code string) int64 {
	t.Helper()
	seconds, ok := s.Verify(t, rp.Exchange(code).WantOK(t).Text("id_token")).Claims["auth_time"].(float64)
	if !ok {
		t.Fatal("no auth_time in the ID token")
	}
	return int64(seconds)
}

func TestPromptNone(t *testing.T) {
	s := start(t)
	web, second, browser := s.Web(t), s.Second(t), s.NewBrowser(t)
	browser.Get(web.AuthorizationURL(none())).WantError(t, oauth.LoginRequired)

	began := authTime(t, s, web, browser.SignIn(web, ada, nil))
	s.Clock.Advance(time.Minute)
	if again := authTime(t, s, web, browser.Get(web.AuthorizationURL(none())).Code(t)); again != began {
		t.Errorf("auth_time moved from %d to %d without a sign-in", began, again)
	}
	// Single sign-on into the second client, which needs no consent.
	second.Exchange(browser.Get(second.AuthorizationURL(none())).Code(t)).WantOK(t)
	// Without a session in another browser.
	s.NewBrowser(t).Get(second.AuthorizationURL(none())).WantError(t, oauth.LoginRequired)
}

func TestPromptNoneNeverAsks(t *testing.T) {
	s := start(t)
	web, browser := s.Web(t), s.NewBrowser(t)
	browser.SignIn(web, ada, nil)
	s.Clock.Advance(time.Minute)
	for _, test := range []struct {
		name   string
		change map[string]string
		error  string
	}{
		{"a scope that was not allowed yet", map[string]string{"scope": "openid phone"}, oauth.ConsentRequired},
		{"a sign-in too old", map[string]string{"max_age": "1"}, oauth.LoginRequired},
		{"max_age 0", map[string]string{"max_age": "0"}, oauth.LoginRequired},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.change["prompt"] = "none"
			browser.Get(web.AuthorizationURL(test.change)).WantError(t, test.error)
		})
	}
}

func TestPromptLogin(t *testing.T) {
	s := start(t)
	web, browser := s.Web(t), s.NewBrowser(t)
	began := authTime(t, s, web, browser.SignIn(web, ada, nil))
	s.Clock.Advance(5 * time.Second)
	page := browser.Get(web.AuthorizationURL(map[string]string{"prompt": "login"}))
	if page.URL.Path != "/login" || page.Field("username") != ada {
		t.Fatalf("prompt=login led to %s with the name %q", page.URL.Path, page.Field("username"))
	}
	// To resume without signing in leads back to the sign-in.
	if resumed := browser.Get(s.Issuer + "/authorize/" + handleOf(t, page)); resumed.URL.Path != "/login" {
		t.Errorf("resuming led to %s", resumed.URL)
	}
	if again := authTime(t, s, web, browser.Password(page, ada).Code(t)); again != began+5 {
		t.Errorf("auth_time is %d after %d and 5 seconds", again, began)
	}
}

// A sign-in for one request does not serve the prompt=login of another.
func TestPromptLoginIsPerRequest(t *testing.T) {
	s := start(t)
	web, browser := s.Web(t), s.NewBrowser(t)
	browser.SignIn(web, ada, nil)
	first := browser.Get(web.AuthorizationURL(map[string]string{"prompt": "login"}))
	second := browser.Get(web.AuthorizationURL(map[string]string{"prompt": "login", "state": "two"}))
	browser.Password(first, ada).Code(t)
	if resumed := browser.Get(s.Issuer + "/authorize/" + handleOf(t, second)); resumed.URL.Path != "/login" {
		t.Errorf("the second request went on at %s without its own sign-in", resumed.URL)
	}
}

func TestMaxAge(t *testing.T) {
	zero, ten := 0, 10
	s := start(t,
		storage.Client{
			ID: "zero", TokenEndpointAuthMethod: "none", FirstParty: true, DefaultMaxAge: &zero,
			RedirectURIs: []string{providertest.SPARedirectURI}, GrantTypes: []string{"authorization_code"},
		}, storage.Client{
			ID: "ten", TokenEndpointAuthMethod: "none", FirstParty: true, DefaultMaxAge: &ten,
			RedirectURIs: []string{providertest.SPARedirectURI}, GrantTypes: []string{"authorization_code"},
		})
	for _, test := range []struct {
		name, client, maxAge string
		age                  time.Duration
		asks                 bool
	}{
		{"1 right away", providertest.SPAID, "1", 0, false},
		{"1 after a second", providertest.SPAID, "1", time.Second, false},
		{"1 after two seconds", providertest.SPAID, "1", 2 * time.Second, true},
		{"10000 after an hour", providertest.SPAID, "10000", time.Hour, false},
		{"0 right away", providertest.SPAID, "0", 0, true},
		{"0 later", providertest.SPAID, "0", time.Minute, true},
		{"default of 0", "zero", "", 0, true},
		{"default of 10 in time", "ten", "", 10 * time.Second, false},
		{"default of 10 too late", "ten", "", 11 * time.Second, true},
		{"more than the default", "ten", "60", 11 * time.Second, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			rp, browser := s.RelyingParty(t, test.client, "", providertest.SPARedirectURI), s.NewBrowser(t)
			spa := s.SPA(t)
			began := authTime(t, s, spa, browser.SignIn(spa, ada, nil))
			s.Clock.Advance(test.age)
			page := browser.Get(rp.AuthorizationURL(map[string]string{"max_age": test.maxAge}))
			if asked := page.Has("login-submit"); asked != test.asks {
				t.Fatalf("asked for a sign-in: %t, want %t", asked, test.asks)
			}
			want := began
			if test.asks {
				page = browser.Password(page, ada)
				want += int64(test.age / time.Second)
			}
			if got := authTime(t, s, rp, page.Code(t)); got != want {
				t.Errorf("auth_time %d, want %d", got, want)
			}
		})
	}
}

func TestPromptSelectAccount(t *testing.T) {
	s := start(t)
	web, browser := s.Web(t), s.NewBrowser(t)
	// Without any account there is nothing to choose from.
	page := browser.Get(web.AuthorizationURL(map[string]string{"prompt": "select_account"}))
	if page.URL.Path != "/login" {
		t.Fatalf("led to %s", page.URL)
	}
	adaID := sub(t, s, web, browser.Through(page, ada).Code(t))

	page = browser.Get(web.AuthorizationURL(map[string]string{"prompt": "select_account"}))
	if page.URL.Path != "/select-account" || !page.Has("select-1") || page.Has("select-2") {
		t.Fatalf("with one account: %s\n%s", page.URL, page.Body)
	}
	graceID := sub(t, s, web, browser.Through(browser.Get(page.Link("select-other")), grace).Code(t))
	if adaID == graceID {
		t.Fatal("two people have one sub")
	}

	// Two accounts: the last is the current one, and either can be chosen.
	if got := sub(t, s, web, browser.Get(web.AuthorizationURL(none())).Code(t)); got != graceID {
		t.Errorf("silently answered for %s, want the current account", got)
	}
	for _, want := range []struct{ button, id string }{{"select-2", adaID}, {"select-2", graceID}, {"select-1", graceID}} {
		page = browser.Get(web.AuthorizationURL(map[string]string{"prompt": "select_account"}))
		if got := sub(t, s, web, browser.Press(page, want.button, nil).Code(t)); got != want.id {
			t.Errorf("chose %s and got %s, want %s", want.button, got, want.id)
		}
		if got := sub(t, s, web, browser.Get(web.AuthorizationURL(none())).Code(t)); got != want.id {
			t.Errorf("the account that was chosen is not the current one")
		}
	}
	page = browser.Get(web.AuthorizationURL(map[string]string{"prompt": "select_account"}))
	browser.Press(page, "login-deny", nil).WantError(t, oauth.AccessDenied)
}

func TestPromptsTogether(t *testing.T) {
	s := start(t)
	web, browser := s.Web(t), s.NewBrowser(t)
	browser.SignIn(web, ada, nil)
	page := browser.Get(web.AuthorizationURL(map[string]string{"prompt": "login consent"}))
	if !page.Has("login-submit") {
		t.Fatalf("first came %s", page.URL)
	}
	if page = browser.Password(page, ada); !page.Has("consent-allow") {
		t.Fatalf("then came %s", page.URL)
	}
	browser.Press(page, "consent-allow", nil).Code(t)

	page = browser.Get(web.AuthorizationURL(map[string]string{"prompt": "select_account consent"}))
	if page = browser.Press(page, "select-1", nil); !page.Has("consent-allow") {
		t.Fatalf("after choosing came %s", page.URL)
	}
	browser.Press(page, "consent-allow", nil).Code(t)
}

func TestLoginHintPrefills(t *testing.T) {
	s := start(t)
	web := s.Web(t)
	for name, hint := range map[string]string{"address": ada, "odd characters": `o'brien+"x"@example.com`, "unknown": "nobody@example.com"} {
		t.Run(name, func(t *testing.T) {
			page := s.NewBrowser(t).Get(web.AuthorizationURL(map[string]string{"login_hint": hint}))
			if got := page.Field("username"); got != hint {
				t.Errorf("prefilled with %q", got)
			}
		})
	}
	page := s.NewBrowser(t).Get(web.AuthorizationURL(map[string]string{"login_hint": "x" + strconv.Itoa(1<<30) + string(make([]byte, 400))}))
	if page.Status != 200 || page.Field("username") != "" {
		t.Errorf("a hint that is no address: %d %q", page.Status, page.Field("username"))
	}
}

func TestUILocales(t *testing.T) {
	s := start(t)
	for locales, want := range map[string]string{"de": "de", "de-AT en": "de", "fi de": "de", "en-GB de": "en", "xx": "en", "": "en"} {
		page := s.NewBrowser(t).Get(s.Web(t).AuthorizationURL(map[string]string{"ui_locales": locales}))
		if got := page.Language(); got != want {
			t.Errorf("ui_locales %q shows %q, want %q", locales, got, want)
		}
	}
}

func TestPromptCreate(t *testing.T) {
	s := start(t)
	s.Directus.SetRegistration(directustest.Registration{Open: true})
	web, browser := s.Web(t), s.NewBrowser(t)
	create := map[string]string{"prompt": "create"}
	page := browser.Get(web.AuthorizationURL(create))
	wantScreen(t, page, "/register")
	// Whoever has an account already signs in to it.
	login := browser.Get(s.Issuer + "/login?request=" + handleOf(t, page))
	wantScreen(t, login, "/login")
	browser.Through(login, ada).Code(t)
	// And who is signed in goes on.
	browser.Get(web.AuthorizationURL(create)).Code(t)
	// A sign-in that is asked for besides is one all the same.
	wantScreen(t, browser.Get(web.AuthorizationURL(map[string]string{"prompt": "create login"})), "/login")
	for _, prompt := range []string{"create none", "none create"} {
		browser.Get(web.AuthorizationURL(map[string]string{"prompt": prompt})).WantError(t, oauth.InvalidRequest)
	}
}

// What Directus says of itself can change after discovery was read.
func TestPromptCreateWhileDirectusTakesNobody(t *testing.T) {
	s := start(t)
	web, browser := s.Web(t), s.NewBrowser(t)
	page := browser.Get(web.AuthorizationURL(map[string]string{"prompt": "create"}))
	wantScreen(t, page, "/login")
	browser.Through(page, ada).Code(t)
}

func TestPromptCreateWithoutRegistration(t *testing.T) {
	s := providertest.New(t, providertest.Options{NoRegistration: true})
	s.NewBrowser(t).Get(s.Web(t).AuthorizationURL(map[string]string{"prompt": "create"})).WantError(t, oauth.InvalidRequest)
	if slices.Contains(authorize.Prompts(false), "create") || !slices.Contains(authorize.Prompts(true), "create") {
		t.Error("discovery promises create where nobody can register, or the other way round")
	}
	if slices.Contains(authorize.Prompts(true), string(authorize.PromptEnrolOTP)) {
		t.Error("discovery promises a prompt that no client can ask for")
	}
}
