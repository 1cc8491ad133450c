package conformance

import (
	"net/http"
	"slices"
	"time"

	"gatehouse/provider/providertest"
)

// object is the claims of a request object with the request in it.
func (m *module) object(change map[string]string) map[string]any {
	m.Helper()
	claims := map[string]any{
		"iss": m.client.id, "aud": m.metadata.text("issuer"),
		"iat": m.now().Unix(), "nbf": m.now().Unix(), "exp": m.now().Add(time.Minute).Unix(),
	}
	for name, values := range m.request(change) {
		claims[name] = values[0]
	}
	return claims
}

// checkNoneRefused wants unsigned request objects not to be offered, which is
// what makes the suite skip the modules about them.
func (m *module) checkNoneRefused() {
	m.Helper()
	if slices.Contains(m.metadata.list("request_object_signing_alg_values_supported"), "none") {
		m.Error("unsigned request objects are offered")
	}
}

// checkObjectRefused wants the error at the client: never a sign-in as if there
// were no request object.
func (m *module) checkObjectRefused(page *providertest.Page, codes ...string) {
	m.Helper()
	if page.Left == nil && !page.Has("form-post") {
		m.Fatalf("the browser rests at %s (%d), want an error at the client", page.URL.Path, page.Status)
	}
	response := page.Delivered(m).Parameters
	if !slices.Contains(codes, response.Get("error")) || response.Has("code") || response.Has("id_token") || response.Has("access_token") {
		m.Errorf("the client got %v, want one of the errors %q", response, codes)
	}
}

func requestUnsigned(m *module) {
	m.checkNoneRefused()
	m.register(nil)
	request := m.request(nil)
	request.Set("request", unsigned(m, m.object(map[string]string{"nonce": random(m, 8)})))
	m.checkObjectRefused(m.open(request), "request_not_supported", "invalid_request_object")
}

// requestURIUnsigned is the same by reference.
func requestURIUnsigned(m *module) {
	m.checkNoneRefused()
	path := m.path + "/request"
	m.register(map[string]any{"request_uris": []string{m.suite.url + path}})
	request := m.request(map[string]string{"state": "", "nonce": ""})
	request.Set("request_uri", m.suite.publish(path, unsigned(m, m.object(nil))))
	m.checkObjectRefused(m.open(request), "request_uri_not_supported", "invalid_request_object", "invalid_request_uri")
}

// requestURISigned sends state and nonce inside only. The registered address
// carries the digest of the document, which no server ever sees.
func requestURISigned(m *module) {
	path := m.path + "/request"
	inside := map[string]string{"state": random(m, 8), "nonce": random(m, 8)}
	if !m.metadata.is("request_uri_parameter_supported") {
		m.Error("request_uri_parameter_supported is not true")
	}
	if !slices.Contains(m.metadata.list("request_object_signing_alg_values_supported"), "RS256") {
		m.Error("request_object_signing_alg_values_supported lacks RS256")
	}
	// The document names the client, which is known when it has registered.
	m.register(map[string]any{"request_uris": []string{m.suite.url + path + "#" + random(m, 8)}})
	address, _ := m.client.registered["request_uris"].([]any)
	if len(address) != 1 {
		m.Fatalf("request_uris are registered as %v", m.client.registered["request_uris"])
	}
	m.suite.publish(path, m.sign(m.client.key, m.object(inside)))
	request := m.request(map[string]string{"state": "", "nonce": ""})
	request.Set("request_uri", address[0].(string))
	page := m.pass(m.open(request))
	for name, value := range inside {
		request.Set(name, value)
	}
	m.finish(request, page)
	if calls := m.suite.called(path); len(calls) == 0 || calls[0].Method != http.MethodGet {
		m.Errorf("the request object was fetched by %v", calls)
	}
}

// objectWithRedirectURI has one redirect_uri inside that is registered and one
// outside that is not: the one inside is taken, or the request refused on a page.
// Unsigned, as the suite tries it where none is offered, it is refused.
func objectWithRedirectURI(m *module) {
	m.checkNoneRefused()
	m.register(nil)
	outside := m.client.redirectURI + "/" + random(m, 8)
	for _, object := range []string{unsigned(m, m.object(nil)), m.sign(m.client.key, m.object(nil))} {
		request := m.request(map[string]string{"redirect_uri": outside})
		request.Set("request", object)
		page := m.open(request)
		if code := page.Text("error-code"); code != "" {
			m.checkErrorPage(page, code)
			continue
		}
		m.checkSignInPage(page)
		m.checkCallback(m.client.redirectURI, m.pass(page).Delivered(m))
	}
}
