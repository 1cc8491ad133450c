package web_test

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/provider/authorize"
	"gatehouse/provider/event"
	"gatehouse/storage"
	"gatehouse/web"
)

const ownOTP = "/account/one-time-password"

// atHome is a house in which a user just signed in for a page of ours.
func atHome(t testing.TB, subject string, options ...func(*web.Config)) *house {
	t.Helper()
	h := newHouse(t, options...)
	h.wait("own", authorize.PromptLogin).Request.OwnPath = ownOTP
	if subject == "ada" {
		h.wantTo(h.post("/login?request=own", url.Values{"username": {email}, "password": {password}}), h.server.URL+"/authorize/own")
	} else {
		h.wantTo(h.post("/login?request=own", url.Values{"username": {otpUser}, "password": {password}}), "/login/otp?request=own")
		h.wantTo(h.post("/login/otp?request=own", url.Values{"otp": {code}}), h.server.URL+"/authorize/own")
	}
	h.desk.put(storage.Session{ID: "session-" + subject, Subject: subject, AuthenticatedAt: h.clock.Now()})
	h.accounts.asked()
	h.oneTimePasswords.calls()
	return h
}

func (h *house) own(action string, pairs ...string) answer {
	h.t.Helper()
	form := url.Values{"action": {action}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return h.post(ownOTP, form)
}

// wantSignIn checks that the person was sent to sign in as he is, for the page.
func (h *house) wantSignIn(got answer, subject string) {
	h.t.Helper()
	h.wantTo(got, "/login?request=own")
	if diff := cmp.Diff([]authorize.OwnRequest{{Path: ownOTP, Subject: subject, Fresh: true}}, h.desk.begun); diff != "" {
		h.t.Errorf("begun (-want +got):\n%s", diff)
	}
	h.desk.begun = nil
}

func TestOwnOTPTurnedOn(t *testing.T) {
	h := atHome(t, "ada")
	page := h.get(ownOTP)
	h.wantPage(page, http.StatusOK, "Only your password protects", `id="enrol-start"`, `autocomplete="current-password"`, `name="username" value="ada@example.com" autocomplete="username"`)
	h.golden("account_otp_off", page)

	refused := h.own("start", "current-password", "wrong")
	h.wantPage(refused, http.StatusOK, "That is not the password of this account.", `id="current-password-problem"`)
	h.golden("account_otp_password_refused", refused)
	h.wantPage(h.own("start"), http.StatusOK, "Enter your password.")

	h.wantTo(h.own("start", "current-password", password), ownOTP)
	page = h.get(ownOTP)
	h.wantPage(page, http.StatusOK, `id="enrol-confirm"`, "GEZD GNBV GY3T QOJQ", `id="enrol-cancel"`)
	h.golden("account_otp_setup", page)
	h.wantPage(h.own("confirm", "otp", "12345"), http.StatusOK, "Enter the 6 digits")
	h.wantPage(h.own("confirm", "otp", "000000"), http.StatusOK, "was not accepted")

	h.wantTo(h.own("confirm", "otp", code), ownOTP+"?notice=otp-on")
	page = h.get(ownOTP + "?notice=otp-on")
	h.wantPage(page, http.StatusOK, "Your one‑time password is on.", `id="otp-disable"`)
	if diff := cmp.Diff(map[string]bool{"session-ada": true}, h.desk.otp); diff != "" {
		t.Errorf("noted (-want +got):\n%s", diff)
	}
	if len(h.desk.ended) != 0 {
		t.Errorf("ended %v: other sessions go on", h.desk.ended)
	}
	if !slices.Contains(h.events.names(), event.OTPEnrolled) {
		t.Errorf("events %v", h.events.names())
	}
}

func TestOwnOTPFiveWrongCodesStartAnew(t *testing.T) {
	h := atHome(t, "ada")
	h.own("start", "current-password", password)
	for range 4 {
		h.wantPage(h.own("confirm", "otp", "000000"), http.StatusOK, "was not accepted")
	}
	h.wantPage(h.own("confirm", "otp", "000000"), http.StatusOK, "None of the codes was right", `id="enrol-start"`)
	h.wantPage(h.own("confirm", "otp", code), http.StatusOK, "That took too long")
}

func TestOwnOTPSetupCancelled(t *testing.T) {
	h := atHome(t, "ada")
	h.own("start", "current-password", password)
	h.wantTo(h.own("cancel"), ownOTP)
	h.wantPage(h.get(ownOTP), http.StatusOK, `id="enrol-start"`)
}

// Whoever finds the browser open needs the password, however often he tries.
func TestOwnOTPPasswordIsThrottledLikeASignIn(t *testing.T) {
	h := atHome(t, "ada")
	var last answer
	for range directusLimit {
		last = h.own("start", "current-password", "wrong")
	}
	h.wantPage(last, http.StatusTooManyRequests, "too_many_attempts", `href="/account/other"`)
	if most := h.accounts.users[email].mostTried; most >= directusLimit {
		t.Errorf("Directus counted %d attempts, it suspends after %d", most, directusLimit)
	}
	if !slices.Contains(h.events.names(), event.SignInThrottled) {
		t.Errorf("events %v", h.events.names())
	}
}

func TestOwnOTPTurnedOff(t *testing.T) {
	h := atHome(t, "grace")
	page := h.get(ownOTP)
	h.wantPage(page, http.StatusOK, "and a code from your authenticator app", `id="otp-disable"`)
	h.golden("account_otp_on", page)
	h.wantPage(h.own("disable", "otp", ""), http.StatusOK, "Enter the 6 digits")
	refused := h.own("disable", "otp", "000000")
	h.wantPage(refused, http.StatusOK, "was not accepted")
	h.golden("account_otp_disable_refused", refused)

	h.clock.Advance(91 * time.Second)
	h.wantTo(h.own("disable", "otp", code), ownOTP+"?notice=otp-off")
	h.wantPage(h.get(ownOTP+"?notice=otp-off"), http.StatusOK, "Your one‑time password is off.", `id="enrol-start"`)
	if diff := cmp.Diff(map[string]bool{"session-grace": false}, h.desk.otp); diff != "" {
		t.Errorf("noted (-want +got):\n%s", diff)
	}
	if !slices.Contains(h.events.names(), event.OTPDisabled) {
		t.Errorf("events %v", h.events.names())
	}
}

// Whoever saw the code of the sign-in typed must not turn it off by it.
func TestOwnOTPIsNotTurnedOffByTheCodeOfTheSignIn(t *testing.T) {
	h := atHome(t, "grace")
	h.wantPage(h.own("disable", "otp", code), http.StatusOK, "was not accepted")
	if calls := h.oneTimePasswords.calls(); len(calls) != 0 {
		t.Errorf("Directus was asked about a used code: %v", calls)
	}
}

func TestOwnOTPIsNotTurnedOffByTheCodeThatTurnedItOn(t *testing.T) {
	h := atHome(t, "ada")
	h.own("start", "current-password", password)
	h.wantTo(h.own("confirm", "otp", code), ownOTP+"?notice=otp-on")
	h.oneTimePasswords.calls()
	h.wantPage(h.own("disable", "otp", code), http.StatusOK, "was not accepted")
	if calls := h.oneTimePasswords.calls(); len(calls) != 0 {
		t.Errorf("Directus was asked about a used code: %v", calls)
	}
}

// Directus counts no wrong codes here.
func TestOwnOTPGuesses(t *testing.T) {
	h := atHome(t, "grace")
	h.clock.Advance(2 * time.Minute)
	for range 4 {
		h.wantPage(h.own("disable", "otp", "000000"), http.StatusOK, "was not accepted")
	}
	h.wantPage(h.own("disable", "otp", "000000"), http.StatusOK, "None of the codes was right. Sign in again.", `id="otp-sign-in"`)
	h.oneTimePasswords.calls()
	h.wantSignIn(h.own("disable", "otp", code), "grace")
	if calls := h.oneTimePasswords.calls(); len(calls) != 0 {
		t.Errorf("Directus was asked a sixth time: %v", calls)
	}
	h.wantPage(h.get(ownOTP), http.StatusOK, `id="otp-sign-in"`)
}

func TestOwnOTPIsTurnedOffAfterAFreshSignInOnly(t *testing.T) {
	for name, age := range map[string]func(h *house){
		"long ago": func(h *house) { h.clock.Advance(10*time.Minute + time.Second) },
		"not for a page of ours": func(h *house) {
			if err := h.store.DirectusAccesses.Delete(h.t.Context(), "session-grace"); err != nil {
				h.t.Fatal(err)
			}
			h.clock.Advance(2 * time.Minute)
		},
		"of somebody else": func(h *house) {
			access := storage.DirectusAccess{Subject: "ada", AccessToken: "access of ada", Expires: h.clock.Now().Add(time.Hour)}
			if err := h.store.DirectusAccesses.Put(h.t.Context(), "session-grace", access, time.Hour); err != nil {
				h.t.Fatal(err)
			}
			h.clock.Advance(2 * time.Minute)
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := atHome(t, "grace")
			age(h)
			page := h.get(ownOTP)
			h.wantPage(page, http.StatusOK, `id="otp-sign-in"`)
			if strings.Contains(page.body, `id="otp-disable"`) {
				t.Error("the page offers to turn it off")
			}
			if name == "long ago" {
				h.golden("account_otp_on_again", page)
			}
			h.wantSignIn(h.own("disable", "otp", code), "grace")
			h.wantSignIn(h.own("sign-in"), "grace")
			if calls := h.oneTimePasswords.calls(); len(calls) != 0 {
				t.Errorf("asked %v", calls)
			}
		})
	}
}

func TestOwnOTPThatAPolicyDemandsStays(t *testing.T) {
	h := atHome(t, "grace")
	h.clock.Advance(2 * time.Minute)
	h.wantPage(h.get(ownOTP), http.StatusOK, `id="otp-disable"`)
	h.oneTimePasswords.enforced = true // maybe while the page was open
	page := h.get(ownOTP)
	h.wantPage(page, http.StatusOK, "Acme asks for it on your account")
	if strings.Contains(page.body, `id="otp-disable"`) || strings.Contains(page.body, `id="otp-sign-in"`) {
		t.Error("the page offers to turn it off")
	}
	h.wantTo(h.own("disable", "otp", code), ownOTP)
	if calls := h.oneTimePasswords.calls(); len(calls) != 0 {
		t.Errorf("asked %v", calls)
	}
}

func TestOwnOTPBeforeOneIsSetUpAsDemanded(t *testing.T) {
	h := newHouse(t)
	h.wait("own", authorize.PromptLogin).Request.OwnPath = ownOTP
	h.post("/login?request=own", url.Values{"username": {email}, "password": {password}})
	h.desk.put(storage.Session{ID: "session-ada", Subject: "ada", AuthenticatedAt: h.clock.Now(), MustEnrolOTP: true})
	h.wantTo(h.get(ownOTP), "/login?request=own")
	h.wantTo(h.own("start", "current-password", password), "/login?request=own")
}

func TestOwnOTPThatTheProjectDoesNotPermit(t *testing.T) {
	t.Run("on", func(t *testing.T) {
		h := atHome(t, "ada")
		h.oneTimePasswords.deny()
		page := h.get(ownOTP)
		h.wantPage(page, http.StatusOK, "Acme does not let you change this", `href="https://acme.example/help"`)
		h.golden("account_otp_blocked", page)
		h.wantPage(h.own("start", "current-password", password), http.StatusOK, "does not let you change this")
		if calls := h.oneTimePasswords.calls(); len(calls) != 0 {
			t.Errorf("asked %v", calls)
		}
	})
	t.Run("off", func(t *testing.T) {
		h := atHome(t, "grace")
		h.clock.Advance(2 * time.Minute)
		h.oneTimePasswords.fail("DisableOTP", storage.ErrForbidden)
		h.wantPage(h.own("disable", "otp", code), http.StatusOK, "does not let you change this")
		h.oneTimePasswords.deny()
		h.wantPage(h.get(ownOTP), http.StatusOK, "does not let you change this")
	})
}

func TestOwnOTPWhoseAccessEndedEarly(t *testing.T) {
	h := atHome(t, "grace")
	h.clock.Advance(2 * time.Minute)
	h.oneTimePasswords.fail("DisableOTP", errors.Join(storage.ErrAccessEnded, storage.ErrInvalidCredentials))
	h.wantSignIn(h.own("disable", "otp", code), "grace")
}

func TestOwnOTPOfAnExternalUser(t *testing.T) {
	h := atHome(t, "ada")
	ada := h.accounts.users[email]
	ada.account.Provider, ada.password = "google", ""
	page := h.get(ownOTP)
	h.wantPage(page, http.StatusOK, `id="enrol-start"`)
	if strings.Contains(page.body, `type="password"`) {
		t.Error("the page asks for a password that there is none of")
	}
	h.wantTo(h.own("start"), ownOTP)
	h.wantTo(h.own("confirm", "otp", code), ownOTP+"?notice=otp-on")
	if h.accounts.asked() != 0 {
		t.Error("Directus was asked to sign her in")
	}
	h.oneTimePasswords.set(ada, "")
	h.clock.Advance(15 * time.Minute) // what the sign-in gave has ended
	h.wantSignIn(h.own("start"), "ada")
}

func TestOwnOTPWhileDirectusIsAway(t *testing.T) {
	h := atHome(t, "grace")
	h.clock.Advance(2 * time.Minute)
	h.oneTimePasswords.fail("DisableOTP", storage.ErrUnavailable)
	h.wantPage(h.own("disable", "otp", code), http.StatusServiceUnavailable, "Try again")
	h.oneTimePasswords.fail("Rights", storage.ErrUnavailable)
	h.wantPage(h.get(ownOTP), http.StatusServiceUnavailable, "Try again")
}

func TestOwnOTPIsOfWhoeverIsSignedIn(t *testing.T) {
	h := atHome(t, "ada")
	h.own("start", "current-password", password)
	h.browser = h.newBrowser()
	h.wantTo(h.get(ownOTP), "/login?request=own")
	h.wantTo(h.own("confirm", "otp", code), "/login?request=own")
	if calls := h.oneTimePasswords.calls(); slices.Contains(calls, "EnableOTP") {
		t.Error("another browser turned it on")
	}
}

func TestOwnOTPWhereThereIsNone(t *testing.T) {
	h := atHome(t, "ada", func(c *web.Config) { c.OneTimePasswords = nil })
	h.wantPage(h.get(ownOTP), http.StatusNotFound, "not_found")
	if page := h.get("/account"); strings.Contains(page.body, ownOTP) {
		t.Error("the overview leads to it")
	}
}
