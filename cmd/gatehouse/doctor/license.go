package doctor

import (
	"fmt"

	"gatehouse/storage/directus"
	"gatehouse/storage/directus/prepare"
)

// license says what everybody can see of it.
func (p Patient) license(found directus.Inspection) []Finding {
	if found.License.Status != "locked" {
		return nil
	}
	return []Finding{{
		Error, "Directus licence", "is locked, since its limits are exceeded: Directus refuses everybody but administrators",
		"return below the limits (Studio: Settings, Licence), or install a licence; gatehouse doctor --administrator counts the seats",
	}}
}

// seats says what only an administrator sees of the licence.
func (p Patient) seats(license prepare.License) []Finding {
	var findings []Finding
	if license.Status == "grace" {
		findings = append(findings, Finding{
			Warning, "Directus licence", "is in its period of grace: after that Directus refuses everybody but administrators",
			"return below the limits (Studio: Settings, Licence), or install a licence",
		})
	}
	if license.SeatLimit >= 0 && license.Seats > license.SeatLimit {
		findings = append(findings, Finding{
			Error, "Directus seats", fmt.Sprintf("are exceeded: %d active users have administrator or Studio access, the licence %s is for %d", license.Seats, license.Name, license.SeatLimit),
			"take Studio access from people who do not need it (people who only sign in to apps need none), or add seats; check that the role of new users has none",
		})
	}
	return findings
}
