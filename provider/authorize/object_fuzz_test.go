package authorize_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// FuzzRequestObject sends whatever as a request object, and signs whatever as the
// client: it must not break, and must lead nowhere but to our screens and to what the
// client registered.
func FuzzRequestObject(f *testing.F) {
	w := startObjects(f, nil)
	good := w.object(f, nil)
	for _, seed := range []string{
		good, w.encrypt(f, good, jose.ECDH_ES, jose.A128GCM), "", "a.b.c", "....", "e30.e30.", `{}`, `{"state":"a","state":"b"}`,
		`{"redirect_uri":"https://evil.example/"}`, `{"redirect_uri":"https://signer.example/other","prompt":"none"}`,
		`{"iss":"signer","aud":["x"],"exp":1e400}`, `{"exp":-1,"nbf":1e30,"iat":null}`, `{"claims":{"userinfo":{}},"max_age":0}`,
		`{"resource":["https://one.example"],"response_mode":"form_post","prompt":"none"}`, `{"STATE":"x","request":"y"}`, `[]`, `null`,
		`{"max_age":1e2,"state":"\u0000","scope":"openid\n"}`,
	} {
		f.Add(seed, false)
		f.Add(seed, true)
	}
	f.Fuzz(func(t *testing.T, object string, sign bool) {
		if sign {
			object = signBytes(t, jose.ES256, jose.JSONWebKey{Key: w.keys[jose.ES256], KeyID: "ES256"}, "", []byte(object))
		}
		parameters := w.beside(map[string]string{"request": object})
		r := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/authorize", RawQuery: parameters.Encode()}, Header: http.Header{}}
		answer := httptest.NewRecorder()
		w.Handler.ServeHTTP(answer, r.WithContext(t.Context()))
		if answer.Code >= http.StatusInternalServerError {
			t.Fatalf("answer %d", answer.Code)
		}
		location := answer.Header().Get("Location")
		for _, allowed := range []string{w.Issuer + "/", signerRedirectURI + "?", signerRedirectURI + "#", signerOtherURI + "?", signerOtherURI + "#"} {
			if location == "" || strings.HasPrefix(location, allowed) {
				return
			}
		}
		t.Fatalf("leads to %q", location)
	})
}
