package main

import (
	"fmt"
	"slices"

	"gatehouse/cmd/gatehouse/config"
	"gatehouse/cmd/gatehouse/rights"
	"gatehouse/provider/claims"
	"gatehouse/storage"
	"gatehouse/storage/directus/prepare"
)

// reads are what the service token reads with these settings, and why.
func reads(settings *config.Loaded) ([]prepare.Right, error) {
	releaser, err := claims.New(settings.ClaimMap())
	if err != nil {
		return nil, err
	}
	return rights.Of(rights.Needs{
		Claims: releaser, Clients: withRights(settings),
		ClientsCollection: settings.ClientsCollection, Pictures: settings.Directus.Pictures == config.PicturesOn,
	}), nil
}

// tellRights says what the service token has to read for a client of the store and
// gatehouse setup does not know of.
func (a *app) tellRights(settings *config.Loaded, client storage.Client) {
	granted, err := reads(settings)
	if err != nil {
		return // settings that were loaded have no claims at fault
	}
	missing := slices.DeleteFunc(rights.OfClient(client), func(needed prepare.Right) bool {
		return slices.ContainsFunc(granted, func(right prepare.Right) bool {
			return right.Collection == needed.Collection && right.Path == needed.Path
		})
	})
	for _, right := range missing {
		what := right.Collection
		if right.Path != "" {
			what = "what " + right.Path + " leads to"
		}
		fmt.Fprintf(a.stderr, "The service token has to read %s, since %s.\n", what, right.Why)
	}
	if len(missing) > 0 {
		fmt.Fprintf(a.stderr, "gatehouse setup knows the clients of the configuration alone, and takes other rights of the policy %q away: "+
			"give its user a policy of your own that has them. Until then nobody can use the client.\n", prepare.ServiceName)
	}
}
