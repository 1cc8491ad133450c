package doctor

import (
	"fmt"
	"strings"

	"gatehouse/storage/directus"
	"gatehouse/storage/directus/prepare"
)

// token says whether the service token works, and what it may do besides
// reading.
func (p Patient) token(found directus.Inspection) []Finding {
	rights := found.Token
	switch {
	case rights.Valid == directus.No:
		return []Finding{{
			Error, "Directus token", "belongs to no active user",
			"run gatehouse setup, which sets its user back to active; where it says that the user has another token by now, gatehouse setup --rotate",
		}}
	case rights.Valid != directus.Yes:
		return []Finding{{Error, "Directus token", fmt.Sprintf("could not be tried: %v", found.Problem), "run gatehouse doctor again"}}
	case rights.Admin == directus.Yes:
		return []Finding{{Error, "Directus token", "is an administrator's; gatehouse serve refuses it", "run gatehouse setup for a least-privilege token"}}
	case rights.ReadsUsers == directus.No || rights.ReadsRoles == directus.No || rights.ReadsEveryUser == directus.No:
		return []Finding{{Error, "Directus token", "may not read every field of every user and role", "run gatehouse setup, which mends the policy"}}
	}
	findings := []Finding{{Severity: OK, Subject: "Directus token", Detail: "may read users and roles"}}
	if rights.WritesKnown && len(rights.Writes) > 0 {
		findings = append(findings, Finding{
			Warning, "Directus token", "may do more than it needs: " + strings.Join(rights.Writes, ", "),
			"run gatehouse setup, or take these rights from its policy; what writes has a token of its own, directus.write_token",
		})
	}
	if rights.AppAccess == directus.Yes {
		findings = append(findings, Finding{Warning, "Directus token", "has Studio access, and takes a seat", "take app access from the policy of the service user"})
	}
	return findings
}

// serviceUser says why a token does not work, if it is that of the user that
// setup made.
func (p Patient) serviceUser(status string) []Finding {
	if status == "" || status == "active" {
		return nil
	}
	return []Finding{{
		Error, "Directus token", fmt.Sprintf("is worth nothing while its user %q is %s", prepare.ServiceName, status),
		"run gatehouse setup, which sets it back to active",
	}}
}
