package flows

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/provider/providertest"
	"gatehouse/storage/directus/directustest"
	"gatehouse/web"
)

func TestFlows(t *testing.T) {
	w := newWorld(t)
	for name, run := range map[string]func(*testing.T, *world){
		"sign-in, userinfo and refresh":                  signIn,
		"refusals look alike":                            refusals,
		"one-time password":                              oneTimePassword,
		"suspension cuts off within the staleness limit": suspension,
		"deletion cuts off within the staleness limit":   deletion,
		"nobody can have somebody else suspended":        guessing,
		"who is locked out by Directus is signed out":    lockedOut,
		"who may use a client":                           whoMayUse,
		"claims of what is far and near":                 claimsFarAndNear,
		"pictures of people":                             picturesOfPeople,
		"no provider has power":                          noPower,
	} {
		t.Run(name, func(t *testing.T) { run(t, w) })
	}
	// These stop Directus for a while.
	t.Run("clients in Directus", func(t *testing.T) { clientsInDirectus(t, w) })
	t.Run("Directus stopped and started again", func(t *testing.T) { away(t, w) })
	// It starts Directus again, so it comes when the others are done.
	t.Run("registration and a forgotten password", func(t *testing.T) { accounts(t, w) })
}

func signIn(t *testing.T, w *world) {
	id, email := w.user(t)
	s := w.provider(t)
	rp := s.Web(t)
	answer := rp.Exchange(s.NewBrowser(t).SignIn(rp, email, nil))
	if answer.Status != 200 {
		t.Fatalf("token endpoint: %d %s", answer.Status, answer.Raw)
	}
	info := s.UserInfo(t, answer.Text("access_token"))
	if info.Text("sub") != id || info.Text("email") != email || info.Text("name") != "Ada Lovelace" {
		t.Errorf("userinfo: %d %s", info.Status, info.Raw)
	}
	if refreshed := rp.Refresh(answer.Text("refresh_token")); refreshed.Status != 200 {
		t.Errorf("refresh: %d %s", refreshed.Status, refreshed.Raw)
	}
}

// refusals: a wrong password, nobody's address and a suspended user must not be
// told apart.
func refusals(t *testing.T, w *world) {
	_, email := w.user(t)
	suspended, suspendedEmail := w.user(t)
	w.change(t, suspended, map[string]any{"status": "suspended"})
	s := w.provider(t)
	rp := s.Web(t)
	for name, credentials := range map[string][2]string{
		"wrong password": {email, "wrong"},
		"unknown":        {"nobody@example.com", providertest.Password},
		"suspended":      {suspendedEmail, providertest.Password},
	} {
		browser := s.NewBrowser(t)
		page := browser.Press(browser.Get(rp.AuthorizationURL(nil)), "login-submit",
			map[string]string{"username": credentials[0], "password": credentials[1]})
		const words = "We could not sign you in. Check your email address and password."
		if page.Status != 200 || !page.Has("login-submit") || !strings.Contains(page.Body, words) {
			t.Errorf("%s: status %d, left for %v:\n%s", name, page.Status, page.Left, page.Body)
		}
	}
}

func oneTimePassword(t *testing.T, w *world) {
	id, email := w.user(t)
	secret := w.enableOTP(t, id, email)
	s := w.provider(t)
	rp, browser := s.Web(t), s.NewBrowser(t)
	page := browser.Password(browser.Get(rp.AuthorizationURL(nil)), email)
	if !page.Has("otp-submit") {
		t.Fatalf("no one-time password was asked for:\n%s", page.Body)
	}
	page = browser.Press(page, "otp-submit", map[string]string{"otp": "000000"})
	if !page.Has("otp-problem") {
		t.Errorf("a wrong code was taken:\n%s", page.Body)
	}
	var code string
	for range 2 {
		code = directustest.OTP(secret, time.Now())
		if page = browser.Press(page, "otp-submit", map[string]string{"otp": code}); !page.Has("otp-submit") {
			break
		}
	}
	if page.Has("consent-allow") {
		page = browser.Press(page, "consent-allow", nil)
	}
	if answer := rp.Exchange(page.Code(t)); answer.Status != 200 {
		t.Errorf("token endpoint: %d %s", answer.Status, answer.Raw)
	}
	// Whoever looked over the shoulder has seen the code too.
	thief := s.NewBrowser(t)
	page = thief.Password(thief.Get(rp.AuthorizationURL(nil)), email)
	page = thief.Press(page, "otp-submit", map[string]string{"otp": code})
	if !page.Has("otp-problem") {
		t.Errorf("the code was taken twice: left for %v", page.Left)
	}
}

func suspension(t *testing.T, w *world) {
	cutOff(t, w, func(id string) { w.change(t, id, map[string]any{"status": "suspended"}) })
}

func deletion(t *testing.T, w *world) {
	cutOff(t, w, func(id string) {
		if err := w.directus.Call(t.Context(), http.MethodDelete, "/users/"+id, nil, nil); err != nil {
			t.Fatal(err)
		}
	})
}

func cutOff(t *testing.T, w *world, end func(id string)) {
	t.Helper()
	id, email := w.user(t)
	s := w.provider(t)
	rp, browser := s.Web(t), s.NewBrowser(t)
	answer := rp.Exchange(browser.SignIn(rp, email, nil))
	end(id)
	s.Clock.Advance(providertest.Staleness + time.Second)
	if info := s.UserInfo(t, answer.Text("access_token")); info.Status != 401 {
		t.Errorf("userinfo: %d %s", info.Status, info.Raw)
	}
	if refreshed := rp.Refresh(answer.Text("refresh_token")); refreshed.Text("error") != "invalid_grant" {
		t.Errorf("refresh: %d %s", refreshed.Status, refreshed.Raw)
	}
	silent := browser.Get(rp.AuthorizationURL(map[string]string{"prompt": "none"}))
	if got := silent.Sent(t).Get("error"); got != "login_required" {
		t.Errorf("prompt=none: error %q, want login_required", got)
	}
}

// guessing is a stranger who tries to have a user suspended, a thousand times
// over thirty days, in ever other spelling. Directus suspends for good after
// more than auth_login_attempts failures.
func guessing(t *testing.T, w *world) {
	const guesses, days = 1000, 30
	id, email := w.user(t)
	s := w.provider(t)
	rp, known := s.Web(t), s.NewBrowser(t)
	known.SignIn(rp, email, nil)

	stranger := s.NewBrowser(t)
	for guess := range guesses {
		page := stranger.Get(rp.AuthorizationURL(nil))
		stranger.Press(page, "login-submit", map[string]string{"username": spelling(email, guess), "password": "guess"})
		s.Clock.Advance(days * 24 * time.Hour / guesses)
	}
	if status := w.status(t, id); status != "active" {
		t.Errorf("the user is %s", status)
	}
	// The stranger is refused even the right password; the browser that the
	// user signed in with before is not.
	page := stranger.Password(stranger.Get(rp.AuthorizationURL(nil)), email)
	if page.Left != nil || page.Has("consent-allow") {
		t.Error("the stranger had attempts left")
	}
	// Nor does it help the stranger that an operator unlocks the account.
	limiter, err := web.NewLimiter(web.LimiterConfig{Attempts: s.Store.Attempts, DirectusLimit: 25, Now: s.Clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	for guess := range 15 {
		if _, err := limiter.Reset(t.Context(), email); err != nil {
			t.Fatal(err)
		}
		page := stranger.Get(rp.AuthorizationURL(nil))
		stranger.Press(page, "login-submit", map[string]string{"username": spelling(email, guess), "password": "guess"})
		s.Clock.Advance(time.Hour)
	}
	if status := w.status(t, id); status != "active" {
		t.Errorf("the user is %s after unlocking", status)
	}
	known.SignIn(rp, email, map[string]string{"prompt": "login"})
}

// spelling writes the address in another case for each guess.
func spelling(email string, guess int) string {
	letters := []byte(email)
	for i := range letters {
		if guess>>(i%10)&1 == 1 && letters[i] >= 'a' && letters[i] <= 'z' {
			letters[i] -= 'a' - 'A'
		}
	}
	return string(letters)
}
