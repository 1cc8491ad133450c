package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"gatehouse/provider/authorize"
	"gatehouse/provider/oauth"
	"gatehouse/web"
)

func TestPageHeaders(t *testing.T) {
	h := newHouse(t)
	page := h.get("/login?request=r1")
	for name, want := range map[string]string{
		"Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' https://shop.example; form-action 'self' https:; base-uri 'none'; frame-ancestors 'none'",
		"X-Frame-Options":         "DENY",
		"X-Content-Type-Options":  "nosniff",
		"Referrer-Policy":         "same-origin",
		"Cache-Control":           "no-store",
		"Content-Type":            "text/html; charset=utf-8",
	} {
		if got := page.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for _, inline := range []string{"<style", " style=", " onclick=", "<script>"} {
		if strings.Contains(page.body, inline) {
			t.Errorf("the page has %q, which its policy forbids", inline)
		}
	}
}

func TestPolicyLetsTheFormEndAtTheClient(t *testing.T) {
	for name, test := range map[string]struct{ redirect, want string }{
		"web":              {"https://app.example:8443/cb?x=1", "form-action 'self' https:;"},
		"loopback":         {"http://127.0.0.1:49152/cb", "form-action 'self' https: http://localhost:* http://127.0.0.1:*;"},
		"IPv6 loopback":    {"http://[::1]:49152/cb", "form-action 'self' https: http:;"},
		"private-use":      {"com.example.app:/cb", "form-action 'self' https: com.example.app:;"},
		"breaks out of it": {"https://a.example;script-src/cb", "form-action 'self' https:;"},
		"no address":       {"a;script-src *:x", "form-action 'self' https:;"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.wait("r1", authorize.PromptLogin).Request.RedirectURI = test.redirect
			if got := h.get("/login?request=r1").Header.Get("Content-Security-Policy"); !strings.Contains(got, test.want) {
				t.Errorf("policy %q lacks %q", got, test.want)
			}
		})
	}
}

func TestLogoOfAnAppUnderDevelopment(t *testing.T) {
	h := newHouse(t)
	h.wait("r1", authorize.PromptLogin).Client.LogoURI = "http://localhost:3000/logo.png"
	if got := h.get("/login?request=r1").Header.Get("Content-Security-Policy"); !strings.Contains(got, "img-src 'self' http://localhost:3000;") {
		t.Errorf("policy %q hides the logo", got)
	}
}

// A page shows pictures of whoever it is about, and tells nobody else who looks
// at it.
func TestPicturesThatAPageMayShow(t *testing.T) {
	theme := web.Theme{LogoURL: "https://cdn.acme.example/logo.svg", FaviconURL: "https://cdn.acme.example/icon.png", BackgroundURL: "https://pictures.acme.example/sea.jpg"}
	themed := func(c *web.Config) { c.Theme = theme }
	overlaid := func(c *web.Config) {
		c.Overlay = folder(map[string]string{"static/custom.css": ".card { border-radius: 0 }"})
	}
	for name, test := range map[string]struct {
		option     func(*web.Config)
		logo, want string
	}{
		"logo of the app":   {func(*web.Config) {}, "https://shop.example:8443/logo.svg?v=1", "img-src 'self' https://shop.example:8443;"},
		"no logo":           {func(*web.Config) {}, "", "img-src 'self';"},
		"logo is a script":  {func(*web.Config) {}, "javascript:alert(1)", "img-src 'self';"},
		"logo is data":      {func(*web.Config) {}, "data:image/png;base64,AA", "img-src 'self';"},
		"breaks out of it":  {func(*web.Config) {}, "https://shop.example;script-src%20*/x", "img-src 'self';"},
		"operator's look":   {themed, "https://shop.example/logo.svg", "img-src 'self' https://cdn.acme.example https://pictures.acme.example https://shop.example;"},
		"operator's pages":  {overlaid, "https://shop.example/logo.svg", "img-src 'self' https: https://shop.example;"},
		"IPv6 in its place": {func(*web.Config) {}, "https://[2001:db8::1]/logo.svg", "img-src 'self' https:;"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, test.option)
			for _, prompt := range []authorize.Prompt{authorize.PromptLogin, authorize.PromptConsent} {
				h.wait("r1", prompt).Client.LogoURI = test.logo
				if got := h.get(prompt.Screen() + "?request=r1").Header.Get("Content-Security-Policy"); !strings.Contains(got, test.want) {
					t.Errorf("%s: policy %q lacks %q", prompt, got, test.want)
				}
			}
		})
	}
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	form := url.Values{"username": {email}, "password": {password}, "action": {"allow"}, "digest": {"digest-r1"}, "otp": {code}}
	for name, header := range map[string][]string{
		"cross-site":  {"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"},
		"same site":   {"Sec-Fetch-Site", "same-site", "Origin", "https://evil.acme.example"},
		"old browser": {"Sec-Fetch-Site", "", "Origin", "https://evil.example"},
		"opaque":      {"Sec-Fetch-Site", "", "Origin", "null"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			for _, path := range []string{"/login", "/login/otp", "/login/enrol", "/account/one-time-password", "/select-account", "/consent"} {
				h.wantPage(h.post(path+"?request=r1", form, header...), http.StatusForbidden, "cross_origin")
			}
			if h.accounts.asked() != 0 || len(h.interactions.signIns) != 0 {
				t.Error("the form was acted on")
			}
		})
	}
}

func TestOwnFormIsTakenBehindAProxyThatRenamesTheHost(t *testing.T) {
	h := newHouse(t)
	answer := h.post("/login?request=r1", url.Values{"action": {"deny"}}, "Sec-Fetch-Site", "", "Origin", h.server.URL)
	h.wantTo(answer, "https://shop.example/callback?error=access_denied")
}

func TestFormsAreBounded(t *testing.T) {
	h := newHouse(t)
	h.wantPage(h.signIn(email, strings.Repeat("x", oauth.MaxFormSize)), http.StatusRequestEntityTooLarge, "invalid_request")
	h.wantPage(h.post("/login?request=r1", url.Values{"username": {email, email}}), http.StatusBadRequest, "invalid_request")
	h.wantPage(h.post("/login?request=r1", nil, "Content-Type", "text/plain"), http.StatusBadRequest, "invalid_request")
	if h.accounts.asked() != 0 {
		t.Error("Directus was asked")
	}
}

func TestStaticFiles(t *testing.T) {
	h := newHouse(t)
	page := h.get("/login?request=r1").body
	for _, kind := range []struct{ before, after, contentType string }{
		{`rel="stylesheet" href="`, `"`, "text/css; charset=utf-8"},
		{`<script src="`, `"`, "text/javascript; charset=utf-8"},
		{`rel="icon" href="`, `"`, "image/svg+xml"},
	} {
		_, rest, _ := strings.Cut(page, kind.before)
		path, _, _ := strings.Cut(rest, kind.after)
		file := h.get(path)
		if file.StatusCode != http.StatusOK || file.Header.Get("Content-Type") != kind.contentType {
			t.Errorf("%s: status %d, type %q", path, file.StatusCode, file.Header.Get("Content-Type"))
		}
		if got := file.Header.Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
			t.Errorf("%s: Cache-Control %q", path, got)
		}
		if strings.HasSuffix(path, ".css") && len(file.body) >= 20_000 {
			t.Errorf("the stylesheet has %d bytes", len(file.body))
		}
	}
	if got := h.get("/static/gatehouse.000000000000.js"); got.StatusCode != http.StatusNotFound {
		t.Errorf("a file that is not there: status %d", got.StatusCode)
	}
	// The page may be of a node that heard of a new look first.
	got := h.get("/static/gatehouse.000000000000.css")
	if got.StatusCode != http.StatusOK || got.Header.Get("Cache-Control") != "no-store" || !strings.Contains(got.body, "--primary") {
		t.Errorf("another node's stylesheet: status %d, Cache-Control %q", got.StatusCode, got.Header.Get("Cache-Control"))
	}
}
