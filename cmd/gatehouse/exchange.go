package main

import (
	"slices"

	"gatehouse/cmd/gatehouse/config"
	"gatehouse/provider"
	"gatehouse/storage"
	"gatehouse/storage/directus"
)

// newSessions returns what keeps the token pairs of sign-ins, nil where no client
// may have tokens of Directus: then no pair is kept. Only the configuration gives
// that right.
func newSessions(settings *config.Loaded, p *parts) (*directus.Sessions, error) {
	if !mayExchange(settings) {
		return nil, nil //nolint:nilnil // neither sessions nor an error
	}
	return directus.NewSessions(directus.SessionsConfig{
		Client: p.directus, Store: p.store, IdleLifetime: settings.Directus.RefreshTokenTTL,
		Administrators: slices.ContainsFunc(withRights(settings), func(c storage.Client) bool {
			return c.DirectusExchange == storage.ExchangeAdministrators
		}),
	})
}

// mayExchange says that some client may have tokens of Directus.
func mayExchange(settings *config.Loaded) bool {
	return slices.ContainsFunc(withRights(settings), func(c storage.Client) bool { return c.DirectusExchange != "" })
}

// withRights are the clients of the configuration, and those whose rights alone
// stand there.
func withRights(settings *config.Loaded) []storage.Client {
	return slices.Concat(settings.Clients, settings.ClientRights)
}

func upstreamOf(settings *config.Loaded, sessions *directus.Sessions) provider.Upstream {
	if sessions == nil {
		return provider.Upstream{}
	}
	return provider.Upstream{
		Sessions: sessions, URLs: []string{settings.Directus.URL, settings.Directus.PublicURL},
		IdleLifetime: settings.Directus.RefreshTokenTTL,
	}
}
