package doctor

import "gatehouse/storage/directus"

// caches looks for answers about users that are older than the users. We read
// them past the cache of Directus, but whoever reads by GET does not.
func (p Patient) caches(found directus.Inspection) []Finding {
	var findings []Finding
	if found.Caches.OfDirectus == directus.Yes {
		findings = append(findings, Finding{
			Warning, "Directus cache", "keeps what was read of users, and does not drop it when they change: apps that read users are told of a suspended one that he is active. Gatehouse itself asks past it",
			"set CACHE_AUTO_PURGE=true in the environment of Directus, or CACHE_ENABLED=false, and restart Directus",
		})
	}
	if found.Caches.Between == directus.Yes {
		findings = append(findings, Finding{
			Error, "Directus cache", "something between here and Directus keeps answers: suspended users stay signed in",
			"let directus.url lead to Directus itself, or have the proxy keep nothing of Directus (its method SEARCH above all)",
		})
	}
	return findings
}
