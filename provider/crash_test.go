package provider_test

import (
	"context"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
	"gatehouse/storage/storagetest"
)

// The tests of this file crash the store before and after every write of a step.
// Whatever was acknowledged must hold afterwards, nothing may exist that the
// user's index does not know, and the person must be able to start again.

// crashing is a provider over a store that can crash.
type crashing struct {
	*providertest.Server
	user    string
	faulty  *storagetest.Faulty
	rp      *providertest.RelyingParty
	browser *providertest.Browser
}

func newCrashing(t *testing.T) *crashing {
	t.Helper()
	c := &crashing{}
	c.Server = providertest.New(t, providertest.Options{
		Algorithms: []jose.SignatureAlgorithm{jose.RS256}, Clients: []storage.Client{told()},
		Backend: func(backend storage.Backend) storage.Backend {
			c.faulty = storagetest.NewFaulty(backend)
			return c.faulty
		},
	})
	c.user = c.AddUser(ada)
	c.rp, c.browser = c.Web(t), c.NewBrowser(t)
	return c
}

// signedIn prepares a browser that is signed in and a client that has consent.
func (c *crashing) signedIn(t *testing.T) providertest.Answer {
	t.Helper()
	return c.rp.Exchange(c.browser.SignIn(c.rp, ada, nil)).WantOK(t)
}

// check looks at every record.
func (c *crashing) check(t *testing.T) {
	t.Helper()
	ctx := context.Background()
	var index storage.Subject
	if record, err := c.Store.Subjects.Get(ctx, c.user); err == nil {
		index = record.Value
	}
	sessions, grants := map[string]bool{}, map[string]bool{}
	for _, entry := range index.Sessions {
		sessions[entry.ID] = true
	}
	for _, entry := range index.Grants {
		grants[entry.ID] = true
	}
	for record, err := range c.Store.Sessions.All(ctx) {
		if err != nil || !sessions[record.Value.ID] {
			t.Errorf("a session that the index does not know (%v)", err)
		}
	}
	for record, err := range c.Store.Grants.All(ctx) {
		if err != nil || c.alive(record.Value) && !grants[record.Value.ID] {
			t.Errorf("a grant that the index does not know (%v)", err)
		}
	}
	// The person starts again, in the same browser and in another.
	c.Clock.Advance(time.Millisecond) // not in the moment in which everything ended
	for _, browser := range []*providertest.Browser{c.browser, c.NewBrowser(t)} {
		tokens := c.rp.Exchange(browser.SignIn(c.rp, ada, nil)).WantOK(t)
		c.UserInfo(t, tokens.Text("access_token")).WantOK(t)
		c.rp.Refresh(tokens.Text("refresh_token")).WantOK(t)
	}
	// And whoever ends everything ends everything.
	if err := c.Provider.EndUser(ctx, c.user, "test"); err != nil {
		t.Fatal(err)
	}
	for record, err := range c.Store.Grants.All(ctx) {
		if err != nil || c.alive(record.Value) {
			t.Errorf("a grant outlived the end of everything (%v)", err)
		}
	}
	for _, err := range c.Store.Sessions.All(ctx) {
		t.Errorf("a session outlived the end of everything (%v)", err)
	}
}

// alive says whether a grant is worth anything: one that is bound to a session
// ends with it, wherever its record still lies.
func (c *crashing) alive(grant storage.Grant) bool {
	if grant.Subject == "" {
		return false
	}
	if !grant.Bound() {
		return true
	}
	session, err := c.Store.Sessions.Get(context.Background(), grant.SessionID)
	return err == nil && !session.Value.Ended
}

// code is what a page sent to the client, or nothing.
func code(t *testing.T, page *providertest.Page) string {
	t.Helper()
	if page.Left == nil {
		return ""
	}
	return page.Sent(t).Get("code")
}

func TestCrashAtSignIn(t *testing.T) {
	storagetest.EachCrash(t, func(t *testing.T, arm func(*storagetest.Faulty)) {
		c := newCrashing(t)
		login := c.browser.Get(c.rp.AuthorizationURL(nil))
		arm(c.faulty)
		page := c.browser.Password(login, ada)
		c.faulty.Restore()
		if !c.faulty.Crashed() && !page.Has("consent-allow") {
			t.Errorf("without a crash it rests at %s", page.URL)
		}
		if page.Left != nil {
			t.Errorf("the browser left for %s", page.Left)
		}
		c.check(t)
	})
}

func TestCrashAtConsentAndCode(t *testing.T) {
	storagetest.EachCrash(t, func(t *testing.T, arm func(*storagetest.Faulty)) {
		c := newCrashing(t)
		consent := c.browser.Password(c.browser.Get(c.rp.AuthorizationURL(nil)), ada)
		arm(c.faulty)
		page := c.browser.Press(consent, "consent-allow", nil)
		c.faulty.Restore()
		if given := code(t, page); given != "" {
			c.rp.Exchange(given).WantOK(t)
			c.rp.Exchange(given).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
		} else if !c.faulty.Crashed() {
			t.Errorf("without a crash it rests at %s", page.URL)
		}
		c.check(t)
	})
}

func TestCrashAtSilentCode(t *testing.T) {
	storagetest.EachCrash(t, func(t *testing.T, arm func(*storagetest.Faulty)) {
		c := newCrashing(t)
		tokens := c.signedIn(t)
		arm(c.faulty)
		page := c.browser.Get(c.rp.AuthorizationURL(map[string]string{"prompt": "none"}))
		c.faulty.Restore()
		if given := code(t, page); given != "" {
			c.rp.Exchange(given).WantOK(t)
		} else {
			page.WantError(t, oauth.ServerError)
		}
		// What was there before goes on.
		c.UserInfo(t, tokens.Text("access_token")).WantOK(t)
		c.rp.Refresh(tokens.Text("refresh_token")).WantOK(t)
		c.check(t)
	})
}

// What came through the browser is worth something from the start.
func TestCrashAtSilentHybridAnswer(t *testing.T) {
	storagetest.EachCrash(t, func(t *testing.T, arm func(*storagetest.Faulty)) {
		c := newCrashing(t)
		c.signedIn(t)
		hybrid := c.Hybrid(t, "code id_token token")
		arm(c.faulty)
		page := c.browser.Get(hybrid.AuthorizationURL(map[string]string{"prompt": "none"}))
		c.faulty.Restore()
		if given := code(t, page); given != "" {
			c.UserInfo(t, page.Sent(t).Get("access_token")).WantOK(t)
			hybrid.Exchange(given).WantOK(t)
		} else {
			page.WantError(t, oauth.ServerError)
		}
		c.check(t)
	})
}

func TestCrashAtRedemption(t *testing.T) {
	storagetest.EachCrash(t, func(t *testing.T, arm func(*storagetest.Faulty)) {
		c := newCrashing(t)
		given := c.browser.SignIn(c.rp, ada, nil)
		arm(c.faulty)
		first := c.rp.Exchange(given)
		c.faulty.Restore()
		if first.Status == http.StatusOK {
			c.UserInfo(t, first.Text("access_token")).WantOK(t)
		} else {
			first.WantError(t, http.StatusInternalServerError, oauth.ServerError)
		}
		second := c.rp.Exchange(given)
		if first.Status == http.StatusOK && second.Status == http.StatusOK {
			t.Error("a code was redeemed twice")
		}
		if second.Status != http.StatusOK {
			second.WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
		}
		c.check(t)
	})
}

func TestCrashAtRefresh(t *testing.T) {
	storagetest.EachCrash(t, func(t *testing.T, arm func(*storagetest.Faulty)) {
		c := newCrashing(t)
		refresh := c.signedIn(t).Text("refresh_token")
		c.Clock.Advance(2 * providertest.Staleness) // the session is marked as used as well
		arm(c.faulty)
		first := c.rp.Refresh(refresh)
		c.faulty.Restore()
		// Whether the answer arrived or not, asking again within the window works.
		again := c.rp.Refresh(refresh).WantOK(t)
		if first.Status == http.StatusOK && first.Text("refresh_token") != again.Text("refresh_token") {
			t.Error("asking again got another successor")
		}
		c.rp.Refresh(again.Text("refresh_token")).WantOK(t)
		c.check(t)
	})
}

func TestCrashAtSignOut(t *testing.T) {
	storagetest.EachCrash(t, func(t *testing.T, arm func(*storagetest.Faulty)) {
		c := newCrashing(t)
		tokens := c.signedIn(t)
		address := c.Issuer + "/logout?" + url.Values{"id_token_hint": {tokens.Text("id_token")}}.Encode()
		arm(c.faulty)
		page := c.browser.Get(address)
		c.faulty.Restore()
		if page.Status != http.StatusOK {
			page.WantPage(t, http.StatusInternalServerError, oauth.ServerError)
			page = c.browser.Get(address)
		}
		if page.URL.Path != "/logged-out" {
			t.Errorf("rests at %s (%d)", page.URL, page.Status)
		}
		c.UserInfo(t, tokens.Text("access_token")).WantError(t, http.StatusUnauthorized, oauth.InvalidToken)
		c.browser.Get(c.rp.AuthorizationURL(map[string]string{"prompt": "none"})).WantError(t, oauth.LoginRequired)
		c.check(t)
	})
}

func TestCrashAtRevocation(t *testing.T) {
	for _, kind := range []string{"access_token", "refresh_token"} {
		t.Run(kind, func(t *testing.T) {
			storagetest.EachCrash(t, func(t *testing.T, arm func(*storagetest.Faulty)) {
				c := newCrashing(t)
				tokens := c.signedIn(t)
				arm(c.faulty)
				answer := c.rp.Post("/revoke", url.Values{"token": {tokens.Text(kind)}})
				c.faulty.Restore()
				if answer.Status != http.StatusOK {
					answer.WantError(t, http.StatusInternalServerError, oauth.ServerError)
					c.rp.Post("/revoke", url.Values{"token": {tokens.Text(kind)}}).WantOK(t)
				}
				c.UserInfo(t, tokens.Text("access_token")).WantError(t, http.StatusUnauthorized, oauth.InvalidToken)
				if kind == "refresh_token" {
					c.rp.Refresh(tokens.Text("refresh_token")).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
				}
				c.check(t)
			})
		})
	}
}

// A replay that cannot revoke must not pass for handled.
func TestCrashAtCodeReplay(t *testing.T) {
	storagetest.EachCrash(t, func(t *testing.T, arm func(*storagetest.Faulty)) {
		c := newCrashing(t)
		given := c.browser.SignIn(c.rp, ada, nil)
		tokens := c.rp.Exchange(given).WantOK(t)
		arm(c.faulty)
		replayed := c.rp.Exchange(given)
		c.faulty.Restore()
		if replayed.Status == http.StatusInternalServerError {
			c.rp.Exchange(given).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
		} else {
			replayed.WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
		}
		c.UserInfo(t, tokens.Text("access_token")).WantError(t, http.StatusUnauthorized, oauth.InvalidToken)
		c.check(t)
	})
}

func TestCrashAtSuspension(t *testing.T) {
	storagetest.EachCrash(t, func(t *testing.T, arm func(*storagetest.Faulty)) {
		c := newCrashing(t)
		tokens := c.signedIn(t)
		c.Directus.SetStatus(c.user, "suspended")
		c.Clock.Advance(2 * providertest.Staleness)
		arm(c.faulty)
		refused := c.rp.Refresh(tokens.Text("refresh_token"))
		c.faulty.Restore()
		if refused.Status == http.StatusOK {
			t.Error("a suspended user was let on")
		}
		c.rp.Refresh(tokens.Text("refresh_token")).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
		c.UserInfo(t, tokens.Text("access_token")).WantError(t, http.StatusUnauthorized, oauth.InvalidToken)
		c.browser.Get(c.rp.AuthorizationURL(map[string]string{"prompt": "none"})).WantError(t, oauth.LoginRequired)
		c.Directus.SetStatus(c.user, "active")
		c.Clock.Advance(2 * providertest.Staleness)
		c.check(t)
	})
}
