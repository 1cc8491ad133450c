package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/web"
)

// seen is all that somebody sees who asks about an address, and what Directus
// was asked for it.
type seen struct {
	Status   int
	Header   http.Header
	Body     string
	Followed string
	Calls    []string
	Took     time.Duration
}

// observe sends a form about an address and follows where it leads.
func observe(h *house, p *post, path, address string) seen {
	h.t.Helper()
	p.forget()
	began := h.clock.Now()
	answer := h.post(path, registration("username", address))
	s := seen{Status: answer.StatusCode, Header: answer.Header.Clone(), Body: answer.body, Calls: p.forget(), Took: h.clock.Now().Sub(began)}
	same := func(text string) string {
		return strings.ReplaceAll(sealed.ReplaceAllString(text, "receipt=SEALED"), address, "ADDRESS")
	}
	location := s.Header.Get("Location")
	s.Header.Set("Location", same(location))
	s.Header.Del("Date")
	// A note is as long as the address it seals.
	s.Header.Del("Content-Length")
	s.Body = same(s.Body)
	if location != "" {
		s.Followed = same(h.get(location).body)
	}
	return s
}

// The same status, headers, page, path, calls and time, whoever is asked about.
func TestNobodyLearnsWhichAccountsThereAre(t *testing.T) {
	people := []string{"active@example.com", "suspended@example.com", "unverified@example.com", "external@example.com"}
	for name, test := range map[string]struct {
		path   string
		option func(*web.Config)
	}{
		"register":                      {"/register?request=r1", func(*web.Config) {}},
		"register without verification": {"/register?request=r1", func(c *web.Config) { c.Brand.(*post).project.VerifiesEmail = false }},
		"register without request":      {"/register", func(*web.Config) {}},
		"resend":                        {"/verify-email/resend?request=r1", func(*web.Config) {}},
		"reset":                         {"/reset-password?request=r1", func(*web.Config) {}},
		"reset without request":         {"/reset-password", func(*web.Config) {}},
	} {
		t.Run(name, func(t *testing.T) {
			h, p := newPostHouse(t, test.option)
			p.known = people
			unknown := observe(h, p, test.path, "unknown@example.com")
			if unknown.Status != http.StatusSeeOther || len(unknown.Calls) != 1 || unknown.Took < 1200*time.Millisecond {
				t.Fatalf("status %d, calls %v, took %s", unknown.Status, unknown.Calls, unknown.Took)
			}
			for _, address := range people {
				// Directus is quicker or slower about some.
				p.takes[address] = 137 * time.Millisecond
				if diff := cmp.Diff(unknown, observe(h, p, test.path, address)); diff != "" {
					t.Errorf("%s differs from an address that nobody knows:\n%s", address, diff)
				}
			}
		})
	}
}

// A policy that we know is asked before Directus, which asks it for new addresses
// only.
func TestPasswordPolicyTellsNothing(t *testing.T) {
	h, p := newPostHouse(t, func(c *web.Config) {
		c.PasswordPolicy = func(password string) bool { return password != "refused by Directus" }
	})
	for _, address := range []string{email, "unknown@example.com"} {
		answer := h.post("/register", registration("username", address, "new-password", "refused by Directus"))
		h.wantPage(answer, http.StatusOK, "does not take this password")
		if calls := p.forget(); len(calls) != 0 {
			t.Errorf("%s: calls %v", address, calls)
		}
	}
}

func TestAnswersAreHeldBack(t *testing.T) {
	for name, test := range map[string]struct{ takes, wants time.Duration }{
		"at once":      {0, time.Second},
		"quick":        {300 * time.Millisecond, time.Second},
		"just in time": {time.Second, time.Second},
		"slow":         {1001 * time.Millisecond, 2 * time.Second},
		"very slow":    {4500 * time.Millisecond, 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			h, p := newPostHouse(t, func(c *web.Config) { c.Pace.MinimumAnswer = time.Second })
			p.takes[email] = test.takes
			began := h.clock.Now()
			h.post("/reset-password", url.Values{"username": {email}})
			if took := h.clock.Now().Sub(began); took != test.wants {
				t.Errorf("took %s, want %s", took, test.wants)
			}
		})
	}
}

// Whatever is wrong with the form itself is said at once: it depends on nothing
// that Directus knows.
func TestProblemsOfTheFormAreNotHeldBack(t *testing.T) {
	h, p := newPostHouse(t)
	h.post("/register", nil)
	h.post("/reset-password", nil)
	h.post("/verify-email/resend", nil)
	if len(p.waits) != 0 {
		t.Errorf("waits %v", p.waits)
	}
}

func TestMailsToOneAddressAreBounded(t *testing.T) {
	for _, path := range []string{"/register", "/verify-email/resend", "/reset-password"} {
		t.Run(path, func(t *testing.T) {
			h, p := newPostHouse(t)
			first := observe(h, p, path, email)
			calls := 1
			for range 5 {
				again := observe(h, p, path, email)
				calls += len(again.Calls)
				again.Calls = first.Calls
				if diff := cmp.Diff(first, again); diff != "" {
					t.Errorf("the answer tells that no mail is sent:\n%s", diff)
				}
			}
			if calls != 3 {
				t.Errorf("Directus was asked %d times, want 3", calls)
			}
			// Names that look alike may be one account to Directus.
			if alike := observe(h, p, path, "ÁDA@example.com"); len(alike.Calls) != 0 {
				t.Error("another spelling has a budget of its own")
			}
			if other := observe(h, p, path, "grace@example.com"); len(other.Calls) != 1 {
				t.Error("another person gets no mail")
			}
			h.clock.Advance(time.Hour)
			if later := observe(h, p, path, email); len(later.Calls) != 1 {
				t.Error("no mail an hour later")
			}
		})
	}
}

func TestMailsFromOneNetworkAreBounded(t *testing.T) {
	h, p := newPostHouse(t, func(c *web.Config) { c.Throttle.NetworkMails, c.Throttle.MailWindow = 4, 10*time.Minute })
	for i, path := range []string{"/register", "/verify-email/resend", "/reset-password", "/reset-password"} {
		if s := observe(h, p, path, fmt.Sprintf("person%d@example.com", i)); s.Status != http.StatusSeeOther {
			t.Fatalf("mail %d: status %d", i, s.Status)
		}
	}
	waited := len(p.waits)
	for _, path := range []string{"/register?request=r1", "/verify-email/resend", "/reset-password"} {
		page := h.post(path, registration())
		h.wantPage(page, http.StatusTooManyRequests, "too_many_attempts", "Minutes to wait: 10")
		if page.Header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
		if path == "/register?request=r1" {
			h.golden("error_mails", page)
		}
	}
	if calls := p.forget(); len(calls) != 0 || len(p.waits) != waited {
		t.Errorf("calls %v, waits %v", calls, p.waits)
	}
	h.address = "192.0.2.8"
	if s := observe(h, p, "/reset-password", email); s.Status != http.StatusSeeOther {
		t.Errorf("another network: status %d", s.Status)
	}
	h.address = "192.0.2.7"
	h.clock.Advance(10 * time.Minute)
	if s := observe(h, p, "/reset-password", email); s.Status != http.StatusSeeOther {
		t.Errorf("later: status %d", s.Status)
	}
}
