package doctor

import (
	"fmt"

	"gatehouse/cmd/gatehouse/rules"
	"gatehouse/storage/directus/prepare"
)

// drift says of each rule of Directus that the configuration repeats what comes of
// it if the two differ.
func drift() map[string]Finding {
	return map[string]Finding{
		rules.PasswordPolicy: {Error, "password policy", "Directus checks it for new addresses only: at the registration page a bad password shows which addresses have an account", ""},
		rules.EmailFilter:    {Warning, "e-mail filter", "the registration page refuses addresses that Directus takes, or says too late that Directus does not take them", ""},
		rules.AttemptsLimit:  {Error, "attempts limit", "strangers can make Directus suspend people for good, or people wait without need", ""},
		rules.EnforceTFA:     {Note, "enforce_tfa", "nothing comes of it, since every sign-in asks Directus; somebody changed who needs a one-time password", ""},
	}
}

// rules compares what only an administrator sees with what the configuration
// repeats of it.
func (p Patient) rules(inDirectus prepare.Rules) []Finding {
	here := prepare.Rules{
		PasswordPolicy: p.Accounts.PasswordPolicy, EmailFilter: p.Accounts.EmailFilter,
		AttemptsLimit: p.AttemptsLimit, EnforceTFA: p.Accounts.EnforceTFA,
	}
	different := map[string]bool{}
	var findings []Finding
	for _, difference := range rules.Compare(here, inDirectus) {
		different[difference.Key] = true
		finding := drift()[difference.Key]
		if difference.Key == rules.AttemptsLimit && p.stricterThan(inDirectus.AttemptsLimit) {
			finding.Severity = Note
		}
		finding.Detail = fmt.Sprintf("of Directus is not %s (%s): %s", difference.Key, difference.Here, finding.Detail)
		finding.Fix = "run gatehouse setup, which writes it, or write " + difference.Key + ": " + difference.InDirectus
		findings = append(findings, finding)
	}
	for _, key := range []string{rules.PasswordPolicy, rules.EmailFilter, rules.AttemptsLimit, rules.EnforceTFA} {
		if !different[key] {
			findings = append(findings, Finding{Severity: OK, Subject: drift()[key].Subject, Detail: "is the same in Directus and here"})
		}
	}
	return findings
}
