package session

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"

	"gatehouse/provider/oauth"
)

// stateCookie is the browser state of OpenID Connect Session Management 1.0,
// section 3: scripts of the page in provider/checksession read it.
const stateCookie = "browser_state"

// StateCookie is the full name of the cookie with the browser state.
func (m *Manager) StateCookie() string { return m.Cookies.Name(stateCookie) }

// browserState is derived from the session cookie, whose secrets it does not
// tell: it changes whenever that does, at a sign-in, a sign-out and a change of
// the account.
func browserState(tickets string) string {
	sum := sha256.Sum256([]byte("gatehouse browser state\x00" + tickets))
	return base64.RawURLEncoding.EncodeToString(sum[:18])
}

// sendState sends the state along with the session cookie.
func (m *Manager) sendState(w http.ResponseWriter, tickets string, lifetime time.Duration) {
	if !m.StateShown {
		return
	}
	cookie := &http.Cookie{ //nolint:gosec // scripts are to read it; only an http issuer on a loopback host goes without Secure
		Name: m.StateCookie(), Value: browserState(tickets), Path: "/", MaxAge: int(lifetime / time.Second),
		Secure: m.Cookies.Secure, SameSite: http.SameSiteLaxMode,
	}
	if m.Cookies.Secure {
		// It is read in frames on pages of apps.
		cookie.SameSite = http.SameSiteNoneMode
	}
	if tickets == "" {
		cookie.Value, cookie.MaxAge = "", -1
	}
	http.SetCookie(w, cookie)
}

// State returns the session_state of an answer to a client (Session Management
// 1.0, section 2), empty where there is none: where the operator wants none, and
// for apps without an origin of the web. It sees to it that the browser has the
// state that it is computed from.
func (m *Manager) State(w http.ResponseWriter, r *http.Request, clientID, redirectURI string) (string, error) {
	origin := originOf(redirectURI)
	if !m.StateShown || origin == "" {
		return "", nil
	}
	salt, err := oauth.RandomID(m.Random, 16)
	if err != nil {
		return "", err
	}
	tickets := m.Cookies.Read(r, cookieName)
	state := browserState(tickets)
	if m.Cookies.Read(r, stateCookie) != state {
		m.sendState(w, tickets, 0)
	}
	sum := sha256.Sum256([]byte(clientID + " " + origin + " " + state + " " + salt))
	return base64.RawURLEncoding.EncodeToString(sum[:]) + "." + salt, nil
}

// originOf is the origin of an address as browsers write it (RFC 6454, section
// 6.1), empty for one that is not of the web.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return ""
	}
	host := strings.ToLower(u.Host)
	switch scheme := strings.ToLower(u.Scheme); scheme {
	case "https":
		return "https://" + strings.TrimSuffix(host, ":443")
	case "http":
		return "http://" + strings.TrimSuffix(host, ":80")
	}
	return ""
}
