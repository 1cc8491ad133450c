package rights

import (
	"strings"

	"gatehouse/provider/allow"
	"gatehouse/provider/claims"
	"gatehouse/storage"
	"gatehouse/storage/directus/prepare"
)

// Needs are the parts of a configuration that read something.
type Needs struct {
	// Claims are required.
	Claims *claims.Releaser
	// Clients are those of the configuration, and what it says of clients that
	// stand in Directus.
	Clients []storage.Client
	// ClientsCollection is the collection of clients, or empty.
	ClientsCollection string
	// Pictures says that those of people are shown.
	Pictures bool
}

// Of returns what is read, each once for every reason.
func Of(needs Needs) []prepare.Right {
	reads := prepare.BaseReads()
	for _, path := range needs.Claims.Paths() {
		// Setup looks where a field leads, and grants nothing for a plain one.
		if strings.Contains(path.Field, ".") || path.Many {
			reads = append(reads, prepare.Right{Path: path.Field, Why: claimOf(path.Claim, path.Field)})
		}
	}
	for _, claim := range needs.Claims.MadeOf("policies") {
		reads = append(reads, policies(claimOf(claim, "policies()"))...)
	}
	if needs.ClientsCollection != "" {
		reads = append(reads, prepare.Right{Collection: needs.ClientsCollection, Why: "clients stand in it (clients_collection)"})
	}
	if needs.Pictures {
		reads = append(reads, prepare.Right{Collection: prepare.Files, Why: "directus.pictures is on, and pictures of people are files"})
	}
	for _, client := range needs.Clients {
		reads = append(reads, OfClient(client)...)
	}
	return reads
}

// OfClient is what it takes to say who may use a client.
func OfClient(client storage.Client) []prepare.Right {
	var reads []prepare.Right
	if len(client.Allow.Policies) > 0 {
		reads = append(reads, policies("allow.policies says who may use "+client.ID)...)
	}
	if client.DirectusExchange == storage.ExchangeUsers {
		reads = append(reads, policies(client.ID+" may have Directus tokens of users and not of administrators (directus_exchange)")...)
	}
	for _, path := range allow.Paths(client.Allow.Filter) {
		reads = append(reads, prepare.Right{Path: path, Why: "allow.filter of " + client.ID + " asks for " + path})
	}
	return reads
}

// policies are those of roles and users, and who holds which.
func policies(why string) []prepare.Right {
	return []prepare.Right{{Collection: "directus_policies", Why: why}, {Collection: "directus_access", Why: why}}
}

func claimOf(claim, source string) string { return "the claim " + claim + " is made of " + source }
