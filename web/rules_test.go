package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/web"
)

// An address that Directus would refuse is refused at its field, known or not, and
// nobody is asked.
func TestEmailFilter(t *testing.T) {
	h, p := newPostHouse(t, func(c *web.Config) {
		c.EmailFilter = func(address string) bool { return strings.HasSuffix(address, "@example.com") }
	})
	p.known = []string{"known@elsewhere.example"}
	var pages []string
	for _, address := range []string{"known@elsewhere.example", "unknown@elsewhere.example"} {
		page := h.post("/register", registration("username", address))
		h.wantPage(page, http.StatusOK, "no new accounts with this email address", `id="username-problem"`, `aria-invalid="true"`)
		pages = append(pages, strings.ReplaceAll(page.body, address, "ADDRESS"))
		if calls := p.forget(); len(calls) != 0 {
			t.Errorf("%s: calls %v", address, calls)
		}
	}
	if pages[0] != pages[1] {
		t.Error("the page of a known address differs from that of another")
	}
	if answer := h.post("/register", registration()); answer.StatusCode != http.StatusSeeOther || len(p.forget()) != 1 {
		t.Errorf("an address that passes: status %d", answer.StatusCode)
	}
}

// A pattern of the operator's may take long: it is asked within a budget of the
// network, before which nothing is.
func TestSlowRulesAreBounded(t *testing.T) {
	for name, test := range map[string]struct {
		path string
		form url.Values
	}{
		"password":               {"/register", registration("new-password", "refused")},
		"address":                {"/register", registration("username", "mary@elsewhere.example")},
		"password of a mail":     {"/reset-password/new", url.Values{"token": {goodToken}, "new-password": {"refused"}}},
		"password of invitation": {"/accept-invite", url.Values{"token": {goodToken}, "new-password": {"refused"}}},
	} {
		t.Run(name, func(t *testing.T) {
			judged := 0
			h, p := newPostHouse(t, func(c *web.Config) {
				c.SlowRules, c.Throttle.NetworkMails = true, 2
				c.PasswordPolicy = func(password string) bool { judged++; return password != "refused" }
				c.EmailFilter = func(address string) bool { judged++; return strings.HasSuffix(address, "@example.com") }
			})
			var page answer
			for range 21 {
				page = h.post(test.path, test.form)
			}
			if page.StatusCode != http.StatusTooManyRequests || page.Header.Get("Retry-After") == "" {
				t.Errorf("status %d, Retry-After %q", page.StatusCode, page.Header.Get("Retry-After"))
			}
			if judged != 20 {
				t.Errorf("%d judgements, want ten times the mails of a network", judged)
			}
			if calls := p.forget(); len(calls) != 0 {
				t.Errorf("calls %v", calls)
			}
			h.clock.Advance(time.Hour)
			if page := h.post(test.path, test.form); page.StatusCode != http.StatusOK {
				t.Errorf("an hour later: status %d", page.StatusCode)
			}
		})
	}
}

func TestQuickRulesCostNothing(t *testing.T) {
	h, _ := newPostHouse(t, func(c *web.Config) {
		c.Throttle.NetworkMails = 1
		c.PasswordPolicy = func(string) bool { return false }
	})
	for range 30 {
		h.wantPage(h.post("/register", registration()), http.StatusOK, `id="new-password-problem"`)
	}
}
