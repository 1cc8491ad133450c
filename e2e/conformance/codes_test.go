package conformance

import (
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"slices"
	"time"
)

func codeReuse(m *module) {
	m.register(nil)
	a := m.signIn(nil)
	checkTokenError(m, m.exchange(a), "invalid_grant")
}

func codeReuse30Seconds(m *module) {
	m.register(nil)
	a := m.signIn(nil)
	m.provider.Clock.Advance(30 * time.Second)
	checkTokenError(m, m.exchange(a), "invalid_grant")
	if info := m.userInfo(a.tokens.Text("access_token")); info.Status != 401 {
		m.Errorf("the access token of the first use still opens userinfo: %d", info.Status)
	}
}

func pkce(m *module) {
	m.register(nil)
	verifier := random(m, 32)
	digest := sha256.Sum256([]byte(verifier))
	request := m.request(map[string]string{
		"code_challenge": base64.RawURLEncoding.EncodeToString(digest[:]), "code_challenge_method": "S256",
	})
	a := &answer{request: request, verifier: verifier}
	a.page = m.pass(m.open(request))
	a.response = m.delivered(request, a.page)
	m.checkResponse(a)
	m.redeem(a)
	if !slices.Contains(m.metadata.list("code_challenge_methods_supported"), "S256") {
		m.Error("code_challenge_methods_supported lacks S256")
	}
}

// refreshToken refreshes as two clients, and finds their tokens to be their own.
func refreshToken(m *module) {
	if !slices.Contains(m.metadata.list("grant_types_supported"), "refresh_token") {
		m.Error("grant_types_supported lacks refresh_token")
	}
	first := m.refreshing()
	refreshed := m.signOnAndRefresh()
	// Less than what was granted may be asked for.
	narrowed := m.token(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refreshed}, "scope": {"openid"}})
	checkTokens(m, narrowed)
	if granted := narrowed.Text("scope"); granted != "" && granted != "openid" {
		m.Errorf("scope is %q", granted)
	}

	m.browser = m.provider.NewBrowser(m)
	second := m.refreshing()
	foreign := m.signOnAndRefresh()
	m.client = first
	checkTokenError(m, m.token(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {foreign}}), "invalid_grant")
	// The refusal must not cost the rightful client its token.
	m.client = second
	checkTokens(m, m.token(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {foreign}}))
}

// refreshing registers a client that may refresh.
func (m *module) refreshing() *client {
	m.Helper()
	grants := []string{"authorization_code", "refresh_token"}
	if m.ResponseType != Code {
		grants = append(grants, "implicit")
	}
	return m.register(map[string]any{"grant_types": grants})
}

// signOnAndRefresh signs in for offline access, refreshes once and returns the
// refresh token that is good then.
func (m *module) signOnAndRefresh() string {
	m.Helper()
	a := m.signIn(map[string]string{"scope": "openid offline_access", "prompt": "consent"})
	return m.refreshOnce(a)
}

// refreshOnce refreshes and compares what comes with what there was.
func (m *module) refreshOnce(a *answer) string {
	m.Helper()
	held := a.tokens.Text("refresh_token")
	checkSecret(m, "refresh_token", held)
	m.provider.Clock.Advance(2 * time.Second)
	refreshed := m.token(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {held}})
	checkTokens(m, refreshed)
	if refreshed.Text("access_token") == a.tokens.Text("access_token") {
		m.Error("the access token is the old one")
	}
	j, before := m.verify(refreshed.Text("id_token")), *a.back
	nonce := ""
	if j.Claims["nonce"] != nil {
		nonce = a.request.Get("nonce")
	}
	m.checkIDToken(j, nonce)
	checkHash(m, j, "at_hash", refreshed.Text("access_token"), false)
	for _, claim := range []string{"iss", "sub", "auth_time", "azp"} {
		if j.Claims[claim] != before.Claims[claim] {
			m.Errorf("%s is %v after the refresh, %v before", claim, j.Claims[claim], before.Claims[claim])
		}
	}
	if !j.time(m, "iat").After(before.time(m, "iat")) {
		m.Error("iat did not move")
	}
	checkUserInfo(m, m.userInfo(refreshed.Text("access_token")), j)
	if next := refreshed.Text("refresh_token"); next != "" {
		checkSecret(m, "refresh_token", next)
		return next
	}
	return held
}
