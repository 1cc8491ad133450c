package token_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/provider/providertest"
	"gatehouse/storage"
)

// RFC 9068, section 2.
func TestJWTAccessToken(t *testing.T) {
	for _, test := range []struct {
		name, algorithm string
		registered      []string
		change          map[string]string
		audience        func(issuer string) []any
	}{
		{"default", "RS256", nil, nil, func(issuer string) []any { return []any{issuer} }},
		{"ES256", "ES256", nil, nil, func(issuer string) []any { return []any{issuer} }},
		{"registered audience", "RS256", []string{"https://api.example"}, nil, func(issuer string) []any { return []any{"https://api.example", issuer} }},
		{"without openid not for userinfo", "RS256", []string{"https://api.example"}, map[string]string{"scope": "email"}, func(string) []any { return []any{"https://api.example"} }},
		{"resource", "RS256", []string{"https://api.example", "https://b.example"}, map[string]string{"resource": "https://b.example", "scope": "email"}, func(string) []any { return []any{"https://b.example"} }},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, subject := start(t, app(func(c *storage.Client) {
				c.AccessTokenFormat, c.Audience = "jwt", test.registered
				if test.algorithm != "RS256" {
					c.AccessTokenAlg = test.algorithm
				}
			}))
			rp := rpOf(t, s)
			answer := rp.Exchange(s.NewBrowser(t).SignIn(rp, ada, test.change)).WantOK(t)
			token := s.Verify(t, answer.Text("access_token"))
			if token.Header.Algorithm != test.algorithm || token.Header.ExtraHeaders["typ"] != "at+jwt" {
				t.Errorf("header %v", token.Header)
			}
			now := s.Clock.Now().Unix()
			jti, _ := token.Claims["jti"].(string)
			if jti == "" {
				t.Error("no jti")
			}
			want := map[string]any{
				"iss": s.Issuer, "sub": subject, "client_id": "app", "aud": test.audience(s.Issuer), "jti": jti,
				"iat": float64(now), "exp": float64(now + int64(providertest.AccessTokenLifetime/time.Second)), "auth_time": float64(now),
				"acr": "urn:gatehouse:acr:password", "amr": []any{"pwd"}, "scope": answer.Text("scope"),
			}
			if diff := cmp.Diff(want, token.Claims); diff != "" {
				t.Errorf("claims (-want +got):\n%s", diff)
			}
		})
	}
}

func TestJWTAccessTokenOfAClient(t *testing.T) {
	s, _ := start(t, app(func(c *storage.Client) { c.AccessTokenFormat, c.Scope = "jwt", "orders" }))
	answer := rpOf(t, s).Token(url.Values{"grant_type": {"client_credentials"}}).WantOK(t)
	token := s.Verify(t, answer.Text("access_token"))
	now := s.Clock.Now().Unix()
	want := map[string]any{
		"iss": s.Issuer, "sub": "app", "client_id": "app", "aud": []any{s.Issuer}, "jti": token.Claims["jti"],
		"iat": float64(now), "exp": float64(now + int64(providertest.AccessTokenLifetime/time.Second)), "scope": "orders",
	}
	if diff := cmp.Diff(want, token.Claims); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
}

func TestOpaqueAccessTokenShowsNothing(t *testing.T) {
	s, subject := start(t)
	web := s.Web(t)
	answer := web.Exchange(s.NewBrowser(t).SignIn(web, ada, nil)).WantOK(t)
	if token := answer.Text("access_token"); strings.Contains(token, ".") || strings.Contains(token, subject) {
		t.Errorf("token %s", token)
	}
	want := float64(providertest.AccessTokenLifetime / time.Second)
	if answer.Text("token_type") != "Bearer" || answer.JSON["expires_in"] != want || answer.Text("scope") != "openid profile email" {
		t.Errorf("answer %s", answer.Raw)
	}
}
