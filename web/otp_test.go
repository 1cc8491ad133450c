package web_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/provider/authorize"
	"gatehouse/provider/session"
	"gatehouse/storage"
)

const otpUser = "grace@example.com"

// askOTP signs in up to the one-time password.
func (h *house) askOTP() {
	h.t.Helper()
	h.wantTo(h.signIn(otpUser, password), "/login/otp?request=r1")
}

func (h *house) sendOTP(typed string) answer {
	h.t.Helper()
	return h.post("/login/otp?request=r1", url.Values{"otp": {typed}})
}

func TestOTP(t *testing.T) {
	for name, typed := range map[string]string{
		"digits": code, "with a space": "287 082", "with spaces around": " 287082 ", "Arabic digits": "٢٨٧٠٨٢", "Persian digits": "۲۸۷۰۸۲",
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.askOTP()
			h.wantTo(h.sendOTP(typed), h.server.URL+"/authorize/r1")
			want := []session.SignIn{{Subject: "grace", Began: h.clock.Now(), ACR: "urn:gatehouse:acr:otp", AMR: []string{"pwd", "otp", "mfa"}, Seen: storage.Sight(storage.Account{Email: "grace@example.com"})}}
			if diff := cmp.Diff(want, h.interactions.signIns); diff != "" {
				t.Errorf("sign-in (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOTPPage(t *testing.T) {
	h := newHouse(t)
	h.askOTP()
	page := h.get("/login/otp?request=r1")
	h.wantPage(page, http.StatusOK, `id="otp"`, `autocomplete="one-time-code"`, `id="otp-submit"`, otpUser)
	if strings.Contains(page.body, password) {
		t.Error("the page repeats the password")
	}
	h.golden("otp", page)
	h.golden("otp_refused", h.sendOTP("000000"))
}

func TestOTPOfAnotherForm(t *testing.T) {
	h := newHouse(t)
	h.askOTP()
	h.accounts.asked()
	for _, typed := range []string{"", "12345", "1234567", "abcdef", "12345a"} {
		h.wantPage(h.sendOTP(typed), http.StatusOK, "Enter the 6 digits")
	}
	if asked := h.accounts.asked(); asked != 0 {
		t.Errorf("Directus was asked %d times", asked)
	}
}

func TestOTPRemembersTheChoiceOfTheFirstPage(t *testing.T) {
	h := newHouse(t)
	h.wantTo(h.post("/login?request=r1", url.Values{"username": {otpUser}, "password": {password}, "remember": {"1"}}), "/login/otp?request=r1")
	h.wantTo(h.sendOTP(code), h.server.URL+"/authorize/r1")
	if !h.interactions.signIns[0].Remember {
		t.Error("forgotten")
	}
}

func TestOTPFiveFailuresEndTheAttempt(t *testing.T) {
	h := newHouse(t)
	h.askOTP()
	for range 4 {
		h.wantPage(h.sendOTP("000000"), http.StatusOK, "was not accepted")
	}
	h.wantTo(h.sendOTP("000000"), "/login?again=otp&request=r1")
	h.wantPage(h.get("/login?again=otp&request=r1"), http.StatusOK, "None of the codes was right")
	h.wantTo(h.sendOTP(code), "/login?again=expired&request=r1")
}

func TestOTPTooLate(t *testing.T) {
	h := newHouse(t)
	h.askOTP()
	h.clock.Advance(5 * time.Minute)
	h.wantTo(h.get("/login/otp?request=r1"), "/login?again=expired&request=r1")
	h.wantPage(h.get("/login?again=expired&request=r1"), http.StatusOK, "Enter your password again")
}

func TestOTPIsTakenOnce(t *testing.T) {
	h := newHouse(t)
	h.askOTP()
	h.wantTo(h.sendOTP(code), h.server.URL+"/authorize/r1")
	h.askOTP()
	h.accounts.asked()
	h.wantPage(h.sendOTP(code), http.StatusOK, "was not accepted")
	if h.accounts.asked() != 0 {
		t.Error("Directus was asked about a used code")
	}
	h.clock.Advance(91 * time.Second)
	h.wantTo(h.sendOTP(code), h.server.URL+"/authorize/r1")
}

func TestOTPTypedTooEarlyMayBeTypedAgain(t *testing.T) {
	h := newHouse(t)
	h.askOTP()
	h.accounts.users[otpUser].otp = "999999"
	h.wantPage(h.sendOTP(code), http.StatusOK, "was not accepted")
	h.accounts.users[otpUser].otp = code
	h.wantTo(h.sendOTP(code), h.server.URL+"/authorize/r1")
}

func TestOTPPasswordChangedMeanwhile(t *testing.T) {
	h := newHouse(t)
	h.askOTP()
	h.accounts.users[otpUser].password = "another one entirely"
	h.wantPage(h.sendOTP(code), http.StatusOK, "We could not sign you in", `action="/login?request=r1"`)
}

func TestOTPOfAnotherRequest(t *testing.T) {
	h := newHouse(t)
	h.wait("r2", authorize.PromptLogin)
	h.askOTP()
	h.wantTo(h.get("/login/otp?request=r2"), "/login?again=expired&request=r2")
}

func TestOTPDeny(t *testing.T) {
	h := newHouse(t)
	h.askOTP()
	h.wantTo(h.post("/login/otp?request=r1", url.Values{"action": {"deny"}}), "https://shop.example/callback?error=access_denied")
}

func TestOTPWhileDirectusIsAway(t *testing.T) {
	h := newHouse(t)
	h.askOTP()
	h.accounts.fail(storage.ErrUnavailable)
	h.wantPage(h.sendOTP(code), http.StatusServiceUnavailable, "Try again")
	h.accounts.fail(nil)
	h.wantTo(h.sendOTP(code), h.server.URL+"/authorize/r1")
}

// Directus may have taken the code although no answer came: whoever saw it typed
// must not be able to use it again.
func TestOTPThatMayHaveBeenTakenIsUsedUp(t *testing.T) {
	for name, failure := range map[string]error{
		"uncertain": errors.Join(storage.ErrUnavailable, storage.ErrUncertain),
		"timed out": errors.Join(storage.ErrUnavailable, context.DeadlineExceeded),
		"cancelled": context.Canceled,
		"unknown":   errStore,
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.askOTP()
			h.accounts.fail(failure)
			h.sendOTP(code)
			h.accounts.fail(nil)
			h.accounts.asked()
			h.wantPage(h.sendOTP(code), http.StatusOK, "was not accepted")
			if h.accounts.asked() != 0 {
				t.Error("Directus was asked about a code that may have been used")
			}
		})
	}
}

// The password that waits for its code must not wait longer than the person.
func TestOTPForgetsThePasswordWhenTheRequestMovesOn(t *testing.T) {
	deny := url.Values{"action": {"deny"}}
	for name, test := range map[string]struct {
		next authorize.Prompt
		path string
		form url.Values
	}{
		"denied at the sign-in":        {authorize.PromptLogin, "/login", deny},
		"denied at the code":           {authorize.PromptLogin, "/login/otp", deny},
		"denied at the chooser":        {authorize.PromptSelectAccount, "/select-account", deny},
		"denied at the consent":        {authorize.PromptConsent, "/consent", deny},
		"another signed in":            {authorize.PromptLogin, "/login", url.Values{"username": {email}, "password": {password}}},
		"the same signed in by code":   {authorize.PromptLogin, "/login/otp", url.Values{"otp": {code}}},
		"another account was chosen":   {authorize.PromptSelectAccount, "/select-account", url.Values{"account": {"of ada"}}},
		"consent given in another tab": {authorize.PromptConsent, "/consent", url.Values{"digest": {"digest-r1"}}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.askOTP()
			interaction := h.wait("r1", test.next)
			interaction.Browser.Sessions = []storage.Session{{ID: "session-ada", Subject: "ada"}}
			if test.form.Has("account") {
				value := regexp.MustCompile(`name="account" value="([^"]+)"`).FindStringSubmatch(h.get("/select-account?request=r1").body)
				test.form.Set("account", value[1])
			}
			if got := h.post(test.path+"?request=r1", test.form); got.StatusCode != http.StatusSeeOther {
				t.Fatalf("status %d", got.StatusCode)
			}
			if _, err := h.store.PendingSignIns.Get(t.Context(), "id-r1"); !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("the password still waits: %v", err)
			}
		})
	}
}

func TestOTPIsInNoEvent(t *testing.T) {
	h := newHouse(t)
	h.askOTP()
	h.sendOTP("135790")
	if told := fmt.Sprintf("%+v", h.events.all); strings.Contains(told, "135790") || strings.Contains(told, password) {
		t.Errorf("an event carries a secret: %s", told)
	}
}
