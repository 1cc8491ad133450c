package authorize_test

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
)

func TestResponseModes(t *testing.T) {
	s := start(t)
	web, browser := s.Web(t), s.NewBrowser(t)
	browser.SignIn(web, ada, nil)
	for _, mode := range []string{"", "query", "fragment", "form_post"} {
		t.Run("success by "+mode, func(t *testing.T) {
			page := browser.Get(web.AuthorizationURL(map[string]string{"response_mode": mode, "prompt": "none"}))
			got := page.Delivered(t)
			if got.Mode != cmp.Or(mode, "query") {
				t.Errorf("the code went by %s", got.Mode)
			}
			if got.Parameters.Get("iss") != s.Issuer || got.Parameters.Get("state") != "state-web" || len(got.Parameters) != 3 {
				t.Errorf("the client got %v", got.Parameters)
			}
			if page.Header.Get("Cache-Control") != "no-store" || page.Header.Get("Referrer-Policy") == "" {
				t.Errorf("an answer with a code in it has the headers %v", page.Header)
			}
			if got.Mode == "form_post" && (page.Status != http.StatusOK || page.Left != nil || got.Address != web.RedirectURI) {
				t.Errorf("form_post answered %d to %s", page.Status, got.Address)
			}
			if got.Mode != "form_post" && page.Status != http.StatusSeeOther {
				t.Errorf("the redirect has status %d", page.Status)
			}
			web.Exchange(got.Parameters.Get("code")).WantOK(t)
		})
		t.Run("login_required by "+mode, func(t *testing.T) {
			got := s.NewBrowser(t).Get(web.AuthorizationURL(map[string]string{"response_mode": mode, "prompt": "none"})).Delivered(t)
			wantRefusal(t, s, got, mode, web, oauth.LoginRequired, "state-web")
		})
		t.Run("access_denied at sign-in by "+mode, func(t *testing.T) {
			b := s.NewBrowser(t)
			page := b.Get(web.AuthorizationURL(map[string]string{"response_mode": mode}))
			wantRefusal(t, s, b.Press(page, "login-deny", nil).Delivered(t), mode, web, oauth.AccessDenied, "state-web")
		})
		t.Run("access_denied at consent by "+mode, func(t *testing.T) {
			b := s.NewBrowser(t)
			page := b.Password(b.Get(web.AuthorizationURL(map[string]string{"response_mode": mode, "prompt": "consent"})), grace)
			wantRefusal(t, s, b.Press(page, "consent-deny", nil).Delivered(t), mode, web, oauth.AccessDenied, "state-web")
		})
	}
}

// OAuth 2.0 Multiple Response Types, section 2.1: a code must not go by a way that
// was not asked for.
func TestUnknownResponseModeIsRefused(t *testing.T) {
	s := start(t)
	web, browser := s.Web(t), s.NewBrowser(t)
	browser.SignIn(web, ada, nil)
	for _, modes := range [][]string{{"jwt"}, {"query.jwt"}, {"web_message"}, {"FORM_POST"}, {"query", "query"}, {"fragment", "query"}} {
		t.Run(strings.Join(modes, " and "), func(t *testing.T) {
			parameters := web.Parameters(none())
			parameters["response_mode"] = modes
			got := browser.Get(s.Issuer + "/authorize?" + parameters.Encode()).Delivered(t)
			wantRefusal(t, s, got, "query", web, oauth.InvalidRequest, "state-web")
		})
	}
}

func TestStateSurvives(t *testing.T) {
	s := start(t)
	web, browser := s.Web(t), s.NewBrowser(t)
	browser.SignIn(web, ada, nil)
	odd := `a b+c%20d&e=f#g?h/"'<script>\ü€😀` + "\t\r\n\x00\x7f"
	for name, state := range map[string]string{
		"128 characters": strings.Repeat("aB3-", 32), "384 characters": strings.Repeat("_~.z", 96), "odd characters": odd, "one character": "0",
	} {
		for _, mode := range []string{"query", "fragment", "form_post"} {
			t.Run(name+" by "+mode, func(t *testing.T) {
				// HTML forms turn every line break into CR LF, and drop NUL.
				if mode == "form_post" {
					state = strings.NewReplacer("\r", "", "\n", "", "\x00", "").Replace(state)
				}
				change := map[string]string{"response_mode": mode, "state": state, "prompt": "none"}
				if got := browser.Get(web.AuthorizationURL(change)).Sent(t).Get("state"); got != state {
					t.Errorf("state came back as %q", got)
				}
				if got := s.NewBrowser(t).Get(web.AuthorizationURL(change)).Sent(t).Get("state"); got != state {
					t.Errorf("state came back with the error as %q", got)
				}
				// And through the screens.
				delete(change, "prompt")
				b := s.NewBrowser(t)
				if got := b.Press(b.Get(web.AuthorizationURL(change)), "login-deny", nil).Sent(t).Get("state"); got != state {
					t.Errorf("state came back from the screens as %q", got)
				}
			})
		}
	}
}

// A client that sent no state gets none, not even an empty one.
func TestNoStateIsMadeUp(t *testing.T) {
	s := start(t)
	web, browser := s.Web(t), s.NewBrowser(t)
	browser.SignIn(web, ada, nil)
	change := map[string]string{"state": "", "prompt": "none"}
	for name, page := range map[string]*providertest.Page{
		"code": browser.Get(web.AuthorizationURL(change)), "error": s.NewBrowser(t).Get(web.AuthorizationURL(change)),
	} {
		if sent := page.Sent(t); sent.Has("state") {
			t.Errorf("%s: the client got %v", name, sent)
		}
	}
}

// RFC 6749, section 3.1.2: the query of a redirect_uri is kept.
func TestRedirectURIWithQuerySurvivesToTheLetter(t *testing.T) {
	s := start(t)
	rp, browser := s.RelyingParty(t, providertest.WebID, providertest.WebSecret, providertest.WebQueryURI), s.NewBrowser(t)
	code := browser.SignIn(rp, ada, nil)
	rp.Exchange(code).WantOK(t)
	for mode, begins := range map[string]string{"query": providertest.WebQueryURI + "&", "fragment": providertest.WebQueryURI + "#", "form_post": providertest.WebQueryURI} {
		got := browser.Get(rp.AuthorizationURL(map[string]string{"response_mode": mode, "prompt": "none"})).Delivered(t)
		if !strings.HasPrefix(got.Address, begins) {
			t.Errorf("%s went to %s", mode, got.Address)
		}
	}
}

// RFC 8252, sections 7.1 and 7.3.
func TestNativeRedirectURIs(t *testing.T) {
	s := start(t)
	for _, test := range []struct {
		uri  string
		good bool
	}{
		{"http://127.0.0.1/callback", true},
		{"http://127.0.0.1:51004/callback", true},
		{"http://127.0.0.1:1/callback", true},
		{"com.example.app:/callback", true},
		{"http://127.0.0.1:51004/other", false},
		{"http://127.0.0.1:51004/callback?x=1", false},
		{"http://127.0.0.1:99999/callback", false},
		{"http://127.0.0.1:/callback", false},
		{"http://127.0.0.1:8@evil.example/callback", false},
		{"http://localhost:51004/callback", false},
		{"http://[::1]:51004/callback", false},
		{"http://127.0.0.2:51004/callback", false},
		{"https://127.0.0.1:51004/callback", false},
		{"com.example.app://callback", false},
		{"com.example.app:/other", false},
	} {
		t.Run(test.uri, func(t *testing.T) {
			rp, browser := s.RelyingParty(t, providertest.NativeID, "", test.uri), s.NewBrowser(t)
			if !test.good {
				browser.Get(rp.AuthorizationURL(nil)).WantPage(t, http.StatusBadRequest, oauth.InvalidRequest)
				return
			}
			page := browser.Through(browser.Get(rp.AuthorizationURL(nil)), ada)
			if !strings.HasPrefix(page.Delivered(t).Address, test.uri+"?") {
				t.Errorf("the code went to %s", page.Left)
			}
			rp.Exchange(page.Code(t)).WantOK(t)
		})
	}
}

// A form cannot be posted to an app's own scheme.
func TestFormPostNeedsAWebAddress(t *testing.T) {
	s := start(t)
	rp := s.RelyingParty(t, providertest.NativeID, "", providertest.NativeScheme)
	got := s.NewBrowser(t).Get(rp.AuthorizationURL(map[string]string{"response_mode": "form_post"})).Delivered(t)
	wantRefusal(t, s, got, "query", rp, oauth.InvalidRequest, "state-native")
}

func TestPostIsAsGoodAsGet(t *testing.T) {
	s := start(t)
	web, browser := s.Web(t), s.NewBrowser(t)
	// A stranger's browser, from another site: sign-in and consent.
	page := browser.PostFromElsewhere(s.Issuer+"/authorize", web.Parameters(nil))
	if page.URL.Path != "/login" {
		t.Fatalf("a POST led to %s", page.URL)
	}
	web.Exchange(browser.Through(page, ada).Code(t)).WantOK(t)
	// A signed-in browser: silent, although the POST carried no cookie.
	got := browser.PostFromElsewhere(s.Issuer+"/authorize", web.Parameters(map[string]string{"prompt": "none", "response_mode": "fragment"})).Delivered(t)
	if got.Mode != "fragment" || got.Parameters.Get("code") == "" || got.Parameters.Get("state") != "state-web" {
		t.Errorf("the client got %v by %s", got.Parameters, got.Mode)
	}
	// Errors too.
	page = s.NewBrowser(t).PostFromElsewhere(s.Issuer+"/authorize", web.Parameters(none()))
	wantRefusal(t, s, page.Delivered(t), "query", web, oauth.LoginRequired, "state-web")
}

func TestPostIsSavedAndRedirected(t *testing.T) {
	s := start(t)
	page := s.NewBrowser(t).Step(http.MethodPost, s.Issuer+"/authorize", s.Web(t).Parameters(none()))
	location, err := url.Parse(page.Header.Get("Location"))
	if err != nil || page.Status != http.StatusSeeOther || !strings.HasPrefix(location.String(), s.Issuer+"/authorize/") || location.RawQuery != "" {
		t.Errorf("a POST answered %d %s", page.Status, location)
	}
}

func TestOtherMethodsAreRefused(t *testing.T) {
	s := start(t)
	query := "/authorize?" + s.Web(t).Parameters(nil).Encode()
	for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions} {
		if answer := s.Send(t, method, query, nil, nil); answer.Status != http.StatusMethodNotAllowed {
			t.Errorf("%s answered %d", method, answer.Status)
		}
	}
}

// What an app calls itself, and what strangers type, is text.
func TestPagesEscape(t *testing.T) {
	const name = `<script>alert("x")</script>`
	s := start(t, storage.Client{
		ID: "mean", Name: name, TokenEndpointAuthMethod: "none",
		RedirectURIs: []string{providertest.SPARedirectURI}, GrantTypes: []string{"authorization_code"},
	})
	rp, browser := s.RelyingParty(t, "mean", "", providertest.SPARedirectURI), s.NewBrowser(t)
	page := browser.Get(rp.AuthorizationURL(map[string]string{"login_hint": `"><script>alert(1)</script>`}))
	if strings.Contains(page.Body, "<script>alert") {
		t.Error("the sign-in page lets script in")
	}
	if page = browser.Password(page, ada); !page.Has("consent-allow") || strings.Contains(page.Body, "<script>alert") {
		t.Error("the consent page lets script in")
	}
}
