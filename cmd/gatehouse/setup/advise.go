package setup

import (
	"fmt"

	"gatehouse/cmd/gatehouse/passwords"
	"gatehouse/storage/directus/prepare"
)

// advise says what is left to do in the configuration, and what to know of the
// environment of Directus.
func advise(options Options, report prepare.Report) {
	w := options.Output
	if !passwords.Same(report.PasswordPolicy, options.PasswordPolicy) {
		fmt.Fprintf(w, "\nSet this in the configuration of Gatehouse, so that a bad password does not tell known addresses from new ones:\n\n"+
			"  directus.password_policy: %s\n", passwords.YAML(report.PasswordPolicy))
	}
	if report.CustomerRole != "" && options.Prepare.Writer {
		fmt.Fprintf(w, "\nTo register people with the write token, where Directus has no public registration:\n\n"+
			"  registration: {mode: service_token, role: %s}\n", report.CustomerRole)
	}
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
