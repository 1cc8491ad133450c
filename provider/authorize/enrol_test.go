package authorize_test

import (
	"errors"
	"net/http"
	"testing"

	"gatehouse/provider/authorize"
	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
	"gatehouse/storage/directus/directustest"
)

const ida = "ida@example.com"

// addEnforced adds a user of whom a policy demands a one-time password that she
// does not have yet.
func addEnforced(s *providertest.Server) {
	s.Directus.AddUser(directustest.User{Email: ida, Password: providertest.Password, EnforceTFA: true})
}

// enrolled notes that the user of the browser has a one-time password now.
func enrolled(t *testing.T, s *providertest.Server, browser *providertest.Browser) error {
	t.Helper()
	desk := s.Provider.Desk()
	held, err := desk.Browser(browser.Request())
	if err != nil {
		t.Fatal(err)
	}
	current, ok := held.Current()
	if !ok {
		t.Fatal("nobody is signed in")
	}
	return desk.SetOTP(t.Context(), held, current.ID, true)
}

func TestEnrolmentComesFirst(t *testing.T) {
	s := start(t)
	addEnforced(s)
	web, second, browser := s.Web(t), s.Second(t), s.NewBrowser(t)
	page := browser.Password(browser.Get(web.AuthorizationURL(nil)), ida)
	wantScreen(t, page, "/login/enrol")
	handle := handleOf(t, page)
	// Neither resuming nor another screen nor another app leads past it.
	wantScreen(t, browser.Get(s.Issuer+"/authorize/"+handle), "/login/enrol")
	wantScreen(t, browser.Get(s.Issuer+"/consent?request="+handle), "/login/enrol")
	wantScreen(t, browser.Get(second.AuthorizationURL(nil)), "/login/enrol")
	wantScreen(t, browser.Get(s.Own(authorize.OwnRequest{Path: "/account"})), "/login/enrol")
	for _, rp := range []*providertest.RelyingParty{web, second} {
		browser.Get(rp.AuthorizationURL(none())).WantError(t, oauth.InteractionRequired)
	}
	if err := enrolled(t, s, browser); err != nil {
		t.Fatal(err)
	}
	// Consent comes after it, and the tokens tell.
	code := browser.Press(browser.Get(s.Issuer+"/authorize/"+handle), "consent-allow", nil).Code(t)
	claims := s.Verify(t, web.Exchange(code).WantOK(t).Text("id_token")).Claims
	if claims["acr"] != "urn:gatehouse:acr:otp" {
		t.Errorf("the ID token says acr %v", claims["acr"])
	}
	browser.Get(second.AuthorizationURL(none())).Code(t)
}

// Signing in once more does not get around it, nor does the person's saying no
// leave anything behind.
func TestEnrolmentIsNotAvoided(t *testing.T) {
	s := start(t)
	addEnforced(s)
	web, browser := s.Web(t), s.NewBrowser(t)
	page := browser.Password(browser.Get(web.AuthorizationURL(nil)), ida)
	again := browser.Get(s.Issuer + "/login?other=1&request=" + handleOf(t, page))
	page = browser.Password(again, ida)
	wantScreen(t, page, "/login/enrol")
	// Another account of the browser is free to go on.
	other := browser.Password(browser.Get(s.Issuer+"/login?other=1&request="+handleOf(t, page)), ada)
	wantScreen(t, other, "/consent")

	page = browser.Password(browser.Get(web.AuthorizationURL(map[string]string{"prompt": "login"})), ida)
	wantScreen(t, page, "/login/enrol")
	browser.Post(page.URL.String(), map[string][]string{"action": {"deny"}}).WantError(t, oauth.AccessDenied)
	browser.Get(web.AuthorizationURL(map[string]string{"prompt": "none"})).WantError(t, oauth.InteractionRequired)
}

// What one browser proved does not count in another.
func TestEnrolmentBelongsToItsBrowser(t *testing.T) {
	s := start(t)
	addEnforced(s)
	web, here, elsewhere := s.Web(t), s.NewBrowser(t), s.NewBrowser(t)
	page := here.Password(here.Get(web.AuthorizationURL(nil)), ida)
	other := elsewhere.Password(elsewhere.Get(web.AuthorizationURL(nil)), ida)
	wantScreen(t, page, "/login/enrol")
	wantScreen(t, other, "/login/enrol")
	elsewhere.Get(page.URL.String()).WantPage(t, http.StatusForbidden, "other_browser")
	if err := enrolled(t, s, here); err != nil {
		t.Fatal(err)
	}
	wantScreen(t, here.Get(page.URL.String()), "/consent")
	wantScreen(t, elsewhere.Get(other.URL.String()), "/login/enrol")
	// Nor can a session be named that this browser does not hold.
	desk := s.Provider.Desk()
	held, err := desk.Browser(elsewhere.Request())
	if err != nil {
		t.Fatal(err)
	}
	mine, err := desk.Browser(here.Request())
	if err != nil {
		t.Fatal(err)
	}
	current, _ := mine.Current()
	wantNotFound(t, desk.SetOTP(t.Context(), held, current.ID, false))
	if reread, err := s.Store.Sessions.Get(t.Context(), current.ID); err != nil || reread.Value.ACR != "urn:gatehouse:acr:otp" {
		t.Errorf("the other browser's session changed: %v %v", reread, err)
	}
}

func wantNotFound(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("the error is %v, want that there is no such thing", err)
	}
}
