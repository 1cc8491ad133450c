package clients

import (
	"net/url"

	"gatehouse/storage"
)

// Sector is the sector identifier of a client with pairwise subjects: the host
// of its sector_identifier_uri, else the one host of its redirect URIs (OpenID
// Connect Core 1.0, section 8.1). Validate sees to it that there is one.
func Sector(client storage.Client) string {
	if client.SectorIdentifierURI != "" {
		return hostOf(client.SectorIdentifierURI)
	}
	if len(client.RedirectURIs) == 0 {
		return client.ID
	}
	return hostOf(client.RedirectURIs[0])
}

func hostOf(uri string) string {
	u, err := url.Parse(uri)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
