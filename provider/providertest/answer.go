package providertest

import (
	"crypto"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// Answer is what the token endpoint, or another JSON endpoint, answered.
type Answer struct {
	Status int
	Header http.Header
	Raw    string
	JSON   map[string]any
}

// Text returns a member of the answer that is a string.
func (a Answer) Text(name string) string {
	text, _ := a.JSON[name].(string)
	return text
}

// WantError fails the test unless the answer is the OAuth error as JSON that no
// cache keeps, with nothing in it but code and description.
func (a Answer) WantError(t testing.TB, status int, code string) {
	t.Helper()
	if a.Status != status || a.Text("error") != code {
		t.Errorf("answer %d %.200s, want %d %s", a.Status, a.Raw, status, code)
		return
	}
	if a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("Content-Type") != "application/json" {
		t.Errorf("an error is not JSON that no cache keeps: %v", a.Header)
	}
	for name := range a.JSON {
		if name != "error" && name != "error_description" {
			t.Errorf("an error holds %q: %s", name, a.Raw)
		}
	}
}

// WantOK fails the test at once unless the answer is a 200.
func (a Answer) WantOK(t testing.TB) Answer {
	t.Helper()
	if a.Status != http.StatusOK {
		t.Fatalf("answer %d %s, want 200", a.Status, a.Raw)
	}
	return a
}

// UserInfo asks for the claims that an access token opens.
func (s *Server) UserInfo(t testing.TB, accessToken string) Answer {
	t.Helper()
	return s.Send(t, http.MethodGet, "/userinfo", nil, http.Header{"Authorization": {"Bearer " + accessToken}})
}

// Send sends a request to a path below the issuer, with the form as its body
// unless that is nil.
func (s *Server) Send(t testing.TB, method, path string, form url.Values, header http.Header) Answer {
	t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(t.Context(), method, s.Issuer+path, body)
	if err != nil {
		t.Fatalf("request %s: %v", path, err)
	}
	if header != nil {
		r.Header = header.Clone()
	}
	if form != nil && r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return s.Do(t, r)
}

// Do sends a request and reads the answer as JSON, if it is.
func (s *Server) Do(t testing.TB, r *http.Request) Answer {
	t.Helper()
	response, err := (&http.Client{
		Transport:     s.Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}).Do(r)
	if err != nil {
		t.Fatalf("%s %s: %v", r.Method, r.URL.Path, err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("read answer of %s: %v", r.URL.Path, err)
	}
	answer := Answer{Status: response.StatusCode, Header: response.Header, Raw: string(raw), JSON: map[string]any{}}
	if json.Unmarshal(raw, &answer.JSON) != nil {
		answer.JSON = map[string]any{}
	}
	return answer
}

// JWT is a token whose signature was found good.
type JWT struct {
	Header jose.Header
	Claims map[string]any
}

// Verify checks a token with the published keys, as a client or protected
// resource does, and returns what is in it.
func (s *Server) Verify(t testing.TB, token string) JWT {
	t.Helper()
	var set jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(s.Send(t, http.MethodGet, "/jwks", nil, nil).WantOK(t).Raw), &set); err != nil {
		t.Fatalf("parse keys: %v", err)
	}
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256, jose.ES256, jose.PS256, jose.EdDSA})
	if err != nil {
		t.Fatalf("parse token: %v", err)
	}
	header := signed.Signatures[0].Protected
	found := set.Key(header.KeyID)
	if len(found) != 1 || found[0].Algorithm != header.Algorithm {
		t.Fatalf("%d published keys fit the token's header %v", len(found), header)
	}
	payload, err := signed.Verify(found[0])
	if err != nil {
		t.Fatalf("verify token: %v", err)
	}
	verified := JWT{Header: header, Claims: map[string]any{}}
	if err := json.Unmarshal(payload, &verified.Claims); err != nil {
		t.Fatalf("parse claims: %v", err)
	}
	return verified
}

// HalfHash is the left half of the SHA-256 digest, as at_hash has it.
func HalfHash(value string) string {
	h := crypto.SHA256.New()
	h.Write([]byte(value))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:16])
}
