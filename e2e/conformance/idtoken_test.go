package conformance

import (
	"crypto"
	_ "crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// token is a JWT of the provider whose signature was found good.
type token struct {
	Raw    string
	Header jose.Header
	Claims map[string]any
}

func (j token) text(claim string) string {
	text, _ := j.Claims[claim].(string)
	return text
}

// time is a claim that is a number of seconds; it must be there.
func (j token) time(t testing.TB, claim string) time.Time {
	t.Helper()
	seconds, ok := j.Claims[claim].(float64)
	if !ok {
		t.Fatalf("claim %s is %v, want a number", claim, j.Claims[claim])
	}
	return time.Unix(int64(seconds), 0)
}

// verify checks a JWT by the published key that its kid names.
func (m *module) verify(raw string) token {
	m.Helper()
	parsed, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{jose.RS256, jose.PS256, jose.ES256, jose.EdDSA})
	if err != nil {
		m.Fatalf("not a signed JWT: %v", err)
	}
	header := parsed.Signatures[0].Protected
	if header.KeyID == "" {
		m.Error("a token without kid")
	}
	keys := m.keys.Key(header.KeyID)
	if len(keys) != 1 {
		m.Fatalf("%d published keys have the kid %q", len(keys), header.KeyID)
	}
	payload, err := parsed.Verify(keys[0])
	if err != nil {
		m.Fatalf("signature: %v", err)
	}
	j := token{Raw: raw, Header: header, Claims: map[string]any{}}
	if err := json.Unmarshal(payload, &j.Claims); err != nil {
		m.Fatalf("claims: %v", err)
	}
	return j
}

// registeredClaims are those of ID tokens that OpenID Connect Core, its logout
// specifications and RFC 7519 define; standard claims come besides where they
// were asked for.
func registeredClaims() []string {
	return []string{
		"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "auth_time", "nonce", "acr", "amr", "azp",
		"at_hash", "c_hash", "s_hash", "sid",
	}
}

// checkIDToken is what every module wants of every ID token.
func (m *module) checkIDToken(j token, nonce string) {
	m.Helper()
	checkAudience(m, j, m.client.id)
	checkTimes(m, j, m.now())
	switch {
	case j.text("iss") != m.metadata.text("issuer"):
		m.Errorf("iss %q, want %q", j.text("iss"), m.metadata.text("issuer"))
	case j.text("sub") == "" || len(j.text("sub")) > 255:
		m.Errorf("sub is %q", j.text("sub"))
	case j.text("nonce") != nonce:
		m.Errorf("nonce %q, want %q", j.text("nonce"), nonce)
	}
	if _, ok := j.Claims["nonce"]; ok && nonce == "" {
		m.Error("a nonce that nobody sent")
	}
	if acr, ok := j.Claims["acr"]; ok && acr == "" {
		m.Error("acr is empty")
	}
	if updated, ok := j.Claims["updated_at"]; ok {
		checkNumber(m, "updated_at", updated)
	}
	allowed := registeredClaims()
	if m.ResponseType == IDToken {
		allowed = append(allowed, standardClaims("profile", "email", "address", "phone")...)
	}
	for claim := range j.Claims {
		if !slices.Contains(allowed, claim) {
			m.Errorf("an ID token has the claim %s", claim)
		}
	}
}

// checkAudience wants the client, and azp to be it where there is one.
func checkAudience(t testing.TB, j token, clientID string) {
	t.Helper()
	var audiences []any
	switch audience := j.Claims["aud"].(type) {
	case string:
		audiences = []any{audience}
	case []any:
		audiences = audience
	}
	if !slices.Contains(audiences, any(clientID)) {
		t.Errorf("aud %v does not name the client", j.Claims["aud"])
	}
	authorized, ok := j.Claims["azp"]
	if ok && authorized != clientID || !ok && len(audiences) > 1 {
		t.Errorf("azp is %v for aud %v", authorized, audiences)
	}
}

// checkTimes wants a token that is valid now and was made just now.
func checkTimes(t testing.TB, j token, now time.Time) {
	t.Helper()
	issued, expires := j.time(t, "iat"), j.time(t, "exp")
	switch {
	case !expires.After(now), expires.After(now.Add(24 * time.Hour)):
		t.Errorf("exp %s is not sane at %s", expires, now)
	case issued.After(now), issued.Before(now.Add(-time.Minute)):
		t.Errorf("iat %s is not sane at %s", issued, now)
	}
	if _, ok := j.Claims["auth_time"]; ok && j.time(t, "auth_time").After(now) {
		t.Error("auth_time lies ahead")
	}
	if _, ok := j.Claims["nbf"]; ok && j.time(t, "nbf").After(now) {
		t.Error("nbf lies ahead")
	}
}

// checkHash compares at_hash, c_hash or s_hash with the value (OpenID Connect
// Core, sections 3.2.2.9 and 3.3.2.11). It may be left out unless it is needed.
func checkHash(t testing.TB, j token, claim, value string, needed bool) {
	t.Helper()
	got, ok := j.Claims[claim]
	switch {
	case !ok && needed:
		t.Errorf("no %s", claim)
	case ok && got != leftHalf(t, j.Header.Algorithm, value):
		t.Errorf("%s is wrong", claim)
	}
}

// leftHalf is the left half of the digest that belongs to the algorithm.
func leftHalf(t testing.TB, algorithm, value string) string {
	t.Helper()
	hash := map[string]crypto.Hash{"RS256": crypto.SHA256, "PS256": crypto.SHA256, "ES256": crypto.SHA256}[algorithm]
	if hash == 0 {
		t.Fatalf("no hash is known for %s", algorithm)
	}
	digest := hash.New()
	digest.Write([]byte(value))
	return base64.RawURLEncoding.EncodeToString(digest.Sum(nil)[:hash.Size()/2])
}

// checkNoClaims wants none of the claims in the ID token.
func checkNoClaims(t testing.TB, j token, claims []string) {
	t.Helper()
	for _, claim := range claims {
		if _, ok := j.Claims[claim]; ok {
			t.Errorf("the ID token has %s, which is for userinfo", claim)
		}
	}
}

func checkNumber(t testing.TB, name string, value any) {
	t.Helper()
	if _, ok := value.(float64); !ok {
		t.Errorf("%s is %v, want a number", name, value)
	}
}
