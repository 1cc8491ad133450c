package conformance

import (
	"slices"
	"strings"
	"time"

	"gatehouse/provider/providertest"
)

// promptLogin wants the password again although there is a session.
func promptLogin(m *module) {
	m.register(nil)
	first := m.signIn(map[string]string{"max_age": "15000"})
	m.provider.Clock.Advance(2 * time.Second)
	request := m.request(map[string]string{"prompt": "login"})
	page := m.open(request)
	m.checkSignInPage(page)
	m.checkLater(first, m.finish(request, m.pass(page)))
}

// checkLater wants the same person, signed in anew.
func (m *module) checkLater(first, second *answer) {
	m.Helper()
	for _, j := range second.idTokens() {
		if before := first.idToken(); !j.time(m, "auth_time").After(before.time(m, "auth_time")) || j.text("sub") != before.text("sub") {
			m.Errorf("auth_time %v of %s after %v of %s", j.Claims["auth_time"], j.text("sub"), before.Claims["auth_time"], before.text("sub"))
		}
		if m.now().Sub(j.time(m, "auth_time")) > time.Minute {
			m.Error("auth_time is long ago")
		}
	}
}

// checkSame wants the same person by the same sign-in.
func (m *module) checkSame(first, second *answer) {
	m.Helper()
	for _, j := range second.idTokens() {
		if before := first.idToken(); j.Claims["auth_time"] != before.Claims["auth_time"] || j.text("sub") != before.text("sub") {
			m.Errorf("auth_time %v of %s, before %v of %s", j.Claims["auth_time"], j.text("sub"), before.Claims["auth_time"], before.text("sub"))
		}
	}
}

func promptNoneNotLoggedIn(m *module) {
	m.register(nil)
	m.checkLoginRequired()
}

// checkLoginRequired wants nobody to be signed in, said without a page.
func (m *module) checkLoginRequired() {
	m.Helper()
	request := m.request(map[string]string{"prompt": "none"})
	m.checkError(request, m.open(request), "login_required", "interaction_required", "consent_required", "account_selection_required")
}

func promptNoneLoggedIn(m *module) {
	m.register(nil)
	first := m.signIn(nil)
	m.provider.Clock.Advance(2 * time.Second)
	m.checkSame(first, m.silently(map[string]string{"prompt": "none"}))
}

func maxAge1(m *module) {
	m.register(nil)
	first := m.signIn(map[string]string{"max_age": "15000"})
	m.provider.Clock.Advance(2 * time.Second)
	request := m.request(map[string]string{"max_age": "1"})
	page := m.open(request)
	m.checkSignInPage(page)
	m.checkLater(first, m.finish(request, m.pass(page)))
}

func maxAge10000(m *module) {
	m.register(nil)
	first := m.signIn(map[string]string{"max_age": "15000"})
	m.provider.Clock.Advance(2 * time.Second)
	second := m.silently(map[string]string{"max_age": "10000"})
	for _, j := range append(first.idTokens(), second.idTokens()...) {
		j.time(m, "auth_time")
	}
	m.checkSame(first, second)
}

func idTokenHint(m *module) {
	m.register(nil)
	first := m.signIn(nil)
	m.checkSame(first, m.silently(map[string]string{"prompt": "none", "id_token_hint": first.idToken().Raw}))
}

func loginHint(m *module) {
	m.register(nil)
	request := m.request(map[string]string{"login_hint": m.world.directus.Email})
	page := m.open(request)
	m.checkSignInPage(page)
	if page.Field("username") != m.world.directus.Email {
		m.Errorf("the name is %q, want that of login_hint", page.Field("username"))
	}
	m.finish(request, m.pass(page))
}

// uiLocales asks for a language that there is not, and for one that there is.
func uiLocales(m *module) {
	m.register(nil)
	request := m.request(map[string]string{"ui_locales": "se"})
	m.finish(request, m.pass(m.open(request)))
	if !slices.Contains(m.metadata.list("ui_locales_supported"), "de") {
		return
	}
	m.browser = m.provider.NewBrowser(m)
	if page := m.open(m.request(map[string]string{"ui_locales": "de"})); page.Language() != "de" {
		m.Errorf("the page is in %q", page.Language())
	}
}

func acrValues(m *module) {
	m.register(nil)
	offered := m.metadata.list("acr_values_supported")
	if len(offered) == 0 {
		m.Fatal("no acr_values_supported")
	}
	a := m.signIn(map[string]string{"acr_values": strings.Join(offered, " ")})
	for _, j := range a.idTokens() {
		if !slices.Contains(offered, j.text("acr")) {
			m.Errorf("acr %q is none of %q", j.text("acr"), offered)
		}
	}
}

// postRequest posts the request from the client's site: cookies of ours that are
// SameSite stay behind.
func postRequest(m *module) {
	m.register(nil)
	request := m.request(nil)
	page := m.browser.PostFromElsewhere(m.metadata.text("authorization_endpoint"), request)
	m.checkSignInPage(page)
	m.finish(request, m.pass(page))
}

func unregisteredRedirectURI(m *module) {
	m.register(nil)
	request := m.request(map[string]string{"redirect_uri": m.client.redirectURI + "/" + random(m, 8)})
	m.checkRefusedRedirect(m.open(request))
}

// checkRefusedRedirect wants a page that tells people about the redirect_uri.
func (m *module) checkRefusedRedirect(page *providertest.Page) {
	m.Helper()
	m.checkErrorPage(page, "invalid_request", "redirect_uri")
}
