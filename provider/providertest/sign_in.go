package providertest

import (
	"net/url"
	"testing"
)

// SignIn goes through sign-in and, where it is asked, consent, and returns the
// code that the client was sent.
func (b *Browser) SignIn(rp *RelyingParty, email string, change map[string]string) string {
	b.t.Helper()
	page := b.Get(rp.AuthorizationURL(change))
	if page.Has("login-submit") {
		page = b.Press(page, "login-submit", map[string]string{"username": email, "password": Password})
	}
	if page.Has("consent-allow") {
		page = b.Press(page, "consent-allow", nil)
	}
	return page.Code(b.t)
}

// Code is what the client was sent; anything else ends the test.
func (p *Page) Code(t testing.TB) string {
	t.Helper()
	code := p.Sent(t).Get("code")
	if code == "" {
		t.Fatalf("the client got no code but %v", p.Sent(t))
	}
	return code
}

// Sent is the parameters that left for the client, by query or fragment.
func (p *Page) Sent(t testing.TB) url.Values {
	t.Helper()
	if p.Left == nil {
		t.Fatalf("the browser did not leave the provider but rests at %s (%d):\n%s", p.URL.Path, p.Status, p.Body)
	}
	if p.Left.Fragment != "" {
		values, err := url.ParseQuery(p.Left.EscapedFragment())
		if err != nil {
			t.Fatalf("parse fragment: %v", err)
		}
		return values
	}
	return p.Left.Query()
}
