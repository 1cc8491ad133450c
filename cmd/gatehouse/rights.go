package main

import (
	"gatehouse/cmd/gatehouse/config"
	"gatehouse/provider/claims"
	"gatehouse/storage/directus/prepare"
)

// rights are what the service token reads with these settings, and why: gatehouse
// setup grants them and takes others away, gatehouse doctor compares. Whatever reads
// a further collection of Directus has its line here.
func rights(settings *config.Loaded) ([]prepare.Right, error) {
	reads := prepare.BaseReads()
	releaser, err := claims.New(claims.Config{Mapping: settings.Claims})
	if err != nil {
		return nil, err
	}
	for _, path := range releaser.Paths() {
		reads = append(reads, prepare.Right{Path: path.Field, Why: "the claim " + path.Claim + " is made of " + path.Field})
	}
	if settings.ClientsCollection != "" {
		reads = append(reads, prepare.Right{Collection: settings.ClientsCollection, Why: "clients stand in it (clients_collection)"})
	}
	return reads, nil
}
