package provider_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"gatehouse/provider/authorize"
	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
	"gatehouse/storage/storagetest"
)

// elsewhere signs the user in with another browser and returns its session and
// what the app got there.
func (c *crashing) elsewhere(t *testing.T) (sessionID string, tokens providertest.Answer) {
	t.Helper()
	browser := c.NewBrowser(t)
	tokens = c.rp.Exchange(browser.SignIn(c.rp, ada, map[string]string{"scope": "openid offline_access", "prompt": "consent"})).WantOK(t)
	return c.session(t, browser), tokens
}

func (c *crashing) session(t *testing.T, browser *providertest.Browser) string {
	t.Helper()
	held, err := c.Provider.Desk().Browser(browser.Request())
	if err != nil {
		t.Fatal(err)
	}
	current, ok := held.Current()
	if !ok {
		t.Fatal("the browser is signed in nowhere")
	}
	return current.ID
}

// gone fails the test unless a session has ended and nothing of it is left.
func (c *crashing) gone(t *testing.T, sessionID string) {
	t.Helper()
	if _, err := c.Store.Sessions.Get(t.Context(), sessionID); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("the session goes on (%v)", err)
	}
	if _, err := c.Store.DirectusAccesses.Get(t.Context(), sessionID); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("its access is left (%v)", err)
	}
}

func (c *crashing) access(t *testing.T, sessionID string) {
	t.Helper()
	access := storage.DirectusAccess{Subject: c.user, AccessToken: "access", Expires: c.Clock.Now().Add(providertest.CodeLifetime)}
	if err := c.Store.DirectusAccesses.Put(t.Context(), sessionID, access, providertest.CodeLifetime); err != nil {
		t.Fatal(err)
	}
}

func TestCrashAtEndOfOneSession(t *testing.T) {
	storagetest.EachCrash(t, func(t *testing.T, arm func(*storagetest.Faulty)) {
		c := newCrashing(t)
		mine := c.signedIn(t)
		browser := c.NewBrowser(t)
		bound := c.rp.Exchange(browser.SignIn(c.rp, ada, nil)).WantOK(t)
		ended := c.session(t, browser)
		c.access(t, ended)
		desk := c.Provider.Desk()
		arm(c.faulty)
		err := desk.EndSession(context.Background(), c.user, ended, "test")
		c.faulty.Restore()
		if err != nil {
			// The person tries again, and perhaps it is gone already.
			if err := desk.EndSession(t.Context(), c.user, ended, "test"); err != nil && !errors.Is(err, storage.ErrNotFound) {
				t.Fatal(err)
			}
		}
		c.gone(t, ended)
		c.UserInfo(t, bound.Text("access_token")).WantError(t, http.StatusUnauthorized, oauth.InvalidToken)
		c.rp.Refresh(bound.Text("refresh_token")).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
		c.UserInfo(t, mine.Text("access_token")).WantOK(t)
		c.check(t)
	})
}

func TestCrashAtEndOfOtherSessions(t *testing.T) {
	storagetest.EachCrash(t, func(t *testing.T, arm func(*storagetest.Faulty)) {
		c := newCrashing(t)
		mine := c.signedIn(t)
		keep := c.session(t, c.browser)
		ended, offline := c.elsewhere(t)
		c.access(t, ended)
		desk := c.Provider.Desk()
		arm(c.faulty)
		err := desk.EndOthers(context.Background(), c.user, keep, "test")
		c.faulty.Restore()
		if err != nil {
			if err := desk.EndOthers(t.Context(), c.user, keep, "test"); err != nil {
				t.Fatal(err)
			}
		}
		c.gone(t, ended)
		c.UserInfo(t, offline.Text("access_token")).WantError(t, http.StatusUnauthorized, oauth.InvalidToken)
		c.rp.Refresh(offline.Text("refresh_token")).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
		c.UserInfo(t, mine.Text("access_token")).WantOK(t)
		c.rp.Refresh(mine.Text("refresh_token")).WantOK(t)
		c.check(t)
	})
}

func TestCrashAtRemovalOfAnApp(t *testing.T) {
	storagetest.EachCrash(t, func(t *testing.T, arm func(*storagetest.Faulty)) {
		c := newCrashing(t)
		tokens := c.signedIn(t)
		_, offline := c.elsewhere(t)
		desk := c.Provider.Desk()
		arm(c.faulty)
		err := desk.RemoveApp(context.Background(), c.user, providertest.WebID)
		c.faulty.Restore()
		if err != nil {
			// Half removed, it is still shown as long as it holds anything.
			if c.UserInfo(t, offline.Text("access_token")).Status == http.StatusOK {
				if apps, err := desk.Apps(t.Context(), storage.Account{ID: c.user}); err != nil || len(apps) != 1 {
					t.Errorf("an app that holds tokens is not shown: %v (%v)", apps, err)
				}
			}
			if err := desk.RemoveApp(t.Context(), c.user, providertest.WebID); err != nil {
				t.Fatal(err)
			}
		}
		for _, dead := range []providertest.Answer{tokens, offline} {
			c.UserInfo(t, dead.Text("access_token")).WantError(t, http.StatusUnauthorized, oauth.InvalidToken)
			c.rp.Refresh(dead.Text("refresh_token")).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
		}
		if apps, err := desk.Apps(t.Context(), storage.Account{ID: c.user}); err != nil || len(apps) != 0 {
			t.Errorf("the app is still there: %v (%v)", apps, err)
		}
		c.check(t)
	})
}

// A sign-in that was made anew for a page of ours comes to the page or can be
// made again.
func TestCrashAtOwnRequest(t *testing.T) {
	storagetest.EachCrash(t, func(t *testing.T, arm func(*storagetest.Faulty)) {
		c := newCrashing(t)
		c.signedIn(t)
		own := c.Own(authorize.OwnRequest{Path: "/account/sessions", Fresh: true})
		arm(c.faulty)
		page := c.browser.Get(own)
		if page.Has("login-submit") {
			page = c.browser.Password(page, ada)
		}
		c.faulty.Restore()
		if !c.faulty.Crashed() && page.URL.Path != "/account/sessions" {
			t.Errorf("without a crash it rests at %s (%d)", page.URL, page.Status)
		}
		page = c.browser.Get(own)
		if page.URL.Path != "/login" {
			t.Fatalf("asked anew it rests at %s (%d)", page.URL, page.Status)
		}
		if page = c.browser.Password(page, ada); page.URL.Path != "/account/sessions" {
			t.Errorf("signed in anew it rests at %s (%d)", page.URL, page.Status)
		}
		c.check(t)
	})
}
