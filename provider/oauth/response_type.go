package oauth

import (
	"slices"
	"strings"
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

// ResponseTypeHas says whether a normal response type has the value.
func ResponseTypeHas(responseType, value string) bool {
	return slices.Contains(strings.Fields(responseType), value)
}
