package provider_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
)

// The tests of this file are named after mistakes that were seen in other
// providers, in the order of docs/spec-map.md. Each refuses what they let pass.

const (
	ada = "ada@example.com"
)

func start(t testing.TB, options providertest.Options) *providertest.Server {
	t.Helper()
	s := providertest.New(t, options)
	s.AddUser(ada)
	return s
}

func redemption(rp *providertest.RelyingParty, code, verifier string) url.Values {
	form := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {rp.RedirectURI}}
	if verifier != "" {
		form.Set("code_verifier", verifier)
	}
	return form
}

// RFC 9700, section 2.1.1.
func TestMistake01CodeChallengeWithoutVerifier(t *testing.T) {
	s := start(t, providertest.Options{})
	without := map[string]string{"code_challenge": "", "code_challenge_method": ""}
	for name, rp := range map[string]*providertest.RelyingParty{"confidential": s.Web(t), "public": s.SPA(t)} {
		t.Run(name+" with a challenge needs its verifier", func(t *testing.T) {
			code := s.NewBrowser(t).SignIn(rp, ada, nil)
			rp.Token(redemption(rp, code, "")).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
			rp.Token(redemption(rp, code, strings.Repeat("v", 43))).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
			rp.Exchange(code).WantOK(t)
		})
	}
	t.Run("confidential without a challenge refuses a verifier", func(t *testing.T) {
		rp := s.Web(t)
		code := s.NewBrowser(t).SignIn(rp, ada, without)
		rp.Exchange(code).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
		rp.Token(redemption(rp, code, "")).WantOK(t)
	})
	t.Run("public without a challenge gets no code", func(t *testing.T) {
		s.NewBrowser(t).Get(s.SPA(t).AuthorizationURL(without)).WantError(t, oauth.InvalidRequest)
	})
}

func TestMistake02CORSEverywhere(t *testing.T) {
	s := start(t, providertest.Options{})
	for _, route := range []struct {
		path, method string
		open         bool
	}{
		{"/.well-known/openid-configuration", http.MethodGet, true},
		{"/.well-known/oauth-authorization-server", http.MethodGet, true},
		{"/jwks", http.MethodGet, true},
		{"/token", http.MethodPost, true},
		{"/userinfo", http.MethodGet, true},
		{"/userinfo", http.MethodPost, true},
		{"/revoke", http.MethodPost, true},
		{"/introspect", http.MethodPost, false},
		{"/authorize", http.MethodGet, false},
		{"/authorize", http.MethodPost, false},
		{"/logout", http.MethodGet, false},
		{"/logged-out", http.MethodGet, false},
		{"/login", http.MethodGet, false},
		{"/consent", http.MethodPost, false},
	} {
		preflight := http.Header{
			"Origin": {"https://spa.example"}, "Access-Control-Request-Method": {route.method}, "Access-Control-Request-Headers": {"authorization,content-type"},
		}
		for kind, answer := range map[string]providertest.Answer{
			"preflight": s.Send(t, http.MethodOptions, route.path, nil, preflight),
			"request":   s.Send(t, route.method, route.path, url.Values{}, http.Header{"Origin": {"https://spa.example"}}),
		} {
			want := ""
			if route.open {
				want = "*"
			}
			if got := answer.Header.Get("Access-Control-Allow-Origin"); got != want {
				t.Errorf("%s %s, %s: Access-Control-Allow-Origin %q, want %q", route.method, route.path, kind, got, want)
			}
			if got := answer.Header.Get("Access-Control-Allow-Credentials"); got != "" {
				t.Errorf("%s %s, %s: Access-Control-Allow-Credentials %q", route.method, route.path, kind, got)
			}
		}
		if answer := s.Send(t, http.MethodOptions, route.path, nil, preflight); route.open && !strings.Contains(answer.Header.Get("Access-Control-Allow-Methods"), route.method) {
			t.Errorf("%s %s: Access-Control-Allow-Methods %q", route.method, route.path, answer.Header.Get("Access-Control-Allow-Methods"))
		}
	}
}

func TestMistake03ParametersInTheQuery(t *testing.T) {
	s := start(t, providertest.Options{})
	web := s.Web(t)
	code := s.NewBrowser(t).SignIn(web, ada, nil)
	form := redemption(web, code, web.Verifier())
	form.Set("client_id", web.ID)
	form.Set("client_secret", web.Secret)
	s.Send(t, http.MethodPost, "/token?"+form.Encode(), url.Values{}, nil).WantError(t, http.StatusBadRequest, oauth.InvalidRequest)
	s.Send(t, http.MethodPost, "/token?client_secret=x", form, nil).WantError(t, http.StatusBadRequest, oauth.InvalidRequest)
	for _, path := range []string{"/token", "/revoke", "/introspect"} {
		for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete, http.MethodPatch} {
			answer := s.Send(t, method, path+"?"+form.Encode(), nil, nil)
			answer.WantError(t, http.StatusMethodNotAllowed, oauth.InvalidRequest)
			if answer.Header.Get("Allow") != http.MethodPost {
				t.Errorf("%s %s: Allow %q", method, path, answer.Header.Get("Allow"))
			}
		}
		s.Send(t, http.MethodPost, path, nil, http.Header{"Content-Type": {"application/json"}}).WantError(t, http.StatusBadRequest, oauth.InvalidRequest)
	}
	s.Send(t, http.MethodPost, "/token", form, nil).WantOK(t)
}

func TestMistake04CodeLookedUpBeforeTheClient(t *testing.T) {
	s := start(t, providertest.Options{})
	web := s.Web(t)
	code := s.NewBrowser(t).SignIn(web, ada, nil)
	for name, presented := range map[string]string{"a good code": code, "nonsense": "nonsense", "no code": ""} {
		t.Run(name, func(t *testing.T) {
			impostor := s.RelyingParty(t, web.ID, "wrong", web.RedirectURI)
			impostor.Token(redemption(web, presented, web.Verifier())).WantError(t, http.StatusUnauthorized, oauth.InvalidClient)
			nobody := s.RelyingParty(t, "nobody", "wrong", web.RedirectURI)
			nobody.Token(redemption(web, presented, web.Verifier())).WantError(t, http.StatusUnauthorized, oauth.InvalidClient)
		})
	}
	web.Exchange(code).WantOK(t)
}

func TestMistake05UnknownMeansFallBack(t *testing.T) {
	s := start(t, providertest.Options{})
	web, browser := s.Web(t), s.NewBrowser(t)
	browser.SignIn(web, ada, nil)
	for _, test := range []struct{ name, value, error string }{
		{"response_mode", "web_message", oauth.InvalidRequest},
		{"request", "e30.e30.", oauth.InvalidRequestObject},
		{"request_uri", "https://web.example/object#hash", oauth.InvalidRequestURI},
		{"response_type", "code nonsense", oauth.UnsupportedResponseType},
		{"response_type", "code token", oauth.UnauthorizedClient},
	} {
		t.Run(test.name, func(t *testing.T) {
			page := browser.Get(web.AuthorizationURL(map[string]string{test.name: test.value, "prompt": "none"}))
			page.WantError(t, test.error)
			if page.Sent(t).Get("state") != "state-web" {
				t.Errorf("the client got %v", page.Sent(t))
			}
		})
	}
}

func TestMistake06IDTokenAsAccessToken(t *testing.T) {
	s := start(t, providertest.Options{})
	web := s.Web(t)
	tokens := web.Exchange(s.NewBrowser(t).SignIn(web, ada, nil)).WantOK(t)
	for name, token := range map[string]string{"ID token": tokens.Text("id_token"), "refresh token": tokens.Text("refresh_token"), "empty parts": ".."} {
		t.Run(name, func(t *testing.T) {
			s.UserInfo(t, token).WantError(t, http.StatusUnauthorized, oauth.InvalidToken)
			seen := web.Post("/introspect", url.Values{"token": {token}}).WantOK(t)
			if name != "refresh token" && seen.JSON["active"] != false {
				t.Errorf("introspection: %s", seen.Raw)
			}
		})
	}
	s.UserInfo(t, tokens.Text("access_token")).WantOK(t)
}

func TestMistake07GlobsInRedirectURIs(t *testing.T) {
	for _, registered := range []string{"https://*.example/callback", "https://web.example/*", "https://web.example/?allback"} {
		// Registration refuses stars; what got in all the same is no pattern.
		s := start(t, providertest.Options{Clients: []storage.Client{{
			ID: "glob", TokenEndpointAuthMethod: "none", RedirectURIs: []string{registered}, GrantTypes: []string{"authorization_code"},
		}}})
		for _, asked := range []string{"https://evil.example/callback", "https://web.example/callback"} {
			s.NewBrowser(t).Get(s.RelyingParty(t, "glob", "", asked).AuthorizationURL(nil)).WantPage(t, http.StatusBadRequest, oauth.InvalidRequest)
		}
	}
}

func TestMistake08InternalErrorsShown(t *testing.T) {
	faulty := &broken{}
	s := start(t, providertest.Options{Backend: faulty.wrap})
	web, browser := s.Web(t), s.NewBrowser(t)
	code := browser.SignIn(web, ada, nil)
	faulty.set(true)
	for name, answer := range map[string]providertest.Answer{
		"token": web.Exchange(code), "client_credentials": web.Token(url.Values{"grant_type": {"client_credentials"}}),
	} {
		answer.WantError(t, http.StatusInternalServerError, oauth.ServerError)
		if strings.Contains(answer.Raw, brokenText) {
			t.Errorf("%s tells %s", name, answer.Raw)
		}
	}
	page := browser.Get(web.AuthorizationURL(map[string]string{"prompt": "none"}))
	page.WantError(t, oauth.ServerError)
	if strings.Contains(page.Left.String(), "disk") {
		t.Errorf("the client got %v", page.Left)
	}
	if page := browser.Get(s.Issuer + "/logout"); page.Status != http.StatusInternalServerError || strings.Contains(page.Body, brokenText) {
		t.Errorf("the page answers %d %s", page.Status, page.Body)
	}
	faulty.set(false)
	web.Exchange(code).WantOK(t)
}

func TestMistake09QueryAndBodyMerged(t *testing.T) {
	s := start(t, providertest.Options{})
	web, browser := s.Web(t), s.NewBrowser(t)
	// Parameters in both places.
	browser.Post(s.Issuer+"/authorize?redirect_uri="+url.QueryEscape(providertest.WebQueryURI), web.Parameters(nil)).WantPage(t, http.StatusBadRequest, oauth.InvalidRequest)
	// Twice.
	parameters := web.Parameters(nil)
	parameters.Add("nonce", "other")
	browser.Get(s.Issuer+"/authorize?"+parameters.Encode()).WantError(t, oauth.InvalidRequest)
	code := browser.SignIn(web, ada, nil)
	form := redemption(web, code, web.Verifier())
	form.Add("code", code)
	web.Token(form).WantError(t, http.StatusBadRequest, oauth.InvalidRequest)
	// An unknown client.
	browser.Get(s.Issuer+"/authorize?client_id=nobody").WantPage(t, http.StatusBadRequest, oauth.InvalidClient)
	web.Exchange(code).WantOK(t)
}

// GHSA-xqxv-4jc2-x56x.
func TestMistake10TokensOfOtherClients(t *testing.T) {
	s := start(t, providertest.Options{})
	web, second, browser := s.Web(t), s.Second(t), s.NewBrowser(t)
	code := browser.SignIn(web, ada, nil)
	second.Token(redemption(web, code, web.Verifier())).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
	tokens := web.Exchange(code).WantOK(t)
	second.Refresh(tokens.Text("refresh_token")).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
	web.Refresh(tokens.Text("refresh_token")).WantOK(t)
}

// CVE-2026-27840.
func TestMistake10TruncatedTokens(t *testing.T) {
	s := start(t, providertest.Options{})
	web := s.Web(t)
	tokens := web.Exchange(s.NewBrowser(t).SignIn(web, ada, nil)).WantOK(t)
	access, refresh := tokens.Text("access_token"), tokens.Text("refresh_token")
	for _, cut := range []int{1, 4, 16, len(access) / 2} {
		s.UserInfo(t, access[:len(access)-cut]).WantError(t, http.StatusUnauthorized, oauth.InvalidToken)
	}
	for _, cut := range []int{1, 4, 16, len(refresh) / 2} {
		web.Refresh(refresh[:len(refresh)-cut]).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
	}
	s.UserInfo(t, access).WantOK(t)
	web.Refresh(refresh).WantOK(t)
}

// CVE-2023-22492.
func TestMistake10RefreshAfterDeactivation(t *testing.T) {
	s := start(t, providertest.Options{})
	user := s.AddUser("grace@example.com")
	web := s.Web(t)
	tokens := web.Exchange(s.NewBrowser(t).SignIn(web, "grace@example.com", nil)).WantOK(t)
	s.Directus.SetStatus(user, "suspended")
	s.Clock.Advance(providertest.Staleness + time.Second)
	web.Refresh(tokens.Text("refresh_token")).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
}

func TestMistake11FailedAssertionsAreInvalidClient(t *testing.T) {
	s := start(t, providertest.Options{})
	const kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	for name, form := range map[string]url.Values{
		"nonsense":        {"client_assertion_type": {kind}, "client_assertion": {"nonsense"}},
		"missing":         {"client_assertion_type": {kind}},
		"without a type":  {"client_assertion": {"e30.e30.e30"}},
		"alg none":        {"client_assertion_type": {kind}, "client_assertion": {"eyJhbGciOiJub25lIn0.eyJpc3MiOiJ3ZWIiLCJzdWIiOiJ3ZWIifQ."}},
		"of another type": {"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:saml2-bearer"}, "client_assertion": {"x"}},
	} {
		t.Run(name, func(t *testing.T) {
			form.Set("grant_type", "client_credentials")
			s.Send(t, http.MethodPost, "/token", form, nil).WantError(t, http.StatusUnauthorized, oauth.InvalidClient)
		})
	}
}

func TestMistake12Headers(t *testing.T) {
	s := start(t, providertest.Options{})
	web := s.Web(t)
	answer := web.Exchange(s.NewBrowser(t).SignIn(web, ada, nil)).WantOK(t)
	if answer.Header.Get("Cache-Control") != "no-store" || answer.Header.Get("Pragma") != "no-cache" || answer.Header.Get("Content-Type") != "application/json" {
		t.Errorf("token endpoint: %v", answer.Header)
	}
	refused := s.UserInfo(t, "nonsense")
	if !strings.HasPrefix(refused.Header.Get("WWW-Authenticate"), "Bearer ") {
		t.Errorf("userinfo: %v", refused.Header)
	}
	refused = s.RelyingParty(t, web.ID, "wrong", "").Token(url.Values{"grant_type": {"client_credentials"}})
	refused.WantError(t, http.StatusUnauthorized, oauth.InvalidClient)
	if !strings.HasPrefix(refused.Header.Get("WWW-Authenticate"), "Basic ") {
		t.Errorf("token endpoint: %v", refused.Header)
	}
	info := s.UserInfo(t, answer.Text("access_token"))
	if info.JSON["email_verified"] != false {
		t.Errorf("userinfo: %s", info.Raw)
	}
	claims := s.Verify(t, answer.Text("id_token")).Claims
	if claims["client_id"] != nil || claims["scope"] != nil {
		t.Errorf("ID token: %v", claims)
	}
	plain := web.Exchange(s.NewBrowser(t).SignIn(web, ada, map[string]string{"scope": "email"})).WantOK(t)
	if plain.Text("id_token") != "" {
		t.Error("an ID token without scope openid")
	}
}
