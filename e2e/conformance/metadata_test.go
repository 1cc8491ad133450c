package conformance

import (
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"gatehouse/provider/providertest"
)

// metadata is the provider's configuration document.
type metadata map[string]any

func (m metadata) text(name string) string {
	text, _ := m[name].(string)
	return text
}

// list is a member that is an array of strings; nil where it is anything else.
func (m metadata) list(name string) []string {
	values, _ := m[name].([]any)
	var texts []string
	for _, value := range values {
		text, ok := value.(string)
		if !ok {
			return nil
		}
		texts = append(texts, text)
	}
	return texts
}

func (m metadata) is(name string) bool {
	truth, _ := m[name].(bool)
	return truth
}

// fetchMetadata is the discovery that every module begins with.
func fetchMetadata(t testing.TB, p *providertest.Server) metadata {
	t.Helper()
	answer := send(t, p, http.MethodGet, p.Issuer+"/.well-known/openid-configuration", "", nil).WantOK(t)
	checkJSON(t, answer)
	var document metadata
	if err := json.Unmarshal([]byte(answer.Raw), &document); err != nil {
		t.Fatalf("discovery: %v", err)
	}
	if document.text("issuer") != p.Issuer {
		t.Fatalf("issuer %q, want %q", document.text("issuer"), p.Issuer)
	}
	return document
}

// checkJSON wants an answer in JSON, said to be so.
func checkJSON(t testing.TB, answer providertest.Answer) {
	t.Helper()
	kind, _, err := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" || len(answer.JSON) == 0 {
		t.Errorf("not JSON: %q %s", answer.Header.Get("Content-Type"), answer.Raw)
	}
}

// fetchKeys gets the published keys, all of which must have distinct ids and no
// private part.
func fetchKeys(t testing.TB, p *providertest.Server, document metadata) jose.JSONWebKeySet {
	t.Helper()
	answer := send(t, p, http.MethodGet, document.text("jwks_uri"), "", nil).WantOK(t)
	var set jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(answer.Raw), &set); err != nil || len(set.Keys) == 0 {
		t.Fatalf("keys: %v %s", err, answer.Raw)
	}
	var raw struct{ Keys []map[string]any }
	if err := json.Unmarshal([]byte(answer.Raw), &raw); err != nil || len(raw.Keys) != len(set.Keys) {
		t.Fatalf("keys: %v: %d of %d are understood", err, len(set.Keys), len(raw.Keys))
	}
	seen := map[string]bool{}
	for _, key := range raw.Keys {
		id, _ := key["kid"].(string)
		if id == "" || seen[id] {
			t.Errorf("kid %q is missing or there twice", id)
		}
		seen[id] = true
		for _, secret := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
			if _, ok := key[secret]; ok {
				t.Errorf("key %s has the private part %s", id, secret)
			}
		}
	}
	for _, key := range set.Keys {
		if !key.Valid() || !key.IsPublic() {
			t.Errorf("key %s is not a public key", key.KeyID)
		}
	}
	return set
}

// checkRegistered is what every answer to a registration has (RFC 7591, section
// 3.2.1; RFC 7592, section 3).
func checkRegistered(t testing.TB, document metadata, answer providertest.Answer) {
	t.Helper()
	if answer.Status != http.StatusCreated {
		t.Fatalf("registration was answered %d %s, want 201", answer.Status, answer.Raw)
	}
	checkJSON(t, answer)
	if answer.Text("client_id") == "" {
		t.Fatalf("registration without client_id: %s", answer.Raw)
	}
	if answer.Text("client_secret") != "" {
		if expires, ok := answer.JSON["client_secret_expires_at"].(float64); !ok || expires < 0 {
			t.Errorf("client_secret_expires_at is %v", answer.JSON["client_secret_expires_at"])
		}
	}
	address, token := answer.Text("registration_client_uri"), answer.Text("registration_access_token")
	if address == "" || token == "" {
		t.Error("the answer lacks registration_client_uri or registration_access_token")
	}
	if !strings.HasPrefix(address, "https://") {
		t.Errorf("registration_client_uri %s is not https", address)
	}
	if !strings.HasPrefix(document.text("registration_endpoint"), "https://") {
		t.Error("registration_endpoint is not https")
	}
}

// checkRegistrationRefused wants the error of RFC 7591, section 3.2.2, with one
// of the codes.
func checkRegistrationRefused(t testing.TB, answer providertest.Answer, codes ...string) {
	t.Helper()
	checkJSON(t, answer)
	if answer.Status != http.StatusBadRequest || !slices.Contains(codes, answer.Text("error")) {
		t.Errorf("registration was answered %d %s, want 400 with one of %q", answer.Status, answer.Raw, codes)
	}
	for name := range answer.JSON {
		if name != "error" && name != "error_description" {
			t.Errorf("the error has a member %s", name)
		}
	}
}

// checkHTTPS wants an absolute https address without a fragment.
func checkHTTPS(t testing.TB, name, address string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.Fragment != "" {
		t.Errorf("%s is %q, want an https address", name, address)
	}
}
