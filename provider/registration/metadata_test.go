package registration_test

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"gatehouse/provider/oauth"
)

const publicKeys = `{"keys":[{"kty":"EC","crv":"P-256","kid":"one","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}`

// TestRegisterRefuses: one wrong member each. The answer names it (RFC 7591,
// section 3.2.2).
func TestRegisterRefuses(t *testing.T) {
	s := open(t)
	keys := map[string]any{"keys": []any{map[string]any{"kty": "EC", "crv": "P-256", "kid": "one", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}}}
	private := map[string]any{"keys": []any{map[string]any{"kty": "EC", "crv": "P-256", "kid": "one", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0", "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}}}
	implicit := []string{"id_token"}
	for name, test := range map[string]struct {
		field string
		value any
		with  map[string]any
	}{
		"no redirect URI":           {"redirect_uris", nil, nil},
		"redirect_uris a string":    {"redirect_uris", redirectURI, nil},
		"redirect_uris of numbers":  {"redirect_uris", []any{1}, nil},
		"redirect_uris with null":   {"redirect_uris", []any{nil}, nil},
		"redirect_uris empty":       {"redirect_uris", []any{}, nil},
		"redirect URI fragment":     {"redirect_uris", []string{redirectURI + "#f"}, nil},
		"redirect URI http":         {"redirect_uris", []string{"http://app.example/callback"}, nil},
		"redirect URI script":       {"redirect_uris", []string{"javascript:alert(1)"}, nil},
		"redirect URI relative":     {"redirect_uris", []string{"/callback"}, nil},
		"redirect URI wildcard":     {"redirect_uris", []string{"https://*.example/"}, nil},
		"redirect URI twice":        {"redirect_uris", []string{redirectURI, redirectURI}, nil},
		"redirect URI too long":     {"redirect_uris", []string{"https://app.example/" + strings.Repeat("x", 3000)}, nil},
		"redirect URIs too many":    {"redirect_uris", many("https://app.example/"), nil},
		"scheme of a web client":    {"redirect_uris", []string{"com.example.app:/callback"}, nil},
		"native scheme without dot": {"redirect_uris", []string{"app:/callback"}, map[string]any{"application_type": "native"}},
		"native plain http":         {"redirect_uris", []string{"http://app.example/"}, map[string]any{"application_type": "native"}},
		"implicit at localhost":     {"redirect_uris", []string{"https://localhost/callback"}, map[string]any{"response_types": implicit}},
		"implicit at loopback http": {"redirect_uris", []string{"http://127.0.0.1/callback"}, map[string]any{"response_types": implicit}},

		"unknown response type":     {"response_types", []string{"code magic"}, nil},
		"response type none":        {"response_types", []string{"none"}, nil},
		"response_types a string":   {"response_types", "code", nil},
		"unknown grant type":        {"grant_types", []string{"password"}, nil},
		"implicit is missing":       {"grant_types", []string{"authorization_code"}, map[string]any{"response_types": []string{"code id_token"}}},
		"code is missing":           {"grant_types", []string{"implicit"}, map[string]any{"response_types": []string{"code", "id_token"}}},
		"code has no response type": {"response_types", implicit, map[string]any{"grant_types": []string{"authorization_code", "implicit"}}},
		"application_type":          {"application_type", "desktop", nil},
		"application_type a list":   {"application_type", []string{"web"}, nil},
		"contacts a string":         {"contacts", "ops@app.example", nil},
		"client_name a number":      {"client_name", 7, nil},
		"client_name with controls": {"client_name", "a\u0000b", nil},
		"client_name too long":      {"client_name", strings.Repeat("x", 3000), nil},
		"client_name turned around": {"client_name", "Acme \u202egro.live", nil},
		"client_name isolated":      {"client_name", "Acme \u2066x\u2069", nil},
		"client_name unseen":        {"client_name", "Ac\u200bme", nil},
		"client_name empty to look": {"client_name", "\u2060", nil},
		"client_name of a line":     {"client_name", "Acme\u2028Checked by Acme", nil},
		"client_name of spaces":     {"client_name", "   ", nil},
		"client_name of a page":     {"client_name", strings.Repeat("x", 101), nil},
		"logo_uri script":           {"logo_uri", "javascript:alert(1)", nil},
		"logo_uri http":             {"logo_uri", "http://app.example/logo.png", nil},
		"client_uri an object":      {"client_uri", map[string]any{"en": "https://app.example"}, nil},
		"policy_uri http":           {"policy_uri", "http://localhost/policy", nil},
		"tos_uri data":              {"tos_uri", "data:text/html,x", nil},

		"jwks a string":             {"jwks", publicKeys, nil},
		"jwks without keys":         {"jwks", map[string]any{"keys": []any{}}, nil},
		"jwks with a private key":   {"jwks", private, nil},
		"jwks with a huge key":      {"jwks", rsaKeys(16384), nil},
		"jwks with a weak key":      {"jwks", rsaKeys(1024), nil},
		"jwks with a secret":        {"jwks", map[string]any{"keys": []any{map[string]any{"kty": "oct", "k": "c2VjcmV0"}}}, nil},
		"jwks and jwks_uri":         {"jwks", keys, map[string]any{"jwks_uri": "https://app.example/jwks"}},
		"jwks_uri http":             {"jwks_uri", "http://app.example/jwks", nil},
		"private_key_jwt, no key":   {"jwks", nil, map[string]any{"token_endpoint_auth_method": "private_key_jwt"}},
		"unknown method":            {"token_endpoint_auth_method", "tls_client_auth", nil},
		"method a number":           {"token_endpoint_auth_method", 1, nil},
		"assertion alg of a secret": {"token_endpoint_auth_signing_alg", "RS256", nil},
		"assertion alg none":        {"token_endpoint_auth_signing_alg", "none", map[string]any{"token_endpoint_auth_method": "private_key_jwt", "jwks": keys}},
		"assertion alg HS256":       {"token_endpoint_auth_signing_alg", "HS256", map[string]any{"token_endpoint_auth_method": "private_key_jwt", "jwks": keys}},

		"subject type":                     {"subject_type", "secret", nil},
		"ID token unsigned":                {"id_token_signed_response_alg", "none", nil},
		"ID token alg unknown":             {"id_token_signed_response_alg", "HS256", nil},
		"ID token enc without alg":         {"id_token_encrypted_response_enc", "A256GCM", nil},
		"ID token encryption unknown":      {"id_token_encrypted_response_alg", "RSA1_5", map[string]any{"jwks": keys}},
		"userinfo unsigned":                {"userinfo_signed_response_alg", "none", nil},
		"userinfo enc without alg":         {"userinfo_encrypted_response_enc", "A256GCM", nil},
		"request object unsigned":          {"request_object_signing_alg", "none", nil},
		"request object enc without alg":   {"request_object_encryption_enc", "A256GCM", nil},
		"default_max_age a string":         {"default_max_age", "3600", nil},
		"default_max_age negative":         {"default_max_age", -1, nil},
		"default_max_age a fraction":       {"default_max_age", 1.5, nil},
		"default_max_age too large":        {"default_max_age", 1e30, nil},
		"require_auth_time a string":       {"require_auth_time", "true", nil},
		"require_auth_time a number":       {"require_auth_time", 1, nil},
		"default_acr_values a string":      {"default_acr_values", "urn:a", nil},
		"initiate_login_uri http":          {"initiate_login_uri", "http://app.example/login", nil},
		"initiate_login_uri loopback":      {"initiate_login_uri", "http://localhost/login", nil},
		"request_uris http":                {"request_uris", []string{"http://app.example/request"}, nil},
		"request_uris a string":            {"request_uris", "https://app.example/request", nil},
		"request_uris too many":            {"request_uris", many("https://app.example/"), nil},
		"request_uris two fragments":       {"request_uris", []string{"https://app.example/r#a#b"}, nil},
		"request_uris too long":            {"request_uris", []string{"https://app.example/" + strings.Repeat("x", 512)}, nil},
		"post logout with fragment":        {"post_logout_redirect_uris", []string{"https://app.example/bye#"}, nil},
		"post logout a string":             {"post_logout_redirect_uris", "https://app.example/bye", nil},
		"front-channel elsewhere":          {"frontchannel_logout_uri", "https://other.example/front", nil},
		"front-channel other port":         {"frontchannel_logout_uri", "https://app.example:8443/front", nil},
		"front-channel with fragment":      {"frontchannel_logout_uri", "https://app.example/front#f", nil},
		"front-channel session a string":   {"frontchannel_logout_session_required", "yes", nil},
		"back-channel http":                {"backchannel_logout_uri", "http://app.example/back", nil},
		"back-channel with fragment":       {"backchannel_logout_uri", "https://app.example/back#f", nil},
		"back-channel session a number":    {"backchannel_logout_session_required", 1, nil},
		"scope a list":                     {"scope", []string{"openid"}, nil},
		"scope of which there is nothing":  {"scope", "admin", nil},
		"software_id a number":             {"software_id", 1, nil},
		"sector_identifier_uri http":       {"sector_identifier_uri", "http://app.example/sector", nil},
		"sector_identifier_uri of a list":  {"sector_identifier_uri", []string{"https://app.example/sector"}, nil},
		"token exchange of strangers":      {"grant_types", []string{"authorization_code", "urn:ietf:params:oauth:grant-type:token-exchange"}, nil},
		"client credentials of strangers":  {"grant_types", []string{"authorization_code", "client_credentials"}, nil},
		"client credentials of the public": {"grant_types", []string{"authorization_code", "client_credentials"}, map[string]any{"token_endpoint_auth_method": "none"}},
	} {
		t.Run(name, func(t *testing.T) {
			given := metadata().With(test.field, test.value)
			for member, value := range test.with {
				given = given.With(member, value)
			}
			code := oauth.InvalidClientMetadata
			if test.field == "redirect_uris" {
				code = oauth.InvalidRedirectURI
			}
			answer := s.Register(t, given)
			answer.WantError(t, http.StatusBadRequest, code)
			if !strings.HasPrefix(answer.Text("error_description"), test.field+": ") {
				t.Errorf("description %q does not name %s", answer.Text("error_description"), test.field)
			}
		})
	}
}

// rsaKeys is a set of one RSA key of a size. It is the key of nobody.
func rsaKeys(bits int) map[string]any {
	modulus := bytes.Repeat([]byte{0xff}, bits/8)
	return map[string]any{"keys": []any{map[string]any{"kty": "RSA", "kid": "one", "e": "AQAB", "n": base64.RawURLEncoding.EncodeToString(modulus)}}}
}

// TestNames: people have names in every script.
func TestNames(t *testing.T) {
	s := open(t)
	for _, name := range []string{"Acme Shop", strings.Repeat("商", 100), "می\u200cخواهم", "क्\u200dष", "متجر", "Caf\u0065\u0301 ☕"} {
		if answer := s.Register(t, metadata().With("client_name", name)); answer.Status != http.StatusCreated || answer.Text("client_name") != name {
			t.Errorf("%q: status %d, name %q", name, answer.Status, answer.Text("client_name"))
		}
	}
}

// TestErrorsRepeatNothing: a description has only the characters it may have (RFC
// 6749, section 5.2) and no word of what was sent.
func TestErrorsRepeatNothing(t *testing.T) {
	s := open(t)
	for _, given := range []any{"https://evil.example/<script>\"\\é#", "https://evil.example/#"} {
		description := s.Register(t, metadata().With("redirect_uris", []any{given})).Text("error_description")
		if strings.Contains(description, "evil") || strings.ContainsFunc(description, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) {
			t.Errorf("description %q", description)
		}
	}
}

func many(prefix string) []string {
	var all []string
	for range 60 {
		prefix += "x"
		all = append(all, prefix)
	}
	return all
}
