package web_test

import (
	"net/http"
	"testing"
	"time"

	"gatehouse/provider/providertest"
	"gatehouse/storage/directus/directustest"
)

// Whoever has the old password must not stay because an answer of Directus was
// lost on the way.
func TestJourneyOfALostAnswerAtReset(t *testing.T) {
	const newPassword = "a new one, quite long"
	for name, times := range map[string]int{"once": 1, "until the next try": 2} {
		t.Run(name, func(t *testing.T) {
			s := providertest.New(t, providertest.Options{Staleness: -1})
			id := s.AddUser(email)
			rp, elsewhere, browser := s.Second(t), s.NewBrowser(t), s.NewBrowser(t)
			tokens := rp.Exchange(elsewhere.SignIn(rp, email, nil)).WantOK(t)
			link := forgot(t, s, browser, rp, email)
			page := browser.Get(link)
			s.Directus.Inject(directustest.Fault{Path: "/auth/password/reset", Times: times, After: true, Drop: true})
			page = browser.Press(page, "password-submit", map[string]string{"new-password": newPassword})
			if times == 1 {
				wantAt(t, page, "/login")
			} else {
				if page.Status != http.StatusServiceUnavailable {
					t.Fatalf("status %d at %s", page.Status, page.URL)
				}
				browser.Press(browser.Get(link), "password-submit", map[string]string{"new-password": "another"}).WantPage(t, http.StatusGone, "link_used")
			}
			if user, _ := s.Directus.User(id); user.Password != newPassword {
				t.Fatal("the password is the old one")
			}
			rp.Refresh(tokens.Text("refresh_token")).WantError(t, http.StatusBadRequest, "invalid_grant")
			wantAt(t, elsewhere.Get(rp.AuthorizationURL(nil)), "/login")
			if _, err := s.Store.VerifiedEmails.Get(t.Context(), id); err != nil {
				t.Errorf("the address does not count as shown: %v", err)
			}

			s.Clock.Advance(time.Millisecond)
			later := s.NewBrowser(t)
			// A used link is worth nothing more, once all is done.
			tokens = rp.Exchange(later.Press(later.Get(rp.AuthorizationURL(nil)), "login-submit", map[string]string{"username": email, "password": newPassword}).Code(t)).WantOK(t)
			browser.Press(browser.Get(link), "password-submit", map[string]string{"new-password": "another"}).WantPage(t, http.StatusGone, "link_used")
			rp.Refresh(tokens.Text("refresh_token")).WantOK(t)
		})
	}
}

func TestJourneyOfALostAnswerAtVerification(t *testing.T) {
	s := openHouse(t, true)
	browser := s.NewBrowser(t)
	browser.Press(browser.Get(s.Issuer+"/register"), "register-submit", mary())
	mail := s.Mail(t, directustest.VerificationMail, "mary@example.com")
	s.Directus.Inject(directustest.Fault{Path: "/users/register/verify-email", Times: 1, After: true, Drop: true})
	// Go's client may have asked twice by itself: it is a GET. Then the link is used.
	browser.Press(browser.Get(mail.Link), "verify-submit", nil)
	rp := s.Second(t)
	browser.Press(browser.Get(rp.AuthorizationURL(nil)), "login-submit", map[string]string{
		"username": "mary@example.com", "password": mary()["new-password"],
	}).Code(t)
	id, _ := s.Directus.FindUser("mary@example.com")
	if _, err := s.Store.VerifiedEmails.Get(t.Context(), id); err != nil {
		t.Errorf("the address does not count as shown: %v", err)
	}
}

func TestJourneyOfALostAnswerAtChange(t *testing.T) {
	const newPassword = "a new one, quite long"
	s, id := journey(t, false)
	s.Directus.AllowOwnUpdate("password")
	rp, browser, elsewhere := s.Second(t), s.NewBrowser(t), s.NewBrowser(t)
	tokens := rp.Exchange(elsewhere.SignIn(rp, email, nil)).WantOK(t)
	page := browser.Password(browser.Get(s.Issuer+"/account/password"), email)
	wantAt(t, page, "/account/password")
	s.Directus.Inject(directustest.Fault{Path: "/users/" + id, Times: 1, After: true, Drop: true})
	page = browser.Press(page, "password-submit", map[string]string{"current-password": providertest.Password, "new-password": newPassword})
	if page.Status != http.StatusServiceUnavailable || !page.Has("current-password") {
		t.Errorf("status %d at %s", page.Status, page.URL)
	}
	if user, _ := s.Directus.User(id); user.Password != newPassword {
		t.Fatal("the password is the old one")
	}
	rp.Refresh(tokens.Text("refresh_token")).WantError(t, http.StatusBadRequest, "invalid_grant")
	wantAt(t, browser.Get(s.Issuer+"/account/sessions"), "/account/sessions")
}
