package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/cmd/gatehouse/config"
	"gatehouse/provider"
	"gatehouse/storage/directus/prepare"
)

// settingsWith reads a configuration that has what every one needs, and more.
func settingsWith(t *testing.T, more string) *config.Loaded {
	t.Helper()
	path := filepath.Join(t.TempDir(), "gatehouse.yaml")
	file := "issuer: http://localhost:8080\ndirectus: {url: \"http://localhost:8055\", token: secret-service-token}\n" + more
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	settings, err := config.Load(config.Options{Path: path, Environment: []string{"HOME=" + t.TempDir()}, Rules: provider.ClientRules()})
	if err != nil {
		t.Fatal(err)
	}
	return settings
}

const (
	exchangeType = "urn:ietf:params:oauth:grant-type:token-exchange"
	// shopClient is one without any right.
	shopClient = "client_id: shop, client_secret: shop-secret-0123456789abcdef0123456789, redirect_uris: [https://shop.example/callback]"
	deskClient = "client_id: desk, client_secret: desk-secret-0123456789abcdef0123456789, redirect_uris: [https://desk.example/callback]"
	exchanging = ", grant_types: [authorization_code, \"" + exchangeType + "\"], directus_exchange: "
)

// Whether a user is an administrator stands in his policies. Only an app that may
// not have administrators is a reason to read them, and each says that it is one.
func TestRightsThatTokenExchangeNeeds(t *testing.T) {
	const users = " may have Directus tokens of users and not of administrators (directus_exchange)"
	rows := "clients_collection: gatehouse_clients\n"
	standing := prepare.Right{Collection: "gatehouse_clients", Why: "clients stand in it (clients_collection)"}
	for name, test := range map[string]struct {
		more string
		want []prepare.Right
		// keeps says that token pairs are kept.
		keeps bool
	}{
		"no client":         {"", nil, false},
		"none may exchange": {"clients: [{" + shopClient + "}]\n", nil, false},
		"users": {
			"clients: [{" + shopClient + exchanging + "users}]\n",
			[]prepare.Right{{Collection: "directus_policies", Why: "shop" + users}, {Collection: "directus_access", Why: "shop" + users}},
			true,
		},
		"administrators, which is everybody": {"clients: [{" + shopClient + exchanging + "administrators}]\n", nil, true},
		"one of either kind": {
			"clients: [{" + shopClient + exchanging + "administrators}, {" + deskClient + exchanging + "users}]\n",
			[]prepare.Right{{Collection: "directus_policies", Why: "desk" + users}, {Collection: "directus_access", Why: "desk" + users}},
			true,
		},
		"two of users": {
			"clients: [{" + shopClient + exchanging + "users}, {" + deskClient + exchanging + "users}]\n",
			[]prepare.Right{
				{Collection: "directus_policies", Why: "shop" + users},
				{Collection: "directus_access", Why: "shop" + users},
				{Collection: "directus_policies", Why: "desk" + users},
				{Collection: "directus_access", Why: "desk" + users},
			},
			true,
		},
		"users, and allow.policies besides": {
			"clients: [{" + shopClient + exchanging + "administrators, allow: {policies: [Shoppers]}}]\n",
			[]prepare.Right{
				{Collection: "directus_policies", Why: "allow.policies says who may use shop"},
				{Collection: "directus_access", Why: "allow.policies says who may use shop"},
			},
			true,
		},
		"a row of Directus, of users": {
			rows + "clients: [{client_id: board, source: directus, directus_exchange: users}]\n",
			[]prepare.Right{standing, {Collection: "directus_policies", Why: "board" + users}, {Collection: "directus_access", Why: "board" + users}},
			true,
		},
		"a row of Directus, of administrators": {
			rows + "clients: [{client_id: board, source: directus, directus_exchange: administrators}]\n", []prepare.Right{standing}, true,
		},
		"a row of Directus, without the right": {
			rows + "clients: [{client_id: board, source: directus, first_party: true}]\n", []prepare.Right{standing}, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			settings := settingsWith(t, test.more)
			got, err := reads(settings)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(append(prepare.BaseReads(), test.want...), got); diff != "" {
				t.Errorf("rights (-want +got):\n%s", diff)
			}
			if keeps := mayExchange(settings); keeps != test.keeps {
				t.Errorf("token pairs are kept: %t, want %t", keeps, test.keeps)
			}
		})
	}
}
