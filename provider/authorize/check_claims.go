package authorize

import (
	"slices"
	"strings"

	oidc "github.com/zitadel/oidc/v3/pkg/oidc"

	"gatehouse/provider/claims"
	"gatehouse/provider/oauth"
	"gatehouse/provider/session"
	"gatehouse/storage"
)

// checkClaims takes what the client may have of the claims that it asks for by
// name. Without scope openid nothing would tell it any of them.
func checkClaims(a *attempt) error {
	text := a.get("claims")
	if text == "" {
		return nil
	}
	requested, err := claims.ParseRequest(text, a.endpoint.Claims.Custom()...)
	if err != nil {
		return invalid(err.Error())
	}
	if !slices.Contains(a.request.Scopes, oidc.ScopeOpenID) {
		return nil
	}
	a.request.Claims = a.endpoint.Claims.Restrict(requested, a.client)
	demanded := demandedACRs(a.request)
	if len(demanded) > 0 && !slices.ContainsFunc(session.ACRValues(true), func(acr string) bool { return slices.Contains(demanded, acr) }) {
		return unmet()
	}
	return nil
}

// wishedACRs are those of acr_values, or else what the client registered as its
// default (OpenID Connect Dynamic Client Registration 1.0, section 2). They are a
// wish (section 3.1.2.1): the ID token says what was done.
func wishedACRs(a *attempt) []string {
	wished := strings.Fields(a.get("acr_values"))
	if len(wished) == 0 {
		wished = a.client.DefaultACRValues
	}
	var kept []string
	for _, value := range wished[:min(len(wished), maxACRValues)] {
		if len(value) <= maxACRLength {
			kept = append(kept, value)
		}
	}
	return kept
}

// demandedACRs are the authentication contexts of which the session must have one
// (section 5.5.1.1). What is only wished for demands nothing.
func demandedACRs(request storage.AuthorizationRequest) []string {
	asked := request.Claims.IDToken["acr"]
	if !asked.Essential {
		return nil
	}
	return asked.Texts()
}

// unmet is a failed authentication (OpenID Connect Core Error Code
// unmet_authentication_requirements 1.0, section 2).
func unmet() *oauth.Error {
	return oauth.NewError(oauth.UnmetAuthenticationRequirements, "the user cannot be authenticated in the way that was asked for")
}
