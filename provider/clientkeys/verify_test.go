package clientkeys_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"gatehouse/provider/clientkeys"
	"gatehouse/storage"
)

func TestVerifyByEachAlgorithm(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	curve := func(c elliptic.Curve) any {
		key, err := ecdsa.GenerateKey(c, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	p256, p384, p521 := curve(elliptic.P256()), curve(elliptic.P384()), curve(elliptic.P521())
	keys := map[jose.SignatureAlgorithm]any{
		jose.RS256: rsaKey, jose.RS384: rsaKey, jose.RS512: rsaKey, jose.PS256: rsaKey, jose.PS384: rsaKey, jose.PS512: rsaKey,
		jose.ES256: p256, jose.ES384: p384, jose.ES512: p521, jose.EdDSA: edKey,
	}
	w := newWorld(t)
	var all []jose.JSONWebKey
	for _, key := range []any{rsaKey, p256, p384, p521, edKey} {
		all = append(all, signingKey{private: key}.jwk())
	}
	for algorithm, private := range keys {
		t.Run(string(algorithm), func(t *testing.T) {
			// Without key ids, type and size alone find the key.
			w.wantVerified(t, inline(t, all...), signingKey{private: private, alg: algorithm}.token(t))
		})
	}
}

func TestVerifyFindsKey(t *testing.T) {
	w := newWorld(t)
	first, second := newKey(t, "first"), newKey(t, "second")
	client := inline(t, first.jwk(), second.jwk())
	w.wantVerified(t, client, second.token(t))
	w.wantVerified(t, client, signingKey{second.private, "", second.alg}.token(t))

	t.Run("beside a key of unknown type", func(t *testing.T) {
		var document struct {
			Keys []json.RawMessage `json:"keys"`
		}
		if err := json.Unmarshal(client.JWKS, &document); err != nil {
			t.Fatal(err)
		}
		document.Keys = append([]json.RawMessage{[]byte(`{"kty":"AKP","alg":"ML-DSA-44"}`)}, document.Keys...)
		set, err := json.Marshal(document)
		if err != nil {
			t.Fatal(err)
		}
		w.wantVerified(t, storage.Client{ID: "app", JWKS: set}, first.token(t))
	})
}

func TestVerifyRefuses(t *testing.T) {
	w := newWorld(t)
	key, other := newKey(t, "k"), newKey(t, "k")
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	var many []jose.JSONWebKey
	for range 9 {
		many = append(many, newKey(t, "").jwk())
	}
	strong, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	secret := []byte("a secret of 32 characters or more")
	tests := []struct {
		name   string
		client storage.Client
		key    signingKey
		noKey  bool
	}{
		{name: "another key of the same id", client: inline(t, key.jwk()), key: other},
		{name: "unknown key id", client: inline(t, key.jwk()), key: signingKey{key.private, "unknown", key.alg}, noKey: true},
		{name: "key for encryption", client: inline(t, jose.JSONWebKey{Key: key.jwk().Key, KeyID: "k", Use: "enc"}), key: key, noKey: true},
		{name: "key of another algorithm", client: inline(t, jose.JSONWebKey{Key: key.jwk().Key, KeyID: "k", Algorithm: "ES384"}), key: key, noKey: true},
		{name: "RSA key of 1024 bits", client: inline(t, signingKey{private: weak, id: "k"}.jwk()), key: signingKey{weak, "k", jose.PS256}, noKey: true},
		{name: "RSA key of 8193 bits", client: inline(t, jose.JSONWebKey{Key: hugeKey(), KeyID: "k"}, newKey(t, "other").jwk()), key: signingKey{strong, "k", jose.RS256}, noKey: true},
		{name: "more keys than are tried", client: inline(t, append(many, key.jwk())...), key: signingKey{key.private, "", key.alg}},
		{name: "published secret", client: storage.Client{JWKS: []byte(`{"keys":[{"kty":"oct","k":"YSBzZWNyZXQgb2YgMzIgY2hhcmFjdGVycyBvciBtb3Jl","kid":"k"}]}`)}, key: signingKey{secret, "k", jose.HS256}},
		{name: "secret taken for a public key", client: inline(t, key.jwk()), key: signingKey{secret, "k", jose.HS256}, noKey: true},
		{name: "published private key", client: inline(t, jose.JSONWebKey{Key: key.private, KeyID: "k"}), key: key},
		{name: "client without keys", client: storage.Client{ID: "app"}, key: key, noKey: true},
		{name: "keys that are none", client: storage.Client{JWKS: []byte(`[]`)}, key: key},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := w.wantRefused(t, test.client, test.key.token(t))
			if errors.Is(err, clientkeys.ErrNoKey) != test.noKey {
				t.Errorf("error %v", err)
			}
		})
	}
	w.wantFetches(t, 0)
}

func TestNewRefusesIncompleteConfig(t *testing.T) {
	if _, err := clientkeys.New(clientkeys.Config{}); err == nil {
		t.Error("no error")
	}
}

// FuzzJWKS looks for panics, and for documents that make a stranger's signature good.
func FuzzJWKS(f *testing.F) {
	key := newKey(f, "k")
	token := newKey(f, "k").token(f)
	f.Add(jwks(f, key.jwk()))
	f.Add([]byte(`{"keys":[{"kty":"oct","k":"AAAA"},{"kty":"RSA","n":"AQ","e":"AQAB"},{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}`))
	f.Add([]byte(`{"keys":[null,{}]}`))
	f.Add([]byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","x":""}]}`))
	w := newWorld(f)
	f.Fuzz(func(t *testing.T, document []byte) {
		client := storage.Client{ID: "app", JWKS: document}
		if len(document) > 0 && w.keys.Verify(t.Context(), client, token) == nil {
			t.Errorf("%q verified", document)
		}
		for _, algorithm := range clientkeys.EncryptionAlgorithms() {
			_, _ = w.keys.Encrypt(t.Context(), client, string(algorithm), "", "", []byte("for the client"))
		}
	})
}
