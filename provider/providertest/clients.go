package providertest

import (
	"gatehouse/provider/clients"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// The clients that every provider under test has.
const (
	// WebID is a confidential web app that may use every grant type.
	WebID     = "web"
	WebSecret = "web-secret-0123456789abcdef0123456789"
	// WebRedirectURI has a query of its own.
	WebRedirectURI = "https://web.example/callback"
	WebQueryURI    = "https://web.example/callback?tenant=a&x=%20b"
	WebLoggedOut   = "https://web.example/signed-out"
	// SecondID is another confidential app, of the same company: no consent.
	SecondID          = "second"
	SecondSecret      = "second-secret-0123456789abcdef0123456"
	SecondRedirectURI = "https://second.example/callback"
	// HybridID is another one, which has registered every response type.
	HybridID          = "hybrid"
	HybridSecret      = "hybrid-secret-0123456789abcdef0123456"
	HybridRedirectURI = "https://hybrid.example/callback"
	// SPAID is a public client in a browser.
	SPAID          = "spa"
	SPARedirectURI = "https://spa.example/callback"
	// NativeID is a public client on a device.
	NativeID       = "native"
	NativeLoopback = "http://127.0.0.1/callback"
	NativeScheme   = "com.example.app:/callback"
	// APIID is a protected resource that may introspect the tokens of WebID.
	APIID     = "api"
	APISecret = "api-secret-0123456789abcdef0123456789"
)

func registered(more []storage.Client) []storage.Client {
	all := []storage.Client{
		{
			ID: WebID, Name: "Acme Shop", SecretDigests: digests(WebSecret),
			RedirectURIs: []string{WebRedirectURI, WebQueryURI}, PostLogoutRedirectURIs: []string{WebLoggedOut},
			GrantTypes: []string{"authorization_code", "refresh_token", "client_credentials"},
			Scope:      "openid profile email address phone offline_access orders",
		},
		{
			ID: SecondID, Name: "Acme Blog", SecretDigests: digests(SecondSecret), FirstParty: true,
			RedirectURIs: []string{SecondRedirectURI}, GrantTypes: []string{"authorization_code", "refresh_token"},
		},
		{
			ID: HybridID, Name: "Acme Desk", SecretDigests: digests(HybridSecret), FirstParty: true,
			RedirectURIs: []string{HybridRedirectURI}, ResponseTypes: oauth.ResponseTypes(),
			GrantTypes: []string{"authorization_code", "implicit", "refresh_token"},
		},
		{
			ID: SPAID, Name: "Acme Board", TokenEndpointAuthMethod: "none", FirstParty: true,
			RedirectURIs: []string{SPARedirectURI}, GrantTypes: []string{"authorization_code", "refresh_token"},
		},
		{
			ID: NativeID, Name: "Acme App", TokenEndpointAuthMethod: "none", ApplicationType: "native",
			RedirectURIs: []string{NativeLoopback, NativeScheme}, GrantTypes: []string{"authorization_code", "refresh_token"},
		},
		{ID: APIID, Name: "Acme API", SecretDigests: digests(APISecret), GrantTypes: []string{"client_credentials"}, Introspects: []string{WebID}},
	}
	all = append(all, more...)
	for i := range all {
		all[i] = clients.WithDefaults(all[i])
	}
	return all
}

// Digests are what is stored of a secret.
func Digests(secret string) []storage.SecretDigest { return digests(secret) }

func digests(secret string) []storage.SecretDigest {
	return []storage.SecretDigest{{SHA256: oauth.Digest(secret)}}
}
