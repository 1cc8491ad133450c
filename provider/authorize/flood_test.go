package authorize_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
)

// Anybody may start requests; nobody may fill the store with them.
func TestOneNetworkCannotKeepStartingRequests(t *testing.T) {
	s := providertest.New(t, providertest.Options{})
	rp, browser := s.Web(t), s.NewBrowser(t)
	refused := 0
	for range 150 {
		if page := browser.Get(rp.AuthorizationURL(nil)); page.Status == http.StatusTooManyRequests {
			refused++
		} else if !page.Has("login-submit") {
			t.Fatalf("neither served nor refused: %d\n%s", page.Status, page.Body)
		}
	}
	if refused == 0 {
		t.Error("150 waiting requests at once were all kept")
	}
	s.Clock.Advance(time.Minute)
	if page := browser.Get(rp.AuthorizationURL(nil)); !page.Has("login-submit") {
		t.Errorf("after a minute: %d", page.Status)
	}
}

func TestRequestThatNobodySeesIsAnsweredAndNotKept(t *testing.T) {
	s := providertest.New(t, providertest.Options{})
	rp := s.Web(t)
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		for destination, kept := range map[string]bool{"image": false, "iframe": false, "empty": false, "document": true} {
			address, body := rp.AuthorizationURL(nil), ""
			if method == http.MethodPost {
				address, body = s.Issuer+"/authorize", rp.Parameters(nil).Encode()
			}
			r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Sec-Fetch-Dest", destination)
			answer := s.Do(t, r)
			location := answer.Header.Get("Location")
			if got := strings.HasPrefix(location, s.Issuer); got != kept || len(answer.Header.Values("Set-Cookie")) > 0 != kept {
				t.Errorf("%s for %s: sent to %s", method, destination, location)
			}
			if !kept && !strings.Contains(location, "error="+oauth.LoginRequired) && !strings.Contains(location, "error="+oauth.InteractionRequired) {
				t.Errorf("%s for %s: the client is told %s", method, destination, location)
			}
		}
	}
}

func TestAccountThatWasChosenAndEndedIsNotReplaced(t *testing.T) {
	s := providertest.New(t, providertest.Options{})
	s.AddUser("ada@example.com")
	bob := s.AddUser("bob@example.com")
	rp, browser := s.Second(t), s.NewBrowser(t) // a first-party client: it would get a code at once
	browser.SignIn(rp, "ada@example.com", nil)
	browser.SignIn(rp, "bob@example.com", map[string]string{"prompt": "login"})

	page := browser.Get(rp.AuthorizationURL(map[string]string{"prompt": "select_account consent"}))
	page = browser.Press(page, "select-1", nil) // bob, who is current
	if !page.Has("consent-allow") {
		t.Fatalf("no consent was asked for at %s", page.URL)
	}
	if err := s.Provider.EndUser(t.Context(), bob, "test"); err != nil {
		t.Fatal(err)
	}
	page = browser.Press(page, "consent-allow", nil)
	if page.Left != nil {
		t.Fatalf("answered as somebody else: %v", page.Left)
	}
	if !page.Has("select-other") && !page.Has("login-submit") {
		t.Errorf("neither a choice nor a sign-in at %s:\n%s", page.URL, page.Body)
	}
}

func TestScopeOfTheOperatorsMaking(t *testing.T) {
	s := providertest.New(t, providertest.Options{})
	s.AddUser("ada@example.com")
	for name, want := range map[string]struct{ scope, granted string }{
		"registered":   {"openid orders", "openid orders"},
		"unregistered": {"openid invoices", "openid"},
	} {
		rp := s.Web(t)
		rp.Scope = want.scope
		answer := rp.Exchange(s.NewBrowser(t).SignIn(rp, "ada@example.com", nil))
		if got := answer.Text("scope"); got != want.granted {
			t.Errorf("%s: scope %q, want %q", name, got, want.granted)
		}
	}
}
