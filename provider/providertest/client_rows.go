package providertest

import (
	"encoding/hex"
	"testing"

	"gatehouse/provider"
	"gatehouse/provider/clients"
	"gatehouse/provider/oauth"
)

const clientsCollection = "gatehouse_clients"

// source looks up the clients of the test, and those of a collection of Directus.
func (s *Server) source(t testing.TB, options Options, collection string, rows clients.Rows) *clients.Source {
	t.Helper()
	configured := registered(options.Clients)
	if collection != "" {
		rules := provider.ClientRules()
		rules.SigningAlgorithms = []string{"RS256", "ES256"}
		var err error
		s.Collection, err = clients.NewCollection(clients.CollectionConfig{
			Rows: rows, Store: s.Store, Configured: configured, Rights: options.ClientRights, Rules: rules, Now: s.Clock.Now, Sink: s.Events,
		})
		if err != nil {
			t.Fatalf("make collection of clients: %v", err)
		}
	}
	source, err := clients.NewSource(clients.SourceConfig{Configured: configured, Collection: s.Collection, Store: s.Store, Now: s.Clock.Now})
	if err != nil {
		t.Fatalf("make clients: %v", err)
	}
	return source
}

// Refresh reads the collection of clients, as the server does every few seconds.
func (s *Server) Refresh(t testing.TB) {
	t.Helper()
	if err := s.Collection.Refresh(t.Context()); err != nil {
		t.Fatalf("read clients: %v", err)
	}
}

// WebRow is a row for a confidential web app, which WebOfRow drives.
func WebRow(id string) map[string]any {
	return map[string]any{
		"status": "active", "client_name": "Acme " + id, "redirect_uris": []any{rowRedirectURI(id)},
		"grant_types": []any{"authorization_code", "refresh_token"}, "token_endpoint_auth_method": "client_secret_basic",
		"client_secret_sha256": hex.EncodeToString(oauth.Digest(WebSecret)),
	}
}

func rowRedirectURI(id string) string { return "https://" + id + ".example/callback" }

// WebOfRow is the client of a WebRow.
func (s *Server) WebOfRow(t testing.TB, id string) *RelyingParty {
	t.Helper()
	return s.RelyingParty(t, id, WebSecret, rowRedirectURI(id))
}
