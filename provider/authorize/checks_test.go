package authorize_test

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
)

// RFC 6749, section 4.1.2.1: as long as it is not known where the answer may go,
// it goes to the person.
func TestIdentityChecksAnswerByPage(t *testing.T) {
	s := start(t)
	web := s.Web(t)
	for _, test := range []struct {
		name   string
		change func(url.Values)
		error  string
	}{
		{"client_id missing", func(p url.Values) { p.Del("client_id") }, oauth.InvalidRequest},
		{"client_id empty", func(p url.Values) { p.Set("client_id", "") }, oauth.InvalidRequest},
		{"client_id twice", func(p url.Values) { p.Add("client_id", providertest.WebID) }, oauth.InvalidRequest},
		{"client_id unknown", func(p url.Values) { p.Set("client_id", "nobody") }, oauth.InvalidClient},
		{"client_id not text", func(p url.Values) { p.Set("client_id", "\x00\xff") }, oauth.InvalidClient},
		{"client_id very long", func(p url.Values) { p.Set("client_id", strings.Repeat("x", 10000)) }, oauth.InvalidClient},
		{"redirect_uri missing", func(p url.Values) { p.Del("redirect_uri") }, oauth.InvalidRequest},
		{"redirect_uri empty", func(p url.Values) { p.Set("redirect_uri", "") }, oauth.InvalidRequest},
		{"redirect_uri twice", func(p url.Values) { p.Add("redirect_uri", providertest.WebRedirectURI) }, oauth.InvalidRequest},
		{"redirect_uri of another client", func(p url.Values) { p.Set("redirect_uri", providertest.SecondRedirectURI) }, oauth.InvalidRequest},
		{"redirect_uri with a query added", func(p url.Values) { p.Set("redirect_uri", providertest.WebRedirectURI+"?a=b") }, oauth.InvalidRequest},
		{"redirect_uri with the query changed", func(p url.Values) { p.Set("redirect_uri", providertest.WebQueryURI+"c") }, oauth.InvalidRequest},
		{"redirect_uri with the query reordered", func(p url.Values) { p.Set("redirect_uri", "https://web.example/callback?x=%20b&tenant=a") }, oauth.InvalidRequest},
		{"redirect_uri with the query encoded otherwise", func(p url.Values) { p.Set("redirect_uri", "https://web.example/callback?tenant=a&x=+b") }, oauth.InvalidRequest},
		{"redirect_uri with a fragment", func(p url.Values) { p.Set("redirect_uri", providertest.WebRedirectURI+"#a") }, oauth.InvalidRequest},
		{"redirect_uri with a slash more", func(p url.Values) { p.Set("redirect_uri", providertest.WebRedirectURI+"/") }, oauth.InvalidRequest},
		{"redirect_uri going up", func(p url.Values) { p.Set("redirect_uri", "https://web.example/a/../callback") }, oauth.InvalidRequest},
		{"redirect_uri in upper case", func(p url.Values) { p.Set("redirect_uri", "https://WEB.example/callback") }, oauth.InvalidRequest},
		{"redirect_uri with a port", func(p url.Values) { p.Set("redirect_uri", "https://web.example:443/callback") }, oauth.InvalidRequest},
		{"redirect_uri on a subdomain", func(p url.Values) { p.Set("redirect_uri", "https://evil.web.example/callback") }, oauth.InvalidRequest},
		{"redirect_uri with a user name", func(p url.Values) { p.Set("redirect_uri", "https://web.example@evil.example/callback") }, oauth.InvalidRequest},
		{"redirect_uri without TLS", func(p url.Values) { p.Set("redirect_uri", "http://web.example/callback") }, oauth.InvalidRequest},
		{"redirect_uri a script", func(p url.Values) { p.Set("redirect_uri", "javascript:alert(1)") }, oauth.InvalidRequest},
	} {
		t.Run(test.name, func(t *testing.T) {
			parameters := web.Parameters(nil)
			test.change(parameters)
			for _, prompt := range []string{"", "none"} {
				parameters.Set("prompt", prompt)
				s.NewBrowser(t).Get(s.Issuer+"/authorize?"+parameters.Encode()).WantPage(t, http.StatusBadRequest, test.error)
				s.NewBrowser(t).PostFromElsewhere(s.Issuer+"/authorize", parameters).WantPage(t, http.StatusBadRequest, test.error)
			}
		})
	}
}

func TestMalformedRequestsAnswerByPage(t *testing.T) {
	s := start(t)
	query := s.Web(t).Parameters(nil).Encode()
	for _, test := range []struct {
		name string
		open func(*providertest.Browser) *providertest.Page
	}{
		{"query with a broken escape", func(b *providertest.Browser) *providertest.Page {
			return b.Get(s.Issuer + "/authorize?" + query + "&x=%zz")
		}},
		{"query with a semicolon", func(b *providertest.Browser) *providertest.Page {
			return b.Get(s.Issuer + "/authorize?" + query + ";x=1")
		}},
		{"POST with its parameters in the query", func(b *providertest.Browser) *providertest.Page {
			return b.Post(s.Issuer+"/authorize?"+query, url.Values{})
		}},
		{"POST with parameters in query and body", func(b *providertest.Browser) *providertest.Page {
			return b.Post(s.Issuer+"/authorize?state=x", s.Web(t).Parameters(nil))
		}},
		{"POST too large", func(b *providertest.Browser) *providertest.Page {
			return b.Post(s.Issuer+"/authorize", add(s.Web(t).Parameters(nil), "x", strings.Repeat("x", oauth.MaxFormSize)))
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			page := test.open(s.NewBrowser(t))
			status := http.StatusBadRequest
			if test.name == "POST too large" {
				status = http.StatusRequestEntityTooLarge
			}
			page.WantPage(t, status, oauth.InvalidRequest)
		})
	}
}

func TestPageLeadsBackToTheApp(t *testing.T) {
	s := start(t)
	page := s.NewBrowser(t).Get(s.Web(t).AuthorizationURL(map[string]string{"redirect_uri": "https://evil.example/"}))
	if got := page.Link("start-again"); got != "https://web.example/" {
		t.Errorf("the way back is %q", got)
	}
	if strings.Contains(page.Body, "evil.example") {
		t.Error("the page repeats the address it refused")
	}
}

// What is wrong with a request whose client and redirect_uri are right is told to
// the client, by the response mode that it asked for, with its state.
func TestRequestChecksAnswerTheClient(t *testing.T) {
	s := start(t, storage.Client{
		ID: "narrow", TokenEndpointAuthMethod: "none", Scope: "openid", GrantTypes: []string{"authorization_code"},
		RedirectURIs: []string{providertest.SPARedirectURI}, Audience: []string{"https://api.example"},
	}, storage.Client{
		ID: "robot", SecretDigests: providertest.Digests(providertest.WebSecret), GrantTypes: []string{"client_credentials"},
		RedirectURIs: []string{providertest.SPARedirectURI}, ResponseTypes: []string{"code"},
	})
	web, narrow := s.Web(t), s.RelyingParty(t, "narrow", "", providertest.SPARedirectURI)
	robot := s.RelyingParty(t, "robot", providertest.WebSecret, providertest.SPARedirectURI)
	long := func(n int) string { return strings.Repeat("x", n) }
	set := func(pairs ...string) func(url.Values) {
		return func(p url.Values) {
			for i := 0; i < len(pairs); i += 2 {
				p.Del(pairs[i])
				if pairs[i+1] != "" {
					p.Set(pairs[i], pairs[i+1])
				}
			}
		}
	}
	twice := func(name, value string) func(url.Values) {
		return func(p url.Values) { p[name] = []string{value, value} }
	}
	for _, test := range []struct {
		name   string
		rp     *providertest.RelyingParty
		change func(url.Values)
		error  string
	}{
		{"response_type missing", web, set("response_type", ""), oauth.InvalidRequest},
		{"response_type twice", web, twice("response_type", "code"), oauth.InvalidRequest},
		{"response_type none", web, set("response_type", "none"), oauth.UnsupportedResponseType},
		{"response_type unknown", web, set("response_type", "Code"), oauth.UnsupportedResponseType},
		{"response_type code and none", web, set("response_type", "code none"), oauth.UnsupportedResponseType},
		{"response_type code and code", web, set("response_type", "code code"), oauth.UnsupportedResponseType},
		{"client without authorization_code", robot, set(), oauth.UnauthorizedClient},
		{"state too long", web, set("state", long(4097)), oauth.InvalidRequest},
		{"state twice", web, twice("state", "state-web"), oauth.InvalidRequest},
		{"scope missing", web, set("scope", ""), oauth.InvalidScope},
		{"scope of nothing known", web, set("scope", "nonsense"), oauth.InvalidScope},
		{"scope of nothing registered", narrow, set("scope", "email profile"), oauth.InvalidScope},
		{"scope offline_access alone without refresh tokens", narrow, set("scope", "offline_access"), oauth.InvalidScope},
		{"scope twice", web, twice("scope", "openid"), oauth.InvalidRequest},
		{"request object", web, set("request", "e30.e30."), oauth.InvalidRequestObject},
		{"request_uri", web, set("request_uri", "https://web.example/request"), oauth.InvalidRequestURI},
		{"registration", web, set("registration", "{}"), oauth.RegistrationNotSupported},
		{"public client without PKCE", narrow, set("code_challenge", "", "code_challenge_method", ""), oauth.InvalidRequest},
		{"PKCE plain", web, set("code_challenge_method", "plain"), oauth.InvalidRequest},
		{"PKCE plain by omission", web, set("code_challenge_method", ""), oauth.InvalidRequest},
		{"PKCE unknown method", web, set("code_challenge_method", "S512"), oauth.InvalidRequest},
		{"PKCE method without challenge", web, set("code_challenge", ""), oauth.InvalidRequest},
		{"PKCE challenge too short", web, set("code_challenge", long(42)), oauth.InvalidRequest},
		{"PKCE challenge too long", web, set("code_challenge", long(44)), oauth.InvalidRequest},
		{"PKCE challenge not base64url", web, set("code_challenge", long(42)+"="), oauth.InvalidRequest},
		{"PKCE challenge twice", web, twice("code_challenge", long(43)), oauth.InvalidRequest},
		{"nonce too long", web, set("nonce", long(1025)), oauth.InvalidRequest},
		{"nonce twice", web, twice("nonce", "n"), oauth.InvalidRequest},
		{"prompt unknown", web, set("prompt", "nonsense"), oauth.InvalidRequest},
		{"prompt of our own", web, set("prompt", "enrol_otp"), oauth.InvalidRequest},
		{"prompt none with another", web, set("prompt", "none login"), oauth.InvalidRequest},
		{"prompt twice", web, twice("prompt", "login"), oauth.InvalidRequest},
		{"max_age not a number", web, set("max_age", "soon"), oauth.InvalidRequest},
		{"max_age negative", web, set("max_age", "-1"), oauth.InvalidRequest},
		{"max_age beyond numbers", web, set("max_age", "99999999999999999999"), oauth.InvalidRequest},
		{"id_token_hint nonsense", web, set("id_token_hint", "nonsense"), oauth.InvalidRequest},
		{"resource not registered", narrow, set("resource", "https://other.example"), oauth.InvalidTarget},
		{"unknown parameter twice", web, twice("vendor", "x"), oauth.InvalidRequest},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, mode := range []string{"", "query", "fragment", "form_post"} {
				parameters := test.rp.Parameters(nil)
				test.change(parameters)
				if mode != "" {
					parameters.Set("response_mode", mode)
				}
				delivered := s.NewBrowser(t).Get(s.Issuer + "/authorize?" + parameters.Encode()).Delivered(t)
				wantRefusal(t, s, delivered, mode, test.rp, test.error, stateOf(parameters))
			}
		})
	}
}

// stateOf is the state that can be sent back.
func stateOf(parameters url.Values) string {
	if len(parameters["state"]) != 1 || len(parameters.Get("state")) > 4096 {
		return ""
	}
	return parameters.Get("state")
}

func wantRefusal(t *testing.T, s *providertest.Server, got providertest.Delivered, mode string, rp *providertest.RelyingParty, code, state string) {
	t.Helper()
	if mode == "" {
		mode = "query"
	}
	if got.Mode != mode || !strings.HasPrefix(got.Address, rp.RedirectURI) {
		t.Errorf("the error went by %s to %s, want %s", got.Mode, got.Address, mode)
	}
	p := got.Parameters
	if p.Get("error") != code || p.Get("state") != state || p.Has("state") != (state != "") || p.Get("iss") != s.Issuer {
		t.Errorf("response_mode %q: the client got %v, want %s", mode, p, code)
	}
	for name, values := range p {
		switch name {
		case "error", "error_description", "state", "iss":
		default:
			t.Errorf("the client got %s=%q", name, values)
		}
	}
	// RFC 6749, section 4.1.2.1.
	if strings.ContainsFunc(p.Get("error_description"), func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) {
		t.Errorf("error_description %q holds characters it must not", p.Get("error_description"))
	}
}

// The other side of the table above.
func TestRequestChecksLetPass(t *testing.T) {
	s := start(t, storage.Client{
		ID: "api-user", TokenEndpointAuthMethod: "none", FirstParty: true, GrantTypes: []string{"authorization_code"},
		RedirectURIs: []string{providertest.SPARedirectURI}, Audience: []string{"https://api.example", "https://two.example"},
	})
	web, browser := s.Web(t), s.NewBrowser(t)
	browser.SignIn(web, ada, nil)
	apiUser := s.RelyingParty(t, "api-user", "", providertest.SPARedirectURI)
	for _, test := range []struct {
		name   string
		rp     *providertest.RelyingParty
		change url.Values
	}{
		{"plain", web, nil},
		{"nonce left out", web, url.Values{"nonce": nil}},
		{"state left out", web, url.Values{"state": nil}},
		{"confidential client without PKCE", web, url.Values{"code_challenge": nil, "code_challenge_method": nil}},
		{"public client with PKCE", s.SPA(t), nil},
		{"nonce of 1024 characters", web, url.Values{"nonce": {strings.Repeat("n", 1024)}}},
		{"state of 4096 characters", web, url.Values{"state": {strings.Repeat("s", 4096)}}},
		{"empty parameters count as left out", web, url.Values{"request": {""}, "request_uri": {""}, "max_age": {""}, "id_token_hint": {""}, "response_mode": {""}}},
		{"unknown parameter", web, url.Values{"vendor_specific": {"x"}}},
		{"acr_values", web, url.Values{"acr_values": {"urn:unknown 1 2"}}},
		{"claims_locales", web, url.Values{"claims_locales": {"se"}}},
		{"claims", web, url.Values{"claims": {`{"userinfo":{"name":{"essential":true}}}`}}},
		{"display page", web, url.Values{"display": {"page"}}},
		{"display popup", web, url.Values{"display": {"popup"}}},
		{"display unknown", web, url.Values{"display": {"hologram"}}},
		{"ui_locales", web, url.Values{"ui_locales": {"de-AT fr xx-invalid-!"}}},
		{"login_hint", web, url.Values{"login_hint": {"someone@example.com"}}},
		{"login_hint too long is ignored", web, url.Values{"login_hint": {strings.Repeat("x", 5000)}}},
		{"scopes in another order", web, url.Values{"scope": {"email openid profile"}}},
		{"two resources", apiUser, url.Values{"resource": {"https://api.example", "https://two.example"}}},
		{"max_age beyond a duration", web, url.Values{"max_age": {"9223372036854775807"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			parameters := test.rp.Parameters(none())
			maps.Copy(parameters, test.change)
			page := browser.Get(s.Issuer + "/authorize?" + parameters.Encode())
			if code := page.Code(t); page.Sent(t).Get("state") != parameters.Get("state") || code == "" {
				t.Errorf("the client got %v", page.Sent(t))
			}
		})
	}
}
