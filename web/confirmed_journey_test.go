package web_test

import (
	"testing"
	"time"

	"gatehouse/provider/providertest"
	"gatehouse/storage/directus/directustest"
)

const marysPassword = "Mary's own password 1"

// registers sends the form of registration for Mary's address.
func registers(browser *providertest.Browser, address, password string) {
	form := mary()
	form["new-password"] = password
	browser.Press(browser.Get(address), "register-submit", form)
}

// confirms presses the button behind the link of the latest mail to Mary.
func confirms(t *testing.T, s *providertest.Server, browser *providertest.Browser) *providertest.Page {
	t.Helper()
	return browser.Press(browser.Get(s.Mail(t, directustest.VerificationMail, "mary@example.com").Link), "verify-submit", nil)
}

// signsIn signs in to an account with Mary's address, and returns the access
// token.
func signsIn(t *testing.T, browser *providertest.Browser, rp *providertest.RelyingParty, password string) string {
	t.Helper()
	page := browser.Press(browser.Get(rp.AuthorizationURL(map[string]string{"prompt": "login"})), "login-submit",
		map[string]string{"username": "mary@example.com", "password": password})
	return rp.Exchange(page.Code(t)).WantOK(t).Text("access_token")
}

func wantVerified(t *testing.T, s *providertest.Server, token string, want bool) {
	t.Helper()
	if got := s.UserInfo(t, token).WantOK(t).JSON["email_verified"]; got != want {
		t.Errorf("email_verified is %v, want %v", got, want)
	}
}

// Directus keeps the first password of an unverified account, and mails to its
// owner again who believes to have made it.
func TestNobodyHasAnothersAddressConfirmedForHim(t *testing.T) {
	for name, before := range map[string]func(s *providertest.Server, eve *providertest.Browser){
		"by the same pages": func(s *providertest.Server, eve *providertest.Browser) {
			registers(eve, s.Issuer+"/register", providertest.Password)
		},
		"long before": func(s *providertest.Server, eve *providertest.Browser) {
			registers(eve, s.Issuer+"/register", providertest.Password)
			s.Clock.Advance(60 * 24 * time.Hour)
		},
		"at Directus itself": func(s *providertest.Server, _ *providertest.Browser) {
			s.Directus.AddUser(directustest.User{Email: "mary@example.com", Password: providertest.Password, Status: "unverified"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := openHouse(t, true)
			rp, eve, browser := s.Second(t), s.NewBrowser(t), s.NewBrowser(t)
			before(s, eve)
			registers(browser, rp.AuthorizationURL(map[string]string{"prompt": "create"}), marysPassword)
			page := confirms(t, s, browser)
			wantAt(t, page, "/login")
			wantVerified(t, s, signsIn(t, eve, rp, providertest.Password), false)

			page = browser.Press(page, "login-submit", map[string]string{"username": "mary@example.com", "password": marysPassword})
			wantAt(t, page, "/login")
			link := forgot(t, s, browser, rp, "mary@example.com")
			browser.Press(browser.Get(link), "password-submit", map[string]string{"new-password": marysPassword})
			s.Clock.Advance(time.Millisecond) // a sign-in begun at the time of the reset would be ended by it
			wantAt(t, eve.Get(rp.AuthorizationURL(nil)), "/login")
			wantVerified(t, s, signsIn(t, browser, rp, marysPassword), true)
		})
	}
}

// Whoever only presses the button of a mail that he never asked for confirms
// nothing to apps.
func TestAMailThatNobodyAskedForProvesNothing(t *testing.T) {
	s := openHouse(t, true)
	rp, eve, browser := s.Second(t), s.NewBrowser(t), s.NewBrowser(t)
	registers(eve, s.Issuer+"/register", providertest.Password)
	confirms(t, s, browser)
	wantVerified(t, s, signsIn(t, eve, rp, providertest.Password), false)
}

// A stranger who registers the address afterwards, or asks for the mail again,
// takes nothing away.
func TestALaterRegistrationTakesNothingAway(t *testing.T) {
	s := openHouse(t, true)
	rp, eve, browser := s.Second(t), s.NewBrowser(t), s.NewBrowser(t)
	registers(browser, s.Issuer+"/register", marysPassword)
	registers(eve, s.Issuer+"/register", providertest.Password)
	eve.Press(eve.Get(s.Issuer+"/verify-email/resend"), "resend-submit", map[string]string{"username": "mary@example.com"})
	confirms(t, s, browser)
	wantVerified(t, s, signsIn(t, browser, rp, marysPassword), true)
}

// The telephone that confirmed is where the password has to be shown, too; then
// it counts everywhere.
func TestConfirmedOnTheTelephone(t *testing.T) {
	s := openHouse(t, true)
	rp, laptop, phone := s.Second(t), s.NewBrowser(t), s.NewBrowser(t)
	registers(laptop, s.Issuer+"/register", marysPassword)
	wantAt(t, confirms(t, s, phone), "/verify-email/done")
	early := signsIn(t, laptop, rp, marysPassword)
	wantVerified(t, s, early, false)
	s.AddUser(email)
	phone.Through(phone.Get(rp.AuthorizationURL(nil)), email).Code(t)
	wantVerified(t, s, early, false) // another account of the same telephone
	wantVerified(t, s, signsIn(t, phone, rp, marysPassword), true)
	wantVerified(t, s, early, true)
}

func TestConfirmationsEnd(t *testing.T) {
	for name, test := range map[string]struct {
		meanwhile func(s *providertest.Server, id string)
		want      bool
	}{
		"in time":  {func(s *providertest.Server, _ string) { s.Clock.Advance(29 * 24 * time.Hour) }, true},
		"too late": {func(s *providertest.Server, _ string) { s.Clock.Advance(31 * 24 * time.Hour) }, false},
		"another address": {func(s *providertest.Server, id string) {
			// Both addresses lead to the account while the sign-in is under way.
			s.Directus.Update(id, func(u *directustest.User) { u.Email = "other@example.com" })
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := openHouse(t, true)
			rp, browser := s.Second(t), s.NewBrowser(t)
			registers(browser, s.Issuer+"/register", marysPassword)
			confirms(t, s, browser)
			id, _ := s.Directus.FindUser("mary@example.com")
			test.meanwhile(s, id)
			user, _ := s.Directus.User(id)
			page := browser.Press(browser.Get(rp.AuthorizationURL(nil)), "login-submit", map[string]string{"username": user.Email, "password": marysPassword})
			wantVerified(t, s, rp.Exchange(page.Code(t)).WantOK(t).Text("access_token"), test.want)
		})
	}
}

// A one-time password asked for in between changes nothing.
func TestConfirmedAndSignedInWithAOneTimePassword(t *testing.T) {
	s := openHouse(t, true)
	rp, browser := s.Second(t), s.NewBrowser(t)
	registers(browser, s.Issuer+"/register", marysPassword)
	confirms(t, s, browser)
	id, _ := s.Directus.FindUser("mary@example.com")
	const secret = "JBSWY3DPEHPK3PXP"
	s.Directus.Update(id, func(u *directustest.User) { u.OTPSecret = secret })
	page := browser.Press(browser.Get(rp.AuthorizationURL(nil)), "login-submit", map[string]string{"username": "mary@example.com", "password": marysPassword})
	wantAt(t, page, "/login/otp")
	page = browser.Press(page, "otp-submit", map[string]string{"otp": directustest.OTP(secret, s.Clock.Now())})
	wantVerified(t, s, rp.Exchange(page.Code(t)).WantOK(t).Text("access_token"), true)
}
