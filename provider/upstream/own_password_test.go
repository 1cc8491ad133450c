package upstream_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
	"gatehouse/storage/directus/directustest"
)

// newOwnWorld is one in which Ada changes her password on our account page.
func newOwnWorld(t *testing.T) *world {
	t.Helper()
	w := &world{Server: providertest.New(t, providertest.Options{
		Clients: []storage.Client{providertest.DirectusClient(storage.ExchangeUsers)}, WriteToken: true,
	})}
	w.ada, w.rp = w.AddUser(ada), w.Portal(t)
	return w
}

// changePassword presses the button, and says whether the page took the change.
func (w *world) changePassword(t *testing.T, browser *providertest.Browser, current, fresh string) bool {
	t.Helper()
	page := browser.Get(w.Issuer + "/account/password")
	page = browser.Press(page, "password-submit", map[string]string{"current-password": current, "new-password": fresh})
	if page.URL.Path != "/account/password" {
		t.Fatalf("the browser rests at %s", page.URL)
	}
	return page.Has("notice")
}

// later lets Directus's access tokens end, and has fresh ones of ours.
func (w *world) later(t *testing.T, tokens providertest.Answer) providertest.Answer {
	t.Helper()
	w.Clock.Advance(directustest.AccessTokenTTL)
	return w.rp.Refresh(tokens.Text("refresh_token")).WantOK(t)
}

const newPassword = "a password that is new"

func TestOwnPasswordLeavesALivingPair(t *testing.T) {
	w := newOwnWorld(t)
	here, tokens := w.signIn(t, nil)
	there, other := w.signIn(t, offline())
	before := w.session(t, here).DirectusSession
	w.rp.DirectusToken(other.Text("access_token"), nil).WantOK(t)
	if !w.changePassword(t, here, providertest.Password, newPassword) {
		t.Fatal("the password was not changed")
	}
	w.rp.DirectusToken(tokens.Text("access_token"), nil).WantOK(t)
	if w.session(t, here).DirectusSession == before {
		t.Error("the session goes on with the pair that Directus has ended")
	}
	w.KeepDirectusSessions(t)
	w.wantSessions(t, 1)
	tokens = w.later(t, tokens)
	w.rp.DirectusToken(tokens.Text("access_token"), nil).WantOK(t)
	w.wantSessions(t, 1)

	w.rp.Refresh(other.Text("refresh_token")).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
	w.rp.DirectusToken(other.Text("access_token"), nil).WantError(t, http.StatusBadRequest, oauth.InvalidRequest)
	there.Get(w.rp.AuthorizationURL(map[string]string{"prompt": "none"})).WantError(t, oauth.LoginRequired)
}

// Directus does not take the new one, or not the old one: nothing has happened to
// the pair, and a change elsewhere counts.
func TestOwnPasswordThatIsRefusedLeavesThePair(t *testing.T) {
	for name, current := range map[string]string{"the new one": providertest.Password, "the old one": "wrong"} {
		t.Run(name, func(t *testing.T) {
			w := newOwnWorld(t)
			w.Directus.SetPasswordPolicy(func(password string) bool { return password != newPassword })
			here, tokens := w.signIn(t, nil)
			before := w.session(t, here).DirectusSession
			if w.changePassword(t, here, current, newPassword) {
				t.Fatal("the password was changed")
			}
			if got := w.session(t, here).DirectusSession; got != before {
				t.Error("the session has another pair")
			}
			tokens = w.later(t, tokens)
			w.rp.DirectusToken(tokens.Text("access_token"), nil).WantOK(t)
			w.Directus.Update(w.ada, func(u *directustest.User) { u.Password = "another" })
			tokens = w.later(t, tokens)
			w.rp.DirectusToken(tokens.Text("access_token"), nil).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
			w.UserInfo(t, tokens.Text("access_token")).WantError(t, http.StatusUnauthorized, oauth.InvalidToken)
		})
	}
}

// Whoever has a one-time password would have to be asked for it: his apps ask for
// another sign-in, and he stays signed in.
func TestOwnPasswordWithAOneTimePassword(t *testing.T) {
	const secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
	w := newOwnWorld(t)
	w.Directus.Update(w.ada, func(u *directustest.User) { u.OTPSecret = secret })
	signIn := func(browser *providertest.Browser, password string, change map[string]string) providertest.Answer {
		t.Helper()
		w.Clock.Advance(time.Minute) // a code works once
		page := browser.Press(browser.Get(w.rp.AuthorizationURL(change)), "login-submit", map[string]string{"username": ada, "password": password})
		page = browser.Press(page, "otp-submit", map[string]string{"otp": directustest.OTP(secret, w.Clock.Now())})
		return w.rp.Exchange(page.Code(t)).WantOK(t)
	}
	browser := w.NewBrowser(t)
	tokens := signIn(browser, providertest.Password, nil)
	w.rp.DirectusToken(tokens.Text("access_token"), nil).WantOK(t)
	if !w.changePassword(t, browser, providertest.Password, newPassword) {
		t.Fatal("the password was not changed")
	}
	tokens = w.later(t, tokens)
	answer := w.rp.DirectusToken(tokens.Text("access_token"), nil)
	answer.WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
	if !strings.Contains(answer.Text("error_description"), "sign in again") {
		t.Errorf("the app is told %q", answer.Text("error_description"))
	}
	w.UserInfo(t, tokens.Text("access_token")).WantOK(t)
	tokens = signIn(browser, newPassword, map[string]string{"prompt": "login"})
	w.rp.DirectusToken(tokens.Text("access_token"), nil).WantOK(t)
	w.KeepDirectusSessions(t)
	w.wantSessions(t, 1)
}
