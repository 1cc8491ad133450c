package keys_test

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"gatehouse/keys"
)

var payload = []byte(`{"iss":"https://id.example.com","sub":"8f3f","aud":"app","exp":1767229200,"iat":1767225600,"nonce":"n-0S6_WzA2Mj"}`)

func sign(tb testing.TB, ring *keys.Ring, algorithm jose.SignatureAlgorithm) string {
	tb.Helper()
	token, err := ring.Sign(algorithm, keys.TypeJWT, payload)
	if err != nil {
		tb.Fatal(err)
	}
	return token
}

func publicSet(tb testing.TB, ring *keys.Ring) jose.JSONWebKeySet {
	tb.Helper()
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(ring.PublicSet().JSON, &set); err != nil {
		tb.Fatal(err)
	}
	return set
}

func TestSignVerifiesWithPublishedKeys(t *testing.T) {
	ring := newWorld().open(t, nil)
	set := publicSet(t, ring)
	for _, algorithm := range keys.Algorithms() {
		for _, typ := range []string{keys.TypeJWT, keys.TypeAccessToken, keys.TypeLogoutToken, "custom+jwt"} {
			t.Run(string(algorithm)+" "+typ, func(t *testing.T) {
				for range 20 { // P-256 signatures differ in length by chance
					token, err := ring.Sign(algorithm, typ, payload)
					if err != nil {
						t.Fatal(err)
					}
					jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{algorithm})
					if err != nil {
						t.Fatal(err)
					}
					header := jws.Signatures[0].Protected
					if header.ExtraHeaders[jose.HeaderType] != typ {
						t.Errorf("typ is %v", header.ExtraHeaders[jose.HeaderType])
					}
					published := set.Key(header.KeyID)
					if len(published) != 1 {
						t.Fatalf("%d published keys of the token's kid", len(published))
					}
					got, err := jws.Verify(published[0].Key)
					if err != nil || string(got) != string(payload) {
						t.Fatalf("verify: %q, %v", got, err)
					}
					if _, err := ring.Verify(t.Context(), token, typ, algorithm); err != nil {
						t.Fatal(err)
					}
				}
			})
		}
	}
}

func TestSignWithoutKey(t *testing.T) {
	ring := newWorld().open(t, es256)
	if _, err := ring.Sign(jose.EdDSA, keys.TypeJWT, payload); !errors.Is(err, keys.ErrNoKey) {
		t.Errorf("got %v", err)
	}
}

func TestSignClaims(t *testing.T) {
	ring := newWorld().open(t, es256)
	token, err := ring.SignClaims(jose.ES256, keys.TypeJWT, map[string]string{"sub": "x"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := ring.Verify(t.Context(), token, keys.TypeJWT)
	if err != nil || string(got) != `{"sub":"x"}` {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestPublicSet(t *testing.T) {
	ring := newWorld().open(t, nil)
	set := ring.PublicSet()
	var document struct {
		Keys []map[string]any `json:"keys"`
	}
	if err := json.Unmarshal(set.JSON, &document); err != nil {
		t.Fatal(err)
	}
	type published struct{ use, alg any }
	var want []published
	for _, algorithm := range keys.Algorithms() {
		want = append(want, published{"sig", string(algorithm)})
	}
	for _, algorithm := range keys.DefaultEncryptionAlgorithms() {
		want = append(want, published{"enc", string(algorithm)})
	}
	ids := map[any]bool{}
	for i, key := range document.Keys {
		if i >= len(want) || want[i] != (published{key["use"], key["alg"]}) {
			t.Errorf("key %d is %v", i, key)
		}
		for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "k"} {
			if _, ok := key[private]; ok {
				t.Errorf("key %d reveals %s", i, private)
			}
		}
		ids[key["kid"]] = true
	}
	if len(ids) != len(want) {
		t.Errorf("%d key ids", len(ids))
	}
	for _, key := range publicSet(t, ring).Keys {
		thumbprint, err := key.Thumbprint(crypto.SHA256)
		if err != nil || key.KeyID != base64.RawURLEncoding.EncodeToString(thumbprint) {
			t.Errorf("kid %q is not the thumbprint (%v)", key.KeyID, err)
		}
	}
	if set.MaxAge != keys.DefaultPublishAhead || !strings.HasPrefix(set.ETag, `"`) {
		t.Errorf("cache headers: %v, %s", set.MaxAge, set.ETag)
	}
}

func TestPublicSetOfNodeWithoutStore(t *testing.T) {
	w := newWorld()
	ring := w.open(t, es256)
	etag := ring.PublicSet().ETag
	for _, test := range []struct{ wait, want time.Duration }{
		{time.Minute, time.Hour},
		{30 * time.Minute, 30 * time.Minute},
		{time.Hour, 0},
	} {
		w.clock.Advance(test.wait)
		if got := ring.PublicSet().MaxAge; got != test.want {
			t.Errorf("after %v: max-age %v, want %v", test.wait, got, test.want)
		}
	}
	if ring.PublicSet().ETag != etag {
		t.Error("entity tag changed although the keys did not")
	}
}

func TestVerifyRefuses(t *testing.T) {
	w := newWorld()
	ring := w.open(t, nil)
	rs256 := publicSet(t, ring).Keys[0]
	public, err := x509.MarshalPKIXPublicKey(rs256.Key)
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	good := sign(t, ring, jose.RS256)
	parts := strings.Split(good, ".")
	accessToken, err := ring.Sign(jose.RS256, keys.TypeAccessToken, payload)
	if err != nil {
		t.Fatal(err)
	}
	forge := func(header string, mac func(input string) []byte) string {
		input := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + parts[1]
		return input + "." + base64.RawURLEncoding.EncodeToString(mac(input))
	}
	hmacWithPublicKey := func(input string) []byte {
		mac := hmac.New(sha256.New, public)
		mac.Write([]byte(input))
		return mac.Sum(nil)
	}
	pkcs1 := func(input string) []byte {
		sum := sha256.Sum256([]byte(input))
		signature, err := rsa.SignPKCS1v15(nil, stranger, crypto.SHA256, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		return signature
	}
	embedded, err := json.Marshal(jose.JSONWebKey{Key: stranger.Public()})
	if err != nil {
		t.Fatal(err)
	}
	nothing := func(string) []byte { return nil }
	tests := []struct {
		name, token string
		algorithms  []jose.SignatureAlgorithm
	}{
		{name: "empty"},
		{name: "not a JWS", token: "hello"},
		{name: "JSON serialisation", token: `{"payload":"e30","signatures":[]}`},
		{name: "too long", token: good + strings.Repeat("A", 64<<10)},
		{name: "none", token: forge(`{"alg":"none","typ":"JWT"}`, nothing)},
		{name: "none with kid", token: forge(fmt.Sprintf(`{"alg":"none","typ":"JWT","kid":%q}`, rs256.KeyID), nothing)},
		{name: "HS256 with the public key", token: forge(fmt.Sprintf(`{"alg":"HS256","typ":"JWT","kid":%q}`, rs256.KeyID), hmacWithPublicKey)},
		{name: "PS256 with the RS256 key", token: forge(fmt.Sprintf(`{"alg":"PS256","typ":"JWT","kid":%q}`, rs256.KeyID), pkcs1)},
		{name: "foreign signature", token: forge(fmt.Sprintf(`{"alg":"RS256","typ":"JWT","kid":%q}`, rs256.KeyID), pkcs1)},
		{name: "foreign key in header", token: forge(fmt.Sprintf(`{"alg":"RS256","typ":"JWT","jwk":%s}`, embedded), pkcs1)},
		{name: "unknown kid", token: forge(`{"alg":"RS256","typ":"JWT","kid":"other"}`, pkcs1)},
		{name: "without kid", token: forge(`{"alg":"RS256","typ":"JWT"}`, pkcs1)},
		{name: "unknown critical header", token: forge(fmt.Sprintf(`{"alg":"RS256","typ":"JWT","kid":%q,"crit":["x"],"x":1}`, rs256.KeyID), pkcs1)},
		{name: "other type", token: accessToken},
		{name: "without type", token: forge(fmt.Sprintf(`{"alg":"RS256","kid":%q}`, rs256.KeyID), pkcs1)},
		{name: "changed payload", token: parts[0] + ".e30." + parts[2]},
		{name: "truncated signature", token: good[:len(good)-4]},
		{name: "algorithm not allowed", token: good, algorithms: []jose.SignatureAlgorithm{jose.ES256}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := ring.Verify(t.Context(), test.token, keys.TypeJWT, test.algorithms...)
			if !errors.Is(err, keys.ErrInvalidToken) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestVerifyTokenOfRetiredAndOfGoneKey(t *testing.T) {
	w := newWorld()
	ring := w.open(t, es256)
	token := sign(t, ring, jose.ES256)
	if _, err := ring.Rotate(t.Context(), true, string(jose.ES256)); err != nil {
		t.Fatal(err)
	}
	if _, err := ring.Verify(t.Context(), token, keys.TypeJWT); err != nil {
		t.Errorf("retired key: %v", err)
	}
	w.clock.Advance(2 * day)
	tick(t, ring)
	if _, err := ring.Verify(t.Context(), token, keys.TypeJWT); !errors.Is(err, keys.ErrInvalidToken) {
		t.Errorf("gone key: %v", err)
	}
}

// FuzzVerify looks for panics and for acceptance of what was not signed.
func FuzzVerify(f *testing.F) {
	ring := newWorld().open(f, es256)
	good, err := ring.Sign(jose.ES256, keys.TypeJWT, payload)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add("e30.e30.")
	f.Add(`{"payload":"","signatures":[{}]}`)
	f.Fuzz(func(t *testing.T, token string) {
		got, err := ring.Verify(t.Context(), token, keys.TypeJWT)
		if err == nil && string(got) != string(payload) {
			t.Errorf("accepted %q", token)
		}
	})
}
