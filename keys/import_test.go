package keys_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"gatehouse/keys"
	"gatehouse/storage"
)

func rsaKey(t *testing.T, bits int) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func ecKey(t *testing.T, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func edKey(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func pkcs8(t *testing.T, key crypto.Signer) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return block("PRIVATE KEY", der)
}

func block(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func jwk(t *testing.T, key jose.JSONWebKey) []byte {
	t.Helper()
	text, err := json.Marshal(key)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestImportPEM(t *testing.T) {
	weak, strong, p256 := rsaKey(t, 1024), rsaKey(t, 2048), ecKey(t, elliptic.P256())
	sec1, err := x509.MarshalECPrivateKey(p256)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(strong.Public())
	if err != nil {
		t.Fatal(err)
	}
	pkcs1 := x509.MarshalPKCS1PrivateKey(strong)
	tests := []struct {
		name      string
		text      []byte
		algorithm jose.SignatureAlgorithm
		id        string
		want      jose.SignatureAlgorithm
		refusal   string
	}{
		{name: "RSA in PKCS 8", text: pkcs8(t, strong), want: jose.RS256},
		{name: "RSA in PKCS 1 for PS256", text: block("RSA PRIVATE KEY", pkcs1), algorithm: jose.PS256, want: jose.PS256},
		{name: "P-256 in SEC 1", text: block("EC PRIVATE KEY", sec1), want: jose.ES256},
		{name: "P-256 after its parameters", text: append(block("EC PARAMETERS", []byte{5, 0}), block("EC PRIVATE KEY", sec1)...), want: jose.ES256},
		{name: "Ed25519", text: pkcs8(t, edKey(t)), want: jose.EdDSA},
		{name: "with an id", text: pkcs8(t, p256), id: "old-provider-1", want: jose.ES256},
		{name: "RSA of 1024 bits", text: pkcs8(t, weak), refusal: "too weak"},
		{name: "P-384", text: pkcs8(t, ecKey(t, elliptic.P384())), refusal: "P-384"},
		{name: "public key", text: block("PUBLIC KEY", public), refusal: "no private key"},
		{name: "certificate", text: block("CERTIFICATE", nil), refusal: "no private key"},
		{name: "encrypted", text: block("ENCRYPTED PRIVATE KEY", nil), refusal: "encrypted"},
		{name: "other block", text: block("MESSAGE", nil), refusal: "not a private key"},
		{name: "damaged", text: block("PRIVATE KEY", []byte{1, 2}), refusal: "import key"},
		{name: "no PEM", text: []byte("hello"), refusal: "no PEM block"},
		{name: "two keys", text: append(pkcs8(t, strong), pkcs8(t, p256)...), refusal: "more than one"},
		{name: "algorithm of another type", text: pkcs8(t, p256), algorithm: jose.RS256, refusal: "does not fit"},
		{name: "unknown algorithm", text: pkcs8(t, strong), algorithm: "RS512", refusal: "not one of"},
		{name: "id with a space", text: pkcs8(t, strong), id: "a b", refusal: "visible ASCII"},
		{name: "id too long", text: pkcs8(t, strong), id: strings.Repeat("a", 129), refusal: "longer than"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			key, err := keys.ImportPEM(test.text, test.algorithm, test.id)
			wantRefusal(t, err, test.refusal)
			if key.Algorithm() != test.want {
				t.Errorf("algorithm %s, want %s", key.Algorithm(), test.want)
			}
			if err == nil && (key.ID() == "" || test.id != "" && key.ID() != test.id) {
				t.Errorf("id %q", key.ID())
			}
		})
	}
}

func TestImportJWK(t *testing.T) {
	strong, p256 := rsaKey(t, 2048), ecKey(t, elliptic.P256())
	tests := []struct {
		name      string
		text      []byte
		algorithm jose.SignatureAlgorithm
		wantID    string
		want      jose.SignatureAlgorithm
		refusal   string
	}{
		{name: "alg and kid", text: jwk(t, jose.JSONWebKey{Key: strong, Algorithm: "PS256", KeyID: "k1", Use: "sig"}), want: jose.PS256, wantID: "k1"},
		{name: "bare", text: jwk(t, jose.JSONWebKey{Key: p256}), want: jose.ES256},
		{name: "Ed25519", text: jwk(t, jose.JSONWebKey{Key: edKey(t)}), want: jose.EdDSA},
		{name: "public", text: jwk(t, jose.JSONWebKey{Key: p256.Public()}), refusal: "public half"},
		{name: "symmetric", text: []byte(`{"kty":"oct","k":"AAAA"}`), refusal: "does not sign"},
		{name: "for encryption", text: jwk(t, jose.JSONWebKey{Key: strong, Use: "enc"}), refusal: "not signing"},
		{name: "other alg", text: jwk(t, jose.JSONWebKey{Key: strong, Algorithm: "RS512"}), refusal: "not one of"},
		{name: "alg differs", text: jwk(t, jose.JSONWebKey{Key: strong, Algorithm: "RS256"}), algorithm: jose.PS256, refusal: "not PS256"},
		{name: "weak", text: jwk(t, jose.JSONWebKey{Key: rsaKey(t, 1024)}), refusal: "too weak"},
		{name: "no JWK", text: []byte(`{}`), refusal: "import key"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			key, err := keys.ImportJWK(test.text, test.algorithm, "")
			wantRefusal(t, err, test.refusal)
			if key.Algorithm() != test.want || test.wantID != "" && key.ID() != test.wantID {
				t.Errorf("got %s %q", key.Algorithm(), key.ID())
			}
		})
	}
}

func wantRefusal(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Fatal(err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Fatalf("got %v, want a refusal that says %q", err, want)
	}
}

func TestImportIntoRing(t *testing.T) {
	w := newWorld()
	ring := w.open(t, es256)
	first, err := keys.ImportPEM(pkcs8(t, ecKey(t, elliptic.P256())), "", "")
	if err != nil {
		t.Fatal(err)
	}
	second, err := keys.ImportJWK(jwk(t, jose.JSONWebKey{Key: ecKey(t, elliptic.P256()), KeyID: "moved"}), "", "")
	if err != nil {
		t.Fatal(err)
	}

	signsAt, err := ring.Import(t.Context(), first, false)
	if err != nil {
		t.Fatal(err)
	}
	wantStates(t, ring, storage.KeyCurrent, storage.KeyNext)
	if !signsAt.After(w.clock.Now()) {
		t.Errorf("signs at %v", signsAt)
	}
	if _, err := ring.Import(t.Context(), first, false); !errors.Is(err, keys.ErrKeyExists) {
		t.Errorf("the same again: %v", err)
	}
	if _, err := ring.Import(t.Context(), second, true); err != nil {
		t.Fatal(err)
	}
	wantStates(t, ring, storage.KeyRetired, storage.KeyCurrent) // the waiting one made room
	token := sign(t, ring, jose.ES256)
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil || jws.Signatures[0].Protected.KeyID != "moved" {
		t.Errorf("signed by another key (%v)", err)
	}
	foreign, err := keys.ImportPEM(pkcs8(t, edKey(t)), "", "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ring.Import(t.Context(), foreign, false); err == nil {
		t.Error("a key of an algorithm that is not configured was taken")
	}
}
