package clients_test

import (
	"net/url"
	"strings"
	"testing"

	"gatehouse/provider/clients"
	"gatehouse/storage"
)

func TestMatchRedirectURI(t *testing.T) {
	for name, test := range map[string]struct {
		native     bool
		registered string
		uri        string
		want       bool
	}{
		"same string":                    {registered: "https://app.example/callback", uri: "https://app.example/callback", want: true},
		"trailing slash":                 {registered: "https://app.example/callback", uri: "https://app.example/callback/"},
		"longer path":                    {registered: "https://app.example/callback", uri: "https://app.example/callback/evil"},
		"other case of the host":         {registered: "https://app.example/callback", uri: "https://APP.example/callback"},
		"added query":                    {registered: "https://app.example/callback", uri: "https://app.example/callback?a=b"},
		"default port":                   {registered: "https://app.example/callback", uri: "https://app.example:443/callback"},
		"encoded character":              {registered: "https://app.example/callback", uri: "https://app.example/%63allback"},
		"empty":                          {registered: "https://app.example/callback", uri: ""},
		"loopback port of a web client":  {registered: "http://127.0.0.1/callback", uri: "http://127.0.0.1:4000/callback"},
		"loopback port of a native app":  {native: true, registered: "http://127.0.0.1/callback", uri: "http://127.0.0.1:4000/callback", want: true},
		"other port than the registered": {native: true, registered: "http://127.0.0.1:3000/callback", uri: "http://127.0.0.1:4000/callback", want: true},
		"IPv6 loopback port":             {native: true, registered: "http://[::1]/callback", uri: "http://[::1]:4000/callback", want: true},
		"localhost port":                 {native: true, registered: "http://localhost/callback", uri: "http://localhost:4000/callback", want: true},
		"loopback host of another kind":  {native: true, registered: "http://127.0.0.1/callback", uri: "http://localhost:4000/callback"},
		"loopback path differs":          {native: true, registered: "http://127.0.0.1/callback", uri: "http://127.0.0.1:4000/other"},
		"user name instead of a port":    {native: true, registered: "http://127.0.0.1/callback", uri: "http://127.0.0.1:4000@evil.example/callback"},
		"host that begins like loopback": {native: true, registered: "http://127.0.0.1/callback", uri: "http://127.0.0.1.evil.example/callback"},
		"port too large":                 {native: true, registered: "http://127.0.0.1/callback", uri: "http://127.0.0.1:65536/callback"},
		"port zero":                      {native: true, registered: "http://127.0.0.1/callback", uri: "http://127.0.0.1:0/callback"},
		"empty port":                     {native: true, registered: "http://127.0.0.1/callback", uri: "http://127.0.0.1:/callback"},
		"https loopback port":            {native: true, registered: "https://127.0.0.1/callback", uri: "https://127.0.0.1:4000/callback"},
		"private-use scheme":             {native: true, registered: "com.example.app:/callback", uri: "com.example.app:/callback", want: true},
	} {
		t.Run(name, func(t *testing.T) {
			client := storage.Client{RedirectURIs: []string{test.registered}, PostLogoutRedirectURIs: []string{test.registered}, ApplicationType: "web"}
			if test.native {
				client.ApplicationType = "native"
			}
			if got := clients.MatchRedirectURI(client, test.uri); got != test.want {
				t.Errorf("MatchRedirectURI(%q, %q) = %v, want %v", test.registered, test.uri, got, test.want)
			}
			if got := clients.MatchPostLogoutRedirectURI(client, test.uri); got != test.want {
				t.Errorf("MatchPostLogoutRedirectURI(%q, %q) = %v, want %v", test.registered, test.uri, got, test.want)
			}
		})
	}
}

// What matches must lead to the host and path that were registered, as the URL
// parser of the standard library sees it.
func FuzzMatchRedirectURI(f *testing.F) {
	for _, seed := range []string{
		"https://app.example/callback", "http://127.0.0.1:4000/callback", "http://127.0.0.1:80@evil.example/callback",
		"http://[::1]:1/callback", "http://127.0.0.1:1\\@evil.example/callback", "com.example.app:/callback", "http://localhost:/callback",
	} {
		f.Add(seed)
	}
	client := storage.Client{
		ApplicationType: "native",
		RedirectURIs:    []string{"https://app.example/callback", "http://127.0.0.1/callback", "http://[::1]/callback?x=y", "com.example.app:/callback"},
	}
	hosts := map[string]bool{"app.example": true, "127.0.0.1": true, "::1": true, "": true}
	f.Fuzz(func(t *testing.T, uri string) {
		if !clients.MatchRedirectURI(client, uri) {
			return
		}
		u, err := url.Parse(uri)
		if err != nil {
			t.Fatalf("%q matches and does not parse: %v", uri, err)
		}
		if !hosts[u.Hostname()] || u.Path != "/callback" || u.User != nil || u.Fragment != "" {
			t.Fatalf("%q matches and leads elsewhere: %+v", uri, u)
		}
		if u.Port() != "" && !strings.HasPrefix(uri, "http://") {
			t.Fatalf("%q matches with a port of its own", uri)
		}
	})
}
