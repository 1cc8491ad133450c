package web_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/provider/authorize"
	"gatehouse/web"
)

// Nobody fills in a form that cannot be sent on: the page that is shown instead
// leads back to it, at its place.
func TestStatusPageInsteadOfForms(t *testing.T) {
	var away atomic.Int64
	h, _ := newPostHouse(t, func(c *web.Config) { c.Away = func() time.Duration { return time.Duration(away.Load()) } })
	for path, words := range map[string]string{
		"/login?request=r1":               "Signing in is not possible right now",
		"/login?request=r1&other=1":       "Signing in is not possible right now",
		"/register?request=r1":            "This is not possible right now",
		"/register":                       "This is not possible right now",
		"/reset-password?request=r1":      "This is not possible right now",
		"/verify-email/resend?request=r1": "This is not possible right now",
	} {
		_, query, _ := strings.Cut(strings.ReplaceAll(path, "request=r1&other=1", "other=1&amp;request=r1"), "?")
		away.Store(int64(4500 * time.Millisecond))
		page := h.get(path)
		h.wantPage(page, http.StatusServiceUnavailable, "temporarily_unavailable", words, "Try again", `id="retry" href="?`+query+`"`)
		if got := page.Header.Get("Retry-After"); got != "5" {
			t.Errorf("%s: Retry-After is %q, want 5", path, got)
		}
		if strings.Contains(page.body, "http-equiv") || strings.Contains(page.body, `type="password"`) {
			t.Errorf("%s reloads by itself, or asks for a password:\n%s", path, page.body)
		}
		away.Store(0)
		h.wantPage(h.get(path), http.StatusOK, "<form")
	}
	away.Store(int64(time.Second))
	h.golden("away", h.get("/register?request=r1"))
	// The links of mails show their forms: what is typed there is not lost.
	h.wantPage(h.get("/accept-invite?token="+goodToken), http.StatusOK, `name="new-password"`)
	// Whoever is signed in does not need Directus for the way on.
	h.wait("r2", authorize.PromptConsent)
	h.wantTo(h.get("/login?request=r2"), h.server.URL+"/authorize/r2")
}

func TestStatusPageInsteadOfOneTimePassword(t *testing.T) {
	var away atomic.Int64
	h := newHouse(t, func(c *web.Config) { c.Away = func() time.Duration { return time.Duration(away.Load()) } })
	h.wantTo(h.signIn("grace@example.com", password), "/login/otp?request=r1")
	away.Store(int64(time.Second))
	h.wantPage(h.get("/login/otp?request=r1"), http.StatusServiceUnavailable, "Try again", `id="retry" href="?request=r1"`)
	away.Store(0)
	h.wantPage(h.get("/login/otp?request=r1"), http.StatusOK, `autocomplete="one-time-code"`)
}
