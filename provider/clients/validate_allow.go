package clients

import (
	"maps"
	"slices"
	"strings"

	oidc "github.com/zitadel/oidc/v3/pkg/oidc"

	"gatehouse/provider/allow"
)

// allow checks who may use the client, as far as that can be told without Directus.
// What could never be met is refused: it would close the client by mistake.
func (v *validation) allow() {
	rule := v.client.Allow
	v.distinct("allow.roles", rule.Roles)
	v.distinct("allow.policies", rule.Policies)
	if len(rule.Filter) > 0 {
		if _, err := allow.CheckFilter(rule.Filter); err != nil {
			v.refuse("allow.filter", "%s", err)
		}
	}
	v.scopeRoles()
}

func (v *validation) scopeRoles() {
	const field = "scope_roles"
	for _, scope := range slices.Sorted(maps.Keys(v.client.ScopeRoles)) {
		roles := v.client.ScopeRoles[scope]
		switch {
		case scope == oidc.ScopeOpenID:
			v.refuse(field, "openid cannot be kept from anybody: without it there is no sign-in; use allow.roles to close the client")
		case v.client.Scope != "" && !slices.Contains(strings.Fields(v.client.Scope), scope):
			v.refuseValue(field, scope, "is not among the scopes of the client; add it to scope, or take it out here")
		case len(roles) == 0:
			v.refuseValue(field, scope, "has no role; name those that may grant it, or take the scope out of scope")
		}
		v.distinct(field, roles)
	}
}
