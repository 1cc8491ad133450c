package authorize_test

import (
	"testing"
	"time"

	"gatehouse/provider/clients"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
)

// growing is an app of somebody else's that is to get the right to tokens of Directus.
type growing struct {
	*providertest.Server
	client storage.Client
	rp     *providertest.RelyingParty
}

func newGrowing(t *testing.T, change func(*storage.Client)) *growing {
	t.Helper()
	portal := providertest.DirectusClient(storage.ExchangeUsers)
	g := &growing{Server: start(t, portal)}
	portal.ID, portal.FirstParty, portal.DirectusExchange, portal.CreatedAt = "growing", false, "", g.Clock.Now()
	if change != nil {
		change(&portal)
	}
	g.client = clients.WithDefaults(portal)
	g.set(t, "")
	g.rp = g.RelyingParty(t, g.client.ID, providertest.ExchangeSecret, providertest.ExchangeRedirectURI)
	return g
}

// set changes the right of the client, as a configuration does.
func (g *growing) set(t *testing.T, whose storage.DirectusExchange) {
	t.Helper()
	g.client.DirectusExchange = whose
	if err := g.Store.Clients.Put(t.Context(), g.client.ID, g.client, storage.NoExpiry); err != nil {
		t.Fatal(err)
	}
	g.Clock.Advance(clients.CacheFor + time.Second)
}

// With tokens of Directus an app has all that the account can see and change: more
// than anybody agreed to whom it was not told.
func TestConsentCoversDirectusTokens(t *testing.T) {
	g := newGrowing(t, nil)
	browser := g.NewBrowser(t)
	browser.SignIn(g.rp, ada, nil)
	silent := func(want string) {
		t.Helper()
		page := browser.Get(g.rp.AuthorizationURL(none()))
		if want == "" {
			page.Code(t)
			return
		}
		page.WantError(t, want)
	}
	silent("")
	g.set(t, storage.ExchangeUsers)
	silent("consent_required")
	page := browser.Get(g.rp.AuthorizationURL(nil))
	if !page.Has("consent-allow") {
		t.Fatalf("nobody is asked: at %s", page.URL)
	}
	browser.Press(page, "consent-deny", nil).WantError(t, "access_denied")
	silent("consent_required")
	browser.Press(browser.Get(g.rp.AuthorizationURL(nil)), "consent-allow", nil).Code(t)
	silent("")
	// The page says the same for either kind.
	g.set(t, storage.ExchangeAdministrators)
	silent("")
	g.set(t, "")
	silent("")
	// What was allowed is remembered, as scopes are.
	g.set(t, storage.ExchangeUsers)
	silent("")
}

func TestConsentOfAHouseAppCoversDirectusTokens(t *testing.T) {
	g := newGrowing(t, func(c *storage.Client) { c.FirstParty = true })
	browser := g.NewBrowser(t)
	browser.SignIn(g.rp, ada, nil)
	g.set(t, storage.ExchangeUsers)
	browser.Get(g.rp.AuthorizationURL(none())).Code(t)
}

// What was on the screen is what was allowed, not what came while it was read.
func TestConsentWhileTheClientGrows(t *testing.T) {
	g := newGrowing(t, nil)
	browser := g.NewBrowser(t)
	page := browser.Password(browser.Get(g.rp.AuthorizationURL(nil)), ada)
	g.set(t, storage.ExchangeUsers)
	again := browser.Press(page, "consent-allow", nil)
	if !again.Has("consent-allow") || again.Left != nil {
		t.Fatalf("the consent was taken: left for %v", again.Left)
	}
	browser.Press(again, "consent-allow", nil).Code(t)
}
