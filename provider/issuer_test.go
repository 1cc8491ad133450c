package provider_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"gatehouse/provider"
	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
)

func TestIssuerWithAPath(t *testing.T) {
	for _, path := range []string{"/auth", "/a/b.c"} {
		t.Run(path, func(t *testing.T) {
			s := start(t, providertest.Options{IssuerPath: path})
			web, browser := s.Web(t), s.NewBrowser(t)
			page := browser.Get(web.AuthorizationURL(nil))
			if !strings.HasSuffix(page.URL.EscapedPath(), path+"/login") {
				t.Fatalf("sign-in is at %s", page.URL)
			}
			page = browser.Through(page, ada)
			if page.Sent(t).Get("iss") != s.Issuer {
				t.Errorf("iss is %q", page.Sent(t).Get("iss"))
			}
			tokens := web.Exchange(page.Code(t)).WantOK(t)
			if iss := s.Verify(t, tokens.Text("id_token")).Claims["iss"]; iss != s.Issuer {
				t.Errorf("iss of the ID token is %v", iss)
			}
			s.UserInfo(t, tokens.Text("access_token")).WantOK(t)
			tokens = web.Refresh(tokens.Text("refresh_token")).WantOK(t)
			web.Post("/introspect", url.Values{"token": {tokens.Text("access_token")}}).WantOK(t)
			page = browser.Get(s.Issuer + "/logout?id_token_hint=" + tokens.Text("id_token"))
			if page.Status != http.StatusOK || !strings.HasSuffix(page.URL.EscapedPath(), path+"/logged-out") {
				t.Errorf("sign-out led to %s (%d)", page.URL, page.Status)
			}
			web.Post("/revoke", url.Values{"token": {tokens.Text("refresh_token")}}).WantOK(t)
		})
	}
}

func TestStrangeIssuersAreRefused(t *testing.T) {
	for _, issuer := range []string{
		"", "auth.example", "/auth", "https://", "https://auth.example/a%20b", "https://auth.example/{x}", "https://auth.example/*",
		"https://auth.example/?a=b", "https://auth.example/#a", "https://user@auth.example",
	} {
		if _, err := provider.New(provider.Config{Issuer: issuer}); err == nil || !strings.Contains(err.Error(), "issuer") {
			t.Errorf("issuer %q: %v", issuer, err)
		}
	}
}

// The issuer is configured; no header makes another of it.
func TestForgedHostChangesNothing(t *testing.T) {
	s := start(t, providertest.Options{})
	web := s.Web(t)
	honest := s.Send(t, http.MethodGet, "/.well-known/openid-configuration", nil, nil).WantOK(t)
	for name, header := range map[string]http.Header{
		"Host":             {},
		"X-Forwarded-Host": {"X-Forwarded-Host": {"evil.example"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Port": {"444"}},
		"Forwarded":        {"Forwarded": {"host=evil.example;proto=https"}},
		"X-Original-URL":   {"X-Original-Url": {"/evil"}, "X-Rewrite-Url": {"/evil"}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, path := range []string{
				"/.well-known/openid-configuration", "/authorize?" + web.Parameters(nil).Encode(),
				"/authorize?" + web.Parameters(map[string]string{"prompt": "none"}).Encode(), "/logout",
			} {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.Issuer+path, nil)
				if err != nil {
					t.Fatal(err)
				}
				r.Header = header.Clone()
				if name == "Host" {
					r.Host = "evil.example"
				}
				answer := s.Do(t, r)
				if strings.Contains(answer.Raw, "evil") || strings.Contains(answer.Header.Get("Location"), "evil") {
					t.Errorf("%s repeats it: %v %s", path, answer.Header, answer.Raw)
				}
				if strings.HasPrefix(path, "/.well-known") && answer.Raw != honest.Raw {
					t.Error("the metadata changed")
				}
			}
		})
	}
}

func TestEveryAnswerForbidsSniffing(t *testing.T) {
	s := start(t, providertest.Options{})
	for _, path := range []string{"/.well-known/openid-configuration", "/jwks", "/authorize", "/userinfo", "/token", "/logout", "/nowhere"} {
		if got := s.Send(t, http.MethodGet, path, nil, nil).Header.Get("X-Content-Type-Options"); got != "nosniff" {
			t.Errorf("%s: X-Content-Type-Options %q", path, got)
		}
	}
}

func TestPublicDocumentsAreGetOnly(t *testing.T) {
	s := start(t, providertest.Options{})
	for _, path := range []string{"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/jwks"} {
		if answer := s.Send(t, http.MethodHead, path, nil, nil); answer.Status != http.StatusOK || answer.Raw != "" {
			t.Errorf("HEAD %s: %d %q", path, answer.Status, answer.Raw)
		}
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete} {
			if answer := s.Send(t, method, path, url.Values{}, nil); answer.Status != http.StatusMethodNotAllowed || answer.Header.Get("Allow") == "" {
				t.Errorf("%s %s: %d %v", method, path, answer.Status, answer.Header)
			}
		}
	}
}

// RFC 6749, section 2.3: one method a request.
func TestClientAuthenticationAtTheTokenEndpoint(t *testing.T) {
	s := start(t, providertest.Options{})
	basic := http.Header{}
	web := s.Web(t)
	r := &http.Request{Header: basic}
	r.SetBasicAuth(web.ID, web.Secret)
	for _, test := range []struct {
		name   string
		form   url.Values
		header http.Header
		status int
		error  string
	}{
		{"client_secret_basic", url.Values{}, basic, http.StatusOK, ""},
		{"client_secret_basic with its client_id", url.Values{"client_id": {web.ID}}, basic, http.StatusOK, ""},
		{"client_secret_post", url.Values{"client_id": {web.ID}, "client_secret": {web.Secret}}, nil, http.StatusOK, ""},
		{"both", url.Values{"client_id": {web.ID}, "client_secret": {web.Secret}}, basic, http.StatusBadRequest, oauth.InvalidRequest},
		{"another client_id", url.Values{"client_id": {providertest.SecondID}}, basic, http.StatusUnauthorized, oauth.InvalidClient},
		{"a confidential client by name only", url.Values{"client_id": {web.ID}}, nil, http.StatusUnauthorized, oauth.InvalidClient},
		{"nothing", url.Values{}, nil, http.StatusUnauthorized, oauth.InvalidClient},
		{"an unknown client", url.Values{"client_id": {"nobody"}}, nil, http.StatusUnauthorized, oauth.InvalidClient},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.form.Set("grant_type", "client_credentials")
			answer := s.Send(t, http.MethodPost, "/token", test.form, test.header)
			if test.error == "" {
				answer.WantOK(t)
				return
			}
			answer.WantError(t, test.status, test.error)
		})
	}
}
