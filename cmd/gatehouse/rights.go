package main

import (
	"gatehouse/cmd/gatehouse/config"
	"gatehouse/cmd/gatehouse/rights"
	"gatehouse/provider/claims"
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
