package authorize_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/provider/authorize"
	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage/directus/directustest"
)

// wantOwn fails the test unless the browser came to a page of ours.
func wantOwn(t *testing.T, page *providertest.Page, path string) {
	t.Helper()
	if page.Left != nil || page.URL.Path != path || page.URL.RawQuery != "" {
		t.Errorf("the browser rests at %s (%d), want %s", page.URL, page.Status, path)
	}
}

// wantScreen fails the test at once unless the browser rests at a screen.
func wantScreen(t *testing.T, page *providertest.Page, path string) {
	t.Helper()
	if page.Left != nil || page.URL.Path != path || page.URL.Query().Get("request") == "" {
		t.Fatalf("the browser rests at %s (%d), want the screen %s", page.URL, page.Status, path)
	}
}

func TestOwnRequest(t *testing.T) {
	s := start(t)
	s.Directus.SetProject(directustest.Project{Name: "Acme"})
	browser := s.NewBrowser(t)
	own := s.Own(authorize.OwnRequest{Path: "/account/sessions"})
	login := browser.Get(own)
	wantScreen(t, login, "/login")
	if login.Has("login-deny") || !strings.Contains(login.Body, "Sign in to Acme") {
		t.Errorf("the sign-in does not say what for, or has an app to go back to:\n%s", login.Body)
	}
	wantOwn(t, browser.Password(login, ada), "/account/sessions")
	// Signed in, nothing is asked: never consent, since there is nobody to consent to.
	wantOwn(t, browser.Get(own), "/account/sessions")
	// The request is gone with its answer.
	browser.Get(s.Issuer+"/authorize/"+handleOf(t, login)).WantPage(t, http.StatusBadRequest, oauth.InvalidRequest)
}

func TestOwnRequestFresh(t *testing.T) {
	s := start(t)
	browser := s.NewBrowser(t)
	browser.SignIn(s.Web(t), ada, nil)
	fresh := s.Own(authorize.OwnRequest{Path: "/account/password", Fresh: true})
	first := browser.Get(fresh)
	wantScreen(t, first, "/login")
	if first.Field("username") != ada {
		t.Errorf("the sign-in suggests %q", first.Field("username"))
	}
	// Resuming without signing in leads back, and so does a sign-in for
	// another request.
	second := browser.Get(fresh)
	wantOwn(t, browser.Password(second, ada), "/account/password")
	wantScreen(t, browser.Get(s.Issuer+"/authorize/"+handleOf(t, first)), "/login")
	wantOwn(t, browser.Password(first, ada), "/account/password")
}

func TestOwnRequestOfAnotherUser(t *testing.T) {
	s := start(t)
	adaID, graceID := s.AddUser("ida@example.com"), s.AddUser("gus@example.com")
	browser := s.NewBrowser(t)
	browser.SignIn(s.Web(t), "gus@example.com", nil)
	page := browser.Get(s.Own(authorize.OwnRequest{Path: "/account", Subject: adaID}))
	wantScreen(t, page, "/login")
	// Somebody else's sign-in does not open it.
	wantScreen(t, browser.Password(page, "gus@example.com"), "/login")
	wantOwn(t, browser.Password(page, "ida@example.com"), "/account")
	// Both are signed in now; the page is the one's who was asked for.
	wantOwn(t, browser.Get(s.Own(authorize.OwnRequest{Path: "/account", Subject: graceID})), "/account")
	wantCurrent(t, s, browser, graceID)
	wantOwn(t, browser.Get(s.Own(authorize.OwnRequest{Path: "/account", Subject: adaID})), "/account")
	wantCurrent(t, s, browser, adaID)
}

// wantCurrent fails the test unless the browser is signed in as the user first.
func wantCurrent(t *testing.T, s *providertest.Server, browser *providertest.Browser, subject string) {
	t.Helper()
	held, err := s.Provider.Desk().Browser(browser.Request())
	if err != nil {
		t.Fatal(err)
	}
	if current, ok := held.Current(); !ok || current.Subject != subject {
		t.Errorf("the browser is signed in as %q, want %q", current.Subject, subject)
	}
}

// Somebody could start a request, have a victim sign in to it, and go on
// himself.
func TestOwnRequestBelongsToItsBrowser(t *testing.T) {
	s := start(t)
	attacker, victim := s.NewBrowser(t), s.NewBrowser(t)
	page := attacker.Get(s.Own(authorize.OwnRequest{Path: "/account"}))
	opened := victim.Get(page.URL.String())
	opened.WantPage(t, http.StatusForbidden, "other_browser")
	if again := opened.Link("start-again"); again != s.Issuer+"/account" {
		t.Errorf("the way on is %q", again)
	}
	victim.Get(s.Issuer+"/authorize/"+handleOf(t, page)).WantPage(t, http.StatusBadRequest, oauth.InvalidRequest)
	posted := victim.Post(page.URL.String(), map[string][]string{"username": {ada}, "password": {providertest.Password}})
	posted.WantPage(t, http.StatusForbidden, "other_browser")
	wantScreen(t, attacker.Get(s.Issuer+"/authorize/"+handleOf(t, page)), "/login")
}

func TestOwnRequestExpires(t *testing.T) {
	s := start(t)
	browser := s.NewBrowser(t)
	page := browser.Get(s.Own(authorize.OwnRequest{Path: "/account"}))
	s.Clock.Advance(providertest.RequestLifetime + time.Second)
	expired := browser.Get(page.URL.String())
	expired.WantPage(t, http.StatusGone, "request_expired")
	if again := expired.Link("start-again"); again != s.Issuer+"/account" {
		t.Errorf("the way on is %q", again)
	}
}

func TestOwnRequestPaths(t *testing.T) {
	s := start(t)
	browser := s.NewBrowser(t)
	for _, path := range []string{"/account", "/account/one-time-password", "/account/picture/0123"} {
		wantScreen(t, browser.Get(s.Own(authorize.OwnRequest{Path: path})), "/login")
	}
	for _, path := range []string{
		"", "/", "account", "/accounts", "/account/", "/account/../token", "/account//evil.example", "//evil.example/account",
		"https://evil.example/account", "/account?next=https://evil.example", "/account#x", `/account\evil`, "/account/%2e%2e",
		"/login", "/account/\r\nSet-Cookie: a=b",
	} {
		page := browser.Step(http.MethodGet, s.Own(authorize.OwnRequest{Path: path}), nil)
		if page.Status != http.StatusInternalServerError || page.Header.Get("Location") != "" {
			t.Errorf("a sign-in may lead to %q: %d to %q", path, page.Status, page.Header.Get("Location"))
		}
	}
}

// A page of any site could otherwise have its visitors fill the store.
func TestOwnRequestUnseen(t *testing.T) {
	s := start(t)
	for _, destination := range []string{"image", "iframe", "empty"} {
		answer := s.Send(t, http.MethodGet, strings.TrimPrefix(s.Own(authorize.OwnRequest{Path: "/account"}), s.Issuer), nil,
			http.Header{"Sec-Fetch-Dest": {destination}})
		answer.WantError(t, http.StatusBadRequest, oauth.InteractionRequired)
	}
	for record, err := range s.Store.AuthorizationRequests.All(t.Context()) {
		t.Errorf("a request was kept: %v %v", record, err)
	}
}

func TestOwnRequestFlood(t *testing.T) {
	s := start(t)
	browser := s.NewBrowser(t)
	status := 0
	for range 150 {
		page := browser.Step(http.MethodGet, s.Own(authorize.OwnRequest{Path: "/account"}), nil)
		if status = page.Status; status != http.StatusSeeOther {
			break
		}
	}
	if status != http.StatusTooManyRequests {
		t.Errorf("a flood ended in %d", status)
	}
}

// Saying no leads to a page and not back to the question.
func TestOwnRequestDenied(t *testing.T) {
	s := start(t)
	browser := s.NewBrowser(t)
	page := browser.Get(s.Own(authorize.OwnRequest{Path: "/account/apps"}))
	denied := browser.Post(page.URL.String(), map[string][]string{"action": {"deny"}})
	denied.WantPage(t, http.StatusBadRequest, oauth.AccessDenied)
	if again := denied.Link("start-again"); again != s.Issuer+"/account" {
		t.Errorf("the way on is %q", again)
	}
	browser.Get(page.URL.String()).WantPage(t, http.StatusGone, "request_expired")
}

// A user who may not sign in any more does not get to his pages either.
func TestOwnRequestOfSuspendedUser(t *testing.T) {
	s := start(t)
	id := s.AddUser("ida@example.com")
	browser := s.NewBrowser(t)
	own := s.Own(authorize.OwnRequest{Path: "/account"})
	wantOwn(t, browser.Password(browser.Get(own), "ida@example.com"), "/account")
	s.Directus.SetStatus(id, "suspended")
	s.Clock.Advance(2 * providertest.Staleness)
	wantScreen(t, browser.Get(own), "/login")
}
