package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"gatehouse/web"
)

// tokenPages are the pages that a mail leads to, with where their forms go.
func tokenPages() map[string]string {
	return map[string]string{"/verify-email": "/verify-email", "/reset-password": "/reset-password/new", "/accept-invite": "/accept-invite"}
}

func TestTokenPagesKeepTheToken(t *testing.T) {
	for path, action := range tokenPages() {
		t.Run(path, func(t *testing.T) {
			h, _ := newPostHouse(t, func(c *web.Config) { c.Theme.LogoURL = "https://cdn.example/logo.png" })
			form := url.Values{"token": {goodToken}, "new-password": {""}}
			form.Set("token", "expired")
			if action == "/verify-email" {
				form.Set("token", "away")
			}
			for name, page := range map[string]answer{
				"page": h.get(path + "?request=r1&token=" + goodToken), "form again": h.post(action+"?request=r1", form),
				"damaged": h.get(path + "?token=%20a%20"), "no longer": h.post(action, url.Values{"token": {"used"}, "new-password": {"a new one"}}),
			} {
				if got := page.Header.Get("Referrer-Policy"); got != "no-referrer" {
					t.Errorf("%s: referrer policy %q", name, got)
				}
				if got := page.Header.Get("Content-Security-Policy"); !strings.Contains(got, "img-src 'self';") || !strings.Contains(got, "form-action 'self';") {
					t.Errorf("%s: policy %q", name, got)
				}
				if strings.Contains(page.body, "<img") {
					t.Errorf("%s: the page has a picture of another host", name)
				}
				if rest := strings.ReplaceAll(page.body, `value="`+goodToken+`"`, ""); strings.Contains(rest, goodToken) {
					t.Errorf("%s: the token stands elsewhere than in its field", name)
				}
			}
			done := h.post(action+"?request=r1", url.Values{"token": {goodToken}, "new-password": {"a new one"}})
			if done.StatusCode != http.StatusSeeOther || done.Header.Get("Referrer-Policy") != "no-referrer" {
				t.Errorf("status %d, referrer policy %q", done.StatusCode, done.Header.Get("Referrer-Policy"))
			}
			if strings.Contains(done.Header.Get("Location"), "token") {
				t.Error("the token goes on")
			}
		})
	}
}

// A page without referrer makes browsers send "Origin: null" with its form.
func TestTokenFormsOfOldBrowsers(t *testing.T) {
	for name, test := range map[string]struct {
		header []string
		taken  bool
	}{
		"browser of today":            {[]string{"Sec-Fetch-Site", "same-origin", "Origin", "null"}, true},
		"old browser":                 {[]string{"Sec-Fetch-Site", "", "Origin", "null"}, true},
		"older browser":               {[]string{"Sec-Fetch-Site", ""}, true},
		"page of another site":        {[]string{"Sec-Fetch-Site", "cross-site", "Origin", "null"}, false},
		"page of a neighbour":         {[]string{"Sec-Fetch-Site", "same-site", "Origin", "https://evil.acme.example"}, false},
		"another site, older browser": {[]string{"Sec-Fetch-Site", "", "Origin", "https://evil.example"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, action := range tokenPages() {
				h, p := newPostHouse(t)
				answer := h.post(action, url.Values{"token": {goodToken}, "new-password": {"a new one"}}, test.header...)
				if calls := p.forget(); (len(calls) == 1) != test.taken || (answer.StatusCode == http.StatusSeeOther) != test.taken {
					t.Errorf("%s: status %d, calls %v", action, answer.StatusCode, calls)
				}
				if !test.taken {
					h.wantPage(answer, http.StatusForbidden, "cross_origin")
				}
			}
			// A form without a token has nothing of its own to protect it.
			h, p := newPostHouse(t)
			if name == "old browser" {
				for _, path := range []string{"/register", "/verify-email/resend", "/reset-password"} {
					h.wantPage(h.post(path, registration(), test.header...), http.StatusForbidden, "cross_origin")
				}
				if calls := p.forget(); len(calls) != 0 {
					t.Errorf("calls %v", calls)
				}
			}
		})
	}
}

// Mail programs add to addresses what does not belong to them.
func TestTokenWithWhatMailProgramsAdd(t *testing.T) {
	h, _ := newPostHouse(t)
	for _, given := range []string{goodToken + ".", goodToken + ">", "%20" + goodToken, goodToken + "%0A"} {
		h.wantPage(h.get("/reset-password?token="+given), http.StatusOK, `value="`+goodToken+`"`)
	}
}

func TestAddressInATokenIsOnlyAHint(t *testing.T) {
	h, _ := newPostHouse(t)
	for name, test := range map[string]struct{ token, want string }{
		"address":    {goodToken, email},
		"no parts":   {"abc", ""},
		"no base64":  {"a.b.c", ""},
		"no JSON":    {"a.YWJj.c", ""},
		"other type": {"a.eyJlbWFpbCI6MX0.c", ""},
		"markup":     {"a.eyJlbWFpbCI6IlwiPjxzY3JpcHQ-In0.c", "&#34;&gt;&lt;script&gt;"},
		"two lines":  {"a.eyJlbWFpbCI6ImFcbmIifQ.c", ""},
	} {
		t.Run(name, func(t *testing.T) {
			h.wantPage(h.get("/reset-password?token="+test.token), http.StatusOK, `name="username" value="`+test.want+`" autocomplete="username"`)
		})
	}
}

func FuzzTokenPage(f *testing.F) {
	for _, seed := range []string{goodToken, "", "a.b.c", "a.eyJlbWFpbCI6IlwiPjxzY3JpcHQ-In0.c", "\xff", strings.Repeat("a", 5000), "<script>"} {
		f.Add(seed)
	}
	h, p := newPostHouse(f)
	f.Fuzz(func(t *testing.T, token string) {
		h.t = t
		for path := range tokenPages() {
			page := h.get(path + "?token=" + url.QueryEscape(token))
			if page.StatusCode >= http.StatusInternalServerError || strings.Contains(page.body, "<script>") {
				t.Errorf("%s: status %d:\n%s", path, page.StatusCode, page.body)
			}
		}
		if calls := p.forget(); len(calls) != 0 {
			t.Errorf("calls %v", calls)
		}
	})
}

func FuzzRegisterFields(f *testing.F) {
	f.Add("Mary", "Shelley", "mary@example.com", "the modern prometheus")
	f.Add("", "\x00", "a@b\r\nBcc: c@d", "\xff")
	h, p := newPostHouse(f, func(c *web.Config) { c.Throttle.NetworkMails = 1 << 30 })
	f.Fuzz(func(t *testing.T, given, family, address, password string) {
		h.t, p.registrations = t, nil
		answer := h.post("/register", registration("given-name", given, "family-name", family, "username", address, "new-password", password))
		if answer.StatusCode >= http.StatusInternalServerError {
			t.Errorf("status %d:\n%s", answer.StatusCode, answer.body)
		}
		for _, sent := range p.registrations {
			if !utf8.ValidString(sent.Email+sent.FirstName+sent.LastName) || strings.ContainsAny(sent.Email+sent.FirstName+sent.LastName, "\x00\r\n") || sent.Email == "" || sent.Password == "" {
				t.Errorf("Directus was sent %+v", sent)
			}
		}
	})
}
