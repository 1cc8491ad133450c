package web_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/provider/event"
	"gatehouse/storage"
	"gatehouse/web"
)

const (
	strangers = 15
	known     = 5
)

// guess fails to sign in n times as a stranger, each time from another address.
func (h *house) guess(user string, n int) answer {
	h.t.Helper()
	var last answer
	mine, address := h.browser, h.address
	defer func() { h.browser, h.address = mine, address }()
	for i := range n {
		h.browser, h.address = h.newBrowser(), fmt.Sprintf("198.51.%d.%d", i/250, i%250)
		last = h.signIn(user, "wrong")
	}
	return last
}

func TestThrottleKeepsTheAccountFromDirectusLockOut(t *testing.T) {
	h := newHouse(t)
	h.wantTo(h.signIn(email, password), h.server.URL+"/authorize/r1") // the person's own browser
	spellings := []string{email, "ADA@example.com", "Ada@Example.Com", " ada@EXAMPLE.com ", "ádà@example.com"}
	ada := h.accounts.users[email]
	h.accounts.users["ádà@example.com"] = ada // as a database without regard to accents has it
	for i := range 1000 {
		h.clock.Advance(30 * 24 * time.Hour / 1000)
		h.guess(spellings[i%len(spellings)], 1)
	}
	if ada.suspended || ada.mostTried > directusLimit-5 {
		t.Fatalf("Directus counted %d attempts, suspended: %v", ada.mostTried, ada.suspended)
	}
	h.wantTo(h.signIn(email, password), h.server.URL+"/authorize/r1")
	if ada.attempts != 0 {
		t.Errorf("Directus still counts %d attempts after a success", ada.attempts)
	}
}

func TestThrottleSharesBetweenStrangersAndKnownBrowsers(t *testing.T) {
	h := newHouse(t)
	h.wantTo(h.signIn(email, password), h.server.URL+"/authorize/r1")
	h.accounts.asked()
	h.guess(email, strangers+10)
	if asked := h.accounts.asked(); asked != strangers {
		t.Errorf("strangers reached Directus %d times, want %d", asked, strangers)
	}
	for range known + 10 {
		h.signIn(email, "wrong")
	}
	if asked := h.accounts.asked(); asked != known {
		t.Errorf("the known browser reached Directus %d times, want %d", asked, known)
	}
	h.wantPage(h.signIn(email, password), http.StatusTooManyRequests, "too_many_attempts")
	if _, err := h.web.Limiter().Reset(t.Context(), "ADA@example.com"); err != nil {
		t.Fatal(err)
	}
	h.wantTo(h.signIn(email, password), h.server.URL+"/authorize/r1")
}

func TestThrottleKnownBrowserTakesWhatStrangersLeft(t *testing.T) {
	h := newHouse(t)
	h.wantTo(h.signIn(email, password), h.server.URL+"/authorize/r1")
	for range strangers + known - 1 {
		h.wantPage(h.signIn(email, "wrong"), http.StatusOK, "We could not sign you in")
	}
	h.wantTo(h.signIn(email, password), h.server.URL+"/authorize/r1")
}

func TestThrottleIsTheSameForUnknownAccounts(t *testing.T) {
	h := newHouse(t)
	pages := map[string]answer{}
	for _, user := range []string{email, "eve@example.com", "gone@example.com"} {
		h.accounts.asked()
		pages[user] = h.guess(user, strangers+1)
		if asked := h.accounts.asked(); asked != strangers {
			t.Errorf("%s: Directus was asked %d times, want %d", user, asked, strangers)
		}
	}
	h.wantPage(pages[email], http.StatusTooManyRequests, "too_many_attempts", "Use a browser in which you have signed in before", "https://acme.example/help")
	for user, page := range pages {
		if diff := cmp.Diff(pages[email].body, page.body); diff != "" {
			t.Errorf("page of %s differs:\n%s", user, diff)
		}
	}
	h.golden("error_exhausted", pages[email])
}

func TestThrottleCookieOfAnotherAccountIsNotKnown(t *testing.T) {
	h := newHouse(t)
	h.accounts.users["eve@example.com"] = &user{account: storage.Account{ID: "eve", Email: "eve@example.com", Active: true}, password: password}
	h.wantTo(h.signIn("eve@example.com", password), h.server.URL+"/authorize/r1")
	h.accounts.asked()
	for range strangers + known {
		h.signIn(email, "wrong")
	}
	if asked := h.accounts.asked(); asked != strangers {
		t.Errorf("Directus was asked %d times, want %d", asked, strangers)
	}
}

func TestThrottleKnownForAYear(t *testing.T) {
	for name, test := range map[string]struct {
		later time.Duration
		want  int
	}{
		"after eleven months": {11 * 30 * 24 * time.Hour, http.StatusSeeOther},
		"after thirteen":      {13 * 31 * 24 * time.Hour, http.StatusTooManyRequests},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.wantTo(h.signIn(email, password), h.server.URL+"/authorize/r1")
			h.guess(email, strangers)
			h.clock.Advance(test.later)
			if got := h.signIn(email, password).StatusCode; got != test.want {
				t.Errorf("status %d, want %d", got, test.want)
			}
		})
	}
}

func TestThrottleParallelGuesses(t *testing.T) {
	h := newHouse(t)
	var group sync.WaitGroup
	for i := range 64 {
		browser := h.newBrowser()
		group.Go(func() {
			form := fmt.Sprintf("username=%s&password=wrong%d", email, i)
			request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, h.server.URL+"/login?request=r1", strings.NewReader(form))
			if err != nil {
				t.Error(err)
				return
			}
			request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			response, err := browser.Do(request)
			if err != nil {
				t.Error(err)
				return
			}
			response.Body.Close()
		})
	}
	group.Wait()
	if asked := h.accounts.asked(); asked != strangers {
		t.Errorf("Directus was asked %d times, want %d", asked, strangers)
	}
}

func TestThrottleCountsOneTimePasswords(t *testing.T) {
	h := newHouse(t)
	grace := h.accounts.users[otpUser]
	for range 30 {
		h.signIn(otpUser, password) // counts: Directus counts it
		h.sendOTP("000000")
	}
	if grace.suspended || grace.mostTried > directusLimit-5 {
		t.Errorf("Directus counted %d attempts, suspended: %v", grace.mostTried, grace.suspended)
	}
}

func TestThrottleOTPSignInsDoNotUseTheBudgetUp(t *testing.T) {
	h := newHouse(t)
	for range 2 * directusLimit {
		h.wantTo(h.signIn(otpUser, password), "/login/otp?request=r1")
		h.wantTo(h.sendOTP(code), h.server.URL+"/authorize/r1")
		h.clock.Advance(2 * time.Minute)
	}
}

func TestThrottleRefundsWhatDirectusDidNotCount(t *testing.T) {
	for name, test := range map[string]struct {
		failure error
		want    int
	}{
		"unavailable": {storage.ErrUnavailable, 40},
		"malformed":   {storage.ErrMalformed, 40},
		"uncertain":   {errors.Join(storage.ErrUnavailable, storage.ErrUncertain), strangers},
		"timed out":   {errors.Join(storage.ErrUnavailable, context.DeadlineExceeded), strangers},
		"restricted":  {storage.ErrRestricted, strangers},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.accounts.fail(test.failure)
			h.guess(email, 40)
			if asked := h.accounts.asked(); asked != test.want {
				t.Errorf("Directus was asked %d times, want %d", asked, test.want)
			}
		})
	}
}

func TestThrottleByAddress(t *testing.T) {
	h := newHouse(t, func(c *web.Config) { c.Throttle.AddressFailures = 10 })
	for i := range 10 {
		h.wantPage(h.signIn(fmt.Sprintf("user%d@example.com", i), "wrong"), http.StatusOK)
	}
	h.clock.Advance(5 * time.Minute)
	page := h.signIn(email, password)
	h.wantPage(page, http.StatusTooManyRequests, "too_many_attempts", "Minutes to wait: 10.")
	if got := page.Header.Get("Retry-After"); got != "600" {
		t.Errorf("Retry-After %q, want 600", got)
	}
	h.golden("error_address", page)
	if asked := h.accounts.asked(); asked != 10 {
		t.Errorf("Directus was asked %d times, want 10", asked)
	}
	h.address = "192.0.2.8"
	h.wantTo(h.signIn(email, password), h.server.URL+"/authorize/r1")
	h.address = "192.0.2.7"
	h.clock.Advance(10 * time.Minute)
	h.wantTo(h.signIn(email, password), h.server.URL+"/authorize/r1")
	if names := h.events.names(); names[10] != event.SignInThrottled {
		t.Errorf("event %q, want %q", names[10], event.SignInThrottled)
	}
}

func TestThrottleByAddressForgivesSuccess(t *testing.T) {
	h := newHouse(t, func(c *web.Config) { c.Throttle.AddressFailures = 3 })
	for range 10 {
		h.wantTo(h.signIn(email, password), h.server.URL+"/authorize/r1")
	}
}

func TestThrottleByNetwork(t *testing.T) {
	for name, test := range map[string]struct {
		first, second string
		same          bool
	}{
		"one IPv4 address":           {"192.0.2.7", "192.0.2.7", true},
		"neighbours in IPv4":         {"192.0.2.7", "192.0.2.8", false},
		"IPv4 written as IPv6":       {"192.0.2.7", "::ffff:192.0.2.7", true},
		"one /64 of IPv6":            {"2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true},
		"another /64 of IPv6":        {"2001:db8:1:2::1", "2001:db8:1:3::1", false},
		"zone does not hide the /64": {"fe80::1%eth0", "fe80::2%eth1", true},
		"no address":                 {"", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, func(c *web.Config) { c.Throttle.AddressFailures = 1 })
			h.address = test.first
			h.signIn("eve@example.com", "wrong")
			h.address = test.second
			throttled := h.signIn(email, password).StatusCode == http.StatusTooManyRequests
			if throttled != test.same {
				t.Errorf("throttled: %v, want %v", throttled, test.same)
			}
		})
	}
}

// A /48 has 65,536 networks of /64, and many hosters give one to each customer.
func TestThrottleByWiderNetwork(t *testing.T) {
	h := newHouse(t, func(c *web.Config) { c.Throttle.AddressFailures = 2 })
	try := func(address string) int {
		h.address = address
		return h.signIn("eve@example.com", "wrong").StatusCode
	}
	h.accounts.fail(storage.ErrInvalidCredentials)
	for i := range 20 {
		user := fmt.Sprintf("user%d@example.com", i)
		h.address = fmt.Sprintf("2001:db8:1:%x::1", i)
		h.wantPage(h.signIn(user, "wrong"), http.StatusOK)
	}
	if got := try("2001:db8:1:ffff::1"); got != http.StatusTooManyRequests {
		t.Errorf("another /64 of the /48: status %d", got)
	}
	for _, other := range []string{"2001:db8:2::1", "192.0.2.7"} {
		if got := try(other); got != http.StatusOK {
			t.Errorf("%s: status %d", other, got)
		}
	}
	h.clock.Advance(15 * time.Minute)
	h.accounts.fail(nil)
	h.address = "2001:db8:1::1"
	for range 30 { // what succeeds does not count in either
		h.wantTo(h.signIn(email, password), h.server.URL+"/authorize/r1")
	}
	h.wantPage(h.signIn("eve@example.com", "wrong"), http.StatusOK)
	h.wantPage(h.signIn("eve@example.com", "wrong"), http.StatusOK)
	for range 40 { // what the /64 refuses does not count in the /48
		h.wantPage(h.signIn("eve@example.com", "wrong"), http.StatusTooManyRequests)
	}
	if got := try("2001:db8:1:2::1"); got != http.StatusOK {
		t.Errorf("refused attempts counted: status %d", got)
	}
}

func TestThrottleLimits(t *testing.T) {
	for name, test := range map[string]struct {
		limit int
		ok    bool
	}{
		"none": {0, true}, "default": {25, true}, "least": {9, true}, "too few": {8, false}, "negative": {-1, false},
	} {
		t.Run(name, func(t *testing.T) {
			var config web.Config
			newHouse(t, func(c *web.Config) { config = *c })
			config.Throttle.AttemptsLimit = test.limit
			if _, err := web.New(config); (err == nil) != test.ok {
				t.Errorf("error %v", err)
			}
		})
	}
}

// What Directus did not count must not stay: everybody could fill the store with
// addresses made up.
func TestThrottleKeepsNoRecordOfNothing(t *testing.T) {
	for name, attempt := range map[string]func(h *house){
		"unavailable": func(h *house) {
			h.accounts.fail(storage.ErrUnavailable)
			h.signIn(email, password)
		},
		"malformed": func(h *house) { h.signIn("ada@printer.local", password) },
		"signed in": func(h *house) { h.signIn(email, password) },
		"signed in after failures": func(h *house) {
			h.guess(email, 3)
			h.signIn(email, password)
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			attempt(h)
			h.clock.Advance(time.Minute)
			for record, err := range h.store.Attempts.All(t.Context()) {
				t.Errorf("a record stays: %v, %v", record, err)
			}
		})
	}
}
