package conformance

import (
	"crypto/rand"
	"crypto/rsa"
	"maps"
	"net/url"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"gatehouse/provider/providertest"
)

// signedIn registers a client that people come back to after signing out, and
// signs in. change adds to the metadata.
func (m *module) signedIn(change map[string]any) *answer {
	m.Helper()
	metadata := map[string]any{"post_logout_redirect_uris": []string{m.afterLogout()}}
	maps.Copy(metadata, change)
	m.register(metadata)
	return m.signIn(nil)
}

func (m *module) afterLogout() string { return site + m.path + "/signed-out" }

// logOut sends the browser to sign out.
func (m *module) logOut(parameters url.Values) *providertest.Page {
	m.Helper()
	address := m.metadata.text("end_session_endpoint")
	if len(parameters) > 0 {
		address += "?" + parameters.Encode()
	}
	return m.browser.Get(address)
}

// checkReturned wants the browser at the client with the state and nothing else.
func (m *module) checkReturned(page *providertest.Page, state string) {
	m.Helper()
	left := m.left(page)
	address, query, _ := strings.Cut(left, "?")
	sent, err := url.ParseQuery(query)
	if err != nil || address != m.afterLogout() {
		m.Fatalf("the browser was sent to %s (%v), want %s", left, err, m.afterLogout())
	}
	want := url.Values{}
	if state != "" {
		want.Set("state", state)
	}
	if sent.Encode() != want.Encode() {
		m.Errorf("the client got %v, want %v", sent, want)
	}
}

// left is where the browser goes from the page, be it by itself.
func (m *module) left(page *providertest.Page) string {
	m.Helper()
	switch {
	case page.Left != nil:
		return page.Left.String()
	case page.Refresh() != "":
		return page.Refresh()
	}
	m.Fatalf("the browser rests at %s (%d):\n%s", page.URL.Path, page.Status, page.Body)
	return ""
}

// checkKeptHere wants an error page or one that asks: never a way out by itself,
// and nobody signed out by it.
func (m *module) checkKeptHere(page *providertest.Page) {
	m.Helper()
	switch {
	case page.Left != nil, page.Refresh() != "":
		m.Fatalf("the browser was sent to %v %s, want it to stay", page.Left, page.Refresh())
	case page.Text("error-code") != "":
	case page.Has("logout-confirm") && page.Has("logout-cancel"):
	default:
		m.Errorf("the browser rests at %s (%d), want an error or a question:\n%s", page.URL.Path, page.Status, page.Body)
	}
	m.silently(map[string]string{"prompt": "none"})
}

// checkLoggedOut wants the page that says so, and nobody signed in.
func (m *module) checkLoggedOut(page *providertest.Page) {
	m.Helper()
	if page.Has("logout-confirm") {
		page = m.browser.Press(page, "logout-confirm", nil)
	}
	if page.Left != nil || page.Refresh() != "" || page.URL.Path != "/logged-out" || page.Status != 200 {
		m.Fatalf("the browser rests at %s (%d), sent to %v, want /logged-out", page.URL, page.Status, page.Left)
	}
	if !strings.Contains(page.Body, "logged out") {
		m.Errorf("the page does not say that it is done:\n%s", page.Body)
	}
	m.checkLoginRequired()
}

func logoutWithState(m *module) {
	a := m.signedIn(nil)
	state := random(m, 64)
	m.checkReturned(m.logOut(url.Values{
		"id_token_hint": {a.idToken().Raw}, "post_logout_redirect_uri": {m.afterLogout()}, "state": {state},
	}), state)
	m.checkLoginRequired()
}

func logoutWithoutState(m *module) {
	a := m.signedIn(nil)
	m.checkReturned(m.logOut(url.Values{"id_token_hint": {a.idToken().Raw}, "post_logout_redirect_uri": {m.afterLogout()}}), "")
	m.checkLoginRequired()
}

func logoutElsewhere(m *module) {
	a := m.signedIn(nil)
	m.checkKeptHere(m.logOut(url.Values{
		"id_token_hint": {a.idToken().Raw}, "post_logout_redirect_uri": {m.afterLogout() + "/" + random(m, 8)}, "state": {random(m, 8)},
	}))
}

func logoutQueryAdded(m *module) {
	a := m.signedIn(nil)
	m.checkKeptHere(m.logOut(url.Values{
		"id_token_hint": {a.idToken().Raw}, "post_logout_redirect_uri": {m.afterLogout() + "?foo=bar"}, "state": {random(m, 8)},
	}))
}

// logoutHintUnsigned sends the ID token as anybody could have made it.
func logoutHintUnsigned(m *module) {
	a := m.signedIn(nil)
	m.checkKeptHere(m.logOut(url.Values{
		"id_token_hint": {unsigned(m, a.idToken().Claims)}, "post_logout_redirect_uri": {m.afterLogout()}, "state": {random(m, 8)},
	}))
}

// logoutHintForeign sends the ID token signed by another key, under the kid of the
// provider's.
func logoutHintForeign(m *module) {
	a := m.signedIn(nil)
	foreign, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		m.Fatal(err)
	}
	hint := m.sign(jose.JSONWebKey{Key: foreign, KeyID: a.idToken().Header.KeyID}, a.idToken().Claims)
	m.checkKeptHere(m.logOut(url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {m.afterLogout()}, "state": {random(m, 8)}}))
}

func logoutWithoutHint(m *module) {
	m.signedIn(nil)
	m.checkKeptHere(m.logOut(url.Values{"post_logout_redirect_uri": {m.afterLogout()}, "state": {random(m, 8)}}))
}

func logoutBare(m *module) {
	m.signedIn(nil)
	m.checkLoggedOut(m.logOut(nil))
}

func logoutOnlyState(m *module) {
	m.signedIn(nil)
	m.checkLoggedOut(m.logOut(url.Values{"state": {random(m, 8)}}))
}

func logoutNowhere(m *module) {
	a := m.signedIn(nil)
	m.checkLoggedOut(m.logOut(url.Values{"id_token_hint": {a.idToken().Raw}, "state": {random(m, 8)}}))
}
