package web_test

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/storage"
)

func shopApps(now time.Time) []storage.AuthorizedApp {
	return []storage.AuthorizedApp{
		{
			Client: storage.Client{ID: "notes", Name: "Notes", ApplicationType: "native", RedirectURIs: []string{"http://127.0.0.1/callback", "com.example.notes:/callback"}},
			Scopes: []string{"openid", "notes:read"}, Since: now.Add(-48 * time.Hour),
		},
		{
			Client: storage.Client{ID: "https://shop.example/?a b", Name: "Shop", LogoURI: "http://localhost:3000/logo.svg", RedirectURIs: []string{"https://shop.example/callback"}},
			Scopes: []string{"openid", "email", "offline_access"}, Since: now.Add(-72 * time.Hour), LastGrant: now.Add(-time.Hour), Offline: true,
			OpenURL: "https://id.acme.example/apps/open?client_id=https%3A%2F%2Fshop.example%2F%3Fa+b",
		},
	}
}

// removeURL is where the page leads to remove the app with the number.
func (h *house) removeURL(number int) string {
	h.t.Helper()
	found := regexp.MustCompile(`id="app-remove-` + strconv.Itoa(number) + `"[^>]* href="([^"]+)"`).FindStringSubmatch(h.get("/account/apps").body)
	if found == nil {
		h.t.Fatalf("no app %d", number)
	}
	return found[1]
}

func TestAppsAreListed(t *testing.T) {
	h := newHouse(t)
	h.enter("ada")
	h.wantPage(h.get("/account/apps"), http.StatusOK, "No app uses your account.")
	h.desk.apps = shopApps(h.clock.Now())
	page := h.get("/account/apps")
	h.wantPage(page, http.StatusOK, "Notes", "an app on your device", "What the app calls “notes:read”", "Shop", "shop.example",
		"Your email address", "Access to all this while you are away", `<time datetime="2026-10-29T12:00Z">29 October 2026</time>`)
	if got := page.Header.Get("Content-Security-Policy"); !strings.Contains(got, "img-src 'self' http://localhost:3000;") {
		t.Errorf("policy %q does not let the logo be seen", got)
	}
	h.golden("account_apps", page)
	if strings.Contains(page.body, `id="app-open-1"`) {
		t.Error("an app that names no address for it can be opened")
	}
}

func TestAppsWithDirectusTokensAreListedAsSuch(t *testing.T) {
	h := newHouse(t)
	h.enter("ada")
	const words = "Everything that this account can see and change"
	for name, test := range map[string]struct {
		right storage.DirectusExchange
		given bool
		said  bool
	}{
		"with it":             {storage.ExchangeUsers, true, true},
		"not allowed it yet":  {storage.ExchangeUsers, false, false},
		"that had it once":    {"", true, false},
		"with nothing of all": {"", false, false},
	} {
		h.desk.apps = shopApps(h.clock.Now())[:1]
		h.desk.apps[0].Client.DirectusExchange, h.desk.apps[0].Directus = test.right, test.given
		if said := strings.Contains(h.get("/account/apps").body, words); said != test.said {
			t.Errorf("an app %s: said %t, want %t", name, said, test.said)
		}
	}
}

func TestAppIsOpenedByAWebAddressOnly(t *testing.T) {
	h := newHouse(t)
	h.enter("ada")
	h.desk.apps = shopApps(h.clock.Now())
	h.desk.apps[0].OpenURL = "javascript:alert(1)"
	if page := h.get("/account/apps"); strings.Contains(page.body, "javascript:") || strings.Contains(page.body, `id="app-open-1"`) {
		t.Error("the page leads to a script")
	}
}

func TestAppIsRemovedOnceConfirmed(t *testing.T) {
	h := newHouse(t)
	h.enter("ada")
	h.desk.apps = shopApps(h.clock.Now())
	address := h.removeURL(2)
	page := h.get(address)
	h.wantPage(page, http.StatusOK, "Remove Shop?", `id="app-remove-confirm"`, `id="cancel" href="/account/apps"`)
	h.golden("account_app_remove", page)
	if len(h.desk.ended) != 0 {
		t.Fatalf("a GET removed %v", h.desk.ended)
	}
	h.wantTo(h.post(address, nil), "/account/apps?notice=app")
	if diff := cmp.Diff([]string{"app https://shop.example/?a b"}, h.desk.ended); diff != "" {
		t.Errorf("removed (-want +got):\n%s", diff)
	}
}

func TestAppOfSomebodyElseIsNotRemoved(t *testing.T) {
	h := newHouse(t)
	h.enter("ada")
	h.desk.apps = shopApps(h.clock.Now())
	foreign := h.removeURL(1)
	h.desk.apps = h.desk.apps[1:]
	for _, address := range []string{foreign, "/account/apps/notes", "/account/apps/x"} {
		h.wantTo(h.get(address), "/account/apps")
		h.wantTo(h.post(address, nil), "/account/apps")
	}
	if len(h.desk.ended) != 0 {
		t.Errorf("removed %v", h.desk.ended)
	}
}
