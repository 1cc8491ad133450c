package desk_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/provider/clients"
	"gatehouse/provider/event"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
)

// listed is what a person is shown of an app.
type listed struct {
	Name    string
	Scopes  []string
	Allowed bool
	Holds   bool
	Offline bool
}

func (w *world) apps(t *testing.T, subject string) []listed {
	t.Helper()
	apps, err := w.Provider.Desk().Apps(t.Context(), storage.Account{ID: subject})
	ok(t, err)
	var all []listed
	for _, app := range apps {
		all = append(all, listed{
			Name: app.Client.DisplayName(), Scopes: app.Scopes,
			Allowed: !app.Since.IsZero(), Holds: !app.LastGrant.IsZero(), Offline: app.Offline,
		})
	}
	return all
}

func (w *world) wantApps(t *testing.T, want ...listed) {
	t.Helper()
	if diff := cmp.Diff(want, w.apps(t, w.ada)); diff != "" {
		t.Errorf("apps (-want +got):\n%s", diff)
	}
}

func TestApps(t *testing.T) {
	w := newWorld(t, providertest.Options{})
	shop := listed{Name: "Acme Shop", Scopes: []string{"openid", "profile", "email"}, Allowed: true, Holds: true}
	w.wantApps(t, shop)
	// An app of the house is asked nothing about, and shown all the same.
	second := w.Second(t)
	code := w.first.Get(second.AuthorizationURL(map[string]string{"scope": "openid"})).Code(t)
	w.wantApps(t, shop) // it has no tokens yet
	second.Exchange(code).WantOK(t)
	blog := listed{Name: "Acme Blog", Scopes: []string{"openid"}, Holds: true}
	w.wantApps(t, blog, shop)
	w.signIn(t, w.first, w.app, map[string]string{"scope": "openid phone offline_access", "prompt": "consent"})
	shop.Scopes, shop.Offline = append(shop.Scopes, "phone", "offline_access"), true
	w.wantApps(t, blog, shop)
	// What is bound to sessions ends with them; what was allowed is remembered.
	ok(t, w.Provider.Desk().EndUser(t.Context(), w.ada, "test"))
	shop.Holds, shop.Offline = false, false
	w.wantApps(t, shop)
	if others := w.apps(t, w.grace); others != nil {
		t.Errorf("somebody who allowed nothing has %v", others)
	}
}

func TestAppsWithoutTheirSessions(t *testing.T) {
	w := newWorld(t, providertest.Options{})
	w.signIn(t, w.first, w.app, map[string]string{"scope": "openid offline_access", "prompt": "consent"})
	w.Clock.Advance(providertest.SessionIdle + time.Minute)
	w.wantApps(t, listed{
		Name: "Acme Shop", Scopes: []string{"openid", "profile", "email", "offline_access"}, Allowed: true, Holds: true, Offline: true,
	})
}

// A client that was removed may be another app when it is back.
func TestAppsThatWereRemoved(t *testing.T) {
	w := newWorld(t, providertest.Options{})
	made := storage.Client{
		ID: "made", Name: "Made", SecretDigests: providertest.Digests(providertest.WebSecret), CreatedAt: w.Clock.Now(),
		RedirectURIs: []string{"https://made.example/callback"}, GrantTypes: []string{"authorization_code"}, ResponseTypes: []string{"code"},
	}
	ok(t, w.Store.Clients.Put(t.Context(), made.ID, made, storage.NoExpiry))
	rp := w.RelyingParty(t, made.ID, providertest.WebSecret, "https://made.example/callback")
	w.signIn(t, w.first, rp, map[string]string{"scope": "openid"})
	shop := listed{Name: "Acme Shop", Scopes: []string{"openid", "profile", "email"}, Allowed: true, Holds: true}
	w.wantApps(t, shop, listed{Name: "Made", Scopes: []string{"openid"}, Allowed: true, Holds: true})

	ok(t, w.Store.Clients.Delete(t.Context(), made.ID))
	w.Clock.Advance(2 * clients.CacheFor)
	w.wantApps(t, shop, listed{Name: "made", Scopes: []string{"openid"}, Allowed: true, Holds: true})

	w.Clock.Advance(time.Minute)
	made.CreatedAt = w.Clock.Now()
	ok(t, w.Store.Clients.Put(t.Context(), made.ID, made, storage.NoExpiry))
	w.wantApps(t, shop)
}

func TestAppsThatCanBeOpened(t *testing.T) {
	opened := storage.Client{
		ID: "opened", TokenEndpointAuthMethod: "none", FirstParty: true, InitiateLoginURI: "https://opened.example/start",
		RedirectURIs: []string{"https://opened.example/callback"}, GrantTypes: []string{"authorization_code"},
	}
	w := newWorld(t, providertest.Options{Clients: []storage.Client{opened}})
	w.signIn(t, w.first, w.RelyingParty(t, opened.ID, "", opened.RedirectURIs[0]), nil)
	apps, err := w.Provider.Desk().Apps(t.Context(), storage.Account{ID: w.ada})
	ok(t, err)
	got := map[string]string{}
	for _, app := range apps {
		got[app.Client.ID] = app.OpenURL
	}
	want := map[string]string{opened.ID: w.Issuer + "/apps/open?client_id=opened", providertest.WebID: ""}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("addresses (-want +got):\n%s", diff)
	}
	page := w.first.Get(w.Issuer + "/account/apps")
	if left := w.first.Get(page.Link("app-open-2")).Left; left == nil || left.Host != "opened.example" || left.Query().Get("iss") != w.Issuer {
		t.Errorf("opening the app leads to %v:\n%s", left, page.Body)
	}
}

// The list says of which apps people know that they may have tokens of Directus.
func TestAppsThatMayHaveDirectusTokens(t *testing.T) {
	portal := providertest.DirectusClient(storage.ExchangeUsers)
	w := newWorld(t, providertest.Options{Clients: []storage.Client{portal}})
	has := func(id string) (listed, directus bool) {
		t.Helper()
		apps, err := w.Provider.Desk().Apps(t.Context(), storage.Account{ID: w.ada})
		ok(t, err)
		for _, app := range apps {
			if app.Client.ID == id {
				return true, app.Directus
			}
		}
		return false, false
	}
	w.signIn(t, w.first, w.Portal(t), nil)
	if _, directus := has(portal.ID); !directus {
		t.Error("nothing is said of an app of the house that has a grant")
	}
	later := portal
	later.ID, later.FirstParty, later.CreatedAt = "later", false, w.Clock.Now()
	later.DirectusExchange = ""
	keep := func() {
		ok(t, w.Store.Clients.Put(t.Context(), later.ID, clients.WithDefaults(later), storage.NoExpiry))
	}
	keep()
	rp := w.RelyingParty(t, later.ID, providertest.ExchangeSecret, providertest.ExchangeRedirectURI)
	w.signIn(t, w.first, rp, nil)
	later.DirectusExchange = storage.ExchangeUsers
	keep()
	w.Clock.Advance(2 * clients.CacheFor)
	if listed, directus := has(later.ID); !listed || directus {
		t.Errorf("an app that got the right after it was allowed: listed %t, with it %t", listed, directus)
	}
	w.signIn(t, w.first, rp, nil)
	ok(t, w.Provider.Desk().EndUser(t.Context(), w.ada, "test"))
	if _, directus := has(later.ID); !directus {
		t.Error("nothing is said of an app that was allowed it")
	}
}

func TestRemoveApp(t *testing.T) {
	w := newWorld(t, providertest.Options{})
	second := w.Second(t)
	blog := second.Exchange(w.first.Get(second.AuthorizationURL(nil)).Code(t)).WantOK(t)
	offline := w.signIn(t, w.first, w.app, map[string]string{"scope": "openid offline_access", "prompt": "consent"})
	strangers := w.app.Exchange(w.NewBrowser(t).SignIn(w.app, grace, nil)).WantOK(t)

	ok(t, w.Provider.Desk().RemoveApp(t.Context(), w.ada, providertest.WebID))
	w.wantDead(t, w.tokens)
	w.wantDead(t, w.otherTokens)
	w.wantDead(t, offline)
	w.UserInfo(t, blog.Text("access_token")).WantOK(t)
	w.UserInfo(t, strangers.Text("access_token")).WantOK(t)
	w.wantSignedIn(t, w.first, true)
	for _, entry := range w.index(t, w.ada).Grants {
		if entry.ClientID == providertest.WebID {
			t.Errorf("the index still knows %+v", entry)
		}
	}
	if w.Events.Count(event.AppRemoved) != 1 {
		t.Errorf("%d removals were told", w.Events.Count(event.AppRemoved))
	}
	// The app has to ask anew, for everything.
	if page := w.first.Get(w.app.AuthorizationURL(nil)); !page.Has("consent-allow") {
		t.Errorf("the app came back without a question, at %s", page.URL)
	}
	// Again, or of what there never was: nothing happens.
	ok(t, w.Provider.Desk().RemoveApp(t.Context(), w.ada, providertest.WebID))
	ok(t, w.Provider.Desk().RemoveApp(t.Context(), w.ada, "nothing"))
	ok(t, w.Provider.Desk().RemoveApp(t.Context(), "nobody", providertest.WebID))
}
