package doctor

import (
	"gatehouse/storage/directus"
	"gatehouse/storage/directus/prepare"
)

// limiter says whom Directus counts together when people register. What its limit
// is no request tells but one that exceeds it, and shuts everybody out for a
// minute; so this goes by whether Directus tells people apart.
func (p Patient) limiter(open directus.Known, answer prepare.Forwarding) []Finding {
	if open != directus.Yes || p.Accounts.RegistrationOff || p.Accounts.RegistrationByToken {
		return nil
	}
	const (
		subject = "registration limit"
		raise   = "raise RATE_LIMITER_REGISTRATION_POINTS in the environment of Directus"
	)
	if !p.Accounts.ForwardsAddress {
		return []Finding{{
			Note, subject, "of Directus, five a minute unless set otherwise, is for all people together (directus.forward_client_address is off)",
			raise + ", or set directus.forward_client_address: true and IP_TRUST_PROXY there",
		}}
	}
	switch answer {
	case prepare.Forwarded:
		return []Finding{{Severity: OK, Subject: subject, Detail: "of Directus is for each address by itself"}}
	case prepare.NotForwarded:
		return []Finding{{
			Warning, subject, "of Directus, five a minute unless RATE_LIMITER_REGISTRATION_POINTS is set, is for all people together, since Directus sees Gatehouse's address only: the sixth within a minute cannot register",
			"set IP_TRUST_PROXY in the environment of Directus to the address of Gatehouse (gatehouse setup --gatehouse-address prints it), or " + raise,
		}}
	case prepare.Claimed:
		return nil // strangers evade it, which the finding of addresses says
	case prepare.UnknownForwarding:
	}
	return []Finding{{
		Note, subject, "of Directus, five a minute unless set otherwise, is for all people together where Directus does not trust Gatehouse; that was not tried",
		"run gatehouse doctor --administrator, which tries it",
	}}
}
