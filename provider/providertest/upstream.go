package providertest

import (
	"net/url"
	"slices"
	"testing"

	"gatehouse/provider"
	"gatehouse/storage"
	"gatehouse/storage/directus"
)

// upstream keeps the token pairs of sign-ins if one of the test's clients may have
// tokens of Directus.
func (s *Server) upstream(t testing.TB, options Options, client *directus.Client) provider.Upstream {
	t.Helper()
	may := func(what storage.DirectusExchange) bool {
		all := slices.Concat(options.Clients, options.ClientRights)
		return slices.ContainsFunc(all, func(c storage.Client) bool { return c.DirectusExchange == what })
	}
	if !may(storage.ExchangeUsers) && !may(storage.ExchangeAdministrators) {
		return provider.Upstream{}
	}
	sessions, err := directus.NewSessions(directus.SessionsConfig{
		Client: client, Store: s.Store, Administrators: may(storage.ExchangeAdministrators),
	})
	if err != nil {
		t.Fatalf("keep Directus sessions: %v", err)
	}
	s.DirectusSessions = sessions
	if options.Directus.URL == "" {
		s.Directus.LetRead("directus_policies", "directus_access")
	}
	return provider.Upstream{Sessions: sessions, URLs: []string{s.DirectusURL(options)}, IdleLifetime: directus.DefaultIdleLifetime}
}

// DirectusURL is where the Directus of a test is.
func (s *Server) DirectusURL(options Options) string {
	if options.Directus.URL != "" {
		return options.Directus.URL
	}
	return s.Directus.URL
}

// The client of DirectusClient.
const (
	ExchangeID          = "portal"
	ExchangeSecret      = "portal-secret-0123456789abcdef0123456"
	ExchangeRedirectURI = "https://portal.example/callback"
	TokenExchange       = "urn:ietf:params:oauth:grant-type:token-exchange"
	AccessTokenType     = "urn:ietf:params:oauth:token-type:access_token"
)

// DirectusClient is a client that may have tokens of Directus, to be changed and
// put among the Clients of Options.
func DirectusClient(whose storage.DirectusExchange) storage.Client {
	return storage.Client{
		ID: ExchangeID, Name: "Acme Portal", SecretDigests: digests(ExchangeSecret), FirstParty: true, DirectusExchange: whose,
		RedirectURIs: []string{ExchangeRedirectURI}, GrantTypes: []string{"authorization_code", "refresh_token", TokenExchange},
	}
}

// Portal is a relying party for DirectusClient.
func (s *Server) Portal(t testing.TB) *RelyingParty {
	t.Helper()
	return s.RelyingParty(t, ExchangeID, ExchangeSecret, ExchangeRedirectURI)
}

// DirectusToken asks for a token of Directus. change adds to what is sent or
// replaces it; an empty value takes a parameter away.
func (rp *RelyingParty) DirectusToken(accessToken string, change map[string]string) Answer {
	rp.t.Helper()
	form := url.Values{
		"grant_type": {TokenExchange}, "audience": {rp.server.Directus.URL},
		"subject_token": {accessToken}, "subject_token_type": {AccessTokenType},
	}
	for name, value := range change {
		if form.Del(name); value != "" {
			form.Set(name, value)
		}
	}
	return rp.Token(form)
}

// KeepDirectusSessions does what otherwise happens in the background: it ends the
// sessions at Directus that nothing needs, and refreshes those that do.
func (s *Server) KeepDirectusSessions(t testing.TB) {
	t.Helper()
	if err := s.Provider.Upstream().Keep(t.Context()); err != nil {
		t.Errorf("keep Directus sessions: %v", err)
	}
}
