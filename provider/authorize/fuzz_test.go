package authorize_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"gatehouse/provider/providertest"
)

// FuzzAuthorizeParameters sends whatever to the authorization endpoint: it must
// not break, and must never lead anywhere but to its own screens or to an address
// that the client registered.
func FuzzAuthorizeParameters(f *testing.F) {
	s := start(f)
	valid := s.Web(f).Parameters(nil).Encode()
	for _, seed := range []string{
		valid, "", "client_id=web", valid + "&prompt=none", valid + "&response_mode=form_post&prompt=none",
		valid + "&response_mode=fragment&max_age=0", valid + "&claims=%7B%22userinfo%22%3A%7B%22name%22%3Anull%7D%7D", valid + "&state=%00%ff&state=2", valid + "&id_token_hint=a.b.c",
		"client_id=native&redirect_uri=http://127.0.0.1:5/callback&response_type=code&scope=openid",
		"client_id=native&redirect_uri=http://127.0.0.1:5@evil.example/callback&response_type=code",
		s.Hybrid(f, "token code").Parameters(nil).Encode(), s.Hybrid(f, "id_token").Parameters(nil).Encode() + "&response_mode=query",
		"client_id=web&redirect_uri=//evil.example&response_type=code", valid + "&ui_locales=xx-%00&login_hint=%27%22%3c",
	} {
		f.Add(seed, false)
		f.Add(seed, true)
	}
	own, err := url.Parse(s.Issuer)
	if err != nil {
		f.Fatal(err)
	}
	registered := []string{
		providertest.WebRedirectURI, providertest.SecondRedirectURI, providertest.HybridRedirectURI, providertest.SPARedirectURI,
		"http://127.0.0.1/callback", providertest.NativeScheme,
	}
	f.Fuzz(func(t *testing.T, parameters string, post bool) {
		r := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/authorize", RawQuery: parameters}, Header: http.Header{}, Host: own.Host}
		if post {
			r = httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/authorize", strings.NewReader(parameters))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		answer := httptest.NewRecorder()
		s.Handler.ServeHTTP(answer, r.WithContext(t.Context()))
		if answer.Code >= http.StatusInternalServerError {
			t.Fatalf("answer %d", answer.Code)
		}
		location := answer.Header().Get("Location")
		if location == "" {
			return
		}
		target, err := url.Parse(location)
		if err != nil {
			t.Fatalf("Location %q: %v", location, err)
		}
		if target.Host == own.Host && target.Scheme == own.Scheme {
			return
		}
		if target.Hostname() == "127.0.0.1" {
			target.Host = target.Hostname()
		}
		for _, allowed := range registered {
			if rest, ok := strings.CutPrefix(target.String(), allowed); ok && (rest[0] == '?' || rest[0] == '#') {
				return
			}
		}
		t.Fatalf("leads to %q", location)
	})
}
