package conformance

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"gatehouse/provider/providertest"
)

// checkSignInPage is what the suite has photographed: a form to sign in by.
func (m *module) checkSignInPage(page *providertest.Page) {
	m.Helper()
	if page.Status != 200 || page.URL.Path != "/login" || page.Left != nil {
		m.Fatalf("the browser rests at %s (%d), want /login", page.URL, page.Status)
	}
	for _, id := range []string{"username", "password", "login-submit", "login-deny"} {
		if !page.Has(id) {
			m.Errorf("the page has no %s", id)
		}
	}
	if !strings.Contains(page.Body, "Sign in") {
		m.Error("the page does not say Sign in")
	}
}

// checkFormPost wants a page that posts itself to the client, and a button for
// whoever runs no scripts (OAuth 2.0 Form Post Response Mode).
func checkFormPost(t testing.TB, page *providertest.Page, redirectURI string) {
	t.Helper()
	if page.Status != 200 || !page.Has("form-post-submit") {
		t.Errorf("the form_post page (%d) has no button", page.Status)
	}
	if !strings.Contains(page.Body, "<script") {
		t.Error("the form_post page does not post itself")
	}
	if cache := page.Header.Get("Cache-Control"); !strings.Contains(cache, "no-store") {
		t.Errorf("the form_post page has Cache-Control %q", cache)
	}
	target, err := url.Parse(redirectURI)
	if err != nil {
		t.Fatalf("redirect URI: %v", err)
	}
	if !allows(page, target, "form-action") {
		t.Errorf("the form_post page must not post to %s: %s", target.Host, page.Header.Get("Content-Security-Policy"))
	}
}

// allows says whether a directive of the page's policy, or else those that it
// falls back to, lets the page reach the address.
func allows(page *providertest.Page, target *url.URL, directives ...string) bool {
	policy := map[string][]string{}
	for part := range strings.SplitSeq(page.Header.Get("Content-Security-Policy"), ";") {
		if fields := strings.Fields(part); len(fields) > 0 {
			policy[fields[0]] = fields[1:]
		}
	}
	for _, directive := range directives {
		sources, ok := policy[directive]
		if !ok {
			continue
		}
		return slices.ContainsFunc(sources, func(source string) bool {
			return source == "*" || source == target.Scheme+":" || source == target.Scheme+"://"+target.Host
		})
	}
	return true
}
