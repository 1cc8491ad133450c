package conformance

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/text/language"
)

// known is metadata of RFC 8414, OpenID Connect Discovery, its logout
// specifications and the IANA registry of authorization server metadata, with
// the kind of value: s is text, u an https address, l a list of texts, b a truth.
func known() map[string]string {
	return map[string]string{
		"issuer": "u", "authorization_endpoint": "u", "token_endpoint": "u", "userinfo_endpoint": "u", "jwks_uri": "u",
		"registration_endpoint": "u", "introspection_endpoint": "u", "revocation_endpoint": "u", "end_session_endpoint": "u",
		"check_session_iframe": "u", "service_documentation": "u", "op_policy_uri": "u", "op_tos_uri": "u",
		"device_authorization_endpoint": "u", "pushed_authorization_request_endpoint": "u",
		"scopes_supported": "l", "response_types_supported": "l", "response_modes_supported": "l", "grant_types_supported": "l",
		"acr_values_supported": "l", "subject_types_supported": "l", "display_values_supported": "l", "claim_types_supported": "l",
		"claims_supported": "l", "claims_locales_supported": "l", "ui_locales_supported": "l", "prompt_values_supported": "l",
		"id_token_signing_alg_values_supported": "l", "id_token_encryption_alg_values_supported": "l", "id_token_encryption_enc_values_supported": "l",
		"userinfo_signing_alg_values_supported": "l", "userinfo_encryption_alg_values_supported": "l", "userinfo_encryption_enc_values_supported": "l",
		"request_object_signing_alg_values_supported": "l", "request_object_encryption_alg_values_supported": "l",
		"request_object_encryption_enc_values_supported": "l",
		"token_endpoint_auth_methods_supported":          "l", "token_endpoint_auth_signing_alg_values_supported": "l",
		"revocation_endpoint_auth_methods_supported": "l", "revocation_endpoint_auth_signing_alg_values_supported": "l",
		"introspection_endpoint_auth_methods_supported": "l", "introspection_endpoint_auth_signing_alg_values_supported": "l",
		"code_challenge_methods_supported": "l",
		"claims_parameter_supported":       "b", "request_parameter_supported": "b", "request_uri_parameter_supported": "b",
		"require_request_uri_registration": "b", "authorization_response_iss_parameter_supported": "b",
		"backchannel_logout_supported": "b", "backchannel_logout_session_supported": "b",
		"frontchannel_logout_supported": "b", "frontchannel_logout_session_supported": "b",
		"require_signed_request_object": "b", "require_pushed_authorization_requests": "b",
	}
}

// discovery reads the whole document.
func discovery(m *module) {
	checkKnown(m)
	issuer := m.metadata.text("issuer")
	if u, err := url.Parse(issuer); err != nil || u.RawQuery != "" || u.Fragment != "" {
		m.Errorf("issuer is %q", issuer)
	}
	for _, name := range []string{"authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "registration_endpoint"} {
		checkHTTPS(m, name, m.metadata.text(name))
	}
	for name := range m.metadata {
		if strings.HasSuffix(name, "_endpoint") {
			checkHTTPS(m, name, m.metadata.text(name))
		}
	}
	for name, least := range map[string][]string{
		"scopes_supported":                                 {"openid"},
		"id_token_signing_alg_values_supported":            {"RS256"},
		"grant_types_supported":                            {"authorization_code", "implicit"},
		"code_challenge_methods_supported":                 {"S256"},
		"request_object_signing_alg_values_supported":      {"RS256"},
		"userinfo_signing_alg_values_supported":            {"RS256"},
		"token_endpoint_auth_methods_supported":            {"client_secret_basic", "client_secret_post", "private_key_jwt"},
		"token_endpoint_auth_signing_alg_values_supported": {"RS256"},
		"claims_supported":                                 append([]string{"sub"}, standardClaims("profile", "email", "phone", "address")...),
		"response_modes_supported":                         {"query", "fragment", "form_post"},
	} {
		checkContains(m, name, least)
	}
	checkSubjectTypes(m)
	checkResponseTypes(m)
	checkLocales(m)
	for _, name := range []string{"claims_parameter_supported", "request_parameter_supported", "request_uri_parameter_supported"} {
		if !m.metadata.is(name) {
			m.Errorf("%s is not true", name)
		}
	}
	for _, scope := range m.metadata.list("scopes_supported") {
		if scope == "" || strings.ContainsAny(scope, ` "\`) {
			m.Errorf("scope %q is not one of RFC 6749, section 3.3", scope)
		}
	}
}

// checkKnown wants only members that are defined, each of its kind.
func checkKnown(m *module) {
	m.Helper()
	for name, value := range m.metadata {
		var ok bool
		switch known()[name] {
		case "u":
			checkHTTPS(m, name, m.metadata.text(name))
			ok = true
		case "l":
			values := m.metadata.list(name)
			ok = len(values) > 0 && !slices.Contains(values, "")
			slices.Sort(values)
			ok = ok && len(slices.Compact(slices.Clone(values))) == len(values)
		case "b":
			_, ok = value.(bool)
		}
		if !ok {
			shown, _ := json.Marshal(value)
			m.Errorf("%s is not known or not of its kind: %s", name, shown)
		}
	}
}

func checkContains(m *module, name string, least []string) {
	m.Helper()
	for _, value := range least {
		if !slices.Contains(m.metadata.list(name), value) {
			m.Errorf("%s lacks %s", name, value)
		}
	}
}

func checkSubjectTypes(m *module) {
	m.Helper()
	types := m.metadata.list("subject_types_supported")
	if len(types) == 0 {
		m.Error("no subject_types_supported")
	}
	for _, kind := range types {
		if kind != "public" && kind != "pairwise" {
			m.Errorf("subject type %q", kind)
		}
	}
}

// checkResponseTypes wants those that a provider with registration has, in
// whatever order their values are written.
func checkResponseTypes(m *module) {
	m.Helper()
	var offered []string
	for _, responseType := range m.metadata.list("response_types_supported") {
		values := strings.Fields(responseType)
		slices.Sort(values)
		offered = append(offered, strings.Join(values, " "))
	}
	for _, responseType := range []string{Code, IDToken, IDTokenToken, CodeIDToken, CodeToken, CodeIDTokenToken} {
		if !slices.Contains(offered, responseType) {
			m.Errorf("response_types_supported lacks %s", responseType)
		}
	}
}

// checkLocales wants tags in their canonical spelling (BCP 47).
func checkLocales(m *module) {
	m.Helper()
	for _, name := range []string{"ui_locales_supported", "claims_locales_supported"} {
		for _, locale := range m.metadata.list(name) {
			if tag, err := language.Parse(locale); err != nil || tag.String() != locale {
				m.Errorf("%s has %q", name, locale)
			}
		}
	}
}

func logoutDiscovery(m *module) {
	checkHTTPS(m, "end_session_endpoint", m.metadata.text("end_session_endpoint"))
}

func sessionDiscovery(m *module) {
	logoutDiscovery(m)
	checkHTTPS(m, "check_session_iframe", m.metadata.text("check_session_iframe"))
}

func frontChannelDiscovery(m *module) {
	logoutDiscovery(m)
	m.checkTrue("frontchannel_logout_supported", "frontchannel_logout_session_supported")
	checkContains(m, "claims_supported", []string{"sid"})
}

func backChannelDiscovery(m *module) {
	logoutDiscovery(m)
	m.checkTrue("backchannel_logout_supported", "backchannel_logout_session_supported")
	checkContains(m, "claims_supported", []string{"sid"})
}

func (m *module) checkTrue(names ...string) {
	m.Helper()
	for _, name := range names {
		if !m.metadata.is(name) {
			m.Errorf("%s is not true", name)
		}
	}
}
