package userinfo_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/provider/claims"
	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
	"gatehouse/storage/directus/directustest"
)

const ada = "ada@example.com"

func start(t *testing.T, clients ...storage.Client) *providertest.Server {
	t.Helper()
	s := providertest.New(t, providertest.Options{Clients: clients})
	s.AddUser(ada)
	return s
}

func tokens(t *testing.T, s *providertest.Server, change map[string]string) providertest.Answer {
	t.Helper()
	web := s.Web(t)
	return web.Exchange(s.NewBrowser(t).SignIn(web, ada, change)).WantOK(t)
}

func bearer(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }

func TestWaysToPresentAToken(t *testing.T) {
	s := start(t)
	token := tokens(t, s, nil).Text("access_token")
	subject := s.UserInfo(t, token).WantOK(t).Text("sub")
	for _, test := range []struct {
		name, method string
		form         url.Values
		header       http.Header
	}{
		{"GET with header", http.MethodGet, nil, bearer(token)},
		{"POST with header", http.MethodPost, nil, bearer(token)},
		{"POST with header and an empty form", http.MethodPost, url.Values{}, bearer(token)},
		{"POST with form", http.MethodPost, url.Values{"access_token": {token}}, nil},
		{"scheme in lower case", http.MethodGet, nil, http.Header{"Authorization": {"bearer " + token}}},
		{"odd Accept header", http.MethodGet, nil, http.Header{"Authorization": {"Bearer " + token}, "Accept": {"application/foo"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			answer := s.Send(t, test.method, "/userinfo", test.form, test.header).WantOK(t)
			if answer.Text("sub") != subject || answer.Header.Get("Content-Type") != "application/json" || answer.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("answer %v %s", answer.Header, answer.Raw)
			}
		})
	}
}

func TestBadPresentationsAreRefused(t *testing.T) {
	s := start(t)
	token := tokens(t, s, nil).Text("access_token")
	for _, test := range []struct {
		name, method, path string
		form               url.Values
		header             http.Header
		status             int
		error              string
		challenge          string // a part of WWW-Authenticate
	}{
		{"none", http.MethodGet, "/userinfo", nil, nil, 401, oauth.InvalidToken, "Bearer"},
		{"none by POST", http.MethodPost, "/userinfo", url.Values{}, nil, 401, oauth.InvalidToken, "Bearer"},
		{"in the query", http.MethodGet, "/userinfo?access_token=" + token, nil, nil, 400, oauth.InvalidRequest, `error="invalid_request"`},
		{"in the query and the header", http.MethodGet, "/userinfo?access_token=" + token, nil, bearer(token), 400, oauth.InvalidRequest, `error="invalid_request"`},
		{"in header and form", http.MethodPost, "/userinfo", url.Values{"access_token": {token}}, bearer(token), 400, oauth.InvalidRequest, `error="invalid_request"`},
		{"twice in the form", http.MethodPost, "/userinfo", url.Values{"access_token": {token, token}}, nil, 400, oauth.InvalidRequest, ""},
		{"two headers", http.MethodGet, "/userinfo", nil, http.Header{"Authorization": {"Bearer " + token, "Bearer " + token}}, 401, oauth.InvalidRequest, "Bearer"},
		{"another scheme", http.MethodGet, "/userinfo", nil, http.Header{"Authorization": {"Basic " + token}}, 401, oauth.InvalidRequest, "Bearer"},
		{"the scheme DPoP", http.MethodGet, "/userinfo", nil, http.Header{"Authorization": {"DPoP " + token}}, 401, oauth.InvalidRequest, "Bearer"},
		{"no scheme", http.MethodGet, "/userinfo", nil, http.Header{"Authorization": {token}}, 401, oauth.InvalidRequest, "Bearer"},
		{"an empty token", http.MethodGet, "/userinfo", nil, bearer(""), 401, oauth.InvalidRequest, "Bearer"},
		{"nonsense", http.MethodGet, "/userinfo", nil, bearer("nonsense"), 401, oauth.InvalidToken, `error="invalid_token"`},
		{"in a form by PUT", http.MethodPut, "/userinfo", url.Values{"access_token": {token}}, nil, 405, oauth.InvalidRequest, ""},
		{"HEAD's like by DELETE", http.MethodDelete, "/userinfo", nil, bearer(token), 405, oauth.InvalidRequest, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			answer := s.Send(t, test.method, test.path, test.form, test.header)
			answer.WantError(t, test.status, test.error)
			if got := answer.Header.Get("WWW-Authenticate"); !strings.Contains(got, test.challenge) || test.challenge != "" && !strings.HasPrefix(got, "Bearer") {
				t.Errorf("WWW-Authenticate: %q, want %q", got, test.challenge)
			}
			if test.status == http.StatusMethodNotAllowed && answer.Header.Get("Allow") != "GET, POST" {
				t.Errorf("Allow: %q", answer.Header.Get("Allow"))
			}
		})
	}
}

// An ID token, a refresh token, a code: none of them opens userinfo.
func TestOnlyAccessTokensOpenIt(t *testing.T) {
	s := start(t, storage.Client{
		ID: "jwt", SecretDigests: providertest.Digests(providertest.WebSecret), FirstParty: true, AccessTokenFormat: "jwt",
		RedirectURIs: []string{providertest.WebRedirectURI}, GrantTypes: []string{"authorization_code"},
	})
	web, browser := s.Web(t), s.NewBrowser(t)
	opaque := web.Exchange(browser.SignIn(web, ada, nil)).WantOK(t)
	rp := s.RelyingParty(t, "jwt", providertest.WebSecret, providertest.WebRedirectURI)
	jwt := rp.Exchange(browser.SignIn(rp, ada, nil)).WantOK(t).Text("access_token")
	s.UserInfo(t, jwt).WantOK(t)
	access := opaque.Text("access_token")
	dot := strings.LastIndex(jwt, ".")
	for name, token := range map[string]string{
		"an ID token": opaque.Text("id_token"), "a refresh token": opaque.Text("refresh_token"), "a code": browser.SignIn(web, ada, nil),
		"a truncated token": access[:len(access)-1], "half a token": access[:len(access)/2], "a token with a tail": access + "A",
		"the empty token id": "..", "a JWT without its signature": jwt[:dot+1], "a JWT with half its signature": jwt[:dot+20],
		"a JWT with the header of an ID token": opaque.Text("id_token")[:strings.Index(opaque.Text("id_token"), ".")] + jwt[strings.Index(jwt, "."):],
	} {
		t.Run(name, func(t *testing.T) {
			answer := s.UserInfo(t, token)
			if token == "" {
				return
			}
			answer.WantError(t, http.StatusUnauthorized, oauth.InvalidToken)
			if !strings.Contains(answer.Header.Get("WWW-Authenticate"), `error="invalid_token"`) {
				t.Errorf("WWW-Authenticate: %q", answer.Header.Get("WWW-Authenticate"))
			}
		})
	}
	for name, token := range map[string]string{"opaque": access, "jwt": jwt} {
		s.UserInfo(t, token).WantOK(t)
		_ = name
	}
	s.Clock.Advance(providertest.AccessTokenLifetime)
	s.UserInfo(t, access).WantError(t, http.StatusUnauthorized, oauth.InvalidToken)
	s.UserInfo(t, jwt).WantError(t, http.StatusUnauthorized, oauth.InvalidToken)
}

func TestScopeOpenIDIsNeeded(t *testing.T) {
	s := start(t)
	answer := s.UserInfo(t, tokens(t, s, map[string]string{"scope": "profile"}).Text("access_token"))
	answer.WantError(t, http.StatusForbidden, oauth.InsufficientScope)
	if !strings.Contains(answer.Header.Get("WWW-Authenticate"), `error="insufficient_scope"`) {
		t.Errorf("WWW-Authenticate: %q", answer.Header.Get("WWW-Authenticate"))
	}
}

// fullMapping feeds every standard claim.
func fullMapping() claims.Mapping {
	return claims.Mapping{
		"name": "{first_name} {last_name}", "given_name": "first_name", "family_name": "last_name", "middle_name": "middle_name",
		"nickname": "nickname", "preferred_username": "nickname", "profile": "profile_url", "picture": "picture_url", "website": "website",
		"gender": "gender", "birthdate": "birthdate", "zoneinfo": "zoneinfo", "locale": "language", "updated_at": "changed",
		"email": "email", "email_verified": "email_ok", "phone_number": "phone", "phone_number_verified": "phone_ok",
		"address.street_address": "street", "address.locality": "city", "address.country": "country",
	}
}

func TestClaimsOfScopes(t *testing.T) {
	s := providertest.New(t, providertest.Options{Mapping: fullMapping()})
	s.Directus.AddUser(directustest.User{
		Email: ada, Password: providertest.Password, FirstName: "Ada", LastName: "Lovelace",
		Fields: map[string]any{
			"middle_name": "King", "nickname": "ada", "profile_url": "https://a.example/", "picture_url": "https://a.example/p", "website": "https://w.example",
			"gender": "female", "birthdate": "1815-12-10", "zoneinfo": "Europe/London", "language": "en-GB", "changed": "2024-01-02T03:04:05Z",
			"email_ok": true, "phone": "+441", "phone_ok": true, "street": "St James's Square 12", "city": "London", "country": "UK",
		},
	})
	profile := []string{
		"name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture", "website",
		"gender", "birthdate", "zoneinfo", "locale", "updated_at",
	}
	for _, test := range []struct {
		scope string
		want  []string
	}{
		{"openid", nil},
		{"openid profile", profile},
		{"openid email", []string{"email", "email_verified"}},
		{"openid phone", []string{"phone_number", "phone_number_verified"}},
		{"openid address", []string{"address"}},
		{"openid offline_access", nil},
		{"address email openid phone profile", append([]string{"email", "email_verified", "phone_number", "phone_number_verified", "address"}, profile...)},
	} {
		t.Run(test.scope, func(t *testing.T) {
			answer := tokens(t, s, map[string]string{"scope": test.scope})
			info := s.UserInfo(t, answer.Text("access_token")).WantOK(t)
			want := map[string]bool{"sub": true}
			for _, claim := range test.want {
				want[claim] = true
				if info.JSON[claim] == nil {
					t.Errorf("claim %s is missing", claim)
				}
			}
			for claim := range info.JSON {
				if !want[claim] {
					t.Errorf("claim %s was not asked for", claim)
				}
			}
			if inToken := s.Verify(t, answer.Text("id_token")).Claims; inToken["email"] != nil || inToken["name"] != nil || inToken["sub"] != info.Text("sub") {
				t.Errorf("the ID token says %v", inToken)
			}
		})
	}
	info := s.UserInfo(t, tokens(t, s, map[string]string{"scope": "openid profile email address"}).Text("access_token"))
	updated := float64(time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC).Unix())
	if info.JSON["updated_at"] != updated || info.JSON["email_verified"] != true || info.Text("name") != "Ada Lovelace" {
		t.Errorf("claims %s", info.Raw)
	}
	if address, _ := info.JSON["address"].(map[string]any); address["locality"] != "London" || len(address) != 3 {
		t.Errorf("address %v", info.JSON["address"])
	}
}

// An address that was not verified is said to be that: left out, it would read as
// unknown.
func TestEmailVerifiedFalseIsSent(t *testing.T) {
	s := start(t)
	info := s.UserInfo(t, tokens(t, s, nil).Text("access_token")).WantOK(t)
	if verified, ok := info.JSON["email_verified"].(bool); !ok || verified {
		t.Errorf("email_verified is %v", info.JSON["email_verified"])
	}
	if !strings.Contains(info.Raw, `"email_verified":false`) {
		t.Errorf("claims %s", info.Raw)
	}
}

func TestClaimsWithoutValueAreLeftOut(t *testing.T) {
	s := providertest.New(t, providertest.Options{Mapping: fullMapping()})
	s.Directus.AddUser(directustest.User{Email: ada, Password: providertest.Password, FirstName: "Ada", Fields: map[string]any{
		"middle_name": nil, "nickname": "", "profile_url": nil, "picture_url": nil, "website": nil, "gender": nil, "birthdate": nil,
		"zoneinfo": nil, "language": nil, "changed": nil, "email_ok": nil, "phone": nil, "phone_ok": true, "street": nil, "city": "", "country": nil,
	}})
	info := s.UserInfo(t, tokens(t, s, map[string]string{"scope": "openid profile address phone"}).Text("access_token")).WantOK(t)
	for name, value := range info.JSON {
		if value == nil || value == "" {
			t.Errorf("%s is %v (OpenID Connect Core 1.0, section 5.3.2)", name, value)
		}
	}
	if info.JSON["address"] != nil || info.JSON["phone_number_verified"] != nil || info.JSON["family_name"] != nil || info.Text("name") != "Ada" {
		t.Errorf("claims %s", info.Raw)
	}
}

func TestSuspendedUserIsCutOff(t *testing.T) {
	s := start(t)
	user := s.AddUser("grace@example.com")
	web, browser := s.Web(t), s.NewBrowser(t)
	answer := web.Exchange(browser.SignIn(web, "grace@example.com", nil)).WantOK(t)
	s.Directus.SetStatus(user, "suspended")
	s.UserInfo(t, answer.Text("access_token")).WantOK(t) // the last look is fresh
	s.Clock.Advance(providertest.Staleness + time.Second)
	s.UserInfo(t, answer.Text("access_token")).WantError(t, http.StatusUnauthorized, oauth.InvalidToken)
	s.Directus.SetStatus(user, "active")
	s.Clock.Advance(providertest.Staleness + time.Second)
	s.UserInfo(t, answer.Text("access_token")).WantError(t, http.StatusUnauthorized, oauth.InvalidToken)
	browser.Get(web.AuthorizationURL(map[string]string{"prompt": "none"})).WantError(t, oauth.LoginRequired)
}

func TestDirectusOutageIsTemporary(t *testing.T) {
	s := providertest.New(t, providertest.Options{OutageStaleness: -1})
	s.AddUser(ada)
	answer := tokens(t, s, nil)
	s.Clock.Advance(providertest.Staleness + time.Second)
	s.Directus.Inject(directustest.Fault{Path: "/users", Status: http.StatusServiceUnavailable, Code: "SERVICE_UNAVAILABLE"})
	refused := s.UserInfo(t, answer.Text("access_token"))
	refused.WantError(t, http.StatusServiceUnavailable, oauth.TemporarilyUnavailable)
	if refused.Header.Get("Retry-After") == "" {
		t.Error("the refusal does not say when to come again")
	}
	s.Directus.ClearFaults()
	s.UserInfo(t, answer.Text("access_token")).WantOK(t)
}
