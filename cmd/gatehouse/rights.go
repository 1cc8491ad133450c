package main

import (
	"strings"

	"gatehouse/cmd/gatehouse/config"
	"gatehouse/provider/allow"
	"gatehouse/provider/claims"
	"gatehouse/storage"
	"gatehouse/storage/directus/prepare"
)

// rights are what the service token reads with these settings, and why: gatehouse
// setup grants them and takes others away, gatehouse doctor compares. Whatever reads
// a further collection of Directus has its line here.
func rights(settings *config.Loaded) ([]prepare.Right, error) {
	reads := prepare.BaseReads()
	releaser, err := claims.New(settings.ClaimMap())
	if err != nil {
		return nil, err
	}
	for _, path := range releaser.Paths() {
		// Setup looks where a field leads, and grants nothing for a plain one.
		if strings.Contains(path.Field, ".") || path.Many {
			reads = append(reads, prepare.Right{Path: path.Field, Why: claimOf(path.Claim, path.Field)})
		}
	}
	for _, claim := range releaser.MadeOf("policies") {
		for _, collection := range []string{"directus_policies", "directus_access"} {
			reads = append(reads, prepare.Right{Collection: collection, Why: claimOf(claim, "policies()")})
		}
	}
	if settings.ClientsCollection != "" {
		reads = append(reads, prepare.Right{Collection: settings.ClientsCollection, Why: "clients stand in it (clients_collection)"})
	}
	if settings.Directus.Pictures == config.PicturesOn {
		reads = append(reads, prepare.Right{Collection: prepare.Files, Why: "directus.pictures is on, and pictures of people are files"})
	}
	return append(reads, ruleRights(withRights(settings))...), nil
}

// ruleRights are what it takes to say who may use clients.
func ruleRights(clients []storage.Client) []prepare.Right {
	var reads []prepare.Right
	for _, client := range clients {
		for _, collection := range []string{"directus_policies", "directus_access"} {
			if len(client.Allow.Policies) > 0 {
				reads = append(reads, prepare.Right{Collection: collection, Why: "allow.policies says who may use " + client.ID})
			}
			if client.DirectusExchange == storage.ExchangeUsers {
				reads = append(reads, prepare.Right{Collection: collection, Why: client.ID + " may have Directus tokens of users and not of administrators (directus_exchange)"})
			}
		}
		for _, path := range allow.Paths(client.Allow.Filter) {
			reads = append(reads, prepare.Right{Path: path, Why: "allow.filter of " + client.ID + " asks for " + path})
		}
	}
	return reads
}

func claimOf(claim, source string) string { return "the claim " + claim + " is made of " + source }
