package clientauth_test

import (
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	rules "gatehouse/provider/clients"
)

const introspection = issuer + "/introspect"

// strict is a profile as FAPI 2.0 has it: the opposite of oidc in everything.
func strict() *rules.Profile {
	return &rules.Profile{Name: "strict", Algorithms: []jose.SignatureAlgorithm{jose.PS256, jose.ES256, jose.EdDSA}}
}

func TestAudienceByProfile(t *testing.T) {
	const (
		notUs    = "aud of client_assertion must be the issuer or the token endpoint"
		notIss   = "aud of client_assertion must be the issuer"
		noString = "aud of client_assertion must be one string"
	)
	for _, test := range []struct {
		name     string
		path     string
		audience any
		// oidc and strict are what refuses the assertion; empty for nothing.
		oidc, strict string
	}{
		{"issuer", "/token", issuer, "", ""},
		{"token endpoint", "/token", tokenEndpoint, "", notIss},
		{"token endpoint at another endpoint", "/introspect", tokenEndpoint, "", notIss},
		{"the endpoint called", "/introspect", introspection, "", notIss},
		{"another endpoint than that called", "/token", introspection, notUs, notIss},
		{"list of the issuer", "/token", []string{issuer}, "", noString},
		{"list of the token endpoint", "/token", []string{tokenEndpoint}, "", noString},
		{"list of the endpoint called", "/introspect", []string{introspection}, "", noString},
		{"list with the issuer among others", "/token", []string{"https://other.example", issuer}, "", noString},
		{"list of others", "/token", []string{"https://other.example"}, notUs, noString},
		{"another issuer", "/token", "https://other.example", notUs, notIss},
		{"issuer with a slash", "/token", issuer + "/", notUs, notIss},
	} {
		t.Run(test.name, func(t *testing.T) {
			for profile, want := range map[*rules.Profile]string{nil: test.oidc, strict(): test.strict} {
				w, key := newWorld(t), newKey(t, "k")
				w.withKeys(t, key)
				w.profile = profile
				sent := assertion(key.sign(t, w.claims(map[string]any{"aud": test.audience}))).to(test.path)
				if want == "" {
					w.wantAccepted(t, sent, "app", oidc.AuthMethodPrivateKeyJWT)
				} else {
					w.wantRefused(t, sent, want)
				}
			}
		})
	}
}

func TestAlgorithmsByProfile(t *testing.T) {
	w, key := newWorld(t), newKey(t, "k")
	w.withKeys(t, key)
	w.wantAccepted(t, assertion(key.sign(t, w.claims(map[string]any{"jti": "a"}))), "app", oidc.AuthMethodPrivateKeyJWT)
	w.profile = strict()
	w.wantAccepted(t, assertion(key.sign(t, w.claims(map[string]any{"jti": "b", "aud": issuer}))), "app", oidc.AuthMethodPrivateKeyJWT)
	w.profile.Algorithms = []jose.SignatureAlgorithm{jose.PS256}
	w.wantRefused(t, assertion(key.sign(t, w.claims(map[string]any{"jti": "c", "aud": issuer}))), "the security profile strict of the client does not allow ES256")
}

func TestSecretsByProfile(t *testing.T) {
	const none = "the security profile of the client allows no client secret"
	w := newWorld(t)
	w.withSigningSecret(t)
	w.profile = strict()
	w.wantRefused(t, basic("basic", secret), none)
	w.wantRefused(t, post("client_id", "post", "client_secret", secret), none)
	w.wantRefused(t, assertion(signWith(t, jose.HS256, signingSecret, w.claims(nil))), none)
	w.profile.SharedSecrets = true
	w.wantAccepted(t, basic("basic", secret), "basic", oidc.AuthMethodBasic)
}
