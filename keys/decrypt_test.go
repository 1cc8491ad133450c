package keys_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"gatehouse/keys"
	"gatehouse/storage"
	"gatehouse/storage/storagetest"
)

// allEncryption lets a ring be encrypted to by every algorithm.
func allEncryption(config *keys.Config) {
	config.Algorithms = []jose.SignatureAlgorithm{jose.ES256}
	config.EncryptionAlgorithms = keys.EncryptionAlgorithms()
}

// ecEncryption is for rings that need no RSA key to decrypt by.
func ecEncryption(config *keys.Config) {
	config.Algorithms = []jose.SignatureAlgorithm{jose.ES256}
	config.EncryptionAlgorithms = []jose.KeyAlgorithm{jose.ECDH_ES}
}

// encryptionKey is the published key of a kind: P-256 or RSA.
func encryptionKey(tb testing.TB, ring *keys.Ring, kind string) jose.JSONWebKey {
	tb.Helper()
	var found []jose.JSONWebKey
	for _, key := range publicSet(tb, ring).Keys {
		_, ec := key.Key.(*ecdsa.PublicKey)
		if key.Use == "enc" && ec == (kind == "EC") {
			found = append(found, key)
		}
	}
	if len(found) != 1 {
		tb.Fatalf("%d published encryption keys of kind %s", len(found), kind)
	}
	return found[0]
}

func encrypt(tb testing.TB, key jose.JSONWebKey, algorithm jose.KeyAlgorithm, content jose.ContentEncryption, options *jose.EncrypterOptions) string {
	tb.Helper()
	encrypter, err := jose.NewEncrypter(content, jose.Recipient{Algorithm: algorithm, Key: key.Key, KeyID: key.KeyID}, options)
	if err != nil {
		tb.Fatal(err)
	}
	object, err := encrypter.Encrypt(payload)
	if err != nil {
		tb.Fatal(err)
	}
	jwe, err := object.CompactSerialize()
	if err != nil {
		tb.Fatal(err)
	}
	return jwe
}

func kindOf(algorithm jose.KeyAlgorithm) string {
	if strings.HasPrefix(string(algorithm), "RSA") {
		return "RSA"
	}
	return "EC"
}

func TestDecrypt(t *testing.T) {
	ring := newWorld().open(t, allEncryption)
	for _, algorithm := range ring.EncryptionAlgorithms() {
		for _, content := range ring.ContentEncryptions() {
			t.Run(string(algorithm)+" "+string(content), func(t *testing.T) {
				key := encryptionKey(t, ring, kindOf(algorithm))
				for _, id := range []string{key.KeyID, ""} {
					key.KeyID = id
					got, err := ring.Decrypt(t.Context(), encrypt(t, key, algorithm, content, nil))
					if err != nil || !bytes.Equal(got, payload) {
						t.Errorf("kid %q: %q, %v", id, got, err)
					}
				}
			})
		}
	}
}

func TestDecryptRefuses(t *testing.T) {
	ring := newWorld().open(t, func(config *keys.Config) {
		config.EncryptionAlgorithms = keys.DefaultEncryptionAlgorithms()
	})
	ec, rsa := encryptionKey(t, ring, "EC"), encryptionKey(t, ring, "RSA")
	good := encrypt(t, ec, jose.ECDH_ES, jose.A256GCM, nil)
	parts := strings.Split(good, ".")
	part := func(i int, text string) string {
		changed := append([]string(nil), parts...)
		changed[i] = text
		return strings.Join(changed, ".")
	}
	header := func(change func(map[string]any)) string {
		raw, err := base64.RawURLEncoding.DecodeString(parts[0])
		if err != nil {
			t.Fatal(err)
		}
		var members map[string]any
		if err := json.Unmarshal(raw, &members); err != nil {
			t.Fatal(err)
		}
		change(members)
		if raw, err = json.Marshal(members); err != nil {
			t.Fatal(err)
		}
		return part(0, base64.RawURLEncoding.EncodeToString(raw))
	}
	signing := publicSet(t, ring).Keys[0]
	var es256 jose.JSONWebKey
	for _, key := range publicSet(t, ring).Keys {
		if key.Algorithm == string(jose.ES256) {
			es256 = key
		}
	}
	named := func(key jose.JSONWebKey, id string) jose.JSONWebKey { key.KeyID = id; return key }
	stranger := jose.JSONWebKey{Key: ecKey(t, elliptic.P256()).Public(), KeyID: ec.KeyID}
	direct, err := jose.NewEncrypter(jose.A128GCM, jose.Recipient{Algorithm: jose.DIRECT, Key: make([]byte, 16)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	object, err := direct.Encrypt(payload)
	if err != nil {
		t.Fatal(err)
	}
	symmetric, err := object.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, jwe string }{
		{"empty", ""},
		{"a signature", sign(t, ring, jose.RS256)},
		{"JSON serialisation", object.FullSerialize()},
		{"four parts", strings.Join(parts[:4], ".")},
		{"six parts", good + ".AAAA"},
		{"too long", good + strings.Repeat("A", 64<<10)},
		{"compressed", encrypt(t, ec, jose.ECDH_ES, jose.A256GCM, &jose.EncrypterOptions{Compression: jose.DEFLATE})},
		{"algorithm that is not configured", encrypt(t, ec, jose.ECDH_ES_A256KW, jose.A256GCM, nil)},
		{"RSA-OAEP that is not configured", encrypt(t, rsa, jose.RSA_OAEP, jose.A256GCM, nil)},
		{"RSA1_5", encrypt(t, rsa, jose.RSA1_5, jose.A256GCM, nil)},
		{"dir", symmetric},
		{"A192GCM", encrypt(t, ec, jose.ECDH_ES, jose.A192GCM, nil)},
		{"to a stranger under our kid", encrypt(t, stranger, jose.ECDH_ES, jose.A256GCM, nil)},
		{"to a stranger without kid", encrypt(t, named(stranger, ""), jose.ECDH_ES, jose.A256GCM, nil)},
		{"to a signing key", encrypt(t, es256, jose.ECDH_ES, jose.A256GCM, nil)},
		{"to a signing key without kid", encrypt(t, named(es256, ""), jose.ECDH_ES, jose.A256GCM, nil)},
		{"to an RSA signing key", encrypt(t, signing, jose.RSA_OAEP_256, jose.A256GCM, nil)},
		{"unknown kid", encrypt(t, named(ec, "other"), jose.ECDH_ES, jose.A256GCM, nil)},
		{"kid of the other kind", encrypt(t, named(ec, rsa.KeyID), jose.ECDH_ES, jose.A256GCM, nil)},
		{"unknown critical header", header(func(m map[string]any) { m["crit"], m["x"] = []string{"x"}, 1 })},
		{"without epk", header(func(m map[string]any) { delete(m, "epk") })},
		{"epk off the curve", header(func(m map[string]any) { m["epk"].(map[string]any)["x"] = "AAAA" })},
		{"alg none", header(func(m map[string]any) { m["alg"] = "none" })},
		{"tag cut off", part(4, parts[4][:4])},
		{"other initialisation vector", part(2, "AAAAAAAAAAAAAAAA")},
		{"other content", part(3, "AAAA"+parts[3][4:])},
		{"header not base64url", part(0, "!")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			// The error says the same of all of them.
			if _, err := ring.Decrypt(t.Context(), test.jwe); err != keys.ErrUndecryptable { //nolint:errorlint // nothing may wrap it
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestEncryptionKeyNeverVerifies(t *testing.T) {
	w := newWorld()
	ring := w.open(t, ecEncryption)
	config := w.config(t)
	record, err := config.Rings.Get(t.Context(), "ring")
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range record.Value.Keys {
		if key.Algorithm != string(jose.ECDH_ES) {
			continue
		}
		// What signs is the private half itself, so that only its use forbids it.
		imported, err := keys.ImportPEM(block("PRIVATE KEY", key.PKCS8), jose.ES256, "another-id")
		if err != nil {
			t.Fatal(err)
		}
		other := newWorld().open(t, ecEncryption)
		if _, err := other.Import(t.Context(), imported, true); err != nil {
			t.Fatal(err)
		}
		token := sign(t, other, jose.ES256)
		rest := token[strings.Index(token, "."):]
		forged := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"ES256","kid":"`+key.ID+`","typ":"JWT"}`)) + rest
		if _, err := ring.Verify(t.Context(), forged, keys.TypeJWT); !errors.Is(err, keys.ErrInvalidToken) {
			t.Errorf("got %v", err)
		}
		return
	}
	t.Fatal("no encryption key")
}

// Only the current key is published; the one before goes on decrypting for those
// who cached the set, and then is gone.
func TestEncryptionKeyLivesThroughAllStates(t *testing.T) {
	w := newWorld()
	a, b := w.open(t, ecEncryption), w.open(t, ecEncryption)
	want := func(want ...storage.KeyState) {
		t.Helper()
		tick(t, a, b)
		got := states(b, string(jose.ECDH_ES))
		if len(got) != len(want) {
			t.Fatalf("states %v, want %v", got, want)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("states %v, want %v", got, want)
			}
		}
	}
	decrypts := func(jwe string, want bool) {
		t.Helper()
		for _, ring := range []*keys.Ring{a, b} {
			if _, err := ring.Decrypt(t.Context(), jwe); (err == nil) != want {
				t.Fatalf("decrypts: %v, want %v", err, want)
			}
		}
	}
	spread := 2 * keys.DefaultReloadEvery
	want(storage.KeyCurrent)
	first := encryptionKey(t, a, "EC")
	old := encrypt(t, first, jose.ECDH_ES, jose.A128CBC_HS256, nil)
	w.clock.Advance(keys.DefaultRotateEvery - spread)
	want(storage.KeyCurrent, storage.KeyNext)
	if encryptionKey(t, a, "EC").KeyID != first.KeyID {
		t.Error("the next key is published although not every node can have it")
	}
	w.clock.Advance(spread)
	want(storage.KeyRetired, storage.KeyCurrent)
	second := encryptionKey(t, b, "EC")
	if second.KeyID == first.KeyID {
		t.Error("the old key is still published")
	}
	decrypts(old, true)
	decrypts(encrypt(t, second, jose.ECDH_ES, jose.A128CBC_HS256, nil), true)
	w.clock.Advance(keys.DefaultPublishAhead + keys.DefaultRetireAfter)
	want(storage.KeyRetired, storage.KeyCurrent)
	decrypts(old, true)
	w.clock.Advance(spread)
	want(storage.KeyCurrent)
	decrypts(old, false)
}

// A node that has not read the ring since a key was changed by command.
func TestDecryptByForcedKeyOnNodeThatHasNotReloaded(t *testing.T) {
	w := newWorld()
	a, b := w.open(t, ecEncryption), w.open(t, ecEncryption)
	w.clock.Advance(keys.DefaultReloadEvery / 2)
	rotations, err := a.Rotate(t.Context(), true, string(jose.ECDH_ES))
	if err != nil || rotations[0].Use != keys.UseEncryption {
		t.Fatal(rotations, err)
	}
	jwe := encrypt(t, encryptionKey(t, a, "EC"), jose.ECDH_ES, jose.A128GCM, nil)
	if _, err := b.Decrypt(t.Context(), jwe); err != nil {
		t.Error(err)
	}
}

// A ring from before there were encryption keys gets them at the next tick of a
// node that wants them.
func TestEncryptionKeysAreAddedToAnExistingRing(t *testing.T) {
	w := newWorld()
	before := w.open(t, es256)
	ring := w.open(t, ecEncryption)
	if got := encryptionKey(t, ring, "EC"); got.Algorithm != string(jose.ECDH_ES) {
		t.Errorf("alg %q", got.Algorithm)
	}
	for _, info := range before.List() {
		if info.Use != keys.UseSignature {
			t.Errorf("a node without encryption has %v", info)
		}
	}
	tick(t, before, ring)
	encryptionKey(t, before, "EC") // it publishes what the others made
}

// One key serves several algorithms: then its alg says none (RFC 7517, section 4.4).
func TestEncryptionKeyOfSeveralAlgorithms(t *testing.T) {
	w := newWorld()
	ring := w.open(t, allEncryption)
	for _, kind := range []string{"RSA", "EC"} {
		if key := encryptionKey(t, ring, kind); key.Algorithm != "" {
			t.Errorf("%s: alg %q", kind, key.Algorithm)
		}
	}
	if got := encryptionKey(t, w.open(t, ecEncryption), "EC"); got.Algorithm != string(jose.ECDH_ES) {
		t.Errorf("alg %q", got.Algorithm)
	}
}

func TestEncryptionKeySurvivesSwappedStore(t *testing.T) {
	w := newWorld()
	ring := w.open(t, ecEncryption)
	jwe := encrypt(t, encryptionKey(t, ring, "EC"), jose.ECDH_ES, jose.A128GCM, nil)
	w.backend.Backend = storagetest.NewMemory(w.clock.Now)
	tick(t, ring)
	if _, err := w.open(t, ecEncryption).Decrypt(t.Context(), jwe); err != nil {
		t.Error(err)
	}
}

// FuzzDecrypt looks for panics and for acceptance of what was not encrypted to us.
func FuzzDecrypt(f *testing.F) {
	ring := newWorld().open(f, ecEncryption)
	key := encryptionKey(f, ring, "EC")
	f.Add(encrypt(f, key, jose.ECDH_ES, jose.A128GCM, nil))
	f.Add(encrypt(f, key, jose.ECDH_ES, jose.A128CBC_HS256, nil))
	f.Add("e30....")
	f.Add(base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"ECDH-ES","enc":"A128GCM","epk":{}}`)) + "..AAAA.AAAA.AAAA")
	f.Fuzz(func(t *testing.T, jwe string) {
		content, err := ring.Decrypt(t.Context(), jwe)
		if err != nil && err != keys.ErrUndecryptable { //nolint:errorlint // nothing may wrap it
			t.Errorf("got %v", err)
		}
		// Anybody can encrypt to us, but a fuzzer hardly will.
		if err == nil && !bytes.Equal(content, payload) {
			t.Errorf("accepted %q", jwe)
		}
	})
}
