package web_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage/directus/directustest"
)

const (
	journeyOTP = "/account/one-time-password"
	nextCode   = 91 * time.Second
)

// journey is a provider with a user who has no one-time password yet.
func journey(t *testing.T, enforced bool) (*providertest.Server, string) {
	t.Helper()
	s := providertest.New(t, providertest.Options{})
	id := s.Directus.AddUser(directustest.User{
		Email: email, Password: providertest.Password, FirstName: "Ada", LastName: "Lovelace", EnforceTFA: enforced,
	})
	return s, id
}

// appCode is what an authenticator shows that was given the secret of a page.
func appCode(t *testing.T, s *providertest.Server, page *providertest.Page) string {
	t.Helper()
	secret := strings.ReplaceAll(page.Text("enrol-secret"), " ", "")
	if secret == "" {
		t.Fatalf("%s shows no secret:\n%s", page.URL, page.Body)
	}
	if got := page.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("a page with a secret has Cache-Control %q", got)
	}
	return directustest.OTP(secret, s.Clock.Now())
}

// wantAt fails the test at once unless the browser rests at a page of ours.
func wantAt(t *testing.T, page *providertest.Page, path string) {
	t.Helper()
	if page.Left != nil || page.URL.Path != path || page.Status != http.StatusOK {
		t.Fatalf("the browser rests at %s (%d), want %s\n%s", page.URL, page.Status, path, page.Body)
	}
}

// authenticated is how the ID token says that the person was authenticated.
func authenticated(t *testing.T, answer providertest.Answer) []any {
	t.Helper()
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(answer.Text("id_token"), ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	return []any{claims["acr"], claims["amr"]}
}

func byOTP() []any      { return []any{"urn:gatehouse:acr:otp", []any{"pwd", "otp", "mfa"}} }
func byPassword() []any { return []any{"urn:gatehouse:acr:password", []any{"pwd"}} }

func TestJourneyOfSomebodyWhoMustSetUpAOneTimePassword(t *testing.T) {
	s, id := journey(t, true)
	s.Directus.AllowOwnUpdate("tfa_secret")
	rp, browser := s.Web(t), s.NewBrowser(t)
	page := browser.Password(browser.Get(rp.AuthorizationURL(nil)), email)
	wantAt(t, page, "/login/enrol")

	// Nothing else may be done with the session before.
	browser.Get(rp.AuthorizationURL(map[string]string{"prompt": "none"})).WantError(t, oauth.InteractionRequired)
	wantAt(t, browser.Get(s.Issuer+"/authorize/"+page.URL.Query().Get("request")), "/login/enrol")
	wantAt(t, browser.Get(s.Issuer+"/account"), "/login/enrol")
	wantAt(t, browser.Get(s.Second(t).AuthorizationURL(nil)), "/login/enrol")

	typed := appCode(t, s, page)
	page = browser.Press(page, "enrol-confirm", map[string]string{"otp": typed})
	wantAt(t, page, "/consent")
	answer := rp.Exchange(browser.Press(page, "consent-allow", nil).Code(t)).WantOK(t)
	if diff := cmp.Diff(byOTP(), authenticated(t, answer)); diff != "" {
		t.Errorf("acr and amr (-want +got):\n%s", diff)
	}
	if user, _ := s.Directus.User(id); user.OTPSecret == "" {
		t.Error("Directus has no one-time password of the user")
	}
	browser.Get(rp.AuthorizationURL(map[string]string{"prompt": "none"})).Code(t)

	// It stays, as the policy demands.
	page = browser.Get(s.Issuer + journeyOTP)
	wantAt(t, page, journeyOTP)
	if !page.Has("otp-enforced") || page.Has("otp-disable") || page.Has("otp-sign-in") {
		t.Errorf("the page offers to turn it off:\n%s", page.Body)
	}

	// The code that confirmed it signs nobody in; the next one does.
	page = browser.Password(browser.Get(rp.AuthorizationURL(map[string]string{"prompt": "login"})), email)
	wantAt(t, page, "/login/otp")
	page = browser.Press(page, "otp-submit", map[string]string{"otp": typed})
	wantAt(t, page, "/login/otp")
	s.Clock.Advance(nextCode)
	user, _ := s.Directus.User(id)
	page = browser.Press(page, "otp-submit", map[string]string{"otp": directustest.OTP(user.OTPSecret, s.Clock.Now())})
	answer = rp.Exchange(page.Code(t)).WantOK(t)
	if diff := cmp.Diff(byOTP(), authenticated(t, answer)); diff != "" {
		t.Errorf("acr and amr (-want +got):\n%s", diff)
	}
}

func TestJourneyOfSomebodyWhoMustAndMayNot(t *testing.T) {
	s, id := journey(t, true)
	s.AddUser("grace@example.com")
	rp, browser := s.Web(t), s.NewBrowser(t)
	page := browser.Password(browser.Get(rp.AuthorizationURL(nil)), email)
	wantAt(t, page, "/login/enrol")
	if !page.Has("enrol-blocked") || page.Has("enrol-confirm") || page.Has("enrol-start") {
		t.Fatalf("the page offers what Directus refuses:\n%s", page.Body)
	}
	// No loop, and no way around.
	wantAt(t, browser.Get(s.Issuer+"/authorize/"+page.URL.Query().Get("request")), "/login/enrol")
	browser.Get(rp.AuthorizationURL(map[string]string{"prompt": "none"})).WantError(t, oauth.InteractionRequired)
	if user, _ := s.Directus.User(id); user.OTPSecret != "" || s.Directus.Calls("/users/me/tfa/enable") != 0 {
		t.Error("something was set up")
	}

	other := browser.Get(page.Link("use-other"))
	wantAt(t, other, "/login")
	rp.Exchange(browser.Through(other, "grace@example.com").Code(t)).WantOK(t)

	again := browser.Password(browser.Get(rp.AuthorizationURL(map[string]string{"prompt": "login"})), email)
	wantAt(t, again, "/login/enrol")
	browser.Press(again, "login-deny", nil).WantError(t, oauth.AccessDenied)
}

func TestJourneyToAPageOfOursOfSomebodyWhoMust(t *testing.T) {
	s, _ := journey(t, true)
	s.Directus.AllowOwnUpdate("tfa_secret")
	browser := s.NewBrowser(t)
	page := browser.Password(browser.Get(s.Issuer+"/account"), email)
	wantAt(t, page, "/login/enrol")
	if page.Has("login-deny") || !page.Has("enrol-sign-out") {
		t.Error("there is no app to go back to; signing out is the way on")
	}
	wantAt(t, browser.Press(page, "enrol-confirm", map[string]string{"otp": appCode(t, s, page)}), "/account")
}

// The secret is of one session: neither another browser nor another session of
// the same person sees or confirms it.
func TestJourneyOfASecretEndsInItsBrowser(t *testing.T) {
	s, id := journey(t, true)
	s.Directus.AllowOwnUpdate("tfa_secret")
	one, two := s.NewBrowser(t), s.NewBrowser(t)
	page := one.Password(one.Get(s.Web(t).AuthorizationURL(nil)), email)
	typed := appCode(t, s, page)

	two.Get(page.URL.String()).WantPage(t, http.StatusForbidden, "other_browser")
	two.Post(page.URL.String(), map[string][]string{"action": {"confirm"}, "otp": {typed}}).WantPage(t, http.StatusForbidden, "other_browser")
	own := two.Password(two.Get(s.Web(t).AuthorizationURL(nil)), email)
	if own.Text("enrol-secret") == page.Text("enrol-secret") {
		t.Error("two sessions have one secret")
	}
	refused := two.Press(own, "enrol-confirm", map[string]string{"otp": typed})
	wantAt(t, refused, "/login/enrol")
	if user, _ := s.Directus.User(id); user.OTPSecret != "" {
		t.Error("the code of one session confirmed the secret of another")
	}

	// Of two that are set up at once the first one counts.
	wantAt(t, one.Press(page, "enrol-confirm", map[string]string{"otp": typed}), "/consent")
	s.Clock.Advance(nextCode)
	late := two.Press(own, "enrol-confirm", map[string]string{"otp": appCode(t, s, own)})
	wantAt(t, late, "/login")
	wantAt(t, two.Password(late, email), "/login/otp")
}

func TestJourneyOfTurningItOnAndOff(t *testing.T) {
	s, id := journey(t, false)
	s.Directus.AllowOwnUpdate("tfa_secret")
	rp, elsewhere, browser := s.Web(t), s.NewBrowser(t), s.NewBrowser(t)
	elsewhere.SignIn(rp, email, nil)

	page := browser.Password(browser.Get(s.Issuer+journeyOTP), email)
	wantAt(t, page, journeyOTP)
	logins := s.Directus.Calls("/auth/login")
	page = browser.Press(page, "enrol-start", map[string]string{"current-password": "wrong"})
	if !page.Has("current-password-problem") || s.Directus.Calls("/auth/login") != logins+1 {
		t.Errorf("a wrong password is no attempt:\n%s", page.Body)
	}
	page = browser.Press(page, "enrol-start", map[string]string{"current-password": providertest.Password})
	typed := appCode(t, s, page)
	page = browser.Press(page, "enrol-confirm", map[string]string{"otp": typed})
	wantAt(t, page, journeyOTP)
	if !page.Has("notice") || !page.Has("otp-disable") {
		t.Fatalf("the page does not say that it is on:\n%s", page.Body)
	}
	// Other sessions go on, as what they were.
	answer := rp.Exchange(elsewhere.Get(rp.AuthorizationURL(map[string]string{"prompt": "none"})).Code(t)).WantOK(t)
	if diff := cmp.Diff(byPassword(), authenticated(t, answer)); diff != "" {
		t.Errorf("acr and amr of the other session (-want +got):\n%s", diff)
	}
	answer = rp.Exchange(browser.Get(rp.AuthorizationURL(map[string]string{"prompt": "none"})).Code(t)).WantOK(t)
	if diff := cmp.Diff(byOTP(), authenticated(t, answer)); diff != "" {
		t.Errorf("acr and amr (-want +got):\n%s", diff)
	}

	page = browser.Press(page, "otp-disable", map[string]string{"otp": typed})
	if user, _ := s.Directus.User(id); user.OTPSecret == "" || !page.Has("otp-problem") {
		t.Fatal("the code that turned it on turned it off")
	}
	s.Clock.Advance(nextCode)
	user, _ := s.Directus.User(id)
	page = browser.Press(page, "otp-disable", map[string]string{"otp": directustest.OTP(user.OTPSecret, s.Clock.Now())})
	if user, _ = s.Directus.User(id); user.OTPSecret != "" || !page.Has("enrol-start") {
		t.Fatalf("it is still on:\n%s", page.Body)
	}
	answer = rp.Exchange(browser.Get(rp.AuthorizationURL(map[string]string{"prompt": "none"})).Code(t)).WantOK(t)
	if diff := cmp.Diff(byPassword(), authenticated(t, answer)); diff != "" {
		t.Errorf("acr and amr afterwards (-want +got):\n%s", diff)
	}
}

func TestJourneyOfTurningItOffLater(t *testing.T) {
	s, id := journey(t, false)
	s.Directus.AllowOwnUpdate("tfa_secret")
	const secret = "GEZDGNBVGY3TQOJQ"
	s.Directus.Update(id, func(user *directustest.User) { user.OTPSecret = secret })
	browser := s.NewBrowser(t)
	signIn := func(page *providertest.Page) (*providertest.Page, string) {
		t.Helper()
		page = browser.Password(page, email)
		wantAt(t, page, "/login/otp")
		typed := directustest.OTP(secret, s.Clock.Now())
		return browser.Press(page, "otp-submit", map[string]string{"otp": typed}), typed
	}
	page, _ := signIn(browser.Get(s.Issuer + journeyOTP))
	wantAt(t, page, journeyOTP)
	s.Clock.Advance(11 * time.Minute)
	page = browser.Get(s.Issuer + journeyOTP)
	if page.Has("otp-disable") || !page.Has("otp-sign-in") {
		t.Fatalf("an old sign-in is good enough:\n%s", page.Body)
	}
	page, typed := signIn(browser.Press(page, "otp-sign-in", nil))
	wantAt(t, page, journeyOTP)
	page = browser.Press(page, "otp-disable", map[string]string{"otp": typed})
	if user, _ := s.Directus.User(id); user.OTPSecret == "" || !page.Has("otp-problem") {
		t.Fatal("the code of the sign-in turned it off")
	}
	s.Clock.Advance(nextCode)
	browser.Press(page, "otp-disable", map[string]string{"otp": directustest.OTP(secret, s.Clock.Now())})
	if user, _ := s.Directus.User(id); user.OTPSecret != "" {
		t.Error("it is still on")
	}
}

func TestJourneyOfSomebodyWhoMayChangeNothing(t *testing.T) {
	s, _ := journey(t, false)
	browser := s.NewBrowser(t)
	page := browser.Password(browser.Get(s.Issuer+journeyOTP), email)
	wantAt(t, page, journeyOTP)
	if !page.Has("otp-blocked") || page.Has("enrol-start") {
		t.Errorf("the page offers what Directus refuses:\n%s", page.Body)
	}
	// Nobody knows before the password, where the sign-in was for an app.
	browser = s.NewBrowser(t)
	browser.SignIn(s.Web(t), email, nil)
	page = browser.Get(s.Issuer + journeyOTP)
	page = browser.Press(page, "enrol-start", map[string]string{"current-password": providertest.Password})
	if !page.Has("otp-blocked") || s.Directus.Calls("/users/me/tfa/generate") != 0 {
		t.Errorf("a secret was made that Directus would refuse:\n%s", page.Body)
	}
}

// Which session it was set up in makes no difference.
func TestJourneyOfSomebodyWhoMustKeepHisOneTimePassword(t *testing.T) {
	s, id := journey(t, true)
	s.Directus.AllowOwnUpdate("tfa_secret")
	rp, browser := s.Web(t), s.NewBrowser(t)
	page := browser.Password(browser.Get(rp.AuthorizationURL(nil)), email)
	browser.Press(page, "enrol-confirm", map[string]string{"otp": appCode(t, s, page)})
	for name, policy := range map[string]func(*directustest.User){
		"of the own role": func(u *directustest.User) { u.EnforceTFA, u.EnforceTFAAbove = true, false },
		"of another role": func(u *directustest.User) { u.EnforceTFA, u.EnforceTFAAbove = false, true },
	} {
		s.Directus.Update(id, policy)
		user, _ := s.Directus.User(id)
		s.Clock.Advance(nextCode)
		other := s.NewBrowser(t)
		page = other.Password(other.Get(s.Issuer+journeyOTP), email)
		page = other.Press(page, "otp-submit", map[string]string{"otp": directustest.OTP(user.OTPSecret, s.Clock.Now())})
		wantAt(t, page, journeyOTP)
		if page.Has("otp-disable") || page.Has("otp-sign-in") || !page.Has("otp-enforced") {
			t.Errorf("%s: the page offers to turn it off", name)
		}
		s.Clock.Advance(nextCode)
		form := url.Values{"action": {"disable"}, "otp": {directustest.OTP(user.OTPSecret, s.Clock.Now())}}
		wantAt(t, other.Post(s.Issuer+journeyOTP, form), journeyOTP)
		if user, _ := s.Directus.User(id); user.OTPSecret == "" || s.Directus.Calls("/users/me/tfa/disable") != 0 {
			t.Fatalf("%s: it was turned off", name)
		}
	}
}
