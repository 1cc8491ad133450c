package web_test

import (
	"html/template"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"gatehouse/provider/authorize"
	"gatehouse/provider/event"
	"gatehouse/provider/logout"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

func (h *house) chooser() {
	interaction := h.wait("r1", authorize.PromptSelectAccount)
	interaction.Browser.Sessions = []storage.Session{
		{ID: "session-ada", Subject: "ada"},
		{ID: "session-gone", Subject: "gone"},
		{ID: "session-deleted", Subject: "deleted"},
		{ID: "session-grace", Subject: "grace"},
	}
}

var accountValue = regexp.MustCompile(`id="select-2" type="submit" name="account" value="([^"]+)"`)

func TestSelectAccount(t *testing.T) {
	h := newHouse(t)
	h.chooser()
	page := h.get("/select-account?request=r1")
	h.wantPage(page, http.StatusOK, `id="select-1"`, `id="select-2"`, `id="select-other"`, "Ada Lovelace", otpUser)
	if strings.Contains(page.body, "session-") || strings.Contains(page.body, "gone@") {
		t.Error("the page shows a session id or an account that is not active")
	}
	h.golden("select_account", page)
	chosen := accountValue.FindStringSubmatch(page.body)[1]
	h.wantTo(h.post("/select-account?request=r1", url.Values{"account": {chosen}}), h.server.URL+"/authorize/r1?selected=session-grace")
}

func TestSelectAccountThatIsNotThere(t *testing.T) {
	h := newHouse(t)
	h.chooser()
	for _, value := range []string{"", "session-ada", "nonsense"} {
		h.wantTo(h.post("/select-account?request=r1", url.Values{"account": {value}}), h.server.URL+"/authorize/r1")
	}
	h.wantTo(h.post("/select-account?request=r1", url.Values{"action": {"deny"}}), "https://shop.example/callback?error=access_denied")
}

func TestConsent(t *testing.T) {
	h := newHouse(t)
	h.wait("r1", authorize.PromptConsent)
	page := h.get("/consent?request=r1")
	h.wantPage(page, http.StatusOK, `id="consent-allow"`, `id="consent-deny"`, "shop.example", email,
		"Your email address", "Access to all this while you are away", "orders:read", "Your password")
	h.golden("consent", page)
	h.wantTo(h.post("/consent?request=r1", url.Values{"action": {"allow"}, "digest": {"digest-r1"}}), h.server.URL+"/authorize/r1")
	h.wantTo(h.post("/consent?request=r1", url.Values{"action": {"deny"}}), "https://shop.example/callback?error=access_denied")
}

// Such an app is the person in Directus, whatever scopes it asks for.
func TestConsentOfAnAppThatGetsDirectusTokens(t *testing.T) {
	h := newHouse(t)
	interaction := h.wait("r1", authorize.PromptConsent)
	interaction.Request.Scopes, interaction.Client.DirectusExchange = []string{"openid"}, storage.ExchangeUsers
	page := h.get("/consent?request=r1")
	h.wantPage(page, http.StatusOK, "Everything that this account can see and change", "Your password", "Access after you have signed out")
	for _, untrue := range []string{"Your email address", "Your name and profile", "Your postal address"} {
		if strings.Contains(page.body, untrue) {
			t.Errorf("%q is said to be withheld", untrue)
		}
	}
}

func TestConsentToSomethingElse(t *testing.T) {
	h := newHouse(t)
	h.wait("r1", authorize.PromptConsent)
	for _, digest := range []string{"", "digest-r2"} {
		page := h.post("/consent?request=r1", url.Values{"action": {"allow"}, "digest": {digest}})
		h.wantPage(page, http.StatusOK, "Something changed", "digest-r1")
	}
}

func TestConsentOfAnAppOnTheDevice(t *testing.T) {
	h := newHouse(t)
	h.wait("r1", authorize.PromptConsent).Request.RedirectURI = "com.example.app:/callback"
	page := h.get("/consent?request=r1")
	h.wantPage(page, http.StatusOK, "an app on your device")
	if !strings.Contains(page.Header.Get("Content-Security-Policy"), "form-action 'self' https: com.example.app:;") {
		t.Errorf("policy %q does not let the form end at the app", page.Header.Get("Content-Security-Policy"))
	}
	interaction := h.wait("r2", authorize.PromptConsent)
	interaction.Request.RedirectURI, interaction.Client.ApplicationType = "http://127.0.0.1:41869/callback", "native"
	h.wantPage(h.get("/consent?request=r2"), http.StatusOK, "an app on your device")
}

func TestConsentOfHostileNames(t *testing.T) {
	h := newHouse(t)
	interaction := h.wait("r1", authorize.PromptConsent)
	interaction.Client = storage.Client{
		ID: "shop", Name: `<script>alert(1)</script>`, LogoURI: "javascript:alert(1)", PolicyURI: "javascript:alert(1)",
		TermsOfServiceURI: "data:text/html,x", ClientURI: "https://shop.example;script-src *",
	}
	interaction.Request.Scopes = []string{"openid", `"><img src=x>`}
	page := h.get("/consent?request=r1")
	for _, bad := range []string{"<script>alert", "javascript:", "data:text", "<img"} {
		if strings.Contains(page.body, bad) {
			t.Errorf("the page has %q", bad)
		}
	}
	if strings.Contains(page.Header.Get("Content-Security-Policy"), "*") {
		t.Error("a client wrote into the policy")
	}
}

// page calls a page that is shown by an endpoint of the provider.
func (h *house) page(show func(w http.ResponseWriter, r *http.Request)) answer {
	request := httptest.NewRequestWithContext(h.t.Context(), http.MethodGet, "/anywhere", nil)
	request = request.WithContext(event.WithRequest(request.Context(), event.Request{ID: "request-1"}))
	recorder := httptest.NewRecorder()
	show(recorder, request)
	response := recorder.Result()
	return answer{Response: response, body: recorder.Body.String()}
}

func TestErrorPage(t *testing.T) {
	h := newHouse(t)
	page := h.page(func(w http.ResponseWriter, r *http.Request) {
		h.web.Error(w, r, oauth.NewError(oauth.InvalidRequest, "redirect_uri is not registered for this client"), authorize.StartAgain{ClientName: "Shop", URL: "https://shop.example/"})
	})
	h.wantPage(page, http.StatusBadRequest, "invalid_request", "redirect_uri is not registered", "request-1", "Start again at Shop")
	h.golden("error_request", page)
	page = h.page(func(w http.ResponseWriter, r *http.Request) {
		h.web.Error(w, r, oauth.AsError(errStore), authorize.StartAgain{URL: "javascript:alert(1)"})
	})
	h.wantPage(page, http.StatusInternalServerError, "server_error", "Go back to the app")
	if strings.Contains(page.body, errStore.Error()) || strings.Contains(page.body, "javascript:") {
		t.Error("the page shows the cause, or an address of a script")
	}
	h.wantPage(h.get("/nowhere"), http.StatusNotFound, "not_found")
}

func TestErrorPageKeepsTheHeadersOfTheError(t *testing.T) {
	h := newHouse(t)
	page := h.page(func(w http.ResponseWriter, r *http.Request) {
		h.web.Error(w, r, oauth.NewError(oauth.TemporarilyUnavailable, "").WithHeader("Retry-After", "5"), authorize.StartAgain{})
	})
	h.wantPage(page, http.StatusServiceUnavailable, "temporarily_unavailable", "Signing in is not possible right now")
	if page.Header.Get("Retry-After") != "5" {
		t.Error("no Retry-After")
	}
}

func TestFormPost(t *testing.T) {
	h := newHouse(t)
	page := h.page(func(w http.ResponseWriter, r *http.Request) {
		h.web.FormPost(w, r, "https://shop.example/callback", url.Values{"code": {"abc"}, "state": {`"><script>`}, "iss": {"https://id.acme.example"}})
	})
	h.wantPage(page, http.StatusOK, `action="https://shop.example/callback"`, `name="code" value="abc"`, `id="form-post-submit"`, "/static/submit.")
	if got := page.Header.Get("Content-Security-Policy"); !strings.Contains(got, "form-action 'self' https:;") {
		t.Errorf("policy %q does not let the form go to the client", got)
	}
	if got := page.Header.Get("Referrer-Policy"); got != "strict-origin" {
		t.Errorf("referrer policy %q", got)
	}
	h.golden("form_post", page)
}

// A hybrid answer is long: every part of it is in the form, whole.
func TestFormPostOfTokens(t *testing.T) {
	h := newHouse(t)
	parameters := url.Values{
		"id_token": {strings.Repeat("eyJ-_", 4000)}, "access_token": {strings.Repeat("A.b_c-", 3000)}, "code": {strings.Repeat("c-", 300)},
		"token_type": {"Bearer"}, "expires_in": {"600"}, "state": {strings.Repeat(`s"&`, 1300)}, "iss": {"https://id.acme.example"},
	}
	page := h.page(func(w http.ResponseWriter, r *http.Request) {
		h.web.FormPost(w, r, "https://shop.example/callback", parameters)
	})
	for name, values := range parameters {
		h.wantPage(page, http.StatusOK, `<input type="hidden" name="`+name+`" value="`+template.HTMLEscapeString(values[0])+`">`)
	}
}

// A browser would send the code to us instead: html/template writes #ZgotmplZ for
// such an address.
func TestFormPostGoesToWebAddressesOnly(t *testing.T) {
	h := newHouse(t)
	for _, action := range []string{"com.example.app:/callback", "javascript:alert(1)", "//shop.example/callback", ""} {
		page := h.page(func(w http.ResponseWriter, r *http.Request) {
			h.web.FormPost(w, r, action, url.Values{"code": {"abc123"}})
		})
		h.wantPage(page, http.StatusBadRequest, "invalid_request", "form_post")
		if strings.Contains(page.body, "abc123") || strings.Contains(page.body, "<form") {
			t.Errorf("%s: the page carries the code", action)
		}
	}
}

func TestScreensRefuseOtherMethods(t *testing.T) {
	h := newHouse(t)
	for _, path := range []string{"/login", "/login/otp", "/login/enrol", "/account/one-time-password", "/select-account", "/consent"} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, h.server.URL+path+"?request=r1", nil)
		if err != nil {
			t.Fatal(err)
		}
		page := h.do(request)
		h.wantPage(page, http.StatusMethodNotAllowed, "method_not_allowed", "There is no such page")
		if got := page.Header.Get("Allow"); got != "GET, POST" {
			t.Errorf("%s: Allow %q", path, got)
		}
	}
}

func TestLogoutPages(t *testing.T) {
	h := newHouse(t)
	pages := h.web.LogoutPages()
	confirmation := logout.Confirmation{
		ClientName: "Shop", ClientLogo: "https://shop.example/logo.svg", Subject: "ada", Action: h.server.URL + "/logout",
		Fields: url.Values{"logout": {"sealed"}}, ReturnURL: "https://shop.example/bye?state=1",
	}
	confirm := h.page(func(w http.ResponseWriter, r *http.Request) { pages.Confirm(w, r, confirmation) })
	h.wantPage(confirm, http.StatusOK, `id="logout-confirm"`, `id="logout-cancel"`, `name="cancel"`, email, `value="sealed"`)
	if got := confirm.Header.Get("Content-Security-Policy"); !strings.Contains(got, "form-action 'self' https:;") {
		t.Errorf("policy %q does not let the form end at the client", got)
	}
	h.golden("logout", confirm)

	done := h.page(func(w http.ResponseWriter, r *http.Request) {
		pages.LoggedOut(w, r, logout.Done{ClientName: "Shop", ReturnURL: "https://shop.example/"})
	})
	h.wantPage(done, http.StatusOK, "logged out", "Back to Shop")
	h.golden("logged_out", done)

	kept := h.page(func(w http.ResponseWriter, r *http.Request) { pages.LoggedOut(w, r, logout.Done{Kept: true}) })
	h.wantPage(kept, http.StatusOK, "still signed in")
	if strings.Contains(kept.body, "logged out") {
		t.Error("the page says that the person is logged out")
	}
	h.wantPage(h.page(func(w http.ResponseWriter, r *http.Request) {
		pages.Error(w, r, oauth.NewError(oauth.InvalidRequest, "post_logout_redirect_uri is not registered for this client"))
	}), http.StatusBadRequest, "post_logout_redirect_uri")
}

func TestSigningOutPage(t *testing.T) {
	h := newHouse(t)
	leaving := logout.Leaving{
		Frames: []string{
			"https://shop.example/logout?a=b&iss=https%3A%2F%2Fid.example&sid=s", "https://shop.example/other", "http://127.0.0.1:4000/out",
			"javascript:alert(1)", "https://evil.example;script-src/out",
		},
		Next: "com.example.app:/out?state=1",
	}
	page := h.page(func(w http.ResponseWriter, r *http.Request) { h.web.LogoutPages().SigningOut(w, r, leaving) })
	h.wantPage(page, http.StatusOK,
		`src="https://shop.example/logout?a=b&amp;iss=https%3A%2F%2Fid.example&amp;sid=s"`, `src="http://127.0.0.1:4000/out"`,
		`sandbox="allow-scripts allow-same-origin allow-forms" title="shop.example"`,
		`id="signing-out-continue" href="com.example.app:/out?state=1"`, `http-equiv="refresh" content="6; url=com.example.app:/out?state=1"`)
	if strings.Contains(page.body, "javascript:") || strings.Contains(page.body, "evil.example") {
		t.Error("an address that is none of the web is loaded")
	}
	policy := page.Header.Get("Content-Security-Policy")
	if !strings.HasSuffix(policy, "; frame-src https://shop.example http://127.0.0.1:4000") || strings.Contains(policy, "unsafe") {
		t.Errorf("policy %q", policy)
	}
	h.golden("signing_out", page)
}

func TestLogoutConfirmWhileDirectusIsAway(t *testing.T) {
	h := newHouse(t)
	h.accounts.fail(storage.ErrUnavailable)
	h.wantPage(h.page(func(w http.ResponseWriter, r *http.Request) {
		h.web.LogoutPages().Confirm(w, r, logout.Confirmation{Subject: "ada", Action: "/logout"})
	}), http.StatusOK, `id="logout-confirm"`)
}

// A page that needs nothing of Directus waits for none of its answers.
func TestLogoutConfirmWhileDirectusHangs(t *testing.T) {
	h := newHouse(t)
	h.accounts.hangs.Store(true)
	shown := make(chan answer, 1)
	go func() {
		shown <- h.page(func(w http.ResponseWriter, r *http.Request) {
			h.web.LogoutPages().Confirm(w, r, logout.Confirmation{Subject: "ada", Action: "/logout"})
		})
	}()
	select {
	case page := <-shown:
		h.wantPage(page, http.StatusOK, `id="logout-confirm"`)
	case <-time.After(10 * time.Second):
		t.Fatal("the page waits for Directus")
	}
}

// Whoever signs in sees for which app, and under whose terms.
func TestEveryScreenOfAnAppShowsIt(t *testing.T) {
	h := newHouse(t)
	h.chooser()
	h.wait("r2", authorize.PromptLogin)
	h.wait("r3", authorize.PromptConsent)
	h.post("/login?request=r2", url.Values{"username": {otpUser}, "password": {password}})
	for _, path := range []string{"/select-account?request=r1", "/login?request=r2", "/login/otp?request=r2", "/consent?request=r3"} {
		h.wantPage(h.get(path), http.StatusOK, "Shop", `<img class="tile" src="https://shop.example/logo.svg" alt=""`,
			`<a href="https://shop.example/privacy">Privacy policy</a>`, `<a href="https://shop.example/terms">Terms of service</a>`)
	}
}
