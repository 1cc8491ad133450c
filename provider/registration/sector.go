package registration

import (
	"context"
	"encoding/json"
	"slices"

	"gatehouse/storage"
)

// checkSector reads the document at sector_identifier_uri, which must list every
// redirect URI: otherwise anybody could join the sector of another company and
// compare subjects with it (OpenID Connect Dynamic Client Registration 1.0,
// section 5; OpenID Connect Core 1.0, section 8.1).
func (e *Endpoint) checkSector(ctx context.Context, client storage.Client) error {
	if client.SectorIdentifierURI == "" {
		return nil
	}
	body, err := e.Fetcher.Get(ctx, client.SectorIdentifierURI)
	if err != nil {
		return refused("sector_identifier_uri", "cannot be read").WithCause(err)
	}
	var listed []string
	if err := json.Unmarshal(body, &listed); err != nil {
		return refused("sector_identifier_uri", "is not a JSON array of strings").WithCause(err)
	}
	for _, uri := range client.RedirectURIs {
		if !slices.Contains(listed, uri) {
			return refused("sector_identifier_uri", "does not list every one of the redirect_uris")
		}
	}
	return nil
}
