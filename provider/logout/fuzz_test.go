package logout_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
)

// FuzzLogoutParameters sends whatever strangers send: nothing breaks, and nobody
// is led anywhere but to us or to an address that the app registered.
func FuzzLogoutParameters(f *testing.F) {
	s := providertest.New(f, providertest.Options{})
	f.Add("", "", "", "")
	f.Add("x", providertest.WebLoggedOut, providertest.WebID, "state")
	f.Add("", providertest.WebLoggedOut, providertest.WebID, "a&b=c#d")
	f.Add("a.b.c", "//evil.example", "nobody", "\x00")
	f.Add("", "https://web.example/signed-out/..", providertest.WebID, "")
	f.Fuzz(func(t *testing.T, hint, uri, clientID, state string) {
		query := url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {uri}, "client_id": {clientID}, "state": {state}}
		for _, r := range []*http.Request{
			httptest.NewRequestWithContext(t.Context(), http.MethodGet, s.Issuer+"/logout?"+query.Encode(), nil),
			httptest.NewRequestWithContext(t.Context(), http.MethodPost, s.Issuer+"/logout", strings.NewReader(query.Encode())),
		} {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			w := httptest.NewRecorder()
			s.Handler.ServeHTTP(w, r)
			if w.Code >= http.StatusInternalServerError || strings.Contains(w.Body.String(), oauth.ServerError) {
				t.Errorf("answer %d: %s", w.Code, w.Body)
			}
			location := w.Header().Get("Location")
			ours := location == "" || strings.HasPrefix(location, s.Issuer+"/")
			registered := location == providertest.WebLoggedOut || strings.HasPrefix(location, providertest.WebLoggedOut+"?state=")
			if !ours && !registered {
				t.Errorf("it leads to %s", location)
			}
		}
	})
}
