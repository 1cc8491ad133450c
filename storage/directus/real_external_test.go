package directus_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/storage"
	"gatehouse/storage/directus"
)

// upstream is an OpenID provider that signs in somebody new whenever it is asked,
// without a word.
type upstream struct {
	*httptest.Server
	key *rsa.PrivateKey

	mu     sync.Mutex
	nonces map[string]string // by code
}

func startUpstream(t *testing.T) *upstream {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	u := &upstream{key: key, nonces: map[string]string{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", u.discovery)
	mux.HandleFunc("GET /authorize", u.authorize)
	mux.HandleFunc("POST /token", u.token)
	mux.HandleFunc("GET /jwks", u.jwks)
	u.Server = httptest.NewServer(mux)
	t.Cleanup(u.Close)
	return u
}

// environment makes a Directus offer it twice: by default, and in mode "cookie".
func (u *upstream) environment() map[string]string {
	variables := map[string]string{"AUTH_PROVIDERS": "first,second", "AUTH_SECOND_MODE": "cookie"}
	for _, name := range []string{"AUTH_FIRST_", "AUTH_SECOND_"} {
		for setting, value := range map[string]string{
			"DRIVER": "openid", "CLIENT_ID": "directus", "CLIENT_SECRET": "a secret of both", "LABEL": "Elsewhere",
			"ISSUER_URL": u.URL + "/.well-known/openid-configuration", "IDENTIFIER_KEY": "sub",
			"ALLOW_PUBLIC_REGISTRATION": "true", "REDIRECT_ALLOW_LIST": returnURL,
		} {
			variables[name+setting] = value
		}
	}
	return variables
}

func (u *upstream) discovery(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, map[string]any{
		"issuer": u.URL, "authorization_endpoint": u.URL + "/authorize", "token_endpoint": u.URL + "/token", "jwks_uri": u.URL + "/jwks",
		"response_types_supported": []string{"code"}, "subject_types_supported": []string{"public"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
	})
}

func (u *upstream) authorize(w http.ResponseWriter, r *http.Request) {
	query, code := r.URL.Query(), rand.Text()
	u.mu.Lock()
	u.nonces[code] = query.Get("nonce")
	u.mu.Unlock()
	http.Redirect(w, r, query.Get("redirect_uri")+"?"+url.Values{"code": {code}, "state": {query.Get("state")}}.Encode(), http.StatusFound)
}

func (u *upstream) token(w http.ResponseWriter, r *http.Request) {
	u.mu.Lock()
	nonce := u.nonces[r.PostFormValue("code")]
	u.mu.Unlock()
	subject := rand.Text()
	token, err := u.sign(map[string]any{
		"iss": u.URL, "aud": "directus", "sub": subject, "nonce": nonce, "iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(),
		"email": strings.ToLower(subject) + "@elsewhere.example.com", "email_verified": true, "given_name": "Edsger",
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	writeJSON(w, map[string]any{"access_token": rand.Text(), "token_type": "Bearer", "expires_in": 60, "id_token": token})
}

func (u *upstream) jwks(w http.ResponseWriter, _ *http.Request) {
	encode := base64.RawURLEncoding.EncodeToString
	writeJSON(w, map[string]any{"keys": []any{map[string]any{
		"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "1",
		"n": encode(u.key.N.Bytes()), "e": encode(big.NewInt(int64(u.key.E)).Bytes()),
	}}})
}

// sign makes a JWT (RFC 7515, RS256).
func (u *upstream) sign(claims map[string]any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	encode := base64.RawURLEncoding.EncodeToString
	signed := encode([]byte(`{"alg":"RS256","kid":"1"}`)) + "." + encode(payload)
	digest := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(rand.Reader, u.key, crypto.SHA256, digest[:])
	return signed + "." + encode(signature), err
}

func writeJSON(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body) // the client may be gone
}

// comesBack goes where Begin leads until it leads to us, and returns the cookies
// that Directus set.
func (d *real) comesBack(t *testing.T, begin string) map[string]storage.Secret {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), returnURL) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, begin, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := browser.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if got := response.Header.Get("Location"); got != returnURL {
		t.Fatalf("%d, leads to %q", response.StatusCode, got)
	}
	base, err := url.Parse(d.URL)
	if err != nil {
		t.Fatal(err)
	}
	cookies := map[string]storage.Secret{}
	for _, cookie := range jar.Cookies(base) {
		cookies[cookie.Name] = storage.Secret(cookie.Value)
	}
	return cookies
}

func externalSignIn(t *testing.T, d *real) {
	client := d.client(t)
	offered, err := client.Providers(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if d.isCore() {
		if len(offered) != 0 {
			t.Errorf("without a licence: %v", offered)
		}
		return
	}
	if len(offered) != 2 || offered[0].Label != "Elsewhere" || offered[0].Driver != "openid" {
		t.Fatalf("offered: %v", offered)
	}
	names := map[string]string{"first": "directus_session_token", "second": "directus_refresh_token"}
	if strings.HasPrefix(d.Version, "10.8.") { // has one mode
		names["first"] = names["second"]
	}
	for provider, name := range names {
		t.Run(provider, func(t *testing.T) {
			begin, err := client.Begin(t.Context(), provider, returnURL)
			if err != nil {
				t.Fatal(err)
			}
			cookie := d.comesBack(t, begin)[name]
			if cookie == "" {
				t.Fatalf("no cookie %s", name)
			}
			d.redeems(t, client, provider, cookie)
		})
	}
}

func (d *real) redeems(t *testing.T, client *directus.Client, provider string, cookie storage.Secret) {
	t.Helper()
	got, err := client.Redeem(t.Context(), provider, []storage.Secret{cookie}, storage.Caller{})
	if err != nil {
		t.Fatal(err)
	}
	if got.Account.Provider != provider || got.Account.FirstName != "Edsger" || got.EnforceTFA || got.AdminAccess {
		t.Errorf("%+v", got)
	}
	if _, err := client.Redeem(t.Context(), provider, []storage.Secret{cookie}, storage.Caller{}); !errors.Is(err, storage.ErrInvalidCredentials) {
		t.Errorf("redeemed twice: error %v", err)
	}
	made, err := client.GenerateOTP(t.Context(), got.Pair.Access(), "")
	switch {
	case d.isTen() && !errors.Is(err, storage.ErrForbidden):
		t.Errorf("one-time password: error %v, want %v", err, storage.ErrForbidden)
	case !d.isTen() && (err != nil || made.Secret == ""):
		t.Errorf("one-time password: %v", err)
	}
	if err := client.Logout(t.Context(), got.Pair); err != nil || d.sessionsOf(t, got.Account.ID) != "0" {
		t.Errorf("%s Directus sessions left, %v", d.sessionsOf(t, got.Account.ID), err)
	}
	if _, err := client.Redeem(t.Context(), provider, []storage.Secret{cookie}, storage.Caller{}); !errors.Is(err, storage.ErrInvalidCredentials) {
		t.Errorf("after the end: error %v", err)
	}
}

// A session of another provider comes to nothing, and ends.
func externalOfAnother(t *testing.T, d *real) {
	if d.isCore() {
		t.Skip("Directus 12 without a licence offers none")
	}
	client := d.client(t)
	begin, err := client.Begin(t.Context(), "second", returnURL)
	if err != nil {
		t.Fatal(err)
	}
	cookie := d.comesBack(t, begin)["directus_refresh_token"]
	for _, provider := range []string{"first", "second"} { // and is used up then
		if _, err := client.Redeem(t.Context(), provider, []storage.Secret{cookie}, storage.Caller{}); !errors.Is(err, storage.ErrInvalidCredentials) {
			t.Errorf("%s: error %v, want %v", provider, err, storage.ErrInvalidCredentials)
		}
	}
}
