package token_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
)

const encryptedURI = "https://encrypted.example/callback"

// keyPairs are those of the client, by key id.
func keyPairs(t *testing.T) (private map[string]any, public json.RawMessage) {
	t.Helper()
	forRSA, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	forECDH, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	set := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{
		{Key: forRSA.Public(), KeyID: "rsa", Use: "enc"}, {Key: forECDH.Public(), KeyID: "ec", Use: "enc"},
	}}
	if public, err = json.Marshal(set); err != nil {
		t.Fatal(err)
	}
	return map[string]any{"rsa": forRSA, "ec": forECDH}, public
}

// encrypting is a client with the keys that needs no consent.
func encrypting(id string, keys json.RawMessage, change func(*storage.Client)) storage.Client {
	client := storage.Client{
		ID: id, SecretDigests: providertest.Digests(providertest.WebSecret), FirstParty: true, JWKS: keys,
		RedirectURIs: []string{encryptedURI}, GrantTypes: []string{"authorization_code", "refresh_token", "implicit"},
		ResponseTypes: []string{"code", "code id_token"},
	}
	change(&client)
	return client
}

// decrypt opens a compact JWE as its client does.
func decrypt(t *testing.T, token string, keys map[string]any, algorithm jose.KeyAlgorithm, encryption jose.ContentEncryption) (string, map[jose.HeaderKey]any) {
	t.Helper()
	object, err := jose.ParseEncryptedCompact(token, []jose.KeyAlgorithm{algorithm}, []jose.ContentEncryption{encryption})
	if err != nil {
		t.Fatalf("%.60s is no JWE by %s and %s: %v", token, algorithm, encryption, err)
	}
	plain, err := object.Decrypt(keys[object.Header.KeyID])
	if err != nil {
		t.Fatalf("decrypt with key %q: %v", object.Header.KeyID, err)
	}
	return string(plain), object.Header.ExtraHeaders
}

// OpenID Connect Core 1.0, section 10.2: signed, then encrypted to the client.
func TestEncryptedIDToken(t *testing.T) {
	private, public := keyPairs(t)
	s, _ := start(t,
		encrypting("default", public, func(c *storage.Client) { c.IDTokenEncryptedResponseAlg = "RSA-OAEP" }),
		encrypting("chosen", public, func(c *storage.Client) {
			c.IDTokenSignedResponseAlg, c.IDTokenEncryptedResponseAlg, c.IDTokenEncryptedResponseEnc = "ES256", "ECDH-ES+A128KW", "A256GCM"
		}),
	)
	for _, test := range []struct {
		id        string
		algorithm jose.KeyAlgorithm
		content   jose.ContentEncryption
		signed    string
	}{
		{"default", jose.RSA_OAEP, jose.A128CBC_HS256, "RS256"},
		{"chosen", jose.ECDH_ES_A128KW, jose.A256GCM, "ES256"},
	} {
		t.Run(test.id, func(t *testing.T) {
			rp, browser := s.RelyingParty(t, test.id, providertest.WebSecret, encryptedURI), s.NewBrowser(t)
			answer := rp.Exchange(browser.SignIn(rp, ada, nil)).WantOK(t)
			signed, header := decrypt(t, answer.Text("id_token"), private, test.algorithm, test.content)
			if header[jose.HeaderContentType] != "JWT" {
				t.Errorf("the header is %v, want cty JWT", header)
			}
			token := s.Verify(t, signed)
			if token.Header.Algorithm != test.signed || token.Claims["aud"] == nil || token.Claims["nonce"] != "nonce-"+test.id {
				t.Errorf("the token within is %v", token)
			}
			next, _ := decrypt(t, rp.Refresh(answer.Text("refresh_token")).WantOK(t).Text("id_token"), private, test.algorithm, test.content)
			if s.Verify(t, next).Claims["sub"] != token.Claims["sub"] {
				t.Error("the next ID token has another sub")
			}
			front := browser.Get(rp.AuthorizationURL(map[string]string{"response_type": "code id_token", "prompt": "none"})).Delivered(t).Parameters
			within, _ := decrypt(t, front.Get("id_token"), private, test.algorithm, test.content)
			if s.Verify(t, within).Claims["c_hash"] != providertest.HalfHash(front.Get("code")) {
				t.Error("the ID token of the answer does not vouch for its code")
			}
			// Section 3.1.2.1: the client sends the signed one as a hint.
			browser.Get(rp.AuthorizationURL(map[string]string{"id_token_hint": signed, "prompt": "none"})).Code(t)
			browser.Get(rp.AuthorizationURL(map[string]string{"id_token_hint": answer.Text("id_token"), "prompt": "none"})).WantError(t, oauth.InvalidRequest)
		})
	}
}

// A client whose keys do not fit, or cannot be read now, keeps its code.
func TestEncryptionThatFailsCostsNoCode(t *testing.T) {
	private, public := keyPairs(t)
	var down atomic.Bool
	jwks := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if down.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write(public)
	}))
	t.Cleanup(jwks.Close)
	onlyEC, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: private["ec"].(*ecdsa.PrivateKey).Public(), KeyID: "ec"}}})
	if err != nil {
		t.Fatal(err)
	}
	s, _ := start(t,
		encrypting("unfit", onlyEC, func(c *storage.Client) { c.IDTokenEncryptedResponseAlg = "RSA-OAEP" }),
		encrypting("remote", nil, func(c *storage.Client) { c.JWKSURI, c.IDTokenEncryptedResponseAlg = jwks.URL, "RSA-OAEP-256" }),
	)
	unfit, browser := s.RelyingParty(t, "unfit", providertest.WebSecret, encryptedURI), s.NewBrowser(t)
	unfit.Exchange(browser.SignIn(unfit, ada, nil)).WantError(t, http.StatusBadRequest, oauth.InvalidClientMetadata)
	browser.Get(unfit.AuthorizationURL(map[string]string{"response_type": "code id_token"})).WantError(t, oauth.InvalidClientMetadata)
	// Without an ID token there is nothing to encrypt.
	unfit.Exchange(browser.SignIn(unfit, ada, map[string]string{"scope": "profile"})).WantOK(t)

	remote := s.RelyingParty(t, "remote", providertest.WebSecret, encryptedURI)
	down.Store(true)
	code := browser.SignIn(remote, ada, nil)
	refused := remote.Exchange(code)
	refused.WantError(t, http.StatusServiceUnavailable, oauth.TemporarilyUnavailable)
	if refused.Header.Get("Retry-After") == "" {
		t.Error("the refusal does not say when to come again")
	}
	down.Store(false)
	s.Clock.Advance(30 * time.Second) // the key set is not asked for in vain all the time
	answer := remote.Exchange(code).WantOK(t)
	signed, _ := decrypt(t, answer.Text("id_token"), private, jose.RSA_OAEP_256, jose.A128CBC_HS256)
	s.Verify(t, signed)
}

// Section 5.3.2: userinfo as the client registered it.
func TestUserInfoAsJWT(t *testing.T) {
	private, public := keyPairs(t)
	s, _ := start(t,
		encrypting("signed", nil, func(c *storage.Client) { c.UserInfoSignedResponseAlg = "RS256" }),
		encrypting("signed-es256", nil, func(c *storage.Client) { c.UserInfoSignedResponseAlg = "ES256" }),
		encrypting("encrypted", public, func(c *storage.Client) {
			c.UserInfoEncryptedResponseAlg, c.UserInfoEncryptedResponseEnc = "ECDH-ES", "A128GCM"
		}),
		encrypting("nested", public, func(c *storage.Client) {
			c.UserInfoSignedResponseAlg, c.UserInfoEncryptedResponseAlg = "RS256", "RSA-OAEP"
		}),
		encrypting("unfit", nil, func(c *storage.Client) { c.UserInfoEncryptedResponseAlg = "RSA-OAEP" }),
	)
	browser := s.NewBrowser(t)
	ask := func(id string) (rp *providertest.RelyingParty, sub, access string) {
		rp = s.RelyingParty(t, id, providertest.WebSecret, encryptedURI)
		answer := rp.Exchange(browser.SignIn(rp, ada, nil)).WantOK(t)
		sub, _ = s.Verify(t, answer.Text("id_token")).Claims["sub"].(string)
		return rp, sub, answer.Text("access_token")
	}
	open := map[string]func(string) map[string]any{
		"signed":       func(token string) map[string]any { return verifiedBy(t, s, token, "RS256") },
		"signed-es256": func(token string) map[string]any { return verifiedBy(t, s, token, "ES256") },
		"nested": func(token string) map[string]any {
			inner, header := decrypt(t, token, private, jose.RSA_OAEP, jose.A128CBC_HS256)
			if header[jose.HeaderContentType] != "JWT" {
				t.Errorf("the header is %v, want cty JWT", header)
			}
			return verifiedBy(t, s, inner, "RS256")
		},
		"encrypted": func(token string) map[string]any {
			inner, header := decrypt(t, token, private, jose.ECDH_ES, jose.A128GCM)
			if header[jose.HeaderContentType] != nil {
				t.Errorf("the header is %v, want no cty", header)
			}
			claims := map[string]any{}
			if err := json.Unmarshal([]byte(inner), &claims); err != nil {
				t.Errorf("within is %q", inner)
			}
			return claims
		},
	}
	for id, read := range open {
		t.Run(id, func(t *testing.T) {
			rp, sub, access := ask(id)
			for _, answer := range []providertest.Answer{
				s.UserInfo(t, access), s.Send(t, http.MethodPost, "/userinfo", url.Values{"access_token": {access}}, nil),
			} {
				answer.WantOK(t)
				if answer.Header.Get("Content-Type") != "application/jwt" || answer.Header.Get("Cache-Control") != "no-store" {
					t.Errorf("the headers are %v", answer.Header)
				}
				claims := read(answer.Raw)
				if claims["iss"] != s.Issuer || claims["aud"] != id || claims["sub"] != sub || claims["name"] != "Ada Lovelace" {
					t.Errorf("the claims are %v", claims)
				}
				if claims["nonce"] != nil || claims["exp"] != nil || claims["email_verified"] != false {
					t.Errorf("the claims are %v", claims)
				}
			}
			// What userinfo says is no ID token.
			if strings.HasPrefix(id, "signed") {
				hint := s.UserInfo(t, access).Raw
				browser.Get(rp.AuthorizationURL(map[string]string{"id_token_hint": hint, "prompt": "none"})).WantError(t, oauth.InvalidRequest)
			}
			s.UserInfo(t, access+"x").WantError(t, http.StatusUnauthorized, oauth.InvalidToken)
		})
	}
	_, _, access := ask("unfit")
	s.UserInfo(t, access).WantError(t, http.StatusBadRequest, oauth.InvalidClientMetadata)
}

func verifiedBy(t *testing.T, s *providertest.Server, token, algorithm string) map[string]any {
	t.Helper()
	verified := s.Verify(t, token)
	if verified.Header.Algorithm != algorithm {
		t.Errorf("signed by %s, want %s", verified.Header.Algorithm, algorithm)
	}
	return verified.Claims
}
