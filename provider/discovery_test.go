package provider_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/provider/authorize"
	"gatehouse/provider/claims"
	"gatehouse/provider/clientauth"
	"gatehouse/provider/clientkeys"
	"gatehouse/provider/grant"
	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/provider/session"
	"gatehouse/storage"
)

func texts[T ~string](values []T) []any {
	all := make([]any, len(values))
	for i, value := range values {
		all[i] = string(value)
	}
	return all
}

// The metadata says this and nothing else, and each list is the table that the
// code runs on.
func TestDiscoverySaysExactlyWhatIsTrue(t *testing.T) {
	s := start(t, providertest.Options{})
	confidential := slices.DeleteFunc(texts(clientauth.Methods()), func(m any) bool { return m == "none" })
	released, err := claims.New(claims.Config{Mapping: claims.DefaultMapping()})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"issuer":                                   s.Issuer,
		"authorization_endpoint":                   s.Issuer + "/authorize",
		"token_endpoint":                           s.Issuer + "/token",
		"userinfo_endpoint":                        s.Issuer + "/userinfo",
		"introspection_endpoint":                   s.Issuer + "/introspect",
		"revocation_endpoint":                      s.Issuer + "/revoke",
		"end_session_endpoint":                     s.Issuer + "/logout",
		"jwks_uri":                                 s.Issuer + "/jwks",
		"scopes_supported":                         texts(released.Scopes()),
		"response_types_supported":                 texts(oauth.ResponseTypes()),
		"claims_parameter_supported":               true,
		"id_token_encryption_alg_values_supported": texts(clientkeys.EncryptionAlgorithms()),
		"id_token_encryption_enc_values_supported": texts(clientkeys.ContentEncryptions()),
		"userinfo_signing_alg_values_supported":    texts(s.Keys.Algorithms()),
		"userinfo_encryption_alg_values_supported": texts(clientkeys.EncryptionAlgorithms()),
		"userinfo_encryption_enc_values_supported": texts(clientkeys.ContentEncryptions()),
		"response_modes_supported":                 texts(authorize.ResponseModes()),
		"grant_types_supported":                    append(texts(grant.Types(false)), "implicit"),
		"acr_values_supported":                     []any{session.ACRPassword, session.ACROTP},
		"subject_types_supported":                  []any{"public"},
		"prompt_values_supported":                  texts(authorize.Prompts(true)),
		"display_values_supported":                 texts(authorize.Displays()),
		"claim_types_supported":                    []any{"normal"},
		"code_challenge_methods_supported":         []any{"S256"},
		"claims_supported": append([]any{"iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "at_hash", "c_hash", "s_hash"},
			texts(released.Supported())...),
		"id_token_signing_alg_values_supported":                    texts(s.Keys.Algorithms()),
		"token_endpoint_auth_methods_supported":                    texts(clientauth.Methods()),
		"revocation_endpoint_auth_methods_supported":               texts(clientauth.Methods()),
		"introspection_endpoint_auth_methods_supported":            confidential,
		"token_endpoint_auth_signing_alg_values_supported":         texts(clientauth.AssertionAlgorithms()),
		"revocation_endpoint_auth_signing_alg_values_supported":    texts(clientauth.AssertionAlgorithms()),
		"introspection_endpoint_auth_signing_alg_values_supported": texts(clientauth.AssertionAlgorithms()),
		"request_parameter_supported":                              true,
		"request_uri_parameter_supported":                          true,
		"require_request_uri_registration":                         true,
		"request_object_signing_alg_values_supported":              texts(authorize.ObjectAlgorithms()),
		"request_object_encryption_alg_values_supported":           texts(s.Keys.EncryptionAlgorithms()),
		"request_object_encryption_enc_values_supported":           texts(s.Keys.ContentEncryptions()),
		"frontchannel_logout_supported":                            true,
		"frontchannel_logout_session_supported":                    true,
		"backchannel_logout_supported":                             true,
		"backchannel_logout_session_supported":                     true,
		"authorization_response_iss_parameter_supported":           true,
	}
	answer := s.Send(t, http.MethodGet, "/.well-known/openid-configuration", nil, nil).WantOK(t)
	if diff := cmp.Diff(want, answer.JSON); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
}

func TestAdvertisedValuesWork(t *testing.T) {
	s := start(t, providertest.Options{})
	metadata := s.Send(t, http.MethodGet, "/.well-known/openid-configuration", nil, nil).WantOK(t)
	list := func(name string) []string {
		var values []string
		for _, value := range metadata.JSON[name].([]any) {
			values = append(values, value.(string))
		}
		return values
	}
	web, browser := s.Web(t), s.NewBrowser(t)
	browser.SignIn(web, ada, map[string]string{"scope": strings.Join(list("scopes_supported"), " ")})
	for name, values := range map[string][]string{
		"response_mode": list("response_modes_supported"),
		"display":       list("display_values_supported"), "acr_values": list("acr_values_supported"), "scope": list("scopes_supported"),
	} {
		for _, value := range values {
			page := browser.Get(web.AuthorizationURL(map[string]string{name: value, "prompt": "none"}))
			if page.Code(t) == "" {
				t.Errorf("%s=%s: no code", name, value)
			}
		}
	}
	for _, responseType := range list("response_types_supported") {
		sent := browser.Get(s.Hybrid(t, responseType).AuthorizationURL(map[string]string{"prompt": "none"})).Sent(t)
		for value, parameter := range map[string]string{"code": "code", "token": "access_token", "id_token": "id_token"} {
			if sent.Has(parameter) != oauth.ResponseTypeHas(responseType, value) {
				t.Errorf("response_type=%s answers %v", responseType, sent)
			}
		}
	}
	for _, prompt := range list("prompt_values_supported") {
		page := browser.Get(web.AuthorizationURL(map[string]string{"prompt": prompt}))
		if page.Left != nil && page.Sent(t).Get("error") != "" {
			t.Errorf("prompt=%s: %v", prompt, page.Left)
		}
	}
	for _, grantType := range list("grant_types_supported") {
		// The implicit grant has nothing to ask the token endpoint for.
		if got := web.Token(url.Values{"grant_type": {grantType}}).Text("error"); got == oauth.UnsupportedGrantType && grantType != "implicit" {
			t.Errorf("grant type %s is not supported", grantType)
		}
	}
	for name, status := range map[string]int{
		"authorization_endpoint": http.StatusBadRequest, "token_endpoint": http.StatusMethodNotAllowed, "userinfo_endpoint": http.StatusUnauthorized,
		"introspection_endpoint": http.StatusMethodNotAllowed, "revocation_endpoint": http.StatusMethodNotAllowed,
		"end_session_endpoint": http.StatusSeeOther, "jwks_uri": http.StatusOK,
	} {
		path := strings.TrimPrefix(metadata.Text(name), s.Issuer)
		if got := s.Send(t, http.MethodGet, path, nil, nil).Status; got != status {
			t.Errorf("%s answers %d", name, got)
		}
	}
}

func TestDiscoverySaysWhatPeopleCanDo(t *testing.T) {
	for _, test := range []struct {
		name            string
		options         providertest.Options
		create, foreign bool
	}{
		{"registration", providertest.Options{}, true, false},
		{"no registration", providertest.Options{NoRegistration: true}, false, false},
		{"external sign-in", providertest.Options{ExternalSignIn: true}, true, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := start(t, test.options)
			metadata := s.Send(t, http.MethodGet, "/.well-known/openid-configuration", nil, nil).WantOK(t)
			for name, want := range map[string]struct {
				value string
				there bool
			}{"prompt_values_supported": {"create", test.create}, "acr_values_supported": {session.ACRExternal, test.foreign}} {
				values, _ := metadata.JSON[name].([]any)
				if slices.Contains(values, any(want.value)) != want.there {
					t.Errorf("%s is %v", name, values)
				}
			}
		})
	}
}

// RFC 8414, section 3.1: the well-known part comes before the issuer's path.
func TestDiscoveryPaths(t *testing.T) {
	for _, test := range []struct{ issuerPath, path string }{
		{"", "/.well-known/openid-configuration"},
		{"", "/.well-known/oauth-authorization-server"},
		{"/auth", "/auth/.well-known/openid-configuration"},
		{"/auth", "/.well-known/oauth-authorization-server/auth"},
	} {
		s := start(t, providertest.Options{IssuerPath: test.issuerPath})
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, strings.TrimSuffix(s.Issuer, test.issuerPath)+test.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if answer := s.Do(t, r).WantOK(t); answer.Text("issuer") != s.Issuer {
			t.Errorf("%s names the issuer %q", test.path, answer.Text("issuer"))
		}
	}
}

func TestDocumentsMayBeCached(t *testing.T) {
	s := start(t, providertest.Options{})
	for _, path := range []string{"/.well-known/openid-configuration", "/jwks"} {
		answer := s.Send(t, http.MethodGet, path, nil, nil).WantOK(t)
		etag := answer.Header.Get("ETag")
		if !strings.HasPrefix(answer.Header.Get("Cache-Control"), "public, max-age=") || etag == "" || answer.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %v", path, answer.Header)
		}
		if again := s.Send(t, http.MethodGet, path, nil, http.Header{"If-None-Match": {etag}}); again.Status != http.StatusNotModified {
			t.Errorf("%s with its ETag: %d", path, again.Status)
		}
	}
}

func TestKeysArePublic(t *testing.T) {
	s := start(t, providertest.Options{})
	var set struct{ Keys []map[string]any }
	if err := json.Unmarshal([]byte(s.Send(t, http.MethodGet, "/jwks", nil, nil).WantOK(t).Raw), &set); err != nil {
		t.Fatal(err)
	}
	ids, uses := map[any]bool{}, map[any]int{}
	for _, key := range set.Keys {
		if key["kid"] == nil || ids[key["kid"]] || key["alg"] == nil {
			t.Errorf("key %v", key)
		}
		ids[key["kid"]] = true
		uses[key["use"]]++
		for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "k"} {
			if key[private] != nil {
				t.Errorf("key %v has the private member %s", key["kid"], private)
			}
		}
	}
	if len(uses) != 2 || uses["sig"] < 2 || uses["enc"] != 1 {
		t.Errorf("uses of keys: %v", uses)
	}
}

// oidcc-server-rotate-keys: tokens of before stay verifiable.
func TestKeyRotationKeepsTokensGood(t *testing.T) {
	s := start(t, providertest.Options{})
	web, browser := s.Web(t), s.NewBrowser(t)
	before := web.Exchange(browser.SignIn(web, ada, nil)).WantOK(t).Text("id_token")
	if _, err := s.Keys.Rotate(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	after := web.Exchange(browser.SignIn(web, ada, map[string]string{"prompt": "login"})).WantOK(t).Text("id_token")
	if s.Verify(t, before).Header.KeyID == s.Verify(t, after).Header.KeyID {
		t.Error("the signing key did not change")
	}
	browser.Get(web.AuthorizationURL(map[string]string{"id_token_hint": before, "prompt": "none"})).Code(t)
}

// Token exchange is named where some client may have tokens of Directus, and
// nowhere else (RFC 8693, section 2.1; RFC 8414, section 2).
func TestDiscoveryNamesTokenExchange(t *testing.T) {
	for whose, named := range map[storage.DirectusExchange]bool{"": false, storage.ExchangeUsers: true, storage.ExchangeAdministrators: true} {
		t.Run("directus_exchange "+string(whose), func(t *testing.T) {
			options := providertest.Options{}
			if whose != "" {
				options.Clients = []storage.Client{providertest.DirectusClient(whose)}
			}
			s := start(t, options)
			types, _ := s.Send(t, http.MethodGet, "/.well-known/openid-configuration", nil, nil).WantOK(t).JSON["grant_types_supported"].([]any)
			if slices.Contains(types, any(providertest.TokenExchange)) != named {
				t.Errorf("the grant types are %v", types)
			}
		})
	}
}
