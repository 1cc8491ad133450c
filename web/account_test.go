package web_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/provider/authorize"
	"gatehouse/storage"
)

// enter signs the browser in, just now.
func (h *house) enter(subject string) {
	h.t.Helper()
	now := h.clock.Now()
	h.desk.put(storage.Session{ID: "session-" + subject, Subject: subject, AuthenticatedAt: now, CreatedAt: now, LastSeen: now})
	u, err := url.Parse(h.server.URL)
	if err != nil {
		h.t.Fatal(err)
	}
	h.browser.Jar.SetCookies(u, []*http.Cookie{{Name: "session", Value: subject, Path: "/"}})
}

func TestAccountIsOfWhoeverIsSignedIn(t *testing.T) {
	h := newHouse(t)
	h.wantTo(h.get("/account"), "/login?request=own")
	if diff := cmp.Diff([]authorize.OwnRequest{{Path: "/account"}}, h.desk.begun); diff != "" {
		t.Errorf("begun (-want +got):\n%s", diff)
	}
	h.enter("ada")
	page := h.get("/account")
	h.wantPage(page, http.StatusOK, email, "Ada Lovelace", `id="account-profile" href="/account" aria-current="page"`, `href="/logout"`)
	h.golden("account", page)
}

func TestAccountBeforeOTPIsSetUp(t *testing.T) {
	h := newHouse(t)
	h.enter("ada")
	s := h.desk.sessions["ada"]
	s.MustEnrolOTP = true
	h.desk.put(s)
	h.wantTo(h.get("/account"), "/login?request=own")
}

func TestAccountThatHasEnded(t *testing.T) {
	for _, subject := range []string{"gone", "deleted"} {
		t.Run(subject, func(t *testing.T) {
			h := newHouse(t)
			h.enter(subject)
			h.wantPage(h.get("/account"), http.StatusForbidden, "You are signed out", "account_ended", `href="/account"`)
			if diff := cmp.Diff([]string{"user " + subject}, h.desk.ended); diff != "" {
				t.Errorf("ended (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAccountWhileTheUserStoreIsAway(t *testing.T) {
	h := newHouse(t)
	h.enter("ada")
	h.accounts.fail(storage.ErrUnavailable)
	h.wantPage(h.get("/account"), http.StatusServiceUnavailable, `id="retry"`)
	if len(h.desk.ended) != 0 {
		t.Errorf("ended %v though nobody knows", h.desk.ended)
	}
}

func TestAnotherAccountOfTheBrowser(t *testing.T) {
	h := newHouse(t)
	h.enter("ada")
	h.wantTo(h.get("/account/other"), "/login?request=own")
	if diff := cmp.Diff([]authorize.OwnRequest{{Path: "/account", SelectAccount: true}}, h.desk.begun); diff != "" {
		t.Errorf("begun (-want +got):\n%s", diff)
	}
}
