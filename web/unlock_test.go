package web_test

import (
	"net/http"
	"testing"
	"time"

	"gatehouse/web"
)

// limited is a house on a Directus that suspends.
func limited(t *testing.T) *house {
	t.Helper()
	return newHouse(t, func(c *web.Config) { c.Throttle.AttemptsLimit = directusLimit })
}

func (h *house) unlock(want int) {
	h.t.Helper()
	attempts, err := h.web.Limiter().Reset(h.t.Context(), "Ada@example.com")
	if err != nil {
		h.t.Fatal(err)
	}
	if attempts != want {
		h.t.Errorf("%d attempts after unlocking, want %d", attempts, want)
	}
}

// Directus goes on counting whatever an operator does here: strangers must not
// be able to push the user over its limit afterwards.
func TestUnlockStaysBelowDirectusLockOut(t *testing.T) {
	h := limited(t)
	ada := h.accounts.users[email]
	h.wantTo(h.signIn(email, password), h.server.URL+"/authorize/r1")
	for i := range 20 {
		h.guess(email, 2*directusLimit)
		for range 2 * known {
			h.signIn(email, "wrong")
		}
		h.unlock(map[bool]int{true: 2, false: 0}[i == 0])
	}
	if ada.suspended || ada.mostTried > directusLimit-3 {
		t.Errorf("Directus counted %d attempts, suspended: %v", ada.mostTried, ada.suspended)
	}
}

func TestUnlockLetsThePersonIn(t *testing.T) {
	for _, user := range []string{email, otpUser} {
		t.Run(user, func(t *testing.T) {
			h := limited(t)
			ada := h.accounts.users[user]
			for range 5 {
				h.guess(user, 2*directusLimit)
				h.wantPage(h.signIn(user, password), http.StatusTooManyRequests)
				if _, err := h.web.Limiter().Reset(t.Context(), user); err != nil {
					t.Fatal(err)
				}
				if user == otpUser {
					h.wantTo(h.signIn(user, password), "/login/otp?request=r1")
					h.wantTo(h.sendOTP(code), h.server.URL+"/authorize/r1")
				} else {
					h.wantTo(h.signIn(user, password), h.server.URL+"/authorize/r1")
				}
				h.browser = h.newBrowser()
				h.clock.Advance(2 * time.Minute)
			}
			if ada.mostTried > directusLimit-3 {
				t.Errorf("Directus counted %d attempts", ada.mostTried)
			}
		})
	}
}

func TestUnlockLeavesTheKnownShare(t *testing.T) {
	h := limited(t)
	h.wantTo(h.signIn(email, password), h.server.URL+"/authorize/r1")
	for range 3 {
		h.guess(email, 2*directusLimit)
		_, err := h.web.Limiter().Reset(t.Context(), email)
		must(t, err)
	}
	h.guess(email, 2*directusLimit)
	h.wantTo(h.signIn(email, password), h.server.URL+"/authorize/r1")
}

func TestUnlockEndsWithTheNextSignIn(t *testing.T) {
	h := limited(t)
	h.guess(email, strangers)
	h.unlock(2)
	h.wantTo(h.signIn(email, password), h.server.URL+"/authorize/r1")
	h.accounts.asked()
	h.guess(email, directusLimit)
	if asked := h.accounts.asked(); asked != strangers {
		t.Errorf("Directus was asked %d times, want %d", asked, strangers)
	}
}

func TestUnlockForgetsWhereDirectusForgot(t *testing.T) {
	h := limited(t)
	h.guess(email, directusLimit)
	h.unlock(2)
	h.guess(email, directusLimit)
	h.unlock(0)
	h.accounts.users[email].attempts = 0 // it was restarted
	attempts, err := h.web.Limiter().Forget(t.Context(), email)
	must(t, err)
	if attempts != strangers {
		t.Errorf("%d attempts, want %d", attempts, strangers)
	}
	h.wantTo(h.signIn(email, password), h.server.URL+"/authorize/r1")
}

func TestUnlockForgetsWhereDirectusHasNoLimit(t *testing.T) {
	h := newHouse(t)
	h.guess(email, strangers)
	h.unlock(strangers)
}
