package providertest

// SignIn goes through sign-in and, where it is asked, consent, and returns the
// code that the client was sent.
func (b *Browser) SignIn(rp *RelyingParty, email string, change map[string]string) string {
	b.t.Helper()
	return b.Through(b.Get(rp.AuthorizationURL(change)), email).Code(b.t)
}

// Through signs in and consents, where either is asked, until the browser is
// sent to the client or something else is asked.
func (b *Browser) Through(page *Page, email string) *Page {
	b.t.Helper()
	if page.Has("login-submit") {
		page = b.Password(page, email)
	}
	if page.Has("consent-allow") {
		page = b.Press(page, "consent-allow", nil)
	}
	return page
}

// Password signs in on the sign-in page.
func (b *Browser) Password(page *Page, email string) *Page {
	b.t.Helper()
	return b.Press(page, "login-submit", map[string]string{"username": email, "password": Password})
}
