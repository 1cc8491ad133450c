package introspection_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
)

const ada = "ada@example.com"

func start(t *testing.T, clients ...storage.Client) (*providertest.Server, string) {
	t.Helper()
	s := providertest.New(t, providertest.Options{Clients: clients})
	return s, s.AddUser(ada)
}

func ask(rp *providertest.RelyingParty, token string) providertest.Answer {
	return rp.Post("/introspect", url.Values{"token": {token}})
}

func TestWhoLearnsWhat(t *testing.T) {
	s, _ := start(t, storage.Client{
		ID: "auditor", SecretDigests: providertest.Digests(providertest.WebSecret), GrantTypes: []string{"client_credentials"}, Introspects: []string{"*"},
	})
	web, second, browser := s.Web(t), s.Second(t), s.NewBrowser(t)
	webs := web.Exchange(browser.SignIn(web, ada, nil)).WantOK(t)
	seconds := second.Exchange(browser.SignIn(second, ada, nil)).WantOK(t)
	auditor := s.RelyingParty(t, "auditor", providertest.WebSecret, "")
	for _, test := range []struct {
		name   string
		rp     *providertest.RelyingParty
		token  string
		active bool
	}{
		{"own access token", web, webs.Text("access_token"), true},
		{"own refresh token", web, webs.Text("refresh_token"), true},
		{"own ID token is no access token", web, webs.Text("id_token"), false},
		{"nonsense", web, "nonsense", false},
		{"another client's access token", web, seconds.Text("access_token"), false},
		{"another client's refresh token", web, seconds.Text("refresh_token"), false},
		{"an allowed client's access token", s.API(t), webs.Text("access_token"), true},
		{"a client's that is not allowed", s.API(t), seconds.Text("access_token"), false},
		{"everybody's", auditor, seconds.Text("access_token"), true},
	} {
		t.Run(test.name, func(t *testing.T) {
			answer := ask(test.rp, test.token).WantOK(t)
			if answer.JSON["active"] != test.active {
				t.Errorf("answer %s", answer.Raw)
			}
			if !test.active && len(answer.JSON) != 1 {
				t.Errorf("a token that is not active tells %s", answer.Raw)
			}
			if answer.Header.Get("Cache-Control") != "no-store" || answer.Header.Get("Content-Type") != "application/json" {
				t.Errorf("headers %v", answer.Header)
			}
		})
	}
}

func TestAnswer(t *testing.T) {
	s, subject := start(t)
	web := s.Web(t)
	answer := web.Exchange(s.NewBrowser(t).SignIn(web, ada, nil)).WantOK(t)
	issued := s.Clock.Now().Unix()
	s.Clock.Advance(time.Minute)
	got := ask(web, answer.Text("access_token")).WantOK(t)
	for name, want := range map[string]any{
		"active": true, "scope": "openid profile email", "client_id": web.ID, "sub": subject, "iss": s.Issuer, "token_type": "Bearer",
		"iat": float64(issued), "exp": float64(issued + int64(providertest.AccessTokenLifetime/time.Second)), "auth_time": float64(issued),
	} {
		if got.JSON[name] != want {
			t.Errorf("%s is %v, want %v", name, got.JSON[name], want)
		}
	}
	refresh := ask(web, answer.Text("refresh_token")).WantOK(t)
	if refresh.JSON["token_type"] != nil || refresh.JSON["exp"] != float64(issued+int64(providertest.RefreshTokenLifetime/time.Second)) {
		t.Errorf("refresh token: %s", refresh.Raw)
	}
}

func TestTokensThatAreNoLongerGood(t *testing.T) {
	for _, test := range []struct {
		name string
		end  func(*providertest.Server, *providertest.RelyingParty, *providertest.Browser, providertest.Answer)
	}{
		{"expired", func(s *providertest.Server, _ *providertest.RelyingParty, _ *providertest.Browser, _ providertest.Answer) {
			s.Clock.Advance(providertest.RefreshTokenLifetime)
		}},
		{"signed out", func(s *providertest.Server, _ *providertest.RelyingParty, b *providertest.Browser, _ providertest.Answer) {
			b.Press(b.Get(s.Issuer+"/logout"), "logout-confirm", nil)
		}},
		{"revoked", func(_ *providertest.Server, rp *providertest.RelyingParty, _ *providertest.Browser, a providertest.Answer) {
			rp.Post("/revoke", url.Values{"token": {a.Text("refresh_token")}})
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, _ := start(t)
			web, browser := s.Web(t), s.NewBrowser(t)
			answer := web.Exchange(browser.SignIn(web, ada, nil)).WantOK(t)
			test.end(s, web, browser, answer)
			for _, token := range []string{answer.Text("access_token"), answer.Text("refresh_token")} {
				if got := ask(web, token).WantOK(t); got.JSON["active"] != false || len(got.JSON) != 1 {
					t.Errorf("answer %s", got.Raw)
				}
			}
		})
	}
}

func TestRotatedRefreshTokenIsNotActive(t *testing.T) {
	s, _ := start(t)
	web := s.Web(t)
	answer := web.Exchange(s.NewBrowser(t).SignIn(web, ada, nil)).WantOK(t)
	web.Refresh(answer.Text("refresh_token")).WantOK(t)
	if got := ask(web, answer.Text("refresh_token")).WantOK(t); got.JSON["active"] != false {
		t.Errorf("answer %s", got.Raw)
	}
}

func TestRefusals(t *testing.T) {
	s, _ := start(t)
	web := s.Web(t)
	token := web.Exchange(s.NewBrowser(t).SignIn(web, ada, nil)).WantOK(t).Text("access_token")
	ask(s.SPA(t), token).WantError(t, http.StatusForbidden, oauth.UnauthorizedClient)
	ask(s.RelyingParty(t, web.ID, "wrong", ""), token).WantError(t, http.StatusUnauthorized, oauth.InvalidClient)
	ask(s.RelyingParty(t, web.ID, "", ""), token).WantError(t, http.StatusUnauthorized, oauth.InvalidClient)
	web.Post("/introspect", url.Values{}).WantError(t, http.StatusBadRequest, oauth.InvalidRequest)
	web.Post("/introspect", url.Values{"token": {token, token}}).WantError(t, http.StatusBadRequest, oauth.InvalidRequest)
	web.Post("/introspect?token="+token, url.Values{}).WantError(t, http.StatusBadRequest, oauth.InvalidRequest)
	s.Send(t, http.MethodPost, "/introspect", url.Values{"token": {token}}, nil).WantError(t, http.StatusUnauthorized, oauth.InvalidClient)
	s.Send(t, http.MethodGet, "/introspect?token="+token, nil, nil).WantError(t, http.StatusMethodNotAllowed, oauth.InvalidRequest)
}
