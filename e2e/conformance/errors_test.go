package conformance

import (
	"net/url"
	"slices"
	"strings"

	"gatehouse/provider/providertest"
)

// checkError wants one of the errors at the client, with the state, by the right
// mode, and nothing besides.
func (m *module) checkError(request url.Values, page *providertest.Page, codes ...string) {
	m.Helper()
	m.checkErrorIn(m.delivered(request, page), request.Get("state"), codes...)
}

func (m *module) checkErrorIn(response url.Values, state string, codes ...string) {
	m.Helper()
	if !slices.Contains(codes, response.Get("error")) {
		m.Errorf("the client got %v, want one of the errors %q", response, codes)
	}
	if response.Get("state") != state {
		m.Errorf("state %q, want %q", response.Get("state"), state)
	}
	m.checkSender(response)
	for name := range response {
		if !slices.Contains([]string{"error", "error_description", "error_uri", "state", "session_state", "iss"}, name) {
			m.Errorf("an error has the parameter %s", name)
		}
	}
}

// checkErrorPage wants an error page that says what is wrong, and no way to the
// client.
func (m *module) checkErrorPage(page *providertest.Page, code string, anchors ...string) {
	m.Helper()
	if page.Left != nil || page.Has("form-post") {
		m.Fatalf("the browser was sent to %v, want an error page", page.Left)
	}
	if page.Status < 400 || page.Status >= 500 || page.Text("error-code") != code {
		m.Errorf("%s answered %d with the error %q, want %s", page.URL.Path, page.Status, page.Text("error-code"), code)
	}
	for _, anchor := range anchors {
		if !strings.Contains(page.Body, anchor) {
			m.Errorf("the error page does not say %q:\n%s", anchor, page.Body)
		}
	}
}
