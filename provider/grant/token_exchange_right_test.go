package grant_test

import (
	"net/http"
	"testing"
	"time"

	"gatehouse/provider/account"
	"gatehouse/provider/clients"
	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
	"gatehouse/storage/directus/directustest"
)

// A grant of before the right gives nothing that nobody was asked for, though the
// session that it was opened in has a token pair.
func TestGrantOfBeforeTheRightIsNotExchanged(t *testing.T) {
	for name, firstParty := range map[string]bool{"an app of the house": true, "an app that people allow": false} {
		t.Run(name, func(t *testing.T) {
			client := providertest.DirectusClient(storage.ExchangeUsers)
			s := start(t, client)
			client.ID, client.FirstParty, client.DirectusExchange, client.CreatedAt = "growing", firstParty, "", s.Clock.Now()
			client = clients.WithDefaults(client)
			set := func(whose storage.DirectusExchange) {
				t.Helper()
				client.DirectusExchange = whose
				if err := s.Store.Clients.Put(t.Context(), client.ID, client, storage.NoExpiry); err != nil {
					t.Fatal(err)
				}
				s.Clock.Advance(clients.CacheFor + time.Second)
			}
			set("")
			rp, browser := s.RelyingParty(t, client.ID, providertest.ExchangeSecret, providertest.ExchangeRedirectURI), s.NewBrowser(t)
			before := rp.Exchange(browser.SignIn(rp, ada, nil)).WantOK(t)
			rp.DirectusToken(before.Text("access_token"), nil).WantError(t, http.StatusBadRequest, oauth.UnauthorizedClient)
			set(storage.ExchangeUsers)
			rp.DirectusToken(before.Text("access_token"), nil).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
			before = rp.Refresh(before.Text("refresh_token")).WantOK(t)
			rp.DirectusToken(before.Text("access_token"), nil).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)

			page := browser.Get(rp.AuthorizationURL(nil))
			if page.Has("consent-allow") == firstParty {
				t.Errorf("consent is asked for: %t", !firstParty)
			}
			if !firstParty {
				page = browser.Press(page, "consent-allow", nil)
			}
			after := rp.Exchange(page.Code(t)).WantOK(t)
			rp.DirectusToken(after.Text("access_token"), nil).WantOK(t)
			s.UserInfo(t, before.Text("access_token")).WantOK(t)
			set("")
			rp.DirectusToken(after.Text("access_token"), nil).WantError(t, http.StatusBadRequest, oauth.UnauthorizedClient)
		})
	}
}

// RFC 8693, section 2.2.2: whoever may not use the client any more has no tokens of
// Directus by it either, and what it holds of him is revoked.
func TestTokenExchangeIsForUsersOfTheClient(t *testing.T) {
	const (
		editors = "00000000-0000-4000-8000-0000000000e0"
		others  = "00000000-0000-4000-8000-0000000000e1"
	)
	for name, test := range map[string]struct {
		// change is made after the sign-in.
		change func(*storage.Client, *directustest.User)
		denied bool
	}{
		"nothing changes": {func(*storage.Client, *directustest.User) {}, false},
		"the rule leaves him in": {func(c *storage.Client, _ *directustest.User) {
			c.Allow.Roles = []string{"Other", "Editor"}
		}, false},
		"the rule leaves him out": {func(c *storage.Client, _ *directustest.User) { c.Allow.Roles = []string{"Other"} }, true},
		"a rule comes": {func(c *storage.Client, _ *directustest.User) {
			c.Allow.Filter = []byte(`{"title":{"_eq":"Countess"}}`)
		}, true},
		"the rule goes": {func(c *storage.Client, u *directustest.User) {
			c.Allow, u.Fields = storage.ClientAllow{}, map[string]any{"role": others}
		}, false},
		"he loses the role": {func(_ *storage.Client, u *directustest.User) { u.Fields = map[string]any{"role": others} }, true},
	} {
		t.Run(name, func(t *testing.T) {
			client := providertest.DirectusClient(storage.ExchangeUsers)
			// Otherwise a lost role ends everything, whatever the client says.
			s := providertest.New(t, providertest.Options{Clients: []storage.Client{client}, EndOn: []account.Cause{}})
			s.Directus.AddRole(directustest.Role{ID: editors, Name: "Editor"})
			s.Directus.AddRole(directustest.Role{ID: others, Name: "Other"})
			user := s.AddUser(ada)
			s.Directus.Update(user, func(u *directustest.User) { u.Fields = map[string]any{"role": editors} })
			client.ID, client.Allow.Roles = "closed", []string{"Editor"}
			client = clients.WithDefaults(client)
			keep := func() {
				t.Helper()
				if err := s.Store.Clients.Put(t.Context(), client.ID, client, storage.NoExpiry); err != nil {
					t.Fatal(err)
				}
			}
			keep()
			rp, browser := s.RelyingParty(t, client.ID, providertest.ExchangeSecret, providertest.ExchangeRedirectURI), s.NewBrowser(t)
			tokens := rp.Exchange(browser.SignIn(rp, ada, nil)).WantOK(t)
			rp.DirectusToken(tokens.Text("access_token"), nil).WantOK(t)

			s.Directus.Update(user, func(u *directustest.User) { test.change(&client, u) })
			keep()
			s.Clock.Advance(providertest.Staleness + time.Second)
			answer := rp.DirectusToken(tokens.Text("access_token"), nil)
			if !test.denied {
				answer.WantOK(t)
				return
			}
			answer.WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
			dead(t, s, rp, tokens)
			// He is signed in, and what the client may not have, others may.
			portal := s.Portal(t)
			tokens = portal.Exchange(browser.Get(portal.AuthorizationURL(map[string]string{"prompt": "none"})).Code(t)).WantOK(t)
			portal.DirectusToken(tokens.Text("access_token"), nil).WantOK(t)
		})
	}
}
