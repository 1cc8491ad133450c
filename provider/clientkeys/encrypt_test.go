package clientkeys_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"gatehouse/provider/clientkeys"
	"gatehouse/storage"
)

// keyPair is a client's key for encryption.
type keyPair struct {
	private any
	public  jose.JSONWebKey
}

func pair(private any, public jose.JSONWebKey) keyPair {
	whole := jose.JSONWebKey{Key: private}
	public.Key = whole.Public().Key
	return keyPair{private, public}
}

func pairs(t *testing.T) (rsaKey, ecKey *keyPair) {
	t.Helper()
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	e, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	one, two := pair(r, jose.JSONWebKey{KeyID: "rsa", Use: "enc"}), pair(e, jose.JSONWebKey{KeyID: "ec", Use: "enc"})
	return &one, &two
}

// open decrypts what was encrypted, and returns its header too.
func open(t *testing.T, text, algorithm, encryption string, private any) (string, jose.Header) {
	t.Helper()
	object, err := jose.ParseEncryptedCompact(text, []jose.KeyAlgorithm{jose.KeyAlgorithm(algorithm)}, []jose.ContentEncryption{jose.ContentEncryption(encryption)})
	if err != nil {
		t.Fatal(err)
	}
	payload, err := object.Decrypt(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(payload), object.Header
}

func TestEncrypt(t *testing.T) {
	w := newWorld(t)
	rsaKey, ecKey := pairs(t)
	client := inline(t, newKey(t, "signs").jwk(), rsaKey.public, ecKey.public)
	for _, algorithm := range clientkeys.EncryptionAlgorithms() {
		for _, encryption := range clientkeys.ContentEncryptions() {
			t.Run(string(algorithm)+" "+string(encryption), func(t *testing.T) {
				want := rsaKey
				if algorithm[:2] == "EC" {
					want = ecKey
				}
				// The signing key says nothing of its use and would do as well.
				text, err := w.keys.Encrypt(t.Context(), client, string(algorithm), string(encryption), "JWT", []byte("a.b.c"))
				if err != nil {
					t.Fatal(err)
				}
				payload, header := open(t, text, string(algorithm), string(encryption), want.private)
				if payload != "a.b.c" || header.KeyID != want.public.KeyID || header.ExtraHeaders[jose.HeaderContentType] != "JWT" {
					t.Errorf("got %q, header %+v", payload, header)
				}
			})
		}
	}
}

func TestEncryptDefaultsToA128CBC(t *testing.T) {
	w := newWorld(t)
	rsaKey, _ := pairs(t)
	text, err := w.keys.Encrypt(t.Context(), inline(t, rsaKey.public), "RSA-OAEP", "", "", []byte(`{"sub":"x"}`))
	if err != nil {
		t.Fatal(err)
	}
	payload, header := open(t, text, "RSA-OAEP", "A128CBC-HS256", rsaKey.private)
	if _, ok := header.ExtraHeaders[jose.HeaderContentType]; payload != `{"sub":"x"}` || ok {
		t.Errorf("got %q, header %+v", payload, header)
	}
}

func TestEncryptChoosesKey(t *testing.T) {
	rsaKey, ecKey := pairs(t)
	as := func(key *keyPair, id, use, algorithm string) jose.JSONWebKey {
		return jose.JSONWebKey{Key: key.public.Key, KeyID: id, Use: use, Algorithm: algorithm}
	}
	tests := []struct {
		name      string
		keys      []jose.JSONWebKey
		algorithm string
		want      string
	}{
		{"one for encryption before one for anything", []jose.JSONWebKey{as(ecKey, "any", "", ""), as(ecKey, "enc", "enc", "")}, "ECDH-ES", "enc"},
		{"one for anything", []jose.JSONWebKey{as(ecKey, "sig", "sig", ""), as(ecKey, "any", "", "")}, "ECDH-ES", "any"},
		{"one for the algorithm", []jose.JSONWebKey{as(rsaKey, "other", "enc", "RSA-OAEP"), as(rsaKey, "this", "enc", "RSA-OAEP-256")}, "RSA-OAEP-256", "this"},
		{"none for signatures", []jose.JSONWebKey{as(rsaKey, "sig", "sig", "")}, "RSA-OAEP", ""},
		{"none for a signature algorithm", []jose.JSONWebKey{as(ecKey, "sig", "", "ES256")}, "ECDH-ES", ""},
		{"none of another type", []jose.JSONWebKey{as(ecKey, "ec", "enc", "")}, "RSA-OAEP", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text, err := newWorld(t).keys.Encrypt(t.Context(), inline(t, test.keys...), test.algorithm, "A256GCM", "", []byte("x"))
			if test.want == "" {
				if !errors.Is(err, clientkeys.ErrNoKey) {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			private := map[string]any{"R": rsaKey.private, "E": ecKey.private}[test.algorithm[:1]]
			if _, header := open(t, text, test.algorithm, "A256GCM", private); header.KeyID != test.want {
				t.Errorf("key %q", header.KeyID)
			}
		})
	}
}

func TestEncryptRefuses(t *testing.T) {
	w := newWorld(t)
	rsaKey, _ := pairs(t)
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	short := pair(weak, jose.JSONWebKey{KeyID: "weak", Use: "enc"})
	tests := []struct {
		name, algorithm, encryption string
		client                      storage.Client
	}{
		{"RSA1_5", "RSA1_5", "A128GCM", inline(t, rsaKey.public)},
		{"dir", "dir", "A128GCM", inline(t, rsaKey.public)},
		{"no algorithm", "", "A128GCM", inline(t, rsaKey.public)},
		{"unknown content encryption", "RSA-OAEP", "A128CTR", inline(t, rsaKey.public)},
		{"RSA key of 1024 bits", "RSA-OAEP", "A128GCM", inline(t, short.public)},
		{"RSA key of 8193 bits", "RSA-OAEP", "A128GCM", inline(t, jose.JSONWebKey{Key: hugeKey(), KeyID: "huge", Use: "enc"})},
		{"client without keys", "RSA-OAEP", "A128GCM", storage.Client{ID: "app"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if text, err := w.keys.Encrypt(t.Context(), test.client, test.algorithm, test.encryption, "", []byte("x")); err == nil {
				t.Errorf("got %s", text)
			}
		})
	}
}

func TestEncryptToRemoteKey(t *testing.T) {
	w := newWorld(t)
	rsaKey, _ := pairs(t)
	w.publish(t, newKey(t, "signs").jwk())
	encrypt := func() error {
		_, err := w.keys.Encrypt(t.Context(), remote(), "RSA-OAEP", "A128GCM", "", []byte("x"))
		return err
	}
	if err := encrypt(); !errors.Is(err, clientkeys.ErrNoKey) {
		t.Errorf("got %v", err)
	}
	w.publish(t, rsaKey.public)
	w.advance(10 * time.Second)
	if err := encrypt(); err != nil {
		t.Error(err)
	}
	w.wantFetches(t, 2)
}
