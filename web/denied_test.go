package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"gatehouse/provider/authorize"
)

func TestDenied(t *testing.T) {
	h := newHouse(t)
	h.wait("r1", authorize.PromptDenied)
	page := h.get("/denied?request=r1")
	h.wantPage(page, http.StatusForbidden, "Shop is not open to your account", "You are signed in as "+email,
		`id="use-other" href="/login?other=1&amp;request=r1"`, `id="denied-back"`, `id="own-account" href="/account"`)
	h.golden("denied", page)
	h.wantTo(h.post("/denied?request=r1", url.Values{"action": {"deny"}}), "https://shop.example/callback?error=access_denied")
}

// The page grants nothing, whatever is sent to it.
func TestDeniedLeadsNowhereElse(t *testing.T) {
	h := newHouse(t)
	h.wait("r1", authorize.PromptDenied)
	h.wantTo(h.post("/denied?request=r1", url.Values{"action": {"allow"}}), h.server.URL+"/authorize/r1")
	h.wantTo(h.post("/denied?request=r1", nil), h.server.URL+"/authorize/r1")
	h.wait("r2", authorize.PromptConsent)
	h.wantTo(h.get("/denied?request=r2"), h.server.URL+"/authorize/r2")
}

func TestDeniedInLanguagesThatTurn(t *testing.T) {
	h := newHouse(t)
	h.wait("r1", authorize.PromptDenied)
	page := h.get("/denied?request=r1&ui_locales=ar")
	if !strings.Contains(page.body, `lang="ar" dir="rtl"`) || !strings.Contains(page.body, "Shop") {
		t.Errorf("the page is\n%s", page.body)
	}
}
