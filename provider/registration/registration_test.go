package registration_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/provider/registration"
	"gatehouse/storage"
)

const redirectURI = "https://app.example/callback"

func open(t *testing.T) *providertest.Server {
	t.Helper()
	return providertest.New(t, providertest.Options{ClientRegistration: registration.Settings{Mode: registration.Open}})
}

func metadata() providertest.Metadata {
	return providertest.Metadata{"client_name": "Stranger", "redirect_uris": []string{redirectURI}}
}

// register registers a client that must be taken.
func register(t *testing.T, s *providertest.Server, given providertest.Metadata) providertest.Answer {
	t.Helper()
	answer := s.Register(t, given)
	if answer.Status != http.StatusCreated {
		t.Fatalf("answer %d %s", answer.Status, answer.Raw)
	}
	return answer
}

// TestRegister is RFC 7591, section 3.2.1, with the defaults of OpenID Connect
// Dynamic Client Registration 1.0, section 2.
func TestRegister(t *testing.T) {
	s := open(t)
	answer := register(t, s, metadata().With("unknown_member", map[string]any{"a": 1}).With("first_party", true))
	if answer.Header.Get("Content-Type") != "application/json" || answer.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", answer.Header)
	}
	for name, want := range map[string]string{
		"client_name": "Stranger", "redirect_uris": "[" + redirectURI + "]", "grant_types": "[authorization_code]", "response_types": "[code]",
		"application_type": "web", "token_endpoint_auth_method": "client_secret_basic", "client_secret_expires_at": "0",
		"registration_client_uri": s.Issuer + "/clients/" + answer.Text("client_id"),
		"client_id_issued_at":     fmt.Sprint(float64(s.Clock.Now().Unix())),
	} {
		if got := fmt.Sprint(answer.JSON[name]); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	if len(answer.Text("client_secret")) < 43 || answer.Text("registration_access_token") == "" {
		t.Errorf("no secret or token in %s", answer.Raw)
	}
	for _, name := range []string{"unknown_member", "first_party", "registered", "created_at"} {
		if _, ok := answer.JSON[name]; ok {
			t.Errorf("%s is echoed", name)
		}
	}
	if s.Events.Count(event.ClientRegistered) != 1 {
		t.Error("no event")
	}
	stored, err := s.Store.Clients.Get(t.Context(), answer.Text("client_id"))
	if err != nil || stored.Value.Registered != storage.RegisteredOpenly || stored.Value.FirstParty {
		t.Errorf("stored %+v, %v", stored, err)
	}
}

// TestRegisteredClientSignsPeopleIn: what was registered is a client like others,
// except that it is never spared the consent page.
func TestRegisteredClientSignsPeopleIn(t *testing.T) {
	s := open(t)
	s.AddUser("ada@example.com")
	answer := register(t, s, metadata())
	rp := s.RelyingParty(t, answer.Text("client_id"), answer.Text("client_secret"), redirectURI)
	browser := s.NewBrowser(t)
	tokens := rp.Exchange(browser.SignIn(rp, "ada@example.com", nil)).WantOK(t)
	s.UserInfo(t, tokens.Text("access_token")).WantOK(t)
}

// TestRegisterPublicClient: no secret, and nothing said of one (RFC 7591, section
// 3.2.1).
func TestRegisterPublicClient(t *testing.T) {
	answer := register(t, open(t), metadata().With("token_endpoint_auth_method", "none"))
	for _, name := range []string{"client_secret", "client_secret_expires_at"} {
		if _, ok := answer.JSON[name]; ok {
			t.Errorf("%s is there", name)
		}
	}
}

// TestRegisterEchoes registers every member and finds it again, at once and by GET.
func TestRegisterEchoes(t *testing.T) {
	s := open(t)
	given := providertest.Metadata{
		"redirect_uris": []any{redirectURI, "https://app.example/other"}, "response_types": []any{"code", "code id_token"},
		"grant_types": []any{"authorization_code", "implicit", "refresh_token"}, "application_type": "web",
		"contacts": []any{"ops@app.example"}, "client_name": "Strangér", "logo_uri": "https://app.example/logo.png",
		"client_uri": "https://app.example/", "policy_uri": "https://app.example/policy", "tos_uri": "https://app.example/tos",
		"jwks_uri": "https://app.example/jwks", "subject_type": "public", "id_token_signed_response_alg": "RS256",
		"userinfo_signed_response_alg": "RS256", "request_object_signing_alg": "RS256",
		"token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": "RS256",
		"default_max_age": float64(3600), "require_auth_time": true, "default_acr_values": []any{"urn:a"},
		"initiate_login_uri": "https://app.example/login", "request_uris": []any{"https://app.example/request#x8_0-dQ"},
		"post_logout_redirect_uris": []any{"https://app.example/bye"},
		"frontchannel_logout_uri":   "https://app.example/front", "frontchannel_logout_session_required": true,
		"backchannel_logout_uri": "https://app.example/back", "backchannel_logout_session_required": true,
		"scope": "email openid", "software_id": "4NRB1", "software_version": "2",
	}
	answer := register(t, s, given)
	read := s.SendJSON(t, http.MethodGet, "/clients/"+answer.Text("client_id"), answer.Text("registration_access_token"), "").WantOK(t)
	for name, want := range given {
		for where, got := range map[string]any{"registration": answer.JSON[name], "GET": read.JSON[name]} {
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s: %s is %v, want %v", where, name, got, want)
			}
		}
	}
}

// TestResponseTypesAreSets: a response type in any order is one (OAuth 2.0 Multiple
// Response Type Encoding Practices, section 1), and grant types that are left out
// are those it needs.
func TestResponseTypesAreSets(t *testing.T) {
	answer := register(t, open(t), metadata().With("response_types", []string{"token id_token code"}))
	if got := fmt.Sprint(answer.JSON["response_types"], answer.JSON["grant_types"]); got != "[code id_token token] [authorization_code implicit]" {
		t.Errorf("got %s", got)
	}
}

// TestScopeIsLimited: a client gets those that there are (RFC 7591, section 2).
func TestScopeIsLimited(t *testing.T) {
	answer := register(t, open(t), metadata().With("scope", "profile admin openid profile"))
	if answer.Text("scope") != "openid profile" {
		t.Errorf("scope %q", answer.Text("scope"))
	}
}

// TestRegistrationOff: no endpoint, and discovery names none.
func TestRegistrationOff(t *testing.T) {
	s := providertest.New(t, providertest.Options{})
	if answer := s.Register(t, metadata()); answer.Status != http.StatusNotFound {
		t.Errorf("answer %d", answer.Status)
	}
	if answer := s.SendJSON(t, http.MethodGet, "/clients/"+providertest.WebID, "x", ""); answer.Status != http.StatusNotFound {
		t.Errorf("answer %d", answer.Status)
	}
	document := s.Send(t, http.MethodGet, "/.well-known/openid-configuration", nil, nil).WantOK(t)
	if document.Text("registration_endpoint") != "" {
		t.Error("discovery names an endpoint that is not there")
	}
}

func TestDiscoveryNamesRegistration(t *testing.T) {
	s := open(t)
	document := s.Send(t, http.MethodGet, "/.well-known/openid-configuration", nil, nil).WantOK(t)
	if document.Text("registration_endpoint") != s.Issuer+"/clients" {
		t.Errorf("registration_endpoint %q", document.Text("registration_endpoint"))
	}
}

// TestRegistrationMethods: anything but POST is refused.
func TestRegistrationMethods(t *testing.T) {
	s := open(t)
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
		answer := s.SendJSON(t, method, "/clients", "", metadata())
		answer.WantError(t, http.StatusMethodNotAllowed, oauth.InvalidRequest)
		if answer.Header.Get("Allow") != http.MethodPost {
			t.Errorf("Allow %q", answer.Header.Get("Allow"))
		}
	}
}

// TestRegistrationAnswersScripts: of any origin when it is open, without the
// browser's credentials; of none otherwise.
func TestRegistrationAnswersScripts(t *testing.T) {
	for mode, want := range map[registration.Mode]string{registration.Open: "*", registration.ByToken: ""} {
		s := providertest.New(t, providertest.Options{ClientRegistration: registration.Settings{Mode: mode}})
		for path, method := range map[string]string{"/clients": http.MethodPost, "/clients/x": http.MethodDelete} {
			answer := s.Send(t, http.MethodOptions, path, nil, http.Header{
				"Origin": {"https://app.example"}, "Access-Control-Request-Method": {method}, "Access-Control-Request-Headers": {"content-type"},
			})
			if got := answer.Header.Get("Access-Control-Allow-Origin"); got != want || answer.Header.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s %s: allowed origin %q, want %q", mode, path, got, want)
			}
		}
	}
}

// TestRegistrationBodies: one JSON object and nothing else.
func TestRegistrationBodies(t *testing.T) {
	s := open(t)
	good := `{"redirect_uris":["` + redirectURI + `"]}`
	for name, body := range map[string]string{
		"empty": "", "no JSON": "redirect_uris=x", "an array": "[" + good + "]", "a string": `"x"`, "null": "null",
		"trailing data": good + "{}", "cut off": good[:20],
		"a member twice":       `{"client_name":"a","client_name":"b","redirect_uris":["` + redirectURI + `"]}`,
		"a nested twice":       `{"x":[{"a":1,"a":2}],"redirect_uris":["` + redirectURI + `"]}`,
		"twice by an escape":   `{"client_name":"a","client_n\u0061me":"b","redirect_uris":["` + redirectURI + `"]}`,
		"nested too deep":      `{"x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`,
		"characters not UTF-8": "{\"client_name\":\"\xff\"}",
	} {
		t.Run(name, func(t *testing.T) {
			s.SendJSON(t, http.MethodPost, "/clients", "", body).WantError(t, http.StatusBadRequest, oauth.InvalidClientMetadata)
		})
	}
	t.Run("too large", func(t *testing.T) {
		s.Register(t, metadata().With("x", strings.Repeat("x", 70<<10))).WantError(t, http.StatusRequestEntityTooLarge, oauth.InvalidClientMetadata)
	})
	for _, contentType := range []string{"application/x-www-form-urlencoded", "text/plain", "", "application/json; charset=utf-16"} {
		t.Run("type "+contentType, func(t *testing.T) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.Issuer+"/clients", strings.NewReader(good))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", contentType)
			s.Do(t, r).WantError(t, http.StatusBadRequest, oauth.InvalidClientMetadata)
		})
	}
}
