package conformance

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// server is the plain sign-in; its conditions are those of every sign-in.
func server(m *module) {
	m.register(nil)
	a := m.signIn(nil)
	if issued := a.accessToken(); issued != "" {
		checkUserInfo(m, m.userInfo(issued), a.idTokens()...)
	}
	if m.Has("token") && m.Has("code") {
		checkUserInfo(m, m.userInfo(a.response.Get("access_token")), a.idTokens()...)
	}
}

// tolerates is a sign-in with parameters that must make no difference.
func tolerates(change map[string]string) func(*module) {
	return func(m *module) {
		m.register(nil)
		request := m.request(change)
		page := m.open(request)
		m.checkSignInPage(page)
		m.finish(request, m.pass(page))
	}
}

func responseTypeMissing(m *module) {
	m.register(nil)
	request := m.request(map[string]string{"response_type": ""})
	page := m.open(request)
	// Nobody knows what the answer should be like, so that it comes in the query
	// unless another mode was asked for.
	delivered := page.Delivered(m)
	want := "query"
	if m.FormPost {
		want = "form_post"
	}
	if delivered.Mode != want {
		m.Errorf("the error came by %s, want %s", delivered.Mode, want)
	}
	m.checkCallback(request.Get("redirect_uri"), delivered)
	m.checkErrorIn(delivered.Parameters, request.Get("state"), "invalid_request", "unsupported_response_type")
}

func idTokenSignature(m *module) {
	m.register(nil)
	for _, j := range m.signIn(nil).idTokens() {
		checkAlgorithm(m, j, "RS256")
	}
}

func idTokenRS256(m *module) {
	m.register(map[string]any{"id_token_signed_response_alg": "RS256"})
	for _, j := range m.signIn(nil).idTokens() {
		checkAlgorithm(m, j, "RS256")
	}
}

func checkAlgorithm(m *module, j token, algorithm string) {
	m.Helper()
	if j.Header.Algorithm != algorithm || j.Header.KeyID == "" {
		m.Errorf("alg %s and kid %q, want %s and some", j.Header.Algorithm, j.Header.KeyID, algorithm)
	}
}

// idTokenUnsigned has nothing to try where none is not offered. Nor must it be
// had by asking for it.
func idTokenUnsigned(m *module) {
	if slices.Contains(m.metadata.list("id_token_signing_alg_values_supported"), "none") {
		m.Error("unsigned ID tokens are offered")
	}
	checkRegistrationRefused(m, m.tryRegister(map[string]any{"id_token_signed_response_alg": "none"}), "invalid_client_metadata")
}

func userInfoGet(m *module) {
	m.register(nil)
	a := m.signIn(nil)
	checkUserInfo(m, m.userInfo(a.accessToken()), a.idTokens()...)
}

func userInfoPostHeader(m *module) {
	m.register(nil)
	a := m.signIn(nil)
	header := http.Header{"Authorization": {"Bearer " + a.accessToken()}}
	checkUserInfo(m, send(m, m.provider, http.MethodPost, m.metadata.text("userinfo_endpoint"), "", header), a.idTokens()...)
}

func userInfoPostBody(m *module) {
	m.register(nil)
	a := m.signIn(nil)
	checkUserInfo(m, m.postForm(m.metadata.text("userinfo_endpoint"), url.Values{"access_token": {a.accessToken()}}, nil), a.idTokens()...)
}

func userInfoRS256(m *module) {
	if !slices.Contains(m.metadata.list("userinfo_signing_alg_values_supported"), "RS256") {
		m.Error("userinfo_signing_alg_values_supported lacks RS256")
	}
	m.register(map[string]any{"userinfo_signed_response_alg": "RS256"})
	a := m.signIn(nil)
	answer := m.userInfo(a.accessToken()).WantOK(m)
	if kind := answer.Header.Get("Content-Type"); !strings.HasPrefix(kind, "application/jwt") {
		m.Errorf("Content-Type is %q", kind)
	}
	j := m.verify(answer.Raw)
	checkAlgorithm(m, j, "RS256")
	checkAudience(m, j, m.client.id)
	if j.text("iss") != m.metadata.text("issuer") || j.text("sub") != a.idToken().text("sub") {
		m.Errorf("iss %q and sub %q are not those of the ID token", j.text("iss"), j.text("sub"))
	}
	if _, ok := j.Claims["nonce"]; ok {
		m.Error("userinfo has a nonce")
	}
	checkClaimTypes(m, j.Claims)
}

func withoutNonceSucceeds(m *module) {
	m.register(nil)
	m.signIn(map[string]string{"nonce": ""})
}

func withoutNonceFails(m *module) {
	m.register(nil)
	request := m.request(map[string]string{"nonce": ""})
	m.checkError(request, m.open(request), "invalid_request")
}

// scopes is a sign-in that asks for the claims of the scopes. They come at
// userinfo, or in the ID token where there is nothing else.
func scopes(names ...string) func(*module) {
	return func(m *module) {
		m.register(nil)
		for _, name := range names {
			if !slices.Contains(m.metadata.list("scopes_supported"), name) {
				m.Errorf("scope %s is not offered", name)
			}
		}
		m.checkScopes(m.signIn(map[string]string{"scope": "openid " + strings.Join(names, " ")}), names...)
	}
}

func (m *module) checkScopes(a *answer, names ...string) {
	m.Helper()
	wanted := standardClaims(names...)
	if m.ResponseType == IDToken {
		checkClaims(m, a.idToken().Claims, wanted)
		return
	}
	info := m.userInfo(a.accessToken())
	checkUserInfo(m, info, a.idTokens()...)
	checkClaims(m, info.JSON, wanted)
	for _, j := range a.idTokens() {
		checkNoClaims(m, j, wanted)
	}
}

// alternateHappyFlow is oidcc-scope-email the other way around.
func alternateHappyFlow(m *module) {
	m.register(nil)
	request := m.request(map[string]string{"scope": "email openid"})
	parameters := strings.Split(request.Encode(), "&")
	slices.Reverse(parameters)
	page := m.browser.Get(m.metadata.text("authorization_endpoint") + "?" + strings.Join(parameters, "&"))
	m.checkScopes(m.finish(request, m.pass(page)), "email")
}

// claimsEssential asks for one claim by the claims parameter.
func claimsEssential(m *module) {
	m.register(nil)
	where := "userinfo"
	if m.ResponseType == IDToken {
		where = "id_token"
	}
	a := m.signIn(map[string]string{"claims": `{"` + where + `":{"name":{"essential":true}}}`})
	if m.ResponseType == IDToken {
		checkClaims(m, a.idToken().Claims, []string{"name"})
		return
	}
	info := m.userInfo(a.accessToken())
	checkUserInfo(m, info, a.idTokens()...)
	checkClaims(m, info.JSON, []string{"name"})
	for _, j := range a.idTokens() {
		checkNoClaims(m, j, []string{"name"})
	}
}
