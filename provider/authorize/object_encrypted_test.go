package authorize_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"gatehouse/keys"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// OpenID Connect Core 1.0, section 6.1: signed, then encrypted.
func TestEncryptedRequestObject(t *testing.T) {
	w := startObjects(t, nil)
	browser := w.signedIn(t)
	for _, content := range keys.ContentEncryptions() {
		t.Run(string(content), func(t *testing.T) {
			page := w.ask(browser, w.encrypt(t, w.object(t, nil), jose.ECDH_ES, content), nil)
			if page.Code(t) == "" || page.Sent(t).Get("state") != "inner" {
				t.Errorf("the client got %v", page.Sent(t))
			}
		})
	}
	t.Run("to the key before", func(t *testing.T) {
		encrypted := w.encrypt(t, w.object(t, nil), jose.ECDH_ES, jose.A128GCM)
		if _, err := w.Keys.Rotate(t.Context(), true, string(jose.ECDH_ES)); err != nil {
			t.Fatal(err)
		}
		w.ask(browser, encrypted, nil).Code(t)
		w.ask(browser, w.encrypt(t, w.object(t, nil), jose.ECDH_ES, jose.A128GCM), nil).Code(t)
	})
}

func TestEncryptedRequestObjectsThatAreRefused(t *testing.T) {
	w := startObjects(t, nil)
	browser, object := w.signedIn(t), w.object(t, nil)
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	once := w.encrypt(t, object, jose.ECDH_ES, jose.A128GCM)
	for name, object := range map[string]string{
		"to a stranger":                 encryptTo(t, jose.JSONWebKey{Key: stranger.Public()}, object, jose.ECDH_ES, jose.A128GCM),
		"by an algorithm we lack":       w.encrypt(t, object, jose.ECDH_ES_A128KW, jose.A128GCM),
		"cut off":                       once[:len(once)-2],
		"twice":                         w.encrypt(t, once, jose.ECDH_ES, jose.A128GCM),
		"parameters that nobody signed": w.encrypt(t, `{"state":"inner"}`, jose.ECDH_ES, jose.A128GCM),
		"signed by a stranger": w.encrypt(t, signBytes(t, jose.ES256, jose.JSONWebKey{Key: stranger, KeyID: "ES256"}, "", []byte(`{"state":"inner"}`)),
			jose.ECDH_ES, jose.A128GCM),
	} {
		t.Run(name, func(t *testing.T) {
			page := w.ask(browser, object, nil)
			page.WantError(t, oauth.InvalidRequestObject)
			if page.Sent(t).Get("state") != "outer" {
				t.Errorf("the client got %v", page.Sent(t))
			}
		})
	}
}

// A client that registered how it encrypts may still do it in another way, or not
// at all.
func TestRegisteredRequestObjectEncryption(t *testing.T) {
	for name, registered := range map[string]struct{ algorithm, content string }{
		"algorithm alone":      {"ECDH-ES", ""},
		"with its content":     {"ECDH-ES", "A256GCM"},
		"by another algorithm": {"RSA-OAEP", "A256GCM"},
		"nothing":              {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := startObjects(t, func(client *storage.Client, _ *objectWorld) {
				client.RequestObjectEncryptionAlg, client.RequestObjectEncryptionEnc = registered.algorithm, registered.content
			})
			browser := w.signedIn(t)
			w.ask(browser, w.object(t, nil), nil).Code(t)
			for _, content := range keys.ContentEncryptions() {
				w.ask(browser, w.encrypt(t, w.object(t, nil), jose.ECDH_ES, content), nil).Code(t)
			}
		})
	}
}
