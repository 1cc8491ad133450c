package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/cmd/gatehouse/config"
	"gatehouse/provider/clients"
)

func rules() clients.Rules {
	return clients.Rules{
		GrantTypes:          []string{"authorization_code", "refresh_token", "client_credentials"},
		ResponseTypes:       []string{"code"},
		AuthMethods:         []string{"client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "none"},
		SigningAlgorithms:   []string{"RS256", "ES256", "PS256", "EdDSA"},
		AssertionAlgorithms: []string{"RS256", "ES256"},
		SecretAlgorithms:    []string{"HS256", "HS384", "HS512"},
	}
}

const key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

const minimal = `issuer: http://localhost:8080
directus: {url: "http://localhost:8055", token: secret-service-token}
`

// load writes the file into a folder of its own and reads it. %DIR% in the file
// and the environment is that folder.
func load(t *testing.T, file string, change func(*config.Options)) (*config.Loaded, string, error) {
	t.Helper()
	folder := t.TempDir()
	path := filepath.Join(folder, "gatehouse.yaml")
	write(t, path, strings.ReplaceAll(file, "%DIR%", folder))
	options := config.Options{Path: path, Rules: rules(), Environment: []string{"HOME=" + folder}}
	if change != nil {
		change(&options)
	}
	for i, entry := range options.Environment {
		options.Environment[i] = strings.ReplaceAll(entry, "%DIR%", folder)
	}
	loaded, err := config.Load(options)
	return loaded, folder, err
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func environment(entries ...string) func(*config.Options) {
	return func(o *config.Options) { o.Environment = append(o.Environment, entries...) }
}

func TestLoadMinimal(t *testing.T) {
	loaded, folder, err := load(t, minimal, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(folder, ".local/share/gatehouse/gatehouse.db"); loaded.Store.Bolt.Path != want {
		t.Errorf("implied store: got %q, want %q", loaded.Store.Bolt.Path, want)
	}
	if loaded.Tokens.AccessTokenLifetime != 10*time.Minute || loaded.Tokens.RefreshTokenLifetime != 30*24*time.Hour {
		t.Errorf("default lifetimes: got %+v", loaded.Tokens)
	}
	if loaded.Directus.Token.Reveal() != "secret-service-token" {
		t.Error("the token was not read")
	}
	if loaded.Claims["given_name"] != "first_name" {
		t.Errorf("default claims: got %v", loaded.Claims)
	}
}

func TestPrecedence(t *testing.T) {
	file := minimal + "listen: 127.0.0.1:1\ntrusted_proxies: [10.0.0.0/8]\n"
	for name, test := range map[string]struct {
		variables []string
		flags     map[string]string
		want      string
		origin    string
	}{
		"file over default":                   {want: "127.0.0.1:1", origin: "%DIR%/gatehouse.yaml:3"},
		"environment over file":               {variables: []string{"GATEHOUSE_LISTEN=127.0.0.1:2"}, want: "127.0.0.1:2", origin: "GATEHOUSE_LISTEN"},
		"flag over environment":               {variables: []string{"GATEHOUSE_LISTEN=127.0.0.1:2"}, flags: map[string]string{"listen": "127.0.0.1:3"}, want: "127.0.0.1:3", origin: "--listen"},
		"an empty variable counts as not set": {variables: []string{"GATEHOUSE_LISTEN="}, want: "127.0.0.1:1", origin: "%DIR%/gatehouse.yaml:3"},
	} {
		t.Run(name, func(t *testing.T) {
			loaded, folder, err := load(t, file, func(o *config.Options) {
				o.Environment = append(o.Environment, test.variables...)
				o.Flags = test.flags
			})
			if err != nil {
				t.Fatal(err)
			}
			if loaded.Listen != test.want {
				t.Errorf("listen: got %q, want %q", loaded.Listen, test.want)
			}
			if got, want := loaded.Origin("listen").String(), strings.ReplaceAll(test.origin, "%DIR%", folder); got != want {
				t.Errorf("origin: got %q, want %q", got, want)
			}
		})
	}
}

func TestEnvironmentAlone(t *testing.T) {
	loaded, _, err := load(t, "", environment(
		"GATEHOUSE_ISSUER=https://id.example.com/tenant",
		"GATEHOUSE_LISTEN=:8080",
		"GATEHOUSE_TRUSTED_PROXIES=10.0.0.0/8, 192.0.2.7",
		"GATEHOUSE_DIRECTUS_URL=http://directus:8055",
		"GATEHOUSE_DIRECTUS_TOKEN=service",
		"GATEHOUSE_STORE_REDIS_ADDRESSES=redis:6379",
		"GATEHOUSE_STORE_REDIS_TLS_ENABLED=true",
		"GATEHOUSE_STORE_SEALING_KEYS="+key,
		"GATEHOUSE_SESSIONS_ABSOLUTE=2d12h",
		`GATEHOUSE_CLAIMS={"phone_number":"phone"}`,
		`GATEHOUSE_CLIENTS=[{"client_id":"shop","client_secret":"0123456789012345678901234567890123","redirect_uris":["https://shop.example/cb"]}]`,
		// What an orchestrator adds next to a service called gatehouse.
		"GATEHOUSE_SERVICE_HOST=10.1.2.3", "GATEHOUSE_PORT=tcp://10.1.2.3:8080", "GATEHOUSE_PORT_8080_TCP_ADDR=10.1.2.3", "GATEHOUSE_SERVICE_PORT_HTTP=8080",
	))
	if err != nil {
		t.Fatal(err)
	}
	if got := loaded.TrustedProxies; len(got) != 2 || got[1].String() != "192.0.2.7/32" {
		t.Errorf("trusted_proxies: got %v", got)
	}
	if loaded.Sessions.Absolute != 60*time.Hour || !loaded.Store.Redis.TLS.Enabled {
		t.Errorf("got %+v, %+v", loaded.Sessions, loaded.Store.Redis)
	}
	if loaded.Claims["phone_number"] != "phone" || loaded.Claims["email"] != "email" {
		t.Errorf("claims: got %v", loaded.Claims)
	}
	if len(loaded.Clients) != 1 || len(loaded.Clients[0].SecretDigests) != 1 || loaded.Clients[0].ApplicationType != "web" {
		t.Errorf("clients: got %+v", loaded.Clients)
	}
	keys, err := loaded.Store.Keys()
	if err != nil || string(keys[0]) != "0123456789abcdef0123456789abcdef" {
		t.Errorf("sealing key: got %v, %v", keys, err)
	}
}

func TestSecretFiles(t *testing.T) {
	loaded, _, err := load(t, `issuer: https://id.example.com
directus: {url: https://directus.example.com, token_file: token}
store: {bolt: {path: data/store.db}, sealing_keys_file: keys}
clients:
- client_id: shop
  client_secret_file: client
  redirect_uris: [https://shop.example/cb]
`, func(o *config.Options) {
		folder := filepath.Dir(o.Path)
		write(t, filepath.Join(folder, "token"), "from-file\n")
		write(t, filepath.Join(folder, "keys"), key+"\n"+strings.Repeat("ab", 32)+"\n")
		write(t, filepath.Join(folder, "client"), "0123456789012345678901234567890123\r\n")
	})
	if err != nil {
		t.Fatal(err)
	}
	if loaded.Directus.Token.Reveal() != "from-file" {
		t.Error("the token file was not read as it should")
	}
	if keys, err := loaded.Store.Keys(); err != nil || len(keys) != 2 {
		t.Errorf("sealing keys: got %d, %v", len(keys), err)
	}
	if len(loaded.Clients[0].SecretDigests) != 1 {
		t.Error("the client's secret file was not read")
	}
	if !filepath.IsAbs(loaded.Store.Bolt.Path) {
		t.Errorf("the path of the store is not meant from the file: %s", loaded.Store.Bolt.Path)
	}
}

func TestLoadWithoutToken(t *testing.T) {
	loaded, folder, err := load(t, `issuer: http://localhost:8080
directus: {url: "http://localhost:8055", token_file: not-there-yet}
`, func(o *config.Options) { o.WithoutToken = true })
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(folder, "not-there-yet"); loaded.Directus.TokenFile != want {
		t.Errorf("got %q, want %q", loaded.Directus.TokenFile, want)
	}
}

func TestProblemsAreReportedTogether(t *testing.T) {
	_, _, err := load(t, `issuer: http://id.example.com/
lisen: ":80"
directus:
  url: http://localhost:8055
  tokn: x
tokens: {access_token_lifetime: "10"}
url: x
clients:
- client_id: shop
  redirect_uri: [https://shop.example/cb]
- client_id: shop
  client_secret: short-secret
`, environment("GATEHOUSE_DIRECTUS_TOKN=x", "GATEHOUSE_LOG_LEVEL=loud"))
	var problems config.Problems
	if !errors.As(err, &problems) {
		t.Fatalf("got %v, want Problems", err)
	}
	var got []string
	for _, problem := range problems {
		got = append(got, strings.TrimPrefix(problem.String()[max(0, strings.LastIndex(problem.String(), "gatehouse.yaml:")):], "gatehouse."))
	}
	want := []string{
		`yaml:1: issuer: "http://id.example.com/" ends in a slash; clients compare byte for byte, so write http://id.example.com and register it so`,
		`yaml:2: lisen: unknown key; did you mean listen?`,
		`yaml:5: directus.tokn: unknown key; did you mean directus.token?`,
		`yaml:6: tokens.access_token_lifetime: "10" is not a duration; write a number with its unit, such as 30s, 10m, 12h or 30d`,
		`yaml:7: url: unknown key; did you mean directus.url?`,
		`yaml:10: clients[0].redirect_uri: unknown key; did you mean redirect_uris?`,
	}
	if diff := cmp.Diff(want, got[:len(want)]); diff != "" {
		t.Error(diff)
	}
	for _, words := range []string{
		`clients[1].client_secret: has fewer than 32 characters`,
		`clients[1].client_id: "shop" is also the client at`,
		`GATEHOUSE_DIRECTUS_TOKN: unknown variable; did you mean GATEHOUSE_DIRECTUS_TOKEN?`,
		`GATEHOUSE_LOG_LEVEL: log.level: "loud" is not known; use one of: debug, info, warn, error`,
		`directus.token: is missing`,
		`store: is missing`,
	} {
		if !strings.Contains(err.Error(), words) {
			t.Errorf("no word of %q in:\n%v", words, err)
		}
	}
	if strings.Contains(err.Error(), "short-secret") {
		t.Errorf("the error shows a secret:\n%v", err)
	}
}
