package extension

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"gatehouse/e2e/stack"
	"gatehouse/provider/providertest"
)

const (
	forDirectus = "openid profile directus"
	// patience is for a busy machine; that 5 seconds are enough is tested with a
	// clock beside the extension.
	patience = time.Minute
)

func TestExtension(t *testing.T) {
	w := newWorld(t)
	id, email := w.user(t, w.customer)
	token := w.token(t, w.app(t, "app", forDirectus), email)
	t.Run("without settings nothing is taken", func(t *testing.T) { w.refused(t, token) })
	w.switchOn(t)
	t.Run("a customer's token is taken", func(t *testing.T) { w.taken(t, id, token) })
	t.Run("Directus's own tokens still work", func(t *testing.T) { w.ordinary(t, email) })
	for name, test := range map[string]struct {
		reason string
		make   func(*testing.T) string
	}{
		"signed by a stranger": {"its signature is wrong", func(t *testing.T) string { return forge(t, token, strangersKey(t)) }},
		"by no algorithm":      {"its algorithm is not allowed", func(*testing.T) string { return unsigned(token) }},
		"for somebody else":    {"its signature is wrong", func(t *testing.T) string { return w.redirected(t, token) }},
		"for another audience": {"it is for another audience", func(t *testing.T) string { return w.token(t, w.app(t, "elsewhere", forDirectus), email) }},
		"without the scope":    {"its scope does not allow it", func(t *testing.T) string { return w.token(t, w.app(t, "app", "openid profile"), email) }},
		"pairwise":             {"its subject is no user", func(t *testing.T) string { return w.token(t, w.app(t, "pairwise", forDirectus), email) }},
		"of a client":          {"its subject is no user", w.clientsToken},
		"an ID token":          {"it is no access token", func(t *testing.T) string { return w.idToken(t, email) }},
	} {
		t.Run("refused: "+name, func(t *testing.T) {
			w.refused(t, test.make(t))
			if !strings.Contains(w.directus.Log(), "a token was refused: "+test.reason) {
				t.Errorf("not refused because %s", test.reason)
			}
		})
	}
	t.Run("suspended users are out", w.suspended)
	t.Run("people with more access are refused", w.powerful)
	log, err := os.ReadFile(filepath.Join(w.directus.Dir, "directus.log"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(log), token) {
		t.Error("the token is in the log")
	}
}

func (w *world) taken(t *testing.T, id, token string) {
	if status, answer := w.rest(t.Context(), t, token); status != http.StatusOK || !strings.Contains(answer, note) {
		t.Errorf("REST: %d %s", status, answer)
	}
	if status, answer := w.graphQL(t, token); status != http.StatusOK || !strings.Contains(answer, note) {
		t.Errorf("GraphQL: %d %s", status, answer)
	}
	status, answer := w.send(t.Context(), t, http.MethodGet, "/users/me?fields=id", token, nil)
	if status != http.StatusOK || !strings.Contains(answer, id) {
		t.Errorf("/users/me: %d %s", status, answer)
	}
	// No more than the policies allow.
	if status, answer := w.send(t.Context(), t, http.MethodGet, "/settings", token, nil); status != http.StatusForbidden {
		t.Errorf("/settings: %d %s", status, answer)
	}
	if status, answer := w.send(t.Context(), t, http.MethodPost, "/items/notes", token, map[string]any{"title": "x"}); status != http.StatusForbidden {
		t.Errorf("create: %d %s", status, answer)
	}
	if w.isTen() {
		return // it asks no extension who opens a WebSocket
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	connection, err := w.socket(ctx, t, token)
	if err != nil {
		t.Fatal(err)
	}
	if answer, err := readNotes(ctx, connection); err != nil || !strings.Contains(answer, note) {
		t.Errorf("WebSocket: %s %v", answer, err)
	}
	if err := w.subscribe(ctx, t, token); err != nil {
		t.Errorf("GraphQL by WebSocket: %v", err)
	}
}

// refused: Directus says 401, as for any token that it does not know, and never
// takes the request for that of a visitor without one.
func (w *world) refused(t *testing.T, token string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for name, send := range map[string]func() (int, string){
		"REST":    func() (int, string) { return w.rest(ctx, t, token) },
		"GraphQL": func() (int, string) { return w.graphQL(t, token) },
		"ping":    func() (int, string) { return w.send(ctx, t, http.MethodGet, "/users/me", token, nil) },
	} {
		if status, answer := send(); status != http.StatusUnauthorized && status != http.StatusForbidden || strings.Contains(answer, note) || !strings.Contains(answer, "INVALID_") {
			t.Errorf("%s: %d %s", name, status, answer)
		}
	}
	if _, err := w.socket(ctx, t, token); err == nil {
		t.Error("WebSocket: the token was taken")
	}
	if err := w.subscribe(ctx, t, token); err == nil {
		t.Error("GraphQL by WebSocket: the token was taken")
	}
}

func (w *world) ordinary(t *testing.T, email string) {
	access, err := w.directus.Login(t.Context(), email, providertest.Password)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		token  string
		status int
	}{
		"an access token":  {access, http.StatusOK},
		"a static token":   {w.directus.AdminToken, http.StatusOK},
		"no token":         {"", http.StatusForbidden},
		"what is no token": {"a b", http.StatusForbidden},
		"an unknown one":   {"unknown", http.StatusUnauthorized},
	} {
		if status, answer := w.rest(t.Context(), t, test.token); status != test.status {
			t.Errorf("%s: %d %s, want %d", name, status, answer, test.status)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, token := range []string{access, w.directus.AdminToken} {
		if _, err := w.socket(ctx, t, token); err != nil {
			t.Error(err)
		}
	}
}

func (w *world) suspended(t *testing.T) {
	id, email := w.user(t, w.customer)
	token := w.token(t, w.app(t, "app", forDirectus), email)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if status, answer := w.rest(ctx, t, token); status != http.StatusOK {
		t.Fatalf("before: %d %s", status, answer)
	}
	var connection *websocket.Conn
	if !w.isTen() {
		var err error
		if connection, err = w.socket(ctx, t, token); err != nil {
			t.Fatal(err)
		}
	}
	w.change(t, id, map[string]any{"status": "suspended"})
	began := time.Now()
	for status := http.StatusOK; status != http.StatusUnauthorized && ctx.Err() == nil; {
		status, _ = w.rest(ctx, t, token)
	}
	t.Logf("refused after %s", time.Since(began).Round(time.Millisecond))
	w.refused(t, token)
	// The one that was open is closed, without a word from the person.
	if connection != nil {
		if _, _, err := connection.Read(ctx); err == nil || ctx.Err() != nil {
			t.Errorf("the open WebSocket: %v", err)
		}
	}
	w.change(t, id, map[string]any{"status": "active"})
	for status := http.StatusUnauthorized; status != http.StatusOK; {
		if status, _ = w.rest(ctx, t, token); ctx.Err() != nil {
			t.Fatal("the token is not taken again")
		}
	}
}

// powerful: what the cache of Directus holds for an administrator, nobody gets
// by a token of ours.
func (w *world) powerful(t *testing.T) {
	var roles []struct{ ID string }
	if err := w.directus.Call(t.Context(), http.MethodGet, "/roles?fields=id&filter[name][_eq]=Administrator", nil, &roles); err != nil || len(roles) != 1 {
		t.Fatal(err, roles)
	}
	_, administrator := w.user(t, roles[0].ID)
	access, err := w.directus.Login(t.Context(), administrator, providertest.Password)
	if err != nil {
		t.Fatal(err)
	}
	self := &stack.Directus{URL: w.directus.URL, AdminToken: access}
	if err := self.Call(t.Context(), http.MethodGet, "/settings", nil, nil); err != nil {
		t.Fatal(err)
	}
	token := w.token(t, w.app(t, "app", forDirectus), administrator)
	w.refused(t, token)
	if status, answer := w.send(t.Context(), t, http.MethodGet, "/settings", token, nil); status == http.StatusOK {
		t.Errorf("/settings: %d %s", status, answer)
	}

	editor, email := w.user(t, w.customer)
	token = w.token(t, w.app(t, "app", forDirectus), email)
	w.letIntoStudio(t, editor)
	w.refused(t, token)
}

func (w *world) clientsToken(t *testing.T) string {
	t.Helper()
	answer := w.app(t, "app", "").Token(url.Values{"grant_type": {"client_credentials"}, "scope": {"directus"}})
	if answer.Status != http.StatusOK {
		t.Fatalf("token endpoint: %d %s", answer.Status, answer.Raw)
	}
	return answer.Text("access_token")
}

func (w *world) idToken(t *testing.T, email string) string {
	t.Helper()
	rp := w.app(t, "app", forDirectus)
	return rp.Exchange(w.provider.NewBrowser(t).SignIn(rp, email, nil)).Text("id_token")
}

// redirected names somebody else in a token, under the signature that it has.
func (w *world) redirected(t *testing.T, token string) string {
	t.Helper()
	other, _ := w.user(t, w.customer)
	claims := claimsOf(t, token)
	claims["sub"] = other
	parts := strings.Split(token, ".")
	return parts[0] + "." + encoded(t, claims) + "." + parts[2]
}

// forge signs the claims of a token with another key, of the same name.
func forge(t *testing.T, token string, key *rsa.PrivateKey) string {
	t.Helper()
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatal(err)
	}
	options := (&jose.SignerOptions{}).WithType("at+jwt").WithHeader(jose.HeaderKey("kid"), parsed.Headers[0].KeyID)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: key}, options)
	if err != nil {
		t.Fatal(err)
	}
	forged, err := jwt.Signed(signer).Claims(claimsOf(t, token)).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return forged
}

func strangersKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func claimsOf(t *testing.T, token string) map[string]any {
	t.Helper()
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := parsed.UnsafeClaimsWithoutVerification(&claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

func encoded(t *testing.T, value any) string {
	t.Helper()
	content, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return base64URL(content)
}

func unsigned(token string) string {
	return base64URL([]byte(`{"alg":"none","typ":"at+jwt","kid":"x"}`)) + "." + strings.Split(token, ".")[1] + "."
}

func base64URL(content []byte) string { return base64.RawURLEncoding.EncodeToString(content) }
