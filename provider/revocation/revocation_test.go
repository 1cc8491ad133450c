package revocation_test

import (
	"net/http"
	"net/url"
	"testing"

	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
)

const ada = "ada@example.com"

func start(t *testing.T, clients ...storage.Client) *providertest.Server {
	t.Helper()
	s := providertest.New(t, providertest.Options{Clients: clients})
	s.AddUser(ada)
	return s
}

func revoke(rp *providertest.RelyingParty, token, hint string) providertest.Answer {
	form := url.Values{"token": {token}}
	if hint != "" {
		form.Set("token_type_hint", hint)
	}
	return rp.Post("/revoke", form)
}

func TestRefreshTokenTakesItsGrantAlong(t *testing.T) {
	for _, hint := range []string{"", "refresh_token", "access_token", "nonsense"} {
		t.Run("hint "+hint, func(t *testing.T) {
			s := start(t)
			web, browser := s.Web(t), s.NewBrowser(t)
			first := web.Exchange(browser.SignIn(web, ada, nil)).WantOK(t)
			other := web.Exchange(browser.SignIn(web, ada, nil)).WantOK(t)
			answer := revoke(web, first.Text("refresh_token"), hint).WantOK(t)
			if answer.Raw != "" || answer.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("answer %v %q", answer.Header, answer.Raw)
			}
			s.UserInfo(t, first.Text("access_token")).WantError(t, http.StatusUnauthorized, oauth.InvalidToken)
			web.Refresh(first.Text("refresh_token")).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
			// Other grants and the session go on.
			s.UserInfo(t, other.Text("access_token")).WantOK(t)
			web.Refresh(other.Text("refresh_token")).WantOK(t)
			browser.Get(web.AuthorizationURL(map[string]string{"prompt": "none"})).Code(t)
			if s.Events.Count(event.GrantRevoked) != 1 {
				t.Error("no event tells of it")
			}
		})
	}
}

func TestRotatedRefreshTokenRevokesToo(t *testing.T) {
	s := start(t)
	web := s.Web(t)
	first := web.Exchange(s.NewBrowser(t).SignIn(web, ada, nil)).WantOK(t)
	second := web.Refresh(first.Text("refresh_token")).WantOK(t)
	revoke(web, first.Text("refresh_token"), "").WantOK(t)
	web.Refresh(second.Text("refresh_token")).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
}

func TestAccessTokenGoesAlone(t *testing.T) {
	for _, format := range []string{"opaque", "jwt"} {
		t.Run(format, func(t *testing.T) {
			s := start(t, storage.Client{
				ID: "app", SecretDigests: providertest.Digests(providertest.WebSecret), FirstParty: true, AccessTokenFormat: format,
				RedirectURIs: []string{providertest.WebRedirectURI}, GrantTypes: []string{"authorization_code", "refresh_token"},
			})
			rp := s.RelyingParty(t, "app", providertest.WebSecret, providertest.WebRedirectURI)
			first := rp.Exchange(s.NewBrowser(t).SignIn(rp, ada, nil)).WantOK(t)
			second := rp.Refresh(first.Text("refresh_token")).WantOK(t)
			revoke(rp, first.Text("access_token"), "").WantOK(t)
			s.UserInfo(t, first.Text("access_token")).WantError(t, http.StatusUnauthorized, oauth.InvalidToken)
			s.UserInfo(t, second.Text("access_token")).WantOK(t)
			rp.Refresh(second.Text("refresh_token")).WantOK(t)
			if s.Events.Count(event.TokenRevoked) != 1 {
				t.Error("no event tells of it")
			}
		})
	}
}

func TestPublicClientRevokesItsOwn(t *testing.T) {
	s := start(t)
	spa := s.SPA(t)
	tokens := spa.Exchange(s.NewBrowser(t).SignIn(spa, ada, nil)).WantOK(t)
	revoke(spa, tokens.Text("refresh_token"), "").WantOK(t)
	spa.Refresh(tokens.Text("refresh_token")).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
}

func TestWhatIsNoTokenIsRevokedAlready(t *testing.T) {
	s := start(t)
	web := s.Web(t)
	tokens := web.Exchange(s.NewBrowser(t).SignIn(web, ada, nil)).WantOK(t)
	for _, token := range []string{"nonsense", tokens.Text("id_token"), tokens.Text("access_token")[1:]} {
		if answer := revoke(web, token, "").WantOK(t); answer.Raw != "" {
			t.Errorf("answer %q", answer.Raw)
		}
	}
	revoke(web, tokens.Text("refresh_token"), "").WantOK(t)
	revoke(web, tokens.Text("refresh_token"), "").WantOK(t)
	revoke(web, tokens.Text("access_token"), "").WantOK(t)
}

func TestRefusals(t *testing.T) {
	s := start(t)
	web := s.Web(t)
	tokens := web.Exchange(s.NewBrowser(t).SignIn(web, ada, nil)).WantOK(t)
	access, refresh := tokens.Text("access_token"), tokens.Text("refresh_token")
	revoke(s.Second(t), access, "").WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
	revoke(s.Second(t), refresh, "").WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
	revoke(s.RelyingParty(t, web.ID, "wrong", ""), refresh, "").WantError(t, http.StatusUnauthorized, oauth.InvalidClient)
	revoke(s.RelyingParty(t, web.ID, "", ""), refresh, "").WantError(t, http.StatusUnauthorized, oauth.InvalidClient)
	web.Post("/revoke", url.Values{}).WantError(t, http.StatusBadRequest, oauth.InvalidRequest)
	web.Post("/revoke", url.Values{"token": {access, access}}).WantError(t, http.StatusBadRequest, oauth.InvalidRequest)
	web.Post("/revoke?token="+access, url.Values{}).WantError(t, http.StatusBadRequest, oauth.InvalidRequest)
	s.Send(t, http.MethodGet, "/revoke?token="+access, nil, nil).WantError(t, http.StatusMethodNotAllowed, oauth.InvalidRequest)
	s.Send(t, http.MethodPost, "/revoke", url.Values{"token": {access}}, nil).WantError(t, http.StatusUnauthorized, oauth.InvalidClient)
	s.UserInfo(t, access).WantOK(t)
	web.Refresh(refresh).WantOK(t)
}
