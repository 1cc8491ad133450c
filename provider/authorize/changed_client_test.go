package authorize_test

import (
	"net/http"
	"testing"
	"time"

	"gatehouse/provider/clients"
	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
)

// A request that waits for its person was checked against what the client was when
// it came. What has been taken from the client since is not sent anywhere.
func TestWaitingRequestOfAClientThatChanged(t *testing.T) {
	const id, uri = "changing", "https://changing.example/callback"
	for name, test := range map[string]struct {
		change func(*providertest.Server, *storage.Client)
		ends   bool
	}{
		"not at all": {func(*providertest.Server, *storage.Client) {}, false},
		"its name":   {func(_ *providertest.Server, c *storage.Client) { c.Name = "Another" }, false},
		"the redirect_uri": {func(_ *providertest.Server, c *storage.Client) {
			c.RedirectURIs = []string{"https://changing.example/elsewhere"}
		}, true},
		"the response type": {func(_ *providertest.Server, c *storage.Client) {
			c.ResponseTypes = []string{oauth.ResponseTypeCode}
		}, true},
		"a scope":               {func(_ *providertest.Server, c *storage.Client) { c.Scope = "openid profile" }, true},
		"removed and made anew": {func(s *providertest.Server, c *storage.Client) { c.CreatedAt = s.Clock.Now() }, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			client := clients.WithDefaults(storage.Client{
				ID: id, SecretDigests: providertest.Digests(providertest.WebSecret), FirstParty: true, RedirectURIs: []string{uri},
				ResponseTypes: []string{oauth.ResponseTypeCode, oauth.ResponseTypeIDToken}, CreatedAt: s.Clock.Now(),
			})
			keep := func() {
				if err := s.Store.Clients.Put(t.Context(), id, client, storage.NoExpiry); err != nil {
					t.Fatal(err)
				}
			}
			keep()
			rp, browser := s.RelyingParty(t, id, providertest.WebSecret, uri), s.NewBrowser(t)
			rp.ResponseType = oauth.ResponseTypeIDToken
			login := browser.Get(rp.AuthorizationURL(nil))
			s.Clock.Advance(clients.CacheFor + time.Second)
			test.change(s, &client)
			keep()
			page := browser.Press(login, "login-submit", map[string]string{"username": ada, "password": providertest.Password})
			if !test.ends {
				if page.Sent(t).Get("id_token") == "" {
					t.Errorf("the client got %v", page.Sent(t))
				}
				return
			}
			page.WantPage(t, http.StatusGone, "request_expired")
		})
	}
}
