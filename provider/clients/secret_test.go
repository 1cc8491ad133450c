package clients_test

import (
	"strings"
	"testing"
	"time"

	"gatehouse/provider/clients"
	"gatehouse/storage"
)

const (
	longSecret  = "a secret of sixty-four characters, enough for a key of an HS512."
	shortSecret = "a secret of thirty-two chars. Ok."
)

func withSecret(method string, secret storage.Secret) storage.Client {
	client := webClient()
	client.TokenEndpointAuthMethod, client.SecretDigests = method, nil
	clients.ReplaceSecret(&client, secret, time.Time{})
	return client
}

func TestSecretIsKeptOnlyWhereItIsAKey(t *testing.T) {
	for _, method := range []string{"", "client_secret_basic", "client_secret_post"} {
		if kept := withSecret(method, longSecret).SecretDigests; len(kept) != 1 || kept[0].Secret != "" {
			t.Errorf("%q: %d kept", method, len(kept))
		}
	}
	client := withSecret("client_secret_jwt", longSecret)
	if client.SecretDigests[0].Secret != longSecret || len(client.SecretDigests[0].SHA256) != 32 {
		t.Error("the secret is not kept with its digest")
	}
	// 64 characters of base64 are enough for HS512, and no more than a block of
	// SHA-256.
	if size := clients.SecretSize(client); size*4/3 != 64 {
		t.Errorf("%d bytes", size)
	}
}

func TestReplaceSecret(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	client := withSecret("client_secret_jwt", longSecret)
	clients.ReplaceSecret(&client, shortSecret, now.Add(time.Hour))
	if kept := client.SecretDigests; len(kept) != 2 || kept[0].Secret != shortSecret || !kept[0].Expires.IsZero() ||
		kept[1].Secret != longSecret || !kept[1].Expires.Equal(now.Add(time.Hour)) {
		t.Error("the old secret does not end in an hour")
	}
	client.SecretDigests[0].Expires = now.Add(time.Minute)
	clients.ReplaceSecret(&client, longSecret, now.Add(time.Hour))
	if kept := client.SecretDigests; len(kept) != 2 || !kept[1].Expires.Equal(now.Add(time.Minute)) {
		t.Error("a secret was given more time than it had")
	}
	clients.ReplaceSecret(&client, shortSecret, time.Time{})
	if len(client.SecretDigests) != 1 {
		t.Error("the old secret does not end at once")
	}
}

func TestFitSecrets(t *testing.T) {
	for name, test := range map[string]struct {
		from, to, algorithm string
		secret, presented   storage.Secret
		kept, needsNew      bool
	}{
		"basic to post":                       {from: "client_secret_basic", to: "client_secret_post", secret: longSecret, kept: true},
		"signing to basic":                    {from: "client_secret_jwt", to: "client_secret_basic", secret: longSecret, kept: true},
		"basic to signing":                    {from: "client_secret_basic", to: "client_secret_jwt", secret: longSecret, needsNew: true},
		"basic to signing, secret presented":  {from: "client_secret_basic", to: "client_secret_jwt", secret: longSecret, presented: longSecret, kept: true},
		"basic to signing, another presented": {from: "client_secret_basic", to: "client_secret_jwt", secret: longSecret, presented: shortSecret, needsNew: true},
		"basic to signing, too short":         {from: "client_secret_basic", to: "client_secret_jwt", algorithm: "HS512", secret: shortSecret, presented: shortSecret, needsNew: true},
		"to a key":                            {from: "client_secret_jwt", to: "private_key_jwt", secret: longSecret},
		"to nothing":                          {from: "client_secret_basic", to: "none", secret: longSecret},
	} {
		t.Run(name, func(t *testing.T) {
			client := withSecret(test.from, test.secret)
			client.TokenEndpointAuthMethod, client.TokenEndpointAuthSigningAlg = test.to, test.algorithm
			if test.presented != "" {
				clients.KnowSecret(&client, test.presented)
			}
			if got := clients.FitSecrets(&client); got != test.needsNew || len(client.SecretDigests) == 1 != test.kept {
				t.Errorf("needs new %v, kept %d", got, len(client.SecretDigests))
			}
			for _, kept := range client.SecretDigests {
				if (kept.Secret != "") != (test.to == "client_secret_jwt") {
					t.Errorf("the secret itself is kept for %s: %v", test.to, kept.Secret != "")
				}
			}
		})
	}
}

func TestValidateSigningSecret(t *testing.T) {
	allowed := rules()
	allowed.AuthMethods = append(allowed.AuthMethods, "client_secret_jwt")
	allowed.SecretAlgorithms = []string{"HS256", "HS384", "HS512"}
	digestOnly := withSecret("client_secret_basic", longSecret)
	digestOnly.TokenEndpointAuthMethod = "client_secret_jwt"
	needless := withSecret("client_secret_jwt", longSecret)
	needless.TokenEndpointAuthMethod = "client_secret_basic"
	for name, test := range map[string]struct {
		client           storage.Client
		algorithm, words string
	}{
		"kept":                     {client: withSecret("client_secret_jwt", longSecret)},
		"kept for HS512":           {client: withSecret("client_secret_jwt", longSecret), algorithm: "HS512"},
		"short":                    {client: withSecret("client_secret_jwt", shortSecret), algorithm: "HS256"},
		"too short for HS384":      {client: withSecret("client_secret_jwt", shortSecret), algorithm: "HS384", words: "client_secret: HS384 needs a secret of at least 48 characters"},
		"only the digest is known": {client: digestOnly, words: "client_secret: client_secret_jwt needs the secret itself"},
		"kept without use":         {client: needless, words: "client_secret: is kept only for client_secret_jwt"},
		"algorithm of a key":       {client: withSecret("client_secret_jwt", longSecret), algorithm: "RS256", words: `token_endpoint_auth_signing_alg: "RS256" is not supported; use one of: HS256, HS384, HS512`},
		"algorithm of a secret":    {client: withSecret("client_secret_basic", longSecret), algorithm: "HS256", words: "token_endpoint_auth_signing_alg: is for token_endpoint_auth_method: private_key_jwt or client_secret_jwt only"},
	} {
		t.Run(name, func(t *testing.T) {
			test.client.TokenEndpointAuthSigningAlg = test.algorithm
			err := clients.Validate(test.client, allowed)
			switch {
			case test.words == "" && err != nil:
				t.Error(err)
			case test.words != "" && (err == nil || !strings.Contains(err.Error(), test.words)):
				t.Errorf("got %v, want %s", err, test.words)
			}
			if err != nil && strings.Contains(err.Error(), longSecret) {
				t.Error("the error shows the secret")
			}
		})
	}
}

func TestValidateProfile(t *testing.T) {
	client := webClient()
	client.SecurityProfile = clients.ProfileOIDC
	if err := clients.Validate(client, rules()); err != nil {
		t.Error(err)
	}
	client.SecurityProfile = "fapi3"
	if err := clients.Validate(client, rules()); err == nil || !strings.Contains(err.Error(), `security_profile: "fapi3" is not supported; use one of: oidc`) {
		t.Errorf("got %v", err)
	}
}
