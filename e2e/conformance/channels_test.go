package conformance

import (
	"net/url"
	"strings"
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
