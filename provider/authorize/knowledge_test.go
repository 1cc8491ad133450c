package authorize_test

import (
	"net/http"
	"strings"
	"testing"

	"gatehouse/provider/providertest"
)

// The session cookie says which user's consents to read along with the session.
// Somebody may change that, and must not be served by another's consent.
func TestCookieCannotBorrowConsent(t *testing.T) {
	s := providertest.New(t, providertest.Options{})
	ada, eve := s.AddUser("ada@example.com"), s.AddUser("eve@example.com")
	web, second := s.Web(t), s.Second(t)
	s.NewBrowser(t).SignIn(web, "ada@example.com", nil)
	for _, test := range []struct {
		name   string
		change func(string) string
		want   string
	}{
		{"another user", func(value string) string { return strings.ReplaceAll(value, eve, ada) }, "consent_required"},
		{"nobody", func(value string) string { return strings.ReplaceAll(value, "."+eve, "") }, "consent_required"},
		{"an unknown user", func(value string) string { return strings.ReplaceAll(value, eve, "unknown") }, "consent_required"},
		{"too long", func(value string) string { return strings.ReplaceAll(value, eve, strings.Repeat("x", 65)) }, "login_required"},
	} {
		t.Run(test.name, func(t *testing.T) {
			browser := s.NewBrowser(t)
			browser.SignIn(second, "eve@example.com", nil) // asks for no consent
			var changed []*http.Cookie
			for _, cookie := range browser.Cookies() {
				changed = append(changed, &http.Cookie{Name: cookie.Name, Value: test.change(cookie.Value), Path: "/"})
			}
			browser.SetCookies(changed)
			page := browser.Get(web.AuthorizationURL(map[string]string{"prompt": "none"}))
			if sent := page.Sent(t); sent.Get("code") != "" || sent.Get("error") != test.want {
				t.Errorf("the client of which eve allowed nothing got %v, want %s", sent, test.want)
			}
		})
	}
}
