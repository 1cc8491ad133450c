package setup

import (
	"fmt"

	"gatehouse/storage/directus/prepare"
)

// advise says what is left to do in the configuration, and what to know of the
// environment of Directus.
func advise(options Options, report prepare.Report) {
	w := options.Output
	repeat(options, report.Rules)
	if report.CustomerRole != "" && options.Prepare.Writer {
		fmt.Fprintf(w, "\nTo register people with the write token, where Directus has no public registration:\n\n"+
			"  registration: {mode: service_token, role: %s}\n", report.CustomerRole)
	}
	adviseOfClients(options, report)
	if registration := options.Prepare.Registration; registration != nil && registration.Open {
		fmt.Fprint(w, "\nDirectus lets one address register five times a minute. It takes Gatehouse for one address unless IP_TRUST_PROXY\n"+
			"names it")
		if options.Prepare.GatehouseAddress == "" {
			fmt.Fprint(w, " (--gatehouse-address prints it)")
		}
		fmt.Fprint(w, "; or raise RATE_LIMITER_REGISTRATION_POINTS.\n")
	}
	fmt.Fprint(w, "\nMails that are sent from the Studio lead to the Studio: see examples/directus-templates for ours.\n")
}

// adviseOfClients says who has power over clients, and what makes them known.
func adviseOfClients(options Options, report prepare.Report) {
	w, collection := options.Output, options.Prepare.ClientsCollection
	if collection == "" {
		return
	}
	fmt.Fprintf(w, "\nWhoever may change the rows of %s decides who gets people's tokens, and can sign in as anybody. These may:\n\n", collection)
	for _, writer := range report.ClientWriters {
		fmt.Fprintf(w, "  %s\n", writer)
	}
	if options.ClientsCollection != collection {
		fmt.Fprintf(w, "\nTo sign people in at the clients in there, set this in the configuration of Gatehouse:\n\n  clients_collection: %s\n", collection)
	}
}
