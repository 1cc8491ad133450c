package grant

import (
	"context"
	"net/url"
	"slices"

	"gatehouse/provider/claims"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// check is asked about a grant before anything of it is spent.
type check func(context.Context, storage.Grant) error

// within demands besides that the resources named in the form are among those
// that the grant was made for (RFC 8707, section 2.2).
func within(client storage.Client, form url.Values, also check) check {
	return func(ctx context.Context, grant storage.Grant) error {
		resources, err := claims.Resources(client, form["resource"])
		if err != nil {
			return err
		}
		for _, resource := range resources {
			if len(grant.Audience) > 0 && !slices.Contains(grant.Audience, resource) {
				return oauth.NewError(oauth.InvalidTarget, "resource was not part of the authorization request")
			}
		}
		return also(ctx, grant)
	}
}
