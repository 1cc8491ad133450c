package clients_test

import (
	"testing"

	"gatehouse/provider/clients"
	"gatehouse/storage"
)

func TestHomeURL(t *testing.T) {
	const issuer = "https://id.example/auth"
	for name, test := range map[string]struct {
		client storage.Client
		want   string
	}{
		"sign-in starts there": {
			storage.Client{ID: "a b&c", InitiateLoginURI: "https://app.example/start", ClientURI: "https://app.example/"},
			"https://id.example/auth/apps/open?client_id=a+b%26c",
		},
		"home page":            {storage.Client{ID: "a", ClientURI: "https://app.example/home", RedirectURIs: []string{"https://b.example/cb"}}, "https://app.example/home"},
		"origin":               {storage.Client{ID: "a", RedirectURIs: []string{"com.example.app:/cb", "https://app.example:8443/cb"}}, "https://app.example:8443/"},
		"app on the device":    {storage.Client{ID: "a", RedirectURIs: []string{"com.example.app:/cb"}}, ""},
		"no address whatever":  {storage.Client{ID: "a"}, ""},
		"a removed app's name": {storage.Client{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := clients.HomeURL(issuer, test.client); got != test.want {
				t.Errorf("HomeURL = %q, want %q", got, test.want)
			}
		})
	}
}
