package web_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/provider/authorize"
	"gatehouse/provider/event"
	"gatehouse/provider/session"
	"gatehouse/storage"
	"gatehouse/web"
)

const enrolPath = "/login/enrol?request=r1"

// forced is a house in which a policy asks Ada for a one-time password, who
// just signed in for r1.
func forced(t testing.TB, options ...func(*web.Config)) *house {
	t.Helper()
	h := newHouse(t, options...)
	h.accounts.users[email].enforced = true
	h.wantTo(h.signIn(email, password), h.server.URL+"/authorize/r1")
	h.mustEnrol()
	return h
}

// mustEnrol makes r1 wait for Ada's one-time password.
func (h *house) mustEnrol() *authorize.Interaction {
	interaction := h.wait("r1", authorize.PromptEnrolOTP)
	interaction.Session.MustEnrolOTP = true
	interaction.Browser = session.Browser{Sessions: []storage.Session{interaction.Session}}
	return interaction
}

// forgotten is forced, with nothing left of what the sign-in prepared.
func forgotten(t testing.TB) *house {
	t.Helper()
	h := forced(t)
	h.clock.Advance(15 * time.Minute)
	h.accounts.asked()
	h.oneTimePasswords.calls()
	return h
}

func (h *house) startEnrolment(typed string) answer {
	h.t.Helper()
	return h.post(enrolPath, url.Values{"action": {"start"}, "current-password": {typed}})
}

func (h *house) confirmEnrolment(typed string) answer {
	h.t.Helper()
	return h.post(enrolPath, url.Values{"action": {"confirm"}, "otp": {typed}})
}

func TestForcedEnrolment(t *testing.T) {
	h := forced(t)
	if !h.interactions.signIns[0].MustEnrolOTP {
		t.Error("the session does not know that a one-time password is missing")
	}
	page := h.get(enrolPath)
	h.wantPage(page, http.StatusOK, `id="enrol-confirm"`, `id="enrol-qr" role="img"`, "GEZD GNBV GY3T QOJQ", `autocomplete="one-time-code"`, `id="login-deny"`,
		`name="username" value="ada@example.com" autocomplete="username"`)
	h.golden("enrol", page)
	h.wantTo(h.confirmEnrolment(code[:3]+" "+code[3:]), h.server.URL+"/authorize/r1")
	if diff := cmp.Diff(map[string]bool{"session-ada": true}, h.desk.otp); diff != "" {
		t.Errorf("noted (-want +got):\n%s", diff)
	}
	if _, err := h.store.Enrolments.Get(t.Context(), "session-ada"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("the secret is still there: %v", err)
	}
	if !slices.Contains(h.events.names(), event.OTPEnrolled) {
		t.Errorf("events %v", h.events.names())
	}
}

func TestForcedEnrolmentAsksForThePasswordOnce(t *testing.T) {
	h := forced(t)
	if diff := cmp.Diff([]string{"GenerateOTP"}, h.oneTimePasswords.calls()); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	h.get(enrolPath)
	if asked := h.accounts.asked(); asked != 1 {
		t.Errorf("Directus was asked %d times for the password", asked)
	}
}

// What cannot be prepared costs a page, not the sign-in.
func TestForcedEnrolmentThatCouldNotBePrepared(t *testing.T) {
	h := newHouse(t)
	h.accounts.users[email].enforced = true
	h.oneTimePasswords.fail("GenerateOTP", storage.ErrUnavailable)
	h.wantTo(h.signIn(email, password), h.server.URL+"/authorize/r1")
	h.mustEnrol()
	h.wantPage(h.get(enrolPath), http.StatusOK, `id="current-password"`)
}

func TestEnrolmentByPassword(t *testing.T) {
	h := forgotten(t)
	page := h.get(enrolPath)
	h.wantPage(page, http.StatusOK, `id="enrol-start"`, `autocomplete="current-password"`, `name="username" value="ada@example.com" autocomplete="username"`)
	h.golden("enrol_start", page)

	refused := h.startEnrolment("wrong")
	h.wantPage(refused, http.StatusOK, "That is not the password of this account.", `id="current-password-problem"`, `href="#current-password"`)
	h.golden("enrol_start_refused", refused)
	if tried := h.accounts.users[email].attempts; tried != 1 {
		t.Errorf("%d attempts were counted", tried)
	}
	if !slices.Contains(h.events.names(), event.SignInFailed) {
		t.Errorf("events %v", h.events.names())
	}
	h.wantPage(h.startEnrolment(""), http.StatusOK, "Enter your password.")
	if diff := cmp.Diff([]string(nil), h.oneTimePasswords.calls()); diff != "" {
		t.Errorf("a secret was made without the password (-want +got):\n%s", diff)
	}

	h.wantTo(h.startEnrolment(password), enrolPath)
	h.wantPage(h.get(enrolPath), http.StatusOK, `id="enrol-confirm"`)
	h.wantTo(h.confirmEnrolment(code), h.server.URL+"/authorize/r1")
}

func TestEnrolmentIsThrottledLikeASignIn(t *testing.T) {
	h := forgotten(t)
	var last answer
	for range directusLimit {
		last = h.startEnrolment("wrong")
	}
	h.wantPage(last, http.StatusTooManyRequests, "too_many_attempts")
	if most := h.accounts.users[email].mostTried; most >= directusLimit {
		t.Errorf("Directus counted %d attempts, it suspends after %d", most, directusLimit)
	}
	h.accounts.asked()
	h.startEnrolment(password)
	if h.accounts.asked() != 0 {
		t.Error("Directus was asked although the attempts are used up")
	}
}

func TestEnrolmentPasswordOfAnotherAccount(t *testing.T) {
	h := forgotten(t)
	// The address went to somebody else.
	h.accounts.users[email].account.ID = "other"
	h.accounts.users["was-ada@example.com"] = &user{account: storage.Account{ID: "ada", Email: email, Active: true}}
	h.wantPage(h.startEnrolment(password), http.StatusOK, "That is not the password of this account.")
	if calls := h.oneTimePasswords.calls(); len(calls) != 0 {
		t.Errorf("asked %v", calls)
	}
}

func TestEnrolmentWrongCodes(t *testing.T) {
	h := forced(t)
	h.oneTimePasswords.calls()
	for _, typed := range []string{"", "12345", "abcdef"} {
		h.wantPage(h.confirmEnrolment(typed), http.StatusOK, "Enter the 6 digits", `id="enrol-qr"`)
	}
	if calls := h.oneTimePasswords.calls(); len(calls) != 0 {
		t.Errorf("what is no code was sent: %v", calls)
	}
	refused := h.confirmEnrolment("000000")
	h.wantPage(refused, http.StatusOK, "This code was not accepted", `id="otp-problem"`, "GEZD GNBV")
	h.golden("enrol_refused", refused)
	for range 3 {
		h.wantPage(h.confirmEnrolment("000000"), http.StatusOK, "This code was not accepted")
	}
	h.wantPage(h.confirmEnrolment("000000"), http.StatusOK, "None of the codes was right", `id="enrol-start"`)
	h.wantPage(h.confirmEnrolment(code), http.StatusOK, "That took too long", `id="enrol-start"`)
	if len(h.desk.otp) != 0 {
		t.Errorf("noted %v", h.desk.otp)
	}
}

func TestEnrolmentTooLate(t *testing.T) {
	h := forced(t)
	h.clock.Advance(10 * time.Minute)
	h.wantPage(h.confirmEnrolment(code), http.StatusOK, "That took too long", `id="enrol-start"`)
	h.wantPage(h.get(enrolPath), http.StatusOK, `id="enrol-start"`)
}

// The access may end before the secret would.
func TestEnrolmentEndsWithItsAccess(t *testing.T) {
	h := forced(t)
	h.oneTimePasswords.fail("EnableOTP", errors.Join(storage.ErrAccessEnded, storage.ErrInvalidCredentials))
	h.wantPage(h.confirmEnrolment(code), http.StatusOK, "That took too long", `id="enrol-start"`)
}

func TestEnrolmentNobodyAskedFor(t *testing.T) {
	h := newHouse(t)
	for _, next := range []authorize.Prompt{authorize.PromptLogin, authorize.PromptConsent, authorize.PromptNone} {
		h.wait("r1", next)
		h.wantTo(h.get(enrolPath), h.server.URL+"/authorize/r1")
		h.wantTo(h.startEnrolment(password), h.server.URL+"/authorize/r1")
		h.wantTo(h.confirmEnrolment(code), h.server.URL+"/authorize/r1")
	}
	if calls := h.oneTimePasswords.calls(); len(calls) != 0 || h.accounts.asked() != 0 {
		t.Errorf("Directus was asked: %v", calls)
	}
}

func TestEnrolmentThatTheProjectDoesNotPermit(t *testing.T) {
	deny := func(h *house) { h.oneTimePasswords.deny() }
	for name, step := range map[string]func(t *testing.T) (*house, answer){
		"known at the sign-in": func(t *testing.T) (*house, answer) {
			t.Helper()
			h := newHouse(t)
			deny(h)
			h.accounts.users[email].enforced = true
			h.wantTo(h.signIn(email, password), h.server.URL+"/authorize/r1")
			h.mustEnrol()
			return h, h.get(enrolPath)
		},
		"known after the password": func(t *testing.T) (*house, answer) {
			t.Helper()
			h := forgotten(t)
			deny(h)
			return h, h.startEnrolment(password)
		},
		"known at the end": func(t *testing.T) (*house, answer) {
			t.Helper()
			h := forced(t)
			h.oneTimePasswords.fail("EnableOTP", storage.ErrForbidden)
			return h, h.confirmEnrolment(code)
		},
		"not even asked": func(t *testing.T) (*house, answer) {
			t.Helper()
			h := forced(t, func(c *web.Config) { c.OneTimePasswords = nil })
			return h, h.get(enrolPath)
		},
	} {
		t.Run(name, func(t *testing.T) {
			h, page := step(t)
			h.wantPage(page, http.StatusOK, "does not let you set one up", "administrator of Acme", `href="https://acme.example/help"`, `id="login-deny"`, `href="/login?other=1&amp;request=r1"`)
			for _, id := range []string{`id="enrol-start"`, `id="enrol-confirm"`, `id="enrol-qr"`} {
				if strings.Contains(page.body, id) {
					t.Errorf("the page offers %s", id)
				}
			}
			if len(h.desk.otp) != 0 {
				t.Errorf("noted %v", h.desk.otp)
			}
			if name == "known at the sign-in" {
				h.golden("enrol_blocked", page)
			}
			h.wantTo(h.post(enrolPath, url.Values{"action": {"deny"}}), "https://shop.example/callback?error=access_denied")
		})
	}
}

// Where the app asks, it is the one that is named, and told if it cannot be.
func TestEnrolmentForAStepUp(t *testing.T) {
	h := forced(t)
	h.mustEnrol().StepUp = true
	page := h.get("/login/enrol?request=r1")
	if !strings.Contains(page.body, "Shop asks for one on your account") {
		t.Errorf("the page is\n%s", page.body)
	}
	h = forced(t, func(c *web.Config) { c.OneTimePasswords = nil })
	h.mustEnrol().StepUp = true
	h.wantTo(h.get("/login/enrol?request=r1"), "https://shop.example/callback?error=access_denied")
}

func TestEnrolmentForAPageOfOurs(t *testing.T) {
	h := forced(t)
	interaction := h.mustEnrol()
	interaction.Client, interaction.Request.OwnPath = storage.Client{}, "/account"
	page := h.get(enrolPath)
	h.wantPage(page, http.StatusOK, `id="enrol-confirm"`, `href="/logout"`)
	if strings.Contains(page.body, "login-deny") {
		t.Error("there is no app to go back to")
	}
}

// Somebody, perhaps the same person in another window, was faster.
func TestOneTimePasswordSetUpElsewhere(t *testing.T) {
	for name, step := range map[string]func(h *house) answer{
		"before the password": func(h *house) answer { h.clock.Advance(15 * time.Minute); return h.startEnrolment(password) },
		"before the code":     func(h *house) answer { return h.confirmEnrolment(code) },
	} {
		t.Run(name, func(t *testing.T) {
			h := forced(t)
			h.oneTimePasswords.set(h.accounts.users[email], "777777")
			h.wantTo(step(h), "/login?again=enrolled&other=1&request=r1")
			h.wantPage(h.get("/login?again=enrolled&other=1&request=r1"), http.StatusOK, "has been set up for this account")
			if len(h.desk.otp) != 0 {
				t.Errorf("noted %v although nobody showed a code", h.desk.otp)
			}
		})
	}
}

// The session may be of another user by now: its id alone opens no secret.
func TestEnrolmentOfSomebodyElse(t *testing.T) {
	h := forced(t)
	interaction := h.mustEnrol()
	interaction.Session.Subject = "grace"
	page := h.get(enrolPath)
	h.wantPage(page, http.StatusOK, `id="enrol-start"`)
	if strings.Contains(page.body, "GEZD") {
		t.Error("the page shows another user's secret")
	}
	h.wantPage(h.confirmEnrolment(code), http.StatusOK, "That took too long")
}

func TestCodeOfTheEnrolmentSignsNobodyIn(t *testing.T) {
	h := forced(t)
	h.wantTo(h.confirmEnrolment(code), h.server.URL+"/authorize/r1")
	h.wait("r1", authorize.PromptLogin)
	h.wantTo(h.signIn(email, password), "/login/otp?request=r1")
	h.accounts.asked()
	h.wantPage(h.sendOTP(code), http.StatusOK, "was not accepted")
	if h.accounts.asked() != 0 {
		t.Error("Directus was asked about a used code")
	}
	h.clock.Advance(91 * time.Second)
	h.wantTo(h.sendOTP(code), h.server.URL+"/authorize/r1")
}

// Directus may have set it up although no answer came.
func TestEnrolmentThatMayHaveBeenMade(t *testing.T) {
	for name, failure := range map[string]error{
		"uncertain": errors.Join(storage.ErrUnavailable, storage.ErrUncertain),
		"timed out": errors.Join(storage.ErrUnavailable, context.DeadlineExceeded),
	} {
		t.Run(name, func(t *testing.T) {
			h := forced(t)
			h.oneTimePasswords.fail("EnableOTP", failure)
			h.wantPage(h.confirmEnrolment(code), http.StatusServiceUnavailable, "Try again")
			h.oneTimePasswords.fail("EnableOTP", nil)
			h.oneTimePasswords.calls()
			h.wantPage(h.confirmEnrolment(code), http.StatusOK, "was not accepted")
			if calls := h.oneTimePasswords.calls(); len(calls) != 0 {
				t.Errorf("the code was sent again: %v", calls)
			}
			h.clock.Advance(91 * time.Second)
			h.wantTo(h.confirmEnrolment(code), h.server.URL+"/authorize/r1")
		})
	}
}

func TestEnrolmentWhileDirectusIsAway(t *testing.T) {
	h := forced(t)
	h.oneTimePasswords.fail("EnableOTP", storage.ErrUnavailable)
	h.wantPage(h.confirmEnrolment(code), http.StatusServiceUnavailable, "Try again")
	h.oneTimePasswords.fail("EnableOTP", nil)
	h.wantTo(h.confirmEnrolment(code), h.server.URL+"/authorize/r1")
}

func TestEnrolmentOfAnExternalUser(t *testing.T) {
	h := newHouse(t)
	ada := h.accounts.users[email]
	ada.enforced = true
	h.wantTo(h.signIn(email, password), h.server.URL+"/authorize/r1")
	// From here on as if she had come from elsewhere: no password, and nothing
	// was prepared.
	ada.account.Provider, ada.password = "google", ""
	if err := h.store.Enrolments.Delete(t.Context(), "session-ada"); err != nil {
		t.Fatal(err)
	}
	h.mustEnrol()
	page := h.get(enrolPath)
	h.wantPage(page, http.StatusOK, `id="enrol-start"`)
	if strings.Contains(page.body, `type="password"`) {
		t.Error("the page asks for a password that there is none of")
	}
	h.accounts.asked()
	h.wantTo(h.startEnrolment(""), enrolPath)
	h.wantTo(h.confirmEnrolment(code), h.server.URL+"/authorize/r1")
	if h.accounts.asked() != 0 {
		t.Error("Directus was asked to sign her in")
	}
}

func TestExternalUserWhoseSignInIsOldSignsInAgain(t *testing.T) {
	h := forgotten(t)
	h.accounts.users[email].account.Provider = "google"
	h.wantTo(h.startEnrolment(""), "/login?other=1&request=r1")
}

func TestSecretsOfAnEnrolmentStayOnItsPage(t *testing.T) {
	h := forced(t)
	page := h.get(enrolPath)
	if got := page.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control %q", got)
	}
	h.confirmEnrolment("135790")
	h.startEnrolment("my old password")
	told := fmt.Sprintf("%+v", h.events.all)
	for _, secret := range []string{otpSecret, "135790", password, "my old password", "access of"} {
		if strings.Contains(told, secret) {
			t.Errorf("an event carries %q", secret)
		}
	}
	if strings.Contains(page.body, password) || strings.Contains(page.body, "access of") {
		t.Error("the page carries a password or a token")
	}
}

func TestEnrolmentInGerman(t *testing.T) {
	h := forced(t)
	h.golden("enrol_de", h.get(enrolPath+"&ui_locales=de"))
}
