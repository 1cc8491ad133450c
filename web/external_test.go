package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/provider/providertest"
	"gatehouse/storage"
	"gatehouse/storage/directus/directustest"
)

const upstream = "upstream"

// abroad is a provider whose Directus offers another place to sign in.
type abroad struct {
	*providertest.Server
	rp   *providertest.RelyingParty
	user string
}

func newAbroad(t *testing.T) *abroad {
	t.Helper()
	a := &abroad{Server: providertest.New(t, providertest.Options{ExternalSignIn: true})}
	a.Directus.Offer(storage.ExternalProvider{Name: upstream, Label: "Elsewhere", Driver: "openid"})
	a.user = a.Directus.AddUser(directustest.User{Email: "edsger@example.com", Provider: upstream})
	a.rp = a.Web(t)
	return a
}

// depart presses the button, and returns where Directus is asked to lead back to.
func (a *abroad) depart(t *testing.T, browser *providertest.Browser) *url.URL {
	t.Helper()
	page := browser.Press(browser.Get(a.rp.AuthorizationURL(nil)), "login-external-upstream", nil)
	if page.Left == nil || page.Left.Path != "/auth/login/upstream" {
		t.Fatalf("the button led to %v:\n%s", page.Left, page.Body)
	}
	back, err := url.Parse(page.Left.Query().Get("redirect"))
	if err != nil {
		t.Fatal(err)
	}
	return back
}

func directusCookie(name string, value storage.Secret) []*http.Cookie {
	return []*http.Cookie{{Name: name, Value: value.Reveal(), Path: "/"}}
}

func TestExternalSignIn(t *testing.T) {
	for _, name := range []string{"directus_refresh_token", "directus_session_token"} {
		t.Run(name, func(t *testing.T) {
			a := newAbroad(t)
			browser := a.NewBrowser(t)
			back := a.depart(t, browser)
			made := a.Directus.RefreshCookie
			if name == "directus_session_token" {
				made = a.Directus.SessionCookie
			}
			browser.SetCookies(directusCookie(name, made(a.user)))
			page := browser.Press(browser.Get(back.String()), "consent-allow", nil)
			answer := a.rp.Exchange(page.Code(t))
			if answer.Status != http.StatusOK {
				t.Fatalf("token endpoint: %d %s", answer.Status, answer.Raw)
			}
			claims := a.Verify(t, answer.Text("id_token")).Claims
			if claims["sub"] != a.user || claims["acr"] != "urn:gatehouse:acr:external" || claims["amr"] != nil {
				t.Errorf("claims: %v", claims)
			}
			for _, cookie := range browser.Cookies() {
				if cookie.Name == name {
					t.Error("Directus's cookie stays in the browser")
				}
			}
			if left := a.Directus.Sessions(a.user); left != 0 {
				t.Errorf("%d sessions of Directus live on", left)
			}
			// Coming back once more brings nothing.
			if again := browser.Get(back.String()); again.Has("consent-allow") || again.Left != nil {
				t.Errorf("the address worked twice:\n%s", again.Body)
			}
		})
	}
}

// TestExternalReturnOfAnother: a stranger who has somebody open the end of a
// sign-in that he began must not have him signed in as the stranger.
func TestExternalReturnOfAnother(t *testing.T) {
	for name, prepare := range map[string]func(*testing.T, *abroad, *providertest.Browser) string{
		"never departed": func(t *testing.T, a *abroad, browser *providertest.Browser) string {
			t.Helper()
			back := a.depart(t, a.NewBrowser(t))
			handle := browser.Get(a.rp.AuthorizationURL(nil)).URL.Query().Get("request")
			query := back.Query()
			query.Set("request", handle)
			back.RawQuery = query.Encode()
			return back.String()
		},
		"another state": func(t *testing.T, a *abroad, browser *providertest.Browser) string {
			t.Helper()
			back := a.depart(t, browser)
			query := back.Query()
			query.Set("state", a.depart(t, a.NewBrowser(t)).Query().Get("state"))
			back.RawQuery = query.Encode()
			return back.String()
		},
		"no state": func(t *testing.T, a *abroad, browser *providertest.Browser) string {
			t.Helper()
			back := a.depart(t, browser)
			query := back.Query()
			query.Del("state")
			back.RawQuery = query.Encode()
			return back.String()
		},
		"an earlier departure": func(t *testing.T, a *abroad, browser *providertest.Browser) string {
			t.Helper()
			back := a.depart(t, browser)
			a.depart(t, browser)
			return back.String()
		},
		"too late": func(t *testing.T, a *abroad, browser *providertest.Browser) string {
			t.Helper()
			back := a.depart(t, browser)
			a.Clock.Advance(16 * time.Minute)
			return back.String()
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAbroad(t)
			browser := a.NewBrowser(t)
			back := prepare(t, a, browser)
			browser.SetCookies(directusCookie("directus_refresh_token", a.Directus.RefreshCookie(a.user)))
			page := browser.Get(back)
			if page.Has("consent-allow") || page.Left != nil {
				t.Errorf("signed in: left for %v\n%s", page.Left, page.Body)
			}
			if left := a.Directus.Sessions(a.user); left != 1 {
				t.Errorf("%d sessions of Directus, want the one that is not ours to end", left)
			}
		})
	}
}

func TestExternalSignInRefused(t *testing.T) {
	for name, run := range map[string]struct {
		// reason comes without anything else, as Directus sends it.
		reason  string
		cookies func(*abroad) []*http.Cookie
	}{
		"Directus says why": {"INVALID_PROVIDER", func(*abroad) []*http.Cookie { return nil }},
		"no cookie":         {"", func(*abroad) []*http.Cookie { return nil }},
		"a made-up cookie": {"", func(*abroad) []*http.Cookie {
			return directusCookie("directus_refresh_token", "0123456789012345678901234567890123456789")
		}},
		"a Studio session of somebody else": {"", func(a *abroad) []*http.Cookie {
			return directusCookie("directus_session_token", a.Directus.SessionCookie(a.AddUser("ada@example.com")))
		}},
		"suspended": {"", func(a *abroad) []*http.Cookie {
			cookies := directusCookie("directus_refresh_token", a.Directus.RefreshCookie(a.user))
			a.Directus.SetStatus(a.user, "suspended")
			return cookies
		}},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAbroad(t)
			browser := a.NewBrowser(t)
			back := a.depart(t, browser)
			if run.reason != "" {
				back.RawQuery = url.Values{"reason": {run.reason}}.Encode()
			}
			browser.SetCookies(run.cookies(a))
			page := browser.Get(back.String())
			if page.Status != http.StatusOK || page.URL.Path != "/login" || !page.Has("login-external-upstream") {
				t.Fatalf("%d at %s:\n%s", page.Status, page.URL.Path, page.Body)
			}
			const words = "Signing in with the other provider did not work."
			if !strings.Contains(page.Body, words) || strings.Contains(page.Body, "INVALID_PROVIDER") {
				t.Errorf("the page does not say so in plain words:\n%s", page.Body)
			}
		})
	}
}

func TestExternalFailureOfNobody(t *testing.T) {
	a := newAbroad(t)
	if page := a.NewBrowser(t).Get(a.Issuer + "/login/external/callback?reason=INVALID_CREDENTIALS"); page.Status != http.StatusGone {
		t.Errorf("answered %d:\n%s", page.Status, page.Body)
	}
}

func TestExternalSignInIsHidden(t *testing.T) {
	for name, s := range map[string]*providertest.Server{
		"switched off":            providertest.New(t, providertest.Options{}),
		"Directus offers nothing": providertest.New(t, providertest.Options{ExternalSignIn: true}),
	} {
		t.Run(name, func(t *testing.T) {
			browser := s.NewBrowser(t)
			page := browser.Get(s.Web(t).AuthorizationURL(nil))
			if strings.Contains(page.Body, "login-external") {
				t.Errorf("a button is shown:\n%s", page.Body)
			}
			gone := browser.Post(s.Issuer+"/login/external/upstream?request="+url.QueryEscape(page.URL.Query().Get("request")), nil)
			if gone.Status != http.StatusNotFound {
				t.Errorf("the address answers %d", gone.Status)
			}
		})
	}
}

func TestExternalSignInFromAnotherSite(t *testing.T) {
	a := newAbroad(t)
	browser := a.NewBrowser(t)
	page := browser.Get(a.rp.AuthorizationURL(nil))
	refused := browser.PostFromElsewhere(a.Issuer+"/login/external/upstream?request="+url.QueryEscape(page.URL.Query().Get("request")), nil)
	if refused.Status != http.StatusForbidden {
		t.Errorf("answered %d", refused.Status)
	}
}
