package grant

import (
	"context"
	"net/url"
	"slices"
	"strings"

	"gatehouse/provider/claims"
	"gatehouse/provider/oauth"
	"gatehouse/provider/token"
	"gatehouse/storage"
)

// clientCredentials is RFC 6749, section 4.4: the client acts for itself. The
// scopes of users' sign-ins mean nothing here.
func (e *Endpoint) clientCredentials(ctx context.Context, client storage.Client, form url.Values, _ *user) (token.Authorization, error) {
	if client.Public() {
		return token.Authorization{}, oauth.NewError(oauth.UnauthorizedClient, "a public client cannot act for itself")
	}
	registered := slices.DeleteFunc(strings.Fields(client.Scope), claims.Known)
	scopes := strings.Fields(form.Get("scope"))
	if len(scopes) == 0 {
		scopes = registered
	}
	for _, scope := range scopes {
		if !slices.Contains(registered, scope) {
			return token.Authorization{}, oauth.NewError(oauth.InvalidScope, "the scope is not registered for this client")
		}
	}
	resources, err := claims.Resources(client, form["resource"])
	if err != nil {
		return token.Authorization{}, err
	}
	return e.Tokens.OpenClient(ctx, client, scopes, resources)
}
