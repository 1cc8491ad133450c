package clientauth_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"gatehouse/provider/clientauth"
	rules "gatehouse/provider/clients"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

const (
	secretJWT oidc.AuthMethod = "client_secret_jwt"
	// signingSecret is long enough for every algorithm, oldSecret for HS256 only.
	signingSecret = "a secret of sixty-four characters, enough for a key of an HS512."
	oldSecret     = "an older secret, not as long, but long enough"
)

// withSigningSecret registers the client "app" for client_secret_jwt; its old secret
// has an hour to live.
func (w *world) withSigningSecret(tb testing.TB) {
	tb.Helper()
	client := storage.Client{ID: "app", TokenEndpointAuthMethod: string(secretJWT)}
	rules.ReplaceSecret(&client, oldSecret, time.Time{})
	rules.ReplaceSecret(&client, signingSecret, w.Now().Add(time.Hour))
	w.clients["app"] = client
}

func signWith(tb testing.TB, algorithm jose.SignatureAlgorithm, secret string, claims map[string]any) string {
	tb.Helper()
	return signingKey{private: []byte(secret), alg: algorithm}.sign(tb, claims)
}

func TestSecretAssertionAccepted(t *testing.T) {
	for _, algorithm := range clientauth.SecretAlgorithms() {
		t.Run(string(algorithm), func(t *testing.T) {
			w := newWorld(t)
			w.withSigningSecret(t)
			w.wantAccepted(t, assertion(signWith(t, algorithm, signingSecret, w.claims(nil))), "app", secretJWT)
			w.wantAccepted(t, assertion(signWith(t, algorithm, signingSecret, w.claims(map[string]any{"jti": "2", "aud": issuer})), "client_id", "app"), "app", secretJWT)
		})
	}
}

func TestSecretAssertionWhileSecretIsReplaced(t *testing.T) {
	w := newWorld(t)
	w.withSigningSecret(t)
	sent := func(secret, id string) request {
		return assertion(signWith(t, jose.HS256, secret, w.claims(map[string]any{"jti": id})))
	}
	w.wantAccepted(t, sent(oldSecret, "a"), "app", secretJWT)
	w.wantAccepted(t, sent(signingSecret, "b"), "app", secretJWT)
	w.advance(time.Hour)
	w.wantRefused(t, sent(oldSecret, "c"), failed)
	w.wantAccepted(t, sent(signingSecret, "d"), "app", secretJWT)
}

func TestSecretAssertionRefused(t *testing.T) {
	w := newWorld(t)
	w.withSigningSecret(t)
	key := newKey(t, "k")
	digest := string(oauth.Digest(signingSecret))
	registeredFor := func(method string) string {
		return "the client is registered for " + method + " but used client_secret_jwt"
	}
	tests := []struct {
		name        string
		sent        request
		description string
	}{
		{"another secret", assertion(signWith(t, jose.HS256, "a secret that somebody made up, long enough", w.claims(nil))), failed},
		{"the digest of the secret", assertion(signWith(t, jose.HS256, digest, w.claims(nil))), failed},
		{"secret too short for the algorithm", assertion(forge(t, w, map[string]any{"alg": "HS512"}, func(string) []byte { return make([]byte, 64) })), failed},
		{"unknown client", assertion(signWith(t, jose.HS256, signingSecret, w.claims(map[string]any{"iss": "nobody", "sub": "nobody"}))), failed},
		{"a key instead of the secret", assertion(key.sign(t, w.claims(nil))), "the client is registered for client_secret_jwt but used private_key_jwt"},
		{"the secret itself by Basic", basic("app", signingSecret), "the client is registered for client_secret_jwt but used client_secret_basic"},
		{"the secret itself in the form", post("client_id", "app", "client_secret", signingSecret), "the client is registered for client_secret_jwt but used client_secret_post"},
		{"client of another method", assertion(signWith(t, jose.HS256, secret, w.claims(map[string]any{"iss": "basic", "sub": "basic"}))), registeredFor("client_secret_basic")},
		{"client without method", assertion(signWith(t, jose.HS256, secret, w.claims(map[string]any{"iss": "either", "sub": "either"}))), registeredFor("client_secret_basic or client_secret_post")},
		{"public client", assertion(signWith(t, jose.HS256, secret, w.claims(map[string]any{"iss": "public", "sub": "public"}))), registeredFor("none")},
		{"algorithm that is none of ours", assertion(forge(t, w, map[string]any{"alg": "HS1"}, func(string) []byte { return nil })), "client_assertion is not a JWT signed with a supported algorithm"},
		{"two algorithms", assertion(`eyJhbGciOiJFUzI1NiIsImFsZyI6IkhTMjU2In0.e30.AA`), "client_assertion is not a JWT signed with a supported algorithm"},
		{"expired", assertion(signWith(t, jose.HS256, signingSecret, w.claims(map[string]any{"exp": w.Now().Add(-5 * time.Minute).Unix()}))), "client_assertion has expired"},
		{"without jti", assertion(signWith(t, jose.HS256, signingSecret, w.claims(map[string]any{"jti": nil}))), "client_assertion needs jti"},
		{"for another server", assertion(signWith(t, jose.HS256, signingSecret, w.claims(map[string]any{"aud": "https://other.example"}))), "aud of client_assertion must be the issuer or the token endpoint"},
		{"client_id of another", assertion(signWith(t, jose.HS256, signingSecret, w.claims(nil)), "client_id", "basic"), "client_id is not that of the client's credentials"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { w.wantRefused(t, test.sent, test.description) })
	}

	t.Run("used before", func(t *testing.T) {
		sent := assertion(signWith(t, jose.HS256, signingSecret, w.claims(map[string]any{"jti": "again"})))
		w.wantAccepted(t, sent, "app", secretJWT)
		w.wantRefused(t, sent, "client_assertion was used before: every request needs a new jti")
	})
	t.Run("another algorithm than registered", func(t *testing.T) {
		client := w.clients["app"]
		client.TokenEndpointAuthSigningAlg = "HS512"
		w.clients["app"] = client
		w.wantRefused(t, assertion(signWith(t, jose.HS256, signingSecret, w.claims(nil))), "the client is registered to sign with HS512 but used HS256")
		w.wantAccepted(t, assertion(signWith(t, jose.HS512, signingSecret, w.claims(map[string]any{"jti": "h"}))), "app", secretJWT)
	})
	t.Run("only the digest is known", func(t *testing.T) {
		w.clients["app"] = storage.Client{ID: "app", TokenEndpointAuthMethod: string(secretJWT), SecretDigests: []storage.SecretDigest{{SHA256: oauth.Digest(signingSecret)}}}
		for _, guess := range []string{digest, "", signingSecret} {
			if len(guess) >= 32 {
				w.wantRefused(t, assertion(signWith(t, jose.HS256, guess, w.claims(nil))), failed)
			}
		}
	})
}

// A client with both kinds of credentials is held to its method: neither its public
// key nor its secret opens what the other protects (RFC 8725, section 3.1).
func TestAlgorithmConfusion(t *testing.T) {
	key := newKey(t, "k")
	public, err := json.Marshal(key.jwk())
	if err != nil {
		t.Fatal(err)
	}
	for _, method := range []oidc.AuthMethod{oidc.AuthMethodPrivateKeyJWT, secretJWT} {
		t.Run(string(method), func(t *testing.T) {
			w := newWorld(t)
			w.withSigningSecret(t)
			client := w.clients["app"]
			client.TokenEndpointAuthMethod, client.JWKS = string(method), jwks(t, key.jwk())
			w.clients["app"] = client
			sent := map[oidc.AuthMethod]func(string) string{
				oidc.AuthMethodPrivateKeyJWT: func(id string) string { return key.sign(t, w.claims(map[string]any{"jti": id})) },
				secretJWT: func(id string) string {
					return signWith(t, jose.HS256, signingSecret, w.claims(map[string]any{"jti": id}))
				},
			}
			for used, sign := range sent {
				if used == method {
					w.wantAccepted(t, assertion(sign("a")), "app", method)
					continue
				}
				w.wantRefused(t, assertion(sign("b")), "the client is registered for "+string(method)+" but used "+string(used))
			}
			w.wantRefused(t, assertion(signWith(t, jose.HS256, string(public), w.claims(nil))), map[oidc.AuthMethod]string{
				oidc.AuthMethodPrivateKeyJWT: "the client is registered for private_key_jwt but used client_secret_jwt",
				secretJWT:                    failed,
			}[method])
		})
	}
}

// FuzzSecretAssertion looks for panics, for errors that are not the client's, and for
// acceptance of what nobody signed.
func FuzzSecretAssertion(f *testing.F) {
	w := newWorld(f)
	w.withSigningSecret(f)
	f.Add(signWith(f, jose.HS256, "a secret that somebody made up, long enough", w.claims(nil)))
	f.Add(forge(f, w, map[string]any{"alg": "HS256"}, func(string) []byte { return nil }))
	f.Add(forge(f, w, map[string]any{"alg": "HS256", "crit": []string{"exp"}}, func(string) []byte { return make([]byte, 32) }))
	f.Add("eyJhbGciOiJIUzI1NiJ9..")
	f.Fuzz(func(t *testing.T, text string) {
		client, _, err := w.authenticate(assertion(text))
		if err == nil {
			t.Errorf("%q authenticated %q", text, client.ID)
		}
		if code := oauth.AsError(err).Code; code != oauth.InvalidClient {
			t.Errorf("%q: %s", text, code)
		}
	})
}
