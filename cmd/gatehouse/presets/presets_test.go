package presets_test

import (
	"strings"
	"testing"

	"gatehouse/cmd/gatehouse/presets"
	"gatehouse/provider/clients"
	"gatehouse/storage"
)

func TestEveryPresetIsAValidClient(t *testing.T) {
	rules := clients.Rules{
		GrantTypes: []string{"authorization_code", "refresh_token"}, ResponseTypes: []string{"code"},
		AuthMethods: []string{"client_secret_basic", "client_secret_post", "private_key_jwt", "none"}, SigningAlgorithms: []string{"RS256"},
	}
	for _, preset := range presets.All() {
		t.Run(preset.Name, func(t *testing.T) {
			client := preset.Client(preset.AppURL)
			client.ID = "app"
			if !client.Public() {
				client.SecretDigests = []storage.SecretDigest{{SHA256: make([]byte, 32)}}
			}
			if err := clients.Validate(client, rules); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestEverySnippetNamesTheClient(t *testing.T) {
	pasting := presets.Pasting{
		Issuer: "https://id.example.com", ClientID: "the-client", Secret: "the-secret",
		RedirectURI: "https://app.example.com/cb", Scope: "openid profile email",
	}
	for _, preset := range presets.All() {
		t.Run(preset.Name, func(t *testing.T) {
			snippet, err := preset.Snippet(pasting)
			if err != nil {
				t.Fatal(err)
			}
			for _, word := range []string{pasting.Issuer, pasting.ClientID} {
				if !strings.Contains(snippet, word) {
					t.Errorf("no %s in:\n%s", word, snippet)
				}
			}
			public := preset.Client(preset.AppURL).Public()
			if strings.Contains(snippet, pasting.Secret) == public {
				t.Errorf("public %v, but the snippet is:\n%s", public, snippet)
			}
		})
	}
}
