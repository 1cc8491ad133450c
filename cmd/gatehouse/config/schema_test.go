package config_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/cmd/gatehouse/config"
)

var update = flag.Bool("update", false, "rewrite golden files")

const everything = `issuer: https://id.example.com
listen: :8443
trusted_proxies: [10.0.0.0/8, "fd00::/8"]
tls: {cert_file: /etc/gatehouse/tls.crt, key_file: /etc/gatehouse/tls.key}
directus:
  url: https://directus.example.com
  token: a-secret-service-token
  write_token: a-secret-write-token
  public_url: https://directus.example.com
  external_sign_in: true
  cookie_domain: example.com
  password_policy: /^.{12,}$/
registration: {mode: service_token, role: 0b2c3d4e-0000-4000-8000-00000000000c}
store:
  redis:
    addresses: [redis-1:6379, redis-2:6379]
    cluster: true
    password: a-secret-password
  sealing_keys: [` + key + `]
tokens: {access_token_lifetime: 5m}
outbound: {allow: [app.internal, 10.1.0.0/16, "http://localhost:3000"]}
claims: {phone_number: phone, address.locality: city, locale: ""}
theme: {project_name: Acme}
clients_collection: gatehouse_clients
clients:
- client_id: board
  source: directus
  first_party: true
  audience: [https://api.example.com]
- client_id: shop
  client_secret: a-secret-of-at-least-32-characters
  redirect_uris: [https://shop.example/cb]
  grant_types: [authorization_code, refresh_token]
  first_party: true
- client_id: app
  token_endpoint_auth_method: none
  application_type: native
  redirect_uris: ["com.example.app:/cb"]
`

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs; go test -update rewrites it:\n%s", path, diff)
	}
}

func TestShow(t *testing.T) {
	loaded, folder, err := load(t, everything, environment("GATEHOUSE_LOG_LEVEL=debug"))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := loaded.Show(&out); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "secret-") || strings.Contains(out.String(), key) {
		t.Errorf("a secret is shown:\n%s", out.String())
	}
	golden(t, "show.yaml", bytes.ReplaceAll(out.Bytes(), []byte(folder+"/"), nil))
}

func TestSchema(t *testing.T) {
	schema, err := config.Schema()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "schema.json", append(schema, '\n'))
	var root struct {
		Properties map[string]json.RawMessage `json:"properties"`
	}
	if err := json.Unmarshal(schema, &root); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"issuer", "store", "clients", "claims"} {
		if root.Properties[key] == nil {
			t.Errorf("no %s in the schema", key)
		}
	}
}

// Every key with a default says so in the schema, in the file's own type; the
// loader must take it.
func TestSchemaDefaultsAreAccepted(t *testing.T) {
	schema, err := config.Schema()
	if err != nil {
		t.Fatal(err)
	}
	var root map[string]any
	if err := json.Unmarshal(schema, &root); err != nil {
		t.Fatal(err)
	}
	defaults := collect(root)
	defaults["issuer"] = "http://localhost:8080"
	defaults["directus"].(map[string]any)["url"] = "http://localhost:8055"
	defaults["directus"].(map[string]any)["token"] = "t"
	file, err := json.Marshal(defaults)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := load(t, string(file), nil); err != nil {
		t.Error(err)
	}
}

func collect(schema map[string]any) map[string]any {
	found := map[string]any{}
	properties, _ := schema["properties"].(map[string]any)
	for name, property := range properties {
		child := property.(map[string]any)
		if fallback, ok := child["default"]; ok {
			found[name] = fallback
		} else if nested := collect(child); len(nested) > 0 {
			found[name] = nested
		}
	}
	return found
}

func TestVariablesAreUnambiguous(t *testing.T) {
	seen := map[string]bool{}
	for _, name := range config.Variables() {
		if seen[name] {
			t.Errorf("%s stands for two keys", name)
		}
		seen[name] = true
	}
}

// The reference in the documentation is made from the same table.
func TestReference(t *testing.T) {
	const path = "../../../docs/configuration.md"
	const begin, end = "<!-- reference: made by go test ./cmd/gatehouse/config -update -->\n", "<!-- end of reference -->"
	document, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(document), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatal("the marks of the reference are missing")
	}
	want := before + begin + config.Reference() + end + after
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, string(document)); diff != "" {
		t.Errorf("%s differs; go test -update rewrites it:\n%s", path, diff)
	}
}
