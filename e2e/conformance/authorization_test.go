package conformance

import (
	"maps"
	"net/url"
	"slices"
	"strings"

	"gatehouse/provider/providertest"
)

// answer is what became of an authorization request.
type answer struct {
	request  url.Values
	response url.Values
	// page is where the browser was before it left for the client.
	page     *providertest.Page
	verifier string
	// front is the ID token of the authorization endpoint, back that of the token
	// endpoint.
	front, back *token
	tokens      providertest.Answer
}

// idToken is the last ID token.
func (a *answer) idToken() token {
	if a.back != nil {
		return *a.back
	}
	return *a.front
}

// idTokens are all ID tokens.
func (a *answer) idTokens() []token {
	var all []token
	for _, j := range []*token{a.front, a.back} {
		if j != nil {
			all = append(all, *j)
		}
	}
	return all
}

// accessToken is the last access token, or empty where there is none.
func (a *answer) accessToken() string {
	if issued := a.tokens.Text("access_token"); issued != "" {
		return issued
	}
	return a.response.Get("access_token")
}

// request is an authorization request as the suite makes them, with a state as
// long as it may get. change adds to it or replaces; an empty value takes a parameter away.
func (m *module) request(change map[string]string) url.Values {
	m.Helper()
	parameters := map[string]string{
		"client_id": m.client.id, "redirect_uri": m.client.redirectURI, "response_type": m.ResponseType,
		"scope": "openid", "state": random(m, 64), "nonce": random(m, 8),
	}
	if m.FormPost {
		parameters["response_mode"] = "form_post"
	}
	maps.Copy(parameters, change)
	values := url.Values{}
	for name, value := range parameters {
		if value != "" {
			values.Set(name, value)
		}
	}
	return values
}

// open sends the browser to the authorization endpoint.
func (m *module) open(request url.Values) *providertest.Page {
	m.Helper()
	return m.browser.Get(m.metadata.text("authorization_endpoint") + "?" + request.Encode())
}

// pass signs in and consents where either is asked.
func (m *module) pass(page *providertest.Page) *providertest.Page {
	m.Helper()
	return m.browser.Through(page, m.world.directus.Email)
}

// signIn is a whole sign-in: request, pages, answer and tokens.
func (m *module) signIn(change map[string]string) *answer {
	m.Helper()
	request := m.request(change)
	return m.finish(request, m.pass(m.open(request)))
}

// silently is a sign-in in which nobody may be asked anything.
func (m *module) silently(change map[string]string) *answer {
	m.Helper()
	request := m.request(change)
	page := m.open(request)
	if page.Left == nil && !page.Has("form-post") {
		m.Fatalf("somebody was asked at %s:\n%s", page.URL.Path, page.Body)
	}
	return m.finish(request, page)
}

// finish checks an answer and redeems what it brought.
func (m *module) finish(request url.Values, page *providertest.Page) *answer {
	m.Helper()
	a := &answer{request: request, page: page, response: m.delivered(request, page)}
	m.checkResponse(a)
	if m.Has("code") {
		m.redeem(a)
	}
	return a
}

// redeem takes the code to the token endpoint.
func (m *module) redeem(a *answer) {
	m.Helper()
	a.tokens = m.exchange(a)
	checkTokens(m, a.tokens)
	j := m.verify(a.tokens.Text("id_token"))
	a.back = &j
	m.checkIDToken(j, a.request.Get("nonce"))
	checkHash(m, j, "at_hash", a.tokens.Text("access_token"), false)
	checkHash(m, j, "c_hash", a.response.Get("code"), false)
	if a.front != nil && (a.front.text("sub") != j.text("sub") || a.front.text("iss") != j.text("iss")) {
		m.Error("the two ID tokens are not about the same person")
	}
}

// mode is how answers to the run's requests are delivered.
func (m *module) mode() string {
	switch {
	case m.FormPost:
		return "form_post"
	case m.ResponseType == Code:
		return "query"
	}
	return "fragment"
}

// delivered is what the client got, at its redirect URI by the right mode.
func (m *module) delivered(request url.Values, page *providertest.Page) url.Values {
	m.Helper()
	delivered := page.Delivered(m)
	if delivered.Mode != m.mode() {
		m.Errorf("the answer came by %s, want %s", delivered.Mode, m.mode())
	}
	m.checkCallback(request.Get("redirect_uri"), delivered)
	if delivered.Mode == "form_post" {
		checkFormPost(m, page, m.client.redirectURI)
	}
	if delivered.Mode == "query" {
		registered, _ := url.Parse(request.Get("redirect_uri"))
		for name := range registered.Query() {
			delivered.Parameters.Del(name)
		}
	}
	for name, values := range delivered.Parameters {
		if len(values) != 1 {
			m.Errorf("%s was sent %d times", name, len(values))
		}
	}
	return delivered.Parameters
}

// checkCallback wants the answer at the redirect URI with its query as it is.
func (m *module) checkCallback(redirectURI string, delivered providertest.Delivered) {
	m.Helper()
	if redirectURI == "" {
		redirectURI = m.client.redirectURI
	}
	address, _, _ := strings.Cut(delivered.Address, "#")
	switch delivered.Mode {
	case "query":
		separator := "?"
		if strings.Contains(redirectURI, "?") {
			separator = "&"
		}
		if !strings.HasPrefix(delivered.Address, redirectURI+separator) {
			m.Errorf("the answer came to %s, want %s", delivered.Address, redirectURI)
		}
	default:
		if address != redirectURI {
			m.Errorf("the answer came to %s, want %s", address, redirectURI)
		}
	}
}

// checkResponse wants exactly what the response type promises.
func (m *module) checkResponse(a *answer) {
	m.Helper()
	if code := a.response.Get("error"); code != "" {
		m.Fatalf("the answer is the error %s: %s", code, a.response.Get("error_description"))
	}
	if a.response.Get("state") != a.request.Get("state") {
		m.Errorf("state %q, want %q", a.response.Get("state"), a.request.Get("state"))
	}
	m.checkSender(a.response)
	allowed := []string{"state", "iss", "session_state"}
	if m.Has("code") {
		allowed = append(allowed, "code")
		checkSecret(m, "code", a.response.Get("code"))
	}
	if m.Has("token") {
		allowed = append(allowed, "access_token", "token_type", "expires_in", "scope")
		m.checkFrontAccess(a)
	}
	if m.Has("id_token") {
		allowed = append(allowed, "id_token")
		m.checkFront(a)
	}
	for name := range a.response {
		if !slices.Contains(allowed, name) {
			m.Errorf("the answer has the parameter %s", name)
		}
	}
}

// checkFront checks the ID token of the authorization endpoint, which is bound to
// all that comes with it.
func (m *module) checkFront(a *answer) {
	m.Helper()
	if a.response.Get("id_token") == "" {
		m.Fatal("no id_token")
	}
	j := m.verify(a.response.Get("id_token"))
	a.front = &j
	m.checkIDToken(j, a.request.Get("nonce"))
	if m.Has("token") {
		checkHash(m, j, "at_hash", a.response.Get("access_token"), true)
	}
	if m.Has("code") {
		checkHash(m, j, "c_hash", a.response.Get("code"), true)
	}
	checkHash(m, j, "s_hash", a.request.Get("state"), false)
}

// checkFrontAccess checks the access token of the authorization endpoint.
func (m *module) checkFrontAccess(a *answer) {
	m.Helper()
	if !strings.EqualFold(a.response.Get("token_type"), "Bearer") {
		m.Errorf("token_type is %q", a.response.Get("token_type"))
	}
	if seconds := a.response.Get("expires_in"); strings.Trim(seconds, "0123456789") != "" || strings.Trim(seconds, "0") == "" {
		m.Errorf("expires_in is %q", seconds)
	}
	checkSecret(m, "access_token", a.response.Get("access_token"))
}

// checkSender wants iss as the metadata promises it (RFC 9207).
func (m *module) checkSender(response url.Values) {
	m.Helper()
	promised := m.metadata.is("authorization_response_iss_parameter_supported")
	if response.Has("iss") != promised || promised && response.Get("iss") != m.metadata.text("issuer") {
		m.Errorf("iss is %q, promised: %t", response.Get("iss"), promised)
	}
}
