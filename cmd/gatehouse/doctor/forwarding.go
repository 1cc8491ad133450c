package doctor

import "gatehouse/storage/directus/prepare"

// forwarding says whose word Directus takes for where a person is. It is the
// address of this machine that was tried: gatehouse serve may have another.
func (p Patient) forwarding(answer prepare.Forwarding) []Finding {
	const subject = "addresses"
	fix := "set IP_TRUST_PROXY=<address of Gatehouse> in the environment of Directus (gatehouse setup --gatehouse-address prints it), with the proxies between the two behind a comma, and restart Directus"
	switch answer {
	case prepare.Forwarded:
		return []Finding{{Severity: OK, Subject: subject, Detail: "of people are believed by Directus when they come from here, and only then"}}
	case prepare.NotForwarded:
		return []Finding{{
			Warning, subject, "of people are not believed by Directus (IP_TRUST_PROXY): everybody seems to be where Gatehouse is, so that its limits, such as five registrations a minute, are for all together, and its log tells nothing",
			fix + ". Where that is not wanted: directus.forward_client_address: false",
		}}
	case prepare.Claimed:
		return []Finding{{
			Warning, subject, "are believed by Directus whoever names them (IP_TRUST_PROXY is true, or counts too many proxies): strangers evade its limits and the addresses that policies are for (IP Access)",
			fix,
		}}
	case prepare.UnknownForwarding:
	}
	return []Finding{{Note, subject, "could not be tried: nothing was found in the activity log of Directus", fix}}
}
