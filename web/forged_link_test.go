package web_test

import (
	"net/http"
	"net/url"
	"testing"

	"gatehouse/web"
)

// Anybody can make up tokens: Directus is asked about so many of a network only.
func TestRefusedLinksAreCounted(t *testing.T) {
	for _, path := range []string{"/verify-email", "/reset-password/new", "/accept-invite"} {
		t.Run(path, func(t *testing.T) {
			h, p := newPostHouse(t, func(c *web.Config) { c.Throttle.AddressFailures = 3 })
			for range 3 {
				h.wantPage(h.post(path, url.Values{"token": {"unknown"}, "new-password": {newPassword}}), http.StatusBadRequest, "link_invalid")
			}
			p.forget()
			h.wantPage(h.post(path, url.Values{"token": {goodToken}, "new-password": {newPassword}}), http.StatusTooManyRequests, "too_many_attempts")
			if calls := p.forget(); len(calls) != 0 {
				t.Errorf("calls %v", calls)
			}
		})
	}
}

// A program can send the cookie of a departure again.
func TestExternalReturnWithTheSameCookie(t *testing.T) {
	a := newAbroad(t)
	browser := a.NewBrowser(t)
	back := a.depart(t, browser)
	kept := browser.Cookies()
	browser.Get(back.String())
	before := len(a.Directus.AllRequests())
	browser.SetCookies(kept)
	browser.SetCookies(directusCookie("directus_refresh_token", a.Directus.RefreshCookie(a.user)))
	browser.Get(back.String())
	for _, request := range a.Directus.AllRequests()[before:] {
		if request.Path == "/auth/refresh" {
			t.Error("Directus was asked again")
		}
	}
}
