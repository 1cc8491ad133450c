package provider_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
	"gatehouse/storage/storagetest"
)

// told is an app that wants to hear of the end of sessions.
func told() storage.Client {
	return storage.Client{
		ID: "told", SecretDigests: providertest.Digests(providertest.WebSecret), FirstParty: true,
		RedirectURIs: []string{"https://told.example/callback"}, GrantTypes: []string{"authorization_code", "refresh_token"},
		BackChannelLogoutURI: "https://told.example/logout",
	}
}

// join has the app take part in the browser's session.
func (c *crashing) join(t *testing.T, browser *providertest.Browser) providertest.Answer {
	t.Helper()
	rp := c.RelyingParty(t, "told", providertest.WebSecret, "https://told.example/callback")
	return rp.Exchange(browser.Get(rp.AuthorizationURL(nil)).Code(t)).WantOK(t)
}

// deliveries are what is left for the app, by sid. Each of them must be listed.
func (c *crashing) deliveries(t *testing.T) map[string]int {
	t.Helper()
	ctx := context.Background()
	var listed []string
	for record, err := range c.Store.LogoutOutboxes.All(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range record.Value.Entries {
			listed = append(listed, entry.ID)
		}
	}
	left := map[string]int{}
	for record, err := range c.Store.LogoutDeliveries.All(ctx) {
		switch {
		case err != nil:
			t.Fatal(err)
		case !slices.Contains(listed, record.Value.ID):
			t.Error("a delivery that no outbox lists")
		case record.Value.ClientID != "told" || record.Value.Subject != c.user || record.Value.JTI == "":
			t.Errorf("a delivery of %+v", record.Value)
		}
		left[record.Value.SID]++
	}
	return left
}

func (c *crashing) sid(t *testing.T, tokens providertest.Answer) string {
	t.Helper()
	sid, _ := c.Verify(t, tokens.Text("id_token")).Claims["sid"].(string)
	if sid == "" {
		t.Fatal("the ID token has no sid")
	}
	return sid
}

// Whoever is signed out wherever it crashes, the app hears of it once.
func TestCrashAtSignOutThatAnAppHearsOf(t *testing.T) {
	storagetest.EachCrash(t, func(t *testing.T, arm func(*storagetest.Faulty)) {
		c := newCrashing(t)
		tokens := c.signedIn(t)
		joined := c.join(t, c.browser)
		address := c.Issuer + "/logout?" + url.Values{"id_token_hint": {tokens.Text("id_token")}}.Encode()
		arm(c.faulty)
		page := c.browser.Get(address)
		c.faulty.Restore()
		if page.Status != http.StatusOK {
			page.WantPage(t, http.StatusInternalServerError, oauth.ServerError)
			page = c.browser.Get(address)
		}
		if page.Status != http.StatusOK {
			t.Errorf("rests at %s (%d)", page.URL, page.Status)
		}
		c.UserInfo(t, joined.Text("access_token")).WantError(t, http.StatusUnauthorized, oauth.InvalidToken)
		c.browser.Get(c.rp.AuthorizationURL(map[string]string{"prompt": "none"})).WantError(t, oauth.LoginRequired)
		if left := c.deliveries(t); len(left) != 1 || left[c.sid(t, joined)] != 1 {
			t.Errorf("deliveries %v, want one", left)
		}
		c.check(t)
	})
}

func TestCrashAtEndOfEverythingThatAnAppHearsOf(t *testing.T) {
	storagetest.EachCrash(t, func(t *testing.T, arm func(*storagetest.Faulty)) {
		c := newCrashing(t)
		c.signedIn(t)
		here := c.sid(t, c.join(t, c.browser))
		other := c.NewBrowser(t)
		other.SignIn(c.rp, ada, nil)
		elsewhere := c.sid(t, c.join(t, other))
		arm(c.faulty)
		err := c.Provider.EndUser(context.Background(), c.user, "test")
		c.faulty.Restore()
		if err != nil {
			if err := c.Provider.EndUser(t.Context(), c.user, "test"); err != nil {
				t.Fatal(err)
			}
		}
		if left := c.deliveries(t); len(left) != 2 || left[here] != 1 || left[elsewhere] != 1 {
			t.Errorf("deliveries %v, want one for each session", left)
		}
		c.check(t)
	})
}

// An app that gets an ID token has joined, or gets none.
func TestCrashAtJoin(t *testing.T) {
	storagetest.EachCrash(t, func(t *testing.T, arm func(*storagetest.Faulty)) {
		c := newCrashing(t)
		c.signedIn(t)
		rp := c.RelyingParty(t, "told", providertest.WebSecret, "https://told.example/callback")
		arm(c.faulty)
		page := c.browser.Get(rp.AuthorizationURL(nil))
		c.faulty.Restore()
		given := code(t, page)
		if given != "" {
			rp.Exchange(given).WantOK(t)
		}
		if err := c.Provider.EndUser(t.Context(), c.user, "test"); err != nil {
			t.Fatal(err)
		}
		if left := c.deliveries(t); given != "" && len(left) != 1 {
			t.Errorf("deliveries %v, want one", left)
		}
		c.check(t)
	})
}
