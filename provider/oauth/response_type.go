package oauth

import (
	"slices"
	"strings"

	oidc "github.com/zitadel/oidc/v3/pkg/oidc"
)

// The response types that there are, written in the one order that we keep them
// in (OAuth 2.0 Multiple Response Type Encoding Practices, sections 3 and 5).
const (
	ResponseTypeCode             = "code"
	ResponseTypeCodeIDToken      = "code id_token"
	ResponseTypeCodeIDTokenToken = "code id_token token"
	ResponseTypeCodeToken        = "code token"
	ResponseTypeIDToken          = "id_token"
	ResponseTypeIDTokenToken     = "id_token token"
)

// ResponseTypes lists them, for discovery and registration.
func ResponseTypes() []string {
	return []string{
		ResponseTypeCode, ResponseTypeIDToken, ResponseTypeIDTokenToken,
		ResponseTypeCodeIDToken, ResponseTypeCodeToken, ResponseTypeCodeIDTokenToken,
	}
}

// NormalResponseType writes the values in our order: a response type is a set
// (OAuth 2.0 Multiple Response Type Encoding Practices, section 1). What is
// unknown or given twice stays, and so is no response type of ours.
func NormalResponseType(responseType string) string {
	return strings.Join(slices.Sorted(slices.Values(strings.Fields(responseType))), " ")
}

// ReturnsCode says whether the answer to a normal response type holds an
// authorization code, ReturnsIDToken whether an ID token, and ReturnsAccessToken
// whether an access token.
func ReturnsCode(responseType string) bool { return ResponseTypeHas(responseType, "code") }

// ReturnsIDToken is described with ReturnsCode.
func ReturnsIDToken(responseType string) bool { return ResponseTypeHas(responseType, "id_token") }

// ReturnsAccessToken is described with ReturnsCode.
func ReturnsAccessToken(responseType string) bool { return ResponseTypeHas(responseType, "token") }

// FrontChannel says whether tokens come with the authorization response itself,
// through the browser. It holds for what is no response type of ours as well, so
// that a refusal takes the way that the answer would have taken.
func FrontChannel(responseType string) bool {
	return ReturnsIDToken(responseType) || ReturnsAccessToken(responseType)
}

// ResponseTypeGrants lists the grant types that a client of the normal response
// type registers (OpenID Connect Dynamic Client Registration 1.0, section 2).
func ResponseTypeGrants(responseType string) []string {
	var grants []string
	if ReturnsCode(responseType) {
		grants = append(grants, string(oidc.GrantTypeCode))
	}
	if FrontChannel(responseType) {
		grants = append(grants, string(oidc.GrantTypeImplicit))
	}
	return grants
}

// ResponseTypeHas says whether a normal response type has the value.
func ResponseTypeHas(responseType, value string) bool {
	return slices.Contains(strings.Fields(responseType), value)
}
