package claims

import (
	"slices"

	oidc "github.com/zitadel/oidc/v3/pkg/oidc"
)

// scopeClaims is every scope there is and the claims that it releases.
func scopeClaims() []ScopeClaims {
	return []ScopeClaims{
		{oidc.ScopeOpenID, []string{"sub"}},
		{oidc.ScopeProfile, []string{
			"name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile",
			"picture", "website", "gender", "birthdate", "zoneinfo", "locale", "updated_at",
		}},
		{oidc.ScopeEmail, []string{"email", "email_verified"}},
		{oidc.ScopeAddress, []string{"address"}},
		{oidc.ScopePhone, []string{"phone_number", "phone_number_verified"}},
		{oidc.ScopeOfflineAccess, nil},
	}
}

// ScopeClaims is a scope with its claims.
type ScopeClaims struct {
	Scope  string
	Claims []string
}

// Scopes lists the scopes of users' sign-ins.
func Scopes() []string {
	var scopes []string
	for _, s := range scopeClaims() {
		scopes = append(scopes, s.Scope)
	}
	return scopes
}

// Known says whether the scope exists.
func Known(scope string) bool { return slices.Contains(Scopes(), scope) }
