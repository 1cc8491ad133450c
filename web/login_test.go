package web_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/provider/authorize"
	"gatehouse/provider/event"
	"gatehouse/provider/session"
	"gatehouse/storage"
	"gatehouse/web"
)

func TestLoginPage(t *testing.T) {
	h := newHouse(t)
	page := h.get("/login?request=r1")
	h.wantPage(page, http.StatusOK, "Sign in to Shop", "https://shop.example/logo.svg", "https://shop.example/privacy", "https://shop.example/terms")
	for _, id := range []string{"username", "password", "remember", "login-submit", "login-deny"} {
		if strings.Count(page.body, `id="`+id+`"`) != 1 {
			t.Errorf("id %q is not there exactly once", id)
		}
	}
	h.golden("login", page)
}

func TestLoginPrefill(t *testing.T) {
	ada := storage.Session{ID: "session-ada", Subject: "ada"}
	for name, test := range map[string]struct {
		change func(*authorize.Interaction)
		query  string
		want   string
	}{
		"nobody known": {want: ""},
		"login_hint":   {change: func(i *authorize.Interaction) { i.Request.LoginHint = "bob@example.com" }, want: "bob@example.com"},
		"signed in":    {change: func(i *authorize.Interaction) { i.Browser.Sessions = []storage.Session{ada} }, want: email},
		"hint beats another account": {change: func(i *authorize.Interaction) {
			i.Request.LoginHint, i.Browser.Sessions = "bob@example.com", []storage.Session{ada}
		}, want: "bob@example.com"},
		"the client wants one of the accounts": {change: func(i *authorize.Interaction) {
			i.Wanted, i.Browser.Sessions = &ada, []storage.Session{{ID: "s2", Subject: "grace"}, ada}
		}, want: email},
		"another account": {change: func(i *authorize.Interaction) { i.Browser.Sessions = []storage.Session{ada} }, query: "&other=1", want: ""},
		"hint of markup":  {change: func(i *authorize.Interaction) { i.Request.LoginHint = `"><script>` }, want: "&#34;&gt;&lt;script&gt;"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			interaction := h.wait("r1", authorize.PromptLogin)
			if test.change != nil {
				test.change(interaction)
			}
			h.wantPage(h.get("/login?request=r1"+test.query), http.StatusOK, `name="username" type="text" value="`+test.want+`"`)
		})
	}
}

func TestLoginAgainGolden(t *testing.T) {
	h := newHouse(t)
	h.wait("r1", authorize.PromptLogin).Browser.Sessions = []storage.Session{{ID: "session-ada", Subject: "ada"}}
	h.golden("login_again", h.get("/login?request=r1"))
}

// Where the app asks for the one-time password, the page says so.
func TestLoginForAStepUp(t *testing.T) {
	h := newHouse(t)
	interaction := h.wait("r1", authorize.PromptLogin)
	interaction.Browser.Sessions, interaction.StepUp = []storage.Session{{ID: "session-ada", Subject: "ada"}}, true
	h.golden("login_step_up", h.get("/login?request=r1"))
	if page := h.get("/login?request=r1&other=1"); strings.Contains(page.body, "one‑time password") {
		t.Error("somebody else is asked for it as well")
	}
}

func TestLoginSucceeds(t *testing.T) {
	h := newHouse(t)
	answer := h.post("/login?request=r1", url.Values{"username": {" Ada@Example.com "}, "password": {password}, "remember": {"1"}})
	h.wantTo(answer, h.server.URL+"/authorize/r1")
	want := []session.SignIn{{Subject: "ada", Began: h.clock.Now(), ACR: "urn:gatehouse:acr:password", AMR: []string{"pwd"}, Remember: true, Seen: storage.Sight(storage.Account{Email: "ada@example.com"})}}
	if diff := cmp.Diff(want, h.interactions.signIns); diff != "" {
		t.Errorf("sign-in (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]event.Name{event.SignInSucceeded}, h.events.names()); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestLoginRefusedInTheSameWords(t *testing.T) {
	h := newHouse(t)
	page := h.signIn(email, "wrong")
	h.wantPage(page, http.StatusOK, "We could not sign you in", `role="alert"`, `value="ada@example.com"`)
	h.golden("login_refused", page)
	for name, form := range map[string][2]string{
		"unknown":                   {"eve@example.com", password},
		"suspended":                 {"gone@example.com", password},
		"suspended, wrong password": {"gone@example.com", "wrong"},
		"with OTP, wrong password":  {"grace@example.com", "wrong"},
	} {
		t.Run(name, func(t *testing.T) {
			other := h.signIn(form[0], form[1])
			if diff := cmp.Diff(page.body, strings.ReplaceAll(other.body, form[0], email)); diff != "" {
				t.Errorf("page differs from that of a wrong password:\n%s", diff)
			}
			if other.StatusCode != page.StatusCode {
				t.Errorf("status %d, want %d", other.StatusCode, page.StatusCode)
			}
		})
	}
}

func TestLoginFields(t *testing.T) {
	for name, test := range map[string]struct {
		email, password string
		words           string
		asked           int
	}{
		"no e-mail":                   {"", password, "Enter your email address.", 0},
		"no password":                 {email, "", "Enter your password.", 0},
		"no address":                  {"ada", password, "like name@example.com", 0},
		"too long":                    {strings.Repeat("a", 300) + "@example.com", password, "like name@example.com", 0},
		"address refused by Directus": {"ada@host.local", password, "like name@example.com", 1},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.wantPage(h.signIn(test.email, test.password), http.StatusOK, test.words, `aria-invalid="true"`)
			if asked := h.accounts.asked(); asked != test.asked {
				t.Errorf("Directus was asked %d times, want %d", asked, test.asked)
			}
		})
	}
	h := newHouse(t)
	h.golden("login_empty", h.signIn("", ""))
}

func TestLoginNeverShowsThePassword(t *testing.T) {
	h := newHouse(t)
	const secret = "s3cret-value-of-somebody"
	pages := []answer{h.signIn(email, secret), h.signIn("", secret), h.signIn("x", secret)}
	h.accounts.fail(storage.ErrUnavailable)
	pages = append(pages, h.signIn(email, secret))
	for _, page := range pages {
		if strings.Contains(page.body, secret) || strings.Contains(fmt.Sprint(page.Header), secret) {
			t.Errorf("the answer repeats the password:\n%s", page.body)
		}
	}
	if strings.Contains(fmt.Sprintf("%+v", h.events.all), secret) {
		t.Errorf("an event carries the password: %+v", h.events.all)
	}
}

func TestLoginWhileDirectusIsAway(t *testing.T) {
	h := newHouse(t)
	h.accounts.fail(storage.ErrUnavailable)
	page := h.signIn(email, password)
	h.wantPage(page, http.StatusServiceUnavailable, "temporarily_unavailable", "Try again", "request-1")
	if page.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	h.golden("unavailable", page)
	h.accounts.fail(storage.ErrRestricted)
	h.wantPage(h.signIn(email, password), http.StatusOK, "Nobody can sign in")
}

func TestLoginDeny(t *testing.T) {
	h := newHouse(t)
	h.wantTo(h.post("/login?request=r1", url.Values{"action": {"deny"}}), "https://shop.example/callback?error=access_denied")
	if h.interactions.denied != 1 || h.accounts.asked() != 0 {
		t.Error("deny went another way than the response writer")
	}
}

func TestScreensLeadBackToThePolicy(t *testing.T) {
	for path, next := range map[string]authorize.Prompt{
		"/login": authorize.PromptConsent, "/select-account": authorize.PromptLogin,
		"/consent": authorize.PromptLogin, "/login/otp": authorize.PromptNone,
	} {
		h := newHouse(t)
		h.wait("r1", next)
		h.wantTo(h.get(path+"?request=r1"), h.server.URL+"/authorize/r1")
	}
}

func TestScreensBelowAPath(t *testing.T) {
	h := newHouse(t, func(c *web.Config) { c.Issuer += "/base" })
	h.wantPage(h.get("/login?request=r1"), http.StatusOK, `href="/base/static/gatehouse.`)
	h.wantTo(h.signIn("grace@example.com", password), "/base/login/otp?request=r1")
}

func TestRequestThatCannotGoOn(t *testing.T) {
	for name, test := range map[string]struct {
		failure error
		status  int
		words   []string
	}{
		"expired":       {authorize.ErrExpired, http.StatusGone, []string{"request_expired", "Start again at Shop", "https://shop.example/"}},
		"other_browser": {authorize.ErrOtherBrowser, http.StatusForbidden, []string{"other_browser", "Start again at Shop", "another browser"}},
		"store away":    {errStore, http.StatusInternalServerError, []string{"server_error", "request-1"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.interactions.failure = test.failure
			for _, path := range []string{"/login", "/login/otp", "/select-account", "/consent"} {
				page := h.get(path + "?request=r1")
				h.wantPage(page, test.status, test.words...)
				h.wantPage(h.post(path+"?request=r1", nil), test.status, test.words...)
				if strings.Contains(page.body, errStore.Error()) {
					t.Error("the page tells the cause")
				}
				if !errors.Is(test.failure, errStore) {
					h.golden("error_"+name, page)
				}
			}
		})
	}
}

func TestRequestMissing(t *testing.T) {
	h := newHouse(t)
	h.wantPage(h.get("/login"), http.StatusGone, "request_expired", "Go back to the app")
}
