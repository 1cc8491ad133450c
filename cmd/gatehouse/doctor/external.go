package doctor

import (
	"context"
	"fmt"
	"strings"

	"gatehouse/storage/directus"
)

// external looks at whether sign-in with the providers of Directus can work. That
// the hosts share a domain the configuration has checked.
func (p Patient) external(ctx context.Context, found directus.Inspection) []Finding {
	if !p.Accounts.ExternalSignIn || p.Providers == nil {
		return nil
	}
	providers, err := p.Providers(ctx)
	switch {
	case err != nil:
		return []Finding{{Warning, "external sign-in", fmt.Sprintf("could not be looked at: %v", err), "run gatehouse doctor again"}}
	case len(providers) == 0 && found.Licensed == directus.No:
		return []Finding{{
			Warning, "external sign-in", "is on (directus.external_sign_in), but this Directus has no licence, and without one offers no provider, whatever AUTH_PROVIDERS says",
			"install a licence with single sign-on, or write directus.external_sign_in: false",
		}}
	case len(providers) == 0:
		return []Finding{{
			Warning, "external sign-in", "is on (directus.external_sign_in), but Directus offers no provider",
			"set AUTH_PROVIDERS in the environment of Directus (with Directus 12, the licence must have single sign-on), or write directus.external_sign_in: false",
		}}
	}
	var variables []string
	for _, provider := range providers {
		variables = append(variables, "AUTH_"+strings.ToUpper(provider.Name)+"_REDIRECT_ALLOW_LIST")
	}
	return []Finding{{
		Note, "external sign-in", fmt.Sprintf("comes back by %s, which Directus must allow; no request can find out whether it does", p.Accounts.ExternalURL),
		"add it in the environment of Directus to " + strings.Join(variables, ", ") + ", and set the cookie domain there (gatehouse setup prints both)",
	}}
}
