package clientauth_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"gatehouse/provider/clientauth"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// withKeys registers the client "app" with inline keys.
func (w *world) withKeys(tb testing.TB, keys ...signingKey) {
	tb.Helper()
	var public []jose.JSONWebKey
	for _, key := range keys {
		public = append(public, key.jwk())
	}
	w.clients["app"] = storage.Client{ID: "app", TokenEndpointAuthMethod: "private_key_jwt", JWKS: jwks(tb, public...)}
}

// claims are those of a good assertion with changes; nil removes one.
func (w *world) claims(changes map[string]any) map[string]any {
	claims := map[string]any{
		"iss": "app", "sub": "app", "aud": tokenEndpoint, "jti": "id-1",
		"iat": w.Now().Unix(), "exp": w.Now().Add(time.Minute).Unix(),
	}
	for name, value := range changes {
		if claims[name] = value; value == nil {
			delete(claims, name)
		}
	}
	return claims
}

func TestAssertionAccepted(t *testing.T) {
	in := func(w *world, d time.Duration) int64 { return w.Now().Add(d).Unix() }
	tests := []struct {
		name    string
		changes func(*world) map[string]any
		more    []string
	}{
		{name: "token endpoint as audience"},
		{name: "issuer as audience", changes: func(*world) map[string]any { return map[string]any{"aud": issuer} }},
		{name: "several audiences", changes: func(*world) map[string]any { return map[string]any{"aud": []string{"https://other.example", issuer}} }},
		{name: "client_id beside", more: []string{"client_id", "app"}},
		{name: "nbf 8 s in the future", changes: func(w *world) map[string]any { return map[string]any{"nbf": in(w, 8*time.Second)} }},
		{name: "iat 8 s in the future", changes: func(w *world) map[string]any { return map[string]any{"iat": in(w, 8*time.Second)} }},
		{name: "without iat", changes: func(*world) map[string]any { return map[string]any{"iat": nil} }},
		{name: "expired within the tolerance", changes: func(w *world) map[string]any { return map[string]any{"exp": in(w, -9*time.Second)} }},
		{name: "longest lifetime", changes: func(w *world) map[string]any { return map[string]any{"exp": in(w, time.Hour)} }},
		{name: "fractional exp", changes: func(w *world) map[string]any { return map[string]any{"exp": float64(in(w, time.Minute)) + 0.5} }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w, key := newWorld(t), newKey(t, "k")
			w.withKeys(t, key)
			var changes map[string]any
			if test.changes != nil {
				changes = test.changes(w)
			}
			w.wantAccepted(t, assertion(key.sign(t, w.claims(changes)), test.more...), "app", oidc.AuthMethodPrivateKeyJWT)
		})
	}
}

func TestAssertionAlgorithms(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, algorithm := range clientauth.SigningAlgorithms() {
		t.Run(string(algorithm), func(t *testing.T) {
			w := newWorld(t)
			key := signingKey{id: "k", alg: algorithm, private: rsaKey}
			curves := map[jose.SignatureAlgorithm]elliptic.Curve{jose.ES256: elliptic.P256(), jose.ES384: elliptic.P384(), jose.ES512: elliptic.P521()}
			if curve, ok := curves[algorithm]; ok {
				if key.private, err = ecdsa.GenerateKey(curve, rand.Reader); err != nil {
					t.Fatal(err)
				}
			}
			if algorithm == jose.EdDSA {
				key.private = edKey
			}
			w.withKeys(t, key)
			w.wantAccepted(t, assertion(key.sign(t, w.claims(nil))), "app", oidc.AuthMethodPrivateKeyJWT)
		})
	}
}

// forge puts any header and any signature to good claims.
func forge(tb testing.TB, w *world, header map[string]any, signature func(input string) []byte) string {
	tb.Helper()
	part := func(value map[string]any) string {
		text, err := json.Marshal(value)
		if err != nil {
			tb.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	input := part(header) + "." + part(w.claims(nil))
	return input + "." + base64.RawURLEncoding.EncodeToString(signature(input))
}

func TestAssertionRefusedByForm(t *testing.T) {
	w, key := newWorld(t), newKey(t, "k")
	w.withKeys(t, key)
	good := key.sign(t, w.claims(nil))
	const (
		notJWT   = "client_assertion is not a JWT signed with a supported algorithm"
		needType = "client_assertion_type must be " + oidc.ClientAssertionTypeJWTAssertion
		notOne   = "iss and sub of client_assertion must both be the client_id"
	)
	nothing := func(string) []byte { return nil }
	tests := []struct {
		name        string
		sent        request
		description string
	}{
		{"without type", post("client_assertion", good), needType},
		{"SAML type", post("client_assertion", good, "client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"), needType},
		{"without assertion", assertion(""), "client_assertion is missing"},
		{"too long", assertion(good + strings.Repeat("A", 16<<10)), "client_assertion is too long"},
		{"not a JWT", assertion("hello"), notJWT},
		{"none", assertion(forge(t, w, map[string]any{"alg": "none"}, nothing)), notJWT},
		{"encrypted", assertion("e30.e30.e30.e30.e30"), notJWT},
		{"claims are no JSON", assertion(key.signBytes(t, []byte("hello"))), "the claims of client_assertion are malformed"},
		{"exp is a string", assertion(key.sign(t, w.claims(map[string]any{"exp": "soon"}))), "the claims of client_assertion are malformed"},
		{"exp is beyond all time", assertion(key.sign(t, w.claims(map[string]any{"exp": 1e300}))), "the claims of client_assertion are malformed"},
		{"aud is a number", assertion(key.sign(t, w.claims(map[string]any{"aud": 1}))), "the claims of client_assertion are malformed"},
		{"without sub", assertion(key.sign(t, w.claims(map[string]any{"sub": nil}))), notOne},
		{"without iss", assertion(key.sign(t, w.claims(map[string]any{"iss": nil}))), notOne},
		{"iss differs", assertion(key.sign(t, w.claims(map[string]any{"iss": "other"}))), notOne},
		{"sub differs", assertion(key.sign(t, w.claims(map[string]any{"sub": "other"}))), notOne},
		{"client_id differs", assertion(good, "client_id", "public"), "client_id is not that of the client's credentials"},
		{"unknown client", assertion(key.sign(t, w.claims(map[string]any{"iss": "nobody", "sub": "nobody"}))), failed},
		{"client of another method", assertion(key.sign(t, w.claims(map[string]any{"iss": "basic", "sub": "basic"}))), "the client is registered for client_secret_basic but used private_key_jwt"},
		{"client without method", assertion(key.sign(t, w.claims(map[string]any{"iss": "either", "sub": "either"}))), "the client is registered for client_secret_basic or client_secret_post but used private_key_jwt"},
		{"secret of a client with keys", basic("app", secret), "the client is registered for private_key_jwt but used client_secret_basic"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { w.wantRefused(t, test.sent, test.description) })
	}
}

func TestAssertionRefusedByClaims(t *testing.T) {
	in := func(d time.Duration) any {
		return newWorld(t).Now().Add(d).Unix()
	}
	const audience = "aud of client_assertion must be the issuer or the token endpoint"
	tests := []struct {
		name        string
		changes     map[string]any
		description string
	}{
		{"without aud", map[string]any{"aud": nil}, audience},
		{"empty aud", map[string]any{"aud": []string{}}, audience},
		{"foreign aud", map[string]any{"aud": "https://other.example"}, audience},
		{"aud with a slash more", map[string]any{"aud": issuer + "/"}, audience},
		{"aud that only begins as ours", map[string]any{"aud": tokenEndpoint + ".other.example"}, audience},
		{"without exp", map[string]any{"exp": nil}, "client_assertion needs exp"},
		{"expired", map[string]any{"exp": in(-5 * time.Minute)}, "client_assertion has expired"},
		{"expired at the end of the tolerance", map[string]any{"exp": in(-10 * time.Second)}, "client_assertion has expired"},
		{"exp too far ahead", map[string]any{"exp": in(70 * time.Minute)}, "exp of client_assertion must be at most 60 minutes ahead"},
		{"nbf over 60 s in the future", map[string]any{"nbf": in(61 * time.Second)}, "client_assertion is not valid yet: nbf is in the future"},
		{"iat over 60 s in the future", map[string]any{"iat": in(61 * time.Second)}, "client_assertion is not valid yet: iat is in the future"},
		{"without jti", map[string]any{"jti": nil}, "client_assertion needs jti"},
		{"empty jti", map[string]any{"jti": ""}, "client_assertion needs jti"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w, key := newWorld(t), newKey(t, "k")
			w.withKeys(t, key)
			w.wantRefused(t, assertion(key.sign(t, w.claims(test.changes))), test.description)

			// Whoever cannot sign learns nothing of it.
			stranger := newKey(t, "k")
			w.wantRefused(t, assertion(stranger.sign(t, w.claims(test.changes))), failed)
		})
	}
}

func TestAssertionRefusedBySignature(t *testing.T) {
	w := newWorld(t)
	key, other := newKey(t, "k"), newKey(t, "k")
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	public, err := json.Marshal(key.jwk())
	if err != nil {
		t.Fatal(err)
	}
	embedded := other.jwk()
	tests := []struct {
		name string
		keys []jose.JSONWebKey
		sent func() string
	}{
		{"another key of the same id", []jose.JSONWebKey{key.jwk()}, func() string { return other.sign(t, w.claims(nil)) }},
		{"unknown key id", []jose.JSONWebKey{key.jwk()}, func() string {
			return signingKey{key.private, "unknown", key.alg}.sign(t, w.claims(nil))
		}},
		{"key for encryption", []jose.JSONWebKey{{Key: key.jwk().Key, KeyID: "k", Use: "enc"}}, func() string { return key.sign(t, w.claims(nil)) }},
		{"key of another algorithm", []jose.JSONWebKey{{Key: key.jwk().Key, KeyID: "k", Algorithm: "ES384"}}, func() string { return key.sign(t, w.claims(nil)) }},
		{"RSA key of 1024 bits", []jose.JSONWebKey{{Key: weak.Public(), KeyID: "k"}}, func() string {
			sign := func(input string) []byte {
				sum := sha256.Sum256([]byte(input))
				signature, err := rsa.SignPKCS1v15(nil, weak, crypto.SHA256, sum[:])
				if err != nil {
					t.Fatal(err)
				}
				return signature
			}
			return forge(t, w, map[string]any{"alg": "RS256", "kid": "k"}, sign)
		}},
		{"key in the header", []jose.JSONWebKey{key.jwk()}, func() string {
			signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: other.private}, (&jose.SignerOptions{}).WithHeader("jwk", embedded))
			if err != nil {
				t.Fatal(err)
			}
			payload, err := json.Marshal(w.claims(nil))
			if err != nil {
				t.Fatal(err)
			}
			jws, err := signer.Sign(payload)
			if err != nil {
				t.Fatal(err)
			}
			text, err := jws.CompactSerialize()
			if err != nil {
				t.Fatal(err)
			}
			return text
		}},
		{"more keys than are tried", func() []jose.JSONWebKey {
			var keys []jose.JSONWebKey
			for range 9 {
				keys = append(keys, newKey(t, "").jwk())
			}
			return append(keys, key.jwk())
		}(), func() string { return signingKey{key.private, "", key.alg}.sign(t, w.claims(nil)) }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w.clients["app"] = storage.Client{ID: "app", TokenEndpointAuthMethod: "private_key_jwt", JWKS: jwks(t, test.keys...)}
			w.wantRefused(t, assertion(test.sent()), failed)
		})
	}

	// Algorithm confusion: the public key taken for a shared secret.
	mac := func(input string) []byte {
		m := hmac.New(sha256.New, public)
		m.Write([]byte(input))
		return m.Sum(nil)
	}
	t.Run("HS256 with the public key", func(t *testing.T) {
		w.withKeys(t, key)
		w.wantRefused(t, assertion(forge(t, w, map[string]any{"alg": "HS256", "kid": "k"}, mac)),
			"the client is registered for private_key_jwt but used client_secret_jwt")
	})
	t.Run("HS256 with a published secret", func(t *testing.T) {
		w.clients["app"] = storage.Client{ID: "app", TokenEndpointAuthMethod: "private_key_jwt", JWKS: []byte(`{"keys":[{"kty":"oct","k":"AAAA","kid":"k"}]}`)}
		w.wantRefused(t, assertion(key.sign(t, w.claims(nil))), failed)
	})
	t.Run("private key published", func(t *testing.T) {
		w.clients["app"] = storage.Client{ID: "app", TokenEndpointAuthMethod: "private_key_jwt", JWKS: jwks(t, jose.JSONWebKey{Key: key.private, KeyID: "k"})}
		w.wantRefused(t, assertion(key.sign(t, w.claims(nil))), failed)
	})
	t.Run("without keys", func(t *testing.T) {
		w.clients["app"] = storage.Client{ID: "app", TokenEndpointAuthMethod: "private_key_jwt"}
		w.wantRefused(t, assertion(key.sign(t, w.claims(nil))), failed)
	})
}

func TestAssertionByRemoteKey(t *testing.T) {
	w, key := newWorld(t), newKey(t, "k")
	w.clients["app"] = storage.Client{ID: "app", TokenEndpointAuthMethod: "private_key_jwt", JWKSURI: keysURI}
	w.fetcher.document = jwks(t, key.jwk())
	w.wantAccepted(t, assertion(key.sign(t, w.claims(nil))), "app", oidc.AuthMethodPrivateKeyJWT)
	w.wantRefused(t, assertion(newKey(t, "k").sign(t, w.claims(nil))), failed)
}

func TestAssertionHeldToRegisteredAlgorithm(t *testing.T) {
	w, key := newWorld(t), newKey(t, "k")
	w.withKeys(t, key)
	client := w.clients["app"]
	client.TokenEndpointAuthSigningAlg = "PS256"
	w.clients["app"] = client
	w.wantRefused(t, assertion(key.sign(t, w.claims(nil))), "the client is registered to sign with PS256 but used ES256")
	client.TokenEndpointAuthSigningAlg = "ES256"
	w.clients["app"] = client
	w.wantAccepted(t, assertion(key.sign(t, w.claims(nil))), "app", oidc.AuthMethodPrivateKeyJWT)
}

// FuzzAssertion looks for panics, for errors that are not the client's, and for
// acceptance of what nobody signed.
func FuzzAssertion(f *testing.F) {
	w, key := newWorld(f), newKey(f, "k")
	w.withKeys(f, key)
	stranger := newKey(f, "k")
	f.Add(stranger.sign(f, w.claims(nil)))
	f.Add(stranger.sign(f, w.claims(map[string]any{"aud": []string{issuer}, "exp": 1e18})))
	f.Add(forge(f, w, map[string]any{"alg": "none"}, func(string) []byte { return nil }))
	f.Add(forge(f, w, map[string]any{"alg": "ES256", "kid": "k", "crit": []string{"exp"}}, func(string) []byte { return make([]byte, 64) }))
	f.Add(forge(f, w, map[string]any{"alg": "RS256", "b64": false}, func(string) []byte { return []byte{1} }))
	f.Add("e30.e30.")
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
