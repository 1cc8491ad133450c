package config_test

import (
	"bytes"
	"strings"
	"testing"
)

const signing = minimal + `clients:
- client_id: robot
  client_secret: a-secret-of-at-least-32-characters
  token_endpoint_auth_method: client_secret_jwt
  grant_types: [client_credentials]
`

// client_secret_jwt needs the secret itself; every other client has its digest kept.
func TestSecretOfClientThatSigns(t *testing.T) {
	loaded, _, err := load(t, signing, nil)
	if err != nil {
		t.Fatal(err)
	}
	if kept := loaded.Clients[0].SecretDigests; len(kept) != 1 || kept[0].Secret != "a-secret-of-at-least-32-characters" {
		t.Errorf("%d secrets are kept, or another", len(kept))
	}
	var out bytes.Buffer
	if err := loaded.Show(&out); err != nil || strings.Contains(out.String(), "a-secret-of") {
		t.Errorf("%v; the secret is shown:\n%s", err, out.String())
	}
	loaded, _, err = load(t, strings.Replace(signing, "client_secret_jwt", "client_secret_basic", 1), nil)
	if err != nil {
		t.Fatal(err)
	}
	if loaded.Clients[0].SecretDigests[0].Secret != "" {
		t.Error("a secret is kept that nobody needs")
	}
}

func TestClientThatSignsIsRefused(t *testing.T) {
	for name, test := range map[string]struct{ more, words string }{
		"secret too short for its algorithm": {"  token_endpoint_auth_signing_alg: HS512\n", "clients[0].client_secret: HS512 needs a secret of at least 64 characters"},
		"algorithm of a key":                 {"  token_endpoint_auth_signing_alg: RS256\n", `"RS256" is not supported; use one of: HS256, HS384, HS512`},
		"unknown profile":                    {"  security_profile: fapi3\n", `gatehouse.yaml:8: clients[0].security_profile: "fapi3" is not known; use one of: oidc`},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := load(t, signing+test.more, nil)
			if err == nil || !strings.Contains(err.Error(), test.words) || strings.Contains(err.Error(), "a-secret-of") {
				t.Errorf("got:\n%v\nwant: %s", err, test.words)
			}
		})
	}
	if _, _, err := load(t, signing+"  security_profile: oidc\n", nil); err != nil {
		t.Error(err)
	}
}
