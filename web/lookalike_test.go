package web_test

import (
	"net/http"
	"testing"

	"gatehouse/storage"
)

// lookAlikes are pairs of addresses that some databases tell apart and others
// do not.
func lookAlikes() map[string][2]string {
	return map[string][2]string{
		"accent":           {email, "ada@exámple.com"},
		"zero width space": {email, "a\u200bda@example.com"},
		"full width":       {email, "ａda@example.com"},
		"sharp s":          {"strasse@example.com", "straße@example.com"},
		"dotted capital I": {"ida@example.com", "İda@example.com"},
	}
}

// twins makes two accounts with addresses that look alike.
func (h *house) twins(pair [2]string) (victim *user) {
	for i, id := range []string{"victim", "attacker"} {
		h.accounts.users[pair[i]] = &user{account: storage.Account{ID: id, Email: pair[i], Active: true}, password: password}
	}
	return h.accounts.users[pair[0]]
}

// Whoever owns an account that looks like another's could otherwise sign in to
// his own to have the failures of the other forgiven, and guess on.
func TestThrottleSuccessForgivesOnlyItsOwnName(t *testing.T) {
	for name, pair := range lookAlikes() {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			victim := h.twins(pair)
			h.wantTo(h.signIn(pair[1], password), h.server.URL+"/authorize/r1")
			for range 10 {
				h.guess(pair[0], 5)
				h.signIn(pair[1], password)
			}
			if victim.suspended || victim.mostTried > strangers {
				t.Errorf("Directus counted %d attempts, suspended: %v", victim.mostTried, victim.suspended)
			}
		})
	}
}

func TestThrottleBrowserOfALookAlikeIsNotKnown(t *testing.T) {
	for name, pair := range lookAlikes() {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.twins(pair)
			h.wantTo(h.signIn(pair[1], password), h.server.URL+"/authorize/r1")
			h.accounts.asked()
			for range strangers + known {
				h.signIn(pair[0], "wrong")
			}
			if asked := h.accounts.asked(); asked != strangers {
				t.Errorf("Directus was asked %d times, want %d", asked, strangers)
			}
		})
	}
}

func TestThrottleLookAlikeTakesNoKnownShare(t *testing.T) {
	for name, pair := range lookAlikes() {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.twins(pair)
			h.wantTo(h.signIn(pair[0], password), h.server.URL+"/authorize/r1")
			owner := h.browser
			h.browser = h.newBrowser()
			h.wantTo(h.signIn(pair[1], password), h.server.URL+"/authorize/r1")
			for range strangers + known {
				h.signIn(pair[1], "wrong")
			}
			h.browser = owner
			h.wantTo(h.signIn(pair[0], password), h.server.URL+"/authorize/r1")
		})
	}
}

// Whatever strangers did under other spellings, a sign-in makes a fresh start
// for the name that it was made under.
func TestThrottleSuccessOutlivesLookAlikes(t *testing.T) {
	h := newHouse(t)
	h.wantTo(h.signIn(email, password), h.server.URL+"/authorize/r1")
	h.guess("ádá@example.com", strangers)
	h.wantPage(h.guess(email, 1), http.StatusTooManyRequests)
	h.wantTo(h.signIn(email, password), h.server.URL+"/authorize/r1")
	h.browser = h.newBrowser()
	h.wantTo(h.signIn(email, password), h.server.URL+"/authorize/r1")
	h.accounts.asked()
	h.guess("adà@example.com", 1)
	if asked := h.accounts.asked(); asked != 0 {
		t.Error("another spelling had its failures forgiven")
	}
}

// On MySQL several spellings are one account: all of them together must stay
// below the limit, from known browsers too.
func TestThrottleSpellingsOfOneAccount(t *testing.T) {
	h := newHouse(t)
	ada := h.accounts.users[email]
	spellings := []string{email, "ádà@example.com", "âda@example.com"}
	for _, spelling := range spellings {
		h.accounts.users[spelling] = ada
		h.wantTo(h.signIn(spelling, password), h.server.URL+"/authorize/r1")
	}
	for i := range 100 {
		h.guess(spellings[i%3], 1)
		h.signIn(spellings[i%3], "wrong")
	}
	if ada.suspended || ada.mostTried > strangers+known {
		t.Errorf("Directus counted %d attempts, suspended: %v", ada.mostTried, ada.suspended)
	}
}

// An address that went to somebody else takes its share along: it is not there
// twice.
func TestThrottleFormerOwnerHasNoShareBesides(t *testing.T) {
	h := newHouse(t)
	h.wantTo(h.signIn(email, password), h.server.URL+"/authorize/r1")
	former := h.browser
	next := &user{account: storage.Account{ID: "next", Email: email, Active: true}, password: "other"}
	h.accounts.users[email] = next
	h.browser = h.newBrowser()
	h.wantTo(h.signIn(email, "other"), h.server.URL+"/authorize/r1")
	for range known {
		h.signIn(email, "wrong")
	}
	h.browser = former
	for range strangers + known {
		h.signIn(email, "wrong")
	}
	if next.suspended || next.mostTried > strangers+known {
		t.Errorf("Directus counted %d attempts, suspended: %v", next.mostTried, next.suspended)
	}
}
