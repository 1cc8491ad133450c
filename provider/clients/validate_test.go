package clients_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/provider/clients"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

func rules() clients.Rules {
	return clients.Rules{
		GrantTypes:          []string{"authorization_code", "refresh_token", "client_credentials", "implicit"},
		ResponseTypes:       oauth.ResponseTypes(),
		AuthMethods:         []string{"client_secret_basic", "client_secret_post", "private_key_jwt", "none"},
		SigningAlgorithms:   []string{"RS256", "ES256"},
		AssertionAlgorithms: []string{"RS256", "ES256"},
	}
}

func webClient() storage.Client {
	return clients.WithDefaults(storage.Client{
		ID: "shop", Name: "Acme Shop", RedirectURIs: []string{"https://shop.example/callback"},
		GrantTypes:    []string{"authorization_code", "refresh_token"},
		SecretDigests: []storage.SecretDigest{{SHA256: make([]byte, 32)}},
	})
}

func publicClient() storage.Client {
	client := webClient()
	client.SecretDigests, client.TokenEndpointAuthMethod = nil, "none"
	return client
}

const publicJWKS = `{"keys":[{"kty":"EC","crv":"P-256","kid":"one","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}`

const privateJWKS = `{"keys":[{"kty":"EC","crv":"P-256","kid":"one","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"}]}`

func TestValidateAccepts(t *testing.T) {
	native := publicClient()
	native.ApplicationType = "native"
	native.RedirectURIs = []string{"com.example.app:/callback", "http://127.0.0.1/callback", "https://app.example/claimed"}
	assertion := webClient()
	assertion.SecretDigests, assertion.TokenEndpointAuthMethod, assertion.JWKS = nil, "private_key_jwt", json.RawMessage(publicJWKS)
	service := clients.WithDefaults(storage.Client{ID: "job", GrantTypes: []string{"client_credentials"}, SecretDigests: webClient().SecretDigests})
	loopback := webClient()
	loopback.RedirectURIs = []string{"http://localhost:3000/api/auth/callback/gatehouse"}
	hybrid := clients.WithDefaults(storage.Client{
		ID: "desk", SecretDigests: webClient().SecretDigests, RedirectURIs: webClient().RedirectURIs,
		ResponseTypes: []string{"code", "token code", "id_token token code", "id_token"},
	})
	for name, client := range map[string]storage.Client{
		"hybrid": hybrid, "web": webClient(), "public": publicClient(), "native": native, "private_key_jwt": assertion, "service": service, "loopback": loopback,
	} {
		t.Run(name, func(t *testing.T) {
			if err := clients.Validate(client, rules()); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestValidateRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*storage.Client)
		field  string
		words  string
	}{
		"no id":                          {func(c *storage.Client) { c.ID = "" }, "client_id", "missing"},
		"id with a space":                {func(c *storage.Client) { c.ID = "a b" }, "client_id", "visible ASCII"},
		"unknown application type":       {func(c *storage.Client) { c.ApplicationType = "desktop" }, "application_type", "web, native"},
		"no secret":                      {func(c *storage.Client) { c.SecretDigests = nil }, "client_secret", "none"},
		"basic without secret":           {func(c *storage.Client) { c.SecretDigests, c.TokenEndpointAuthMethod = nil, "client_secret_basic" }, "client_secret", "needs a secret"},
		"public with secret":             {func(c *storage.Client) { c.TokenEndpointAuthMethod = "none" }, "client_secret", "public client"},
		"unknown method":                 {func(c *storage.Client) { c.TokenEndpointAuthMethod = "tls" }, "token_endpoint_auth_method", "client_secret_basic"},
		"assertion without keys":         {func(c *storage.Client) { c.SecretDigests, c.TokenEndpointAuthMethod = nil, "private_key_jwt" }, "jwks", "public keys"},
		"private key":                    {func(c *storage.Client) { c.JWKS = json.RawMessage(privateJWKS) }, "jwks", "private key"},
		"keys that are none":             {func(c *storage.Client) { c.JWKS = json.RawMessage(`{"keys":[]}`) }, "jwks", "JSON Web Key Set"},
		"both kinds of keys":             {func(c *storage.Client) { c.JWKS, c.JWKSURI = json.RawMessage(publicJWKS), "https://a.example/jwks" }, "jwks", "exclude"},
		"jwks_uri over http":             {func(c *storage.Client) { c.JWKSURI = "http://a.example/jwks" }, "jwks_uri", "https"},
		"unknown grant":                  {func(c *storage.Client) { c.GrantTypes = []string{"authorization_code", "password"} }, "grant_types", "password"},
		"refresh without code":           {func(c *storage.Client) { c.GrantTypes, c.ResponseTypes = []string{"refresh_token"}, nil }, "grant_types", "authorization_code"},
		"unknown response type":          {func(c *storage.Client) { c.ResponseTypes = []string{"code", "token"} }, "response_types", "token"},
		"ID token without implicit":      {func(c *storage.Client) { c.ResponseTypes = []string{"code", "id_token"} }, "grant_types", "implicit"},
		"hybrid without implicit":        {func(c *storage.Client) { c.ResponseTypes = []string{"code token"} }, "grant_types", "implicit"},
		"hybrid without code":            {func(c *storage.Client) { c.GrantTypes, c.ResponseTypes = []string{"implicit"}, []string{"code token"} }, "grant_types", "authorization_code"},
		"implicit without response type": {func(c *storage.Client) { c.GrantTypes = append(c.GrantTypes, "implicit") }, "response_types", "implicit"},
		"code grant without code": {func(c *storage.Client) {
			c.GrantTypes, c.ResponseTypes = append(c.GrantTypes, "implicit"), []string{"id_token"}
		}, "response_types", "code"},
		"no redirect URI for ID tokens": {func(c *storage.Client) {
			c.GrantTypes, c.ResponseTypes, c.RedirectURIs = []string{"implicit"}, []string{"id_token"}, nil
		}, "redirect_uris", "empty"},
		"code response without grant":     {func(c *storage.Client) { c.GrantTypes = []string{"client_credentials"} }, "grant_types", "authorization_code"},
		"no redirect URI":                 {func(c *storage.Client) { c.RedirectURIs = nil }, "redirect_uris", "empty"},
		"redirect URI over http":          {func(c *storage.Client) { c.RedirectURIs = []string{"http://shop.example/callback"} }, "redirect_uris", "https"},
		"redirect URI with fragment":      {func(c *storage.Client) { c.RedirectURIs = []string{"https://shop.example/#"} }, "redirect_uris", "fragment"},
		"redirect URI with wildcard":      {func(c *storage.Client) { c.RedirectURIs = []string{"https://*.shop.example/"} }, "redirect_uris", "wildcard"},
		"redirect URI with user":          {func(c *storage.Client) { c.RedirectURIs = []string{"https://shop.example@evil.example/"} }, "redirect_uris", "user name"},
		"redirect URI without host":       {func(c *storage.Client) { c.RedirectURIs = []string{"https:/callback"} }, "redirect_uris", "host"},
		"redirect URI with script":        {func(c *storage.Client) { c.RedirectURIs = []string{"javascript:alert(1)"} }, "redirect_uris", "scheme"},
		"redirect URI with backslash":     {func(c *storage.Client) { c.RedirectURIs = []string{`https://shop.example\@evil.example/`} }, "redirect_uris", "backslash"},
		"redirect URI twice":              {func(c *storage.Client) { c.RedirectURIs = append(c.RedirectURIs, c.RedirectURIs[0]) }, "redirect_uris", "twice"},
		"private-use scheme of web":       {func(c *storage.Client) { c.RedirectURIs = []string{"com.example.app:/callback"} }, "redirect_uris", "native"},
		"relative sign-out address":       {func(c *storage.Client) { c.PostLogoutRedirectURIs = []string{"/bye"} }, "post_logout_redirect_uris", "absolute"},
		"unknown signing algorithm":       {func(c *storage.Client) { c.IDTokenSignedResponseAlg = "HS256" }, "id_token_signed_response_alg", "RS256"},
		"unknown token format":            {func(c *storage.Client) { c.AccessTokenFormat = "paseto" }, "access_token_format", "opaque, jwt"},
		"algorithm of an opaque token":    {func(c *storage.Client) { c.AccessTokenAlg = "ES256" }, "access_token_signing_alg", "jwt"},
		"scope with quote":                {func(c *storage.Client) { c.Scope = `openid "x"` }, "scope", "character"},
		"negative max age":                {func(c *storage.Client) { age := -1; c.DefaultMaxAge = &age }, "default_max_age", "negative"},
		"script behind the terms link":    {func(c *storage.Client) { c.TermsOfServiceURI = "javascript:alert(1)" }, "tos_uri", "https"},
		"name with control characters":    {func(c *storage.Client) { c.Name = "a\nb" }, "client_name", "control"},
		"empty audience":                  {func(c *storage.Client) { c.Audience = []string{""} }, "audience", "empty"},
		"introspection by public clients": {func(c *storage.Client) { *c = publicClient(); c.Introspects = []string{"*"} }, "introspects", "authenticate"},
		"service that is public": {func(c *storage.Client) {
			*c = publicClient()
			c.GrantTypes = append(c.GrantTypes, "client_credentials")
		}, "grant_types", "public"},
		"rotation off for a public one": {func(c *storage.Client) { *c = publicClient(); c.RefreshTokenRotation = "never" }, "refresh_token_rotation", "always"},
		"consent skipped for a native public one": {func(c *storage.Client) {
			*c = publicClient()
			c.ApplicationType, c.FirstParty = "native", true
		}, "first_party", "trusted"},
		"signing algorithm of a secret": {func(c *storage.Client) { c.TokenEndpointAuthSigningAlg = "ES256" }, "token_endpoint_auth_signing_alg", "private_key_jwt"},
	} {
		t.Run(name, func(t *testing.T) {
			client := webClient()
			test.change(&client)
			err := clients.Validate(client, rules())
			for _, field := range clients.Fields(err) {
				if field.Field == test.field && strings.Contains(field.Problem, test.words) {
					return
				}
			}
			t.Errorf("got %v, want an error on %s that says %q", err, test.field, test.words)
		})
	}
}

func TestValidateReportsAllAtOnce(t *testing.T) {
	client := webClient()
	client.ID, client.ApplicationType, client.RedirectURIs = "", "desktop", []string{"/a", "/b"}
	var fields []string
	for _, field := range clients.Fields(clients.Validate(client, rules())) {
		fields = append(fields, field.Field)
	}
	want := []string{"client_id", "application_type", "redirect_uris", "redirect_uris"}
	if diff := cmp.Diff(want, fields); diff != "" {
		t.Error(diff)
	}
}
