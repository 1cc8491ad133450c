package conformance

import (
	"crypto/tls"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// frontChannel wants the page of signing out to load the client's address in a
// frame, with iss and sid alone, and then to go on to the client.
func frontChannel(m *module) {
	channel := site + m.path + "/front-channel"
	a := m.signedIn(map[string]any{"frontchannel_logout_uri": channel, "frontchannel_logout_session_required": true})
	m.checkSID(a)
	state := random(m, 64)
	page := m.logOut(url.Values{
		"id_token_hint": {a.idToken().Raw}, "post_logout_redirect_uri": {m.afterLogout()}, "state": {state},
	})
	var loaded []url.Values
	for _, frame := range page.Frames() {
		address, query, _ := strings.Cut(frame, "?")
		if address != channel {
			continue
		}
		parameters, err := url.ParseQuery(query)
		if err != nil {
			m.Fatalf("frame %s: %v", frame, err)
		}
		loaded = append(loaded, parameters)
		if target, err := url.Parse(frame); err != nil || !allows(page, target, "frame-src", "child-src", "default-src") {
			m.Errorf("the page must not load the frame: %s", page.Header.Get("Content-Security-Policy"))
		}
	}
	want := url.Values{"iss": {m.metadata.text("issuer")}, "sid": {a.idToken().text("sid")}}
	if len(loaded) != 1 || loaded[0].Encode() != want.Encode() {
		m.Errorf("the frames have %v, want %v once", loaded, want)
	}
	m.checkReturned(page, state)
	m.checkLoginRequired()
}

func (m *module) checkSID(a *answer) {
	m.Helper()
	if a.idToken().text("sid") == "" {
		m.Error("the ID token has no sid")
	}
}

// backChannelEvent is the one member of events (OpenID Connect Back-Channel
// Logout 1.0, section 2.4).
const backChannelEvent = "http://schemas.openid.net/event/backchannel-logout"

// backChannel wants the provider to post a logout token.
func backChannel(m *module) {
	path := m.path + "/back-channel"
	a := m.signedIn(map[string]any{
		"backchannel_logout_uri": m.suite.publish(path, ""), "backchannel_logout_session_required": true,
	})
	m.checkSID(a)
	state := random(m, 64)
	m.checkReturned(m.logOut(url.Values{
		"id_token_hint": {a.idToken().Raw}, "post_logout_redirect_uri": {m.afterLogout()}, "state": {state},
	}), state)
	m.provider.Deliver(m)
	calls := m.suite.called(path)
	if len(calls) != 1 {
		m.Fatalf("the client was called %d times, want once", len(calls))
	}
	m.checkCall(calls[0])
	m.checkLogoutToken(m.verify(calls[0].Form.Get("logout_token")), a.idToken())
	m.checkLoginRequired()
}

func (m *module) checkCall(c call) {
	m.Helper()
	kind, _, _ := strings.Cut(c.Type, ";")
	if c.Method != http.MethodPost || kind != "application/x-www-form-urlencoded" {
		m.Errorf("the client was called by %s with %s", c.Method, c.Type)
	}
	if len(c.Form) != 1 || len(c.Form["logout_token"]) != 1 || len(c.Query) != 0 {
		m.Errorf("the client got %d parameters and %v, want logout_token alone", len(c.Form), c.Query)
	}
	if c.TLS != tls.VersionTLS13 {
		m.Errorf("the client was called by TLS %x, want 1.3", c.TLS)
	}
}

// checkLogoutToken is OpenID Connect Back-Channel Logout 1.0, sections 2.4 and 2.6.
func (m *module) checkLogoutToken(j, idToken token) {
	m.Helper()
	checkAudience(m, j, m.client.id)
	if j.text("iss") != m.metadata.text("issuer") || j.text("jti") == "" {
		m.Errorf("iss %q and jti %q", j.text("iss"), j.text("jti"))
	}
	if kind, _ := j.Header.ExtraHeaders["typ"].(string); kind != "logout+jwt" {
		m.Errorf("typ is %q", kind)
	}
	if issued := j.time(m, "iat"); issued.After(m.now()) || m.now().Sub(issued) > time.Minute {
		m.Errorf("iat is %s", issued)
	}
	if !j.time(m, "exp").After(m.now()) {
		m.Error("the logout token has expired")
	}
	if _, ok := j.Claims["nonce"]; ok {
		m.Error("a logout token has no nonce")
	}
	for _, claim := range []string{"sub", "sid"} {
		if j.Claims[claim] != nil && j.Claims[claim] != idToken.Claims[claim] {
			m.Errorf("%s is %v, in the ID token %v", claim, j.Claims[claim], idToken.Claims[claim])
		}
	}
	if j.text("sub") == "" && j.text("sid") == "" {
		m.Error("a logout token names sub or sid")
	}
	events, _ := j.Claims["events"].(map[string]any)
	event, isObject := events[backChannelEvent].(map[string]any)
	if len(events) != 1 || !isObject || len(event) != 0 {
		m.Errorf("events is %v", j.Claims["events"])
	}
	if j.Header.Algorithm != idToken.Header.Algorithm {
		m.Errorf("alg is %s, of the ID token %s", j.Header.Algorithm, idToken.Header.Algorithm)
	}
}
