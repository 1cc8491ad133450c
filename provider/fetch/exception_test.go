package fetch_test

import (
	"strings"
	"testing"

	"gatehouse/provider/fetch"
)

func TestException(t *testing.T) {
	names := map[string][]string{
		"example.com": {private}, "localhost": {"::1", loopback}, "loopback.example.com": {loopback},
	}
	for _, test := range []struct {
		name, entry, address string
		ok                   bool
	}{
		{"host of a private address", "example.com", "https://example.com/", true},
		{"host in capitals", "Example.COM", "https://example.com/", true},
		{"host over http", "example.com", "http://example.com/", false},
		{"another host", "other.example.com", "https://example.com/", false},
		{"host of loopback", "loopback.example.com", "https://loopback.example.com/", false},
		{"address", private, "https://example.com/", true},
		{"network", "10.1.0.0/16", "https://example.com/", true},
		{"another network", "10.2.0.0/16", "https://example.com/", false},
		{"network over http", "10.1.0.0/16", "http://10.1.2.3/", false},
		{"loopback address over TLS", loopback, "https://127.0.0.1/", true},
		{"loopback address by name", loopback, "https://localhost/", false}, // its certificate holds no such name
		{"loopback address without TLS", loopback, "http://127.0.0.1/", false},
		{"IPv6 loopback address", "::1", "https://[::1]/", true},
		{"origin", "http://127.0.0.1:3000", "http://127.0.0.1:3000/jwks", true},
		{"origin by name", "http://localhost:3000", "http://localhost:3000/jwks", true},
		{"IPv6 origin", "http://[::1]:3000", "http://[::1]:3000/jwks", true},
		{"origin under its other name", "http://localhost:3000", "http://127.0.0.1:3000/jwks", false},
		{"another port", "http://127.0.0.1:3000", "http://127.0.0.1:3001/jwks", false},
		{"origin over TLS", "http://127.0.0.1:443", "https://127.0.0.1/", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, documents())
			w.names = names
			fetcher := w.fetcher(fetch.Config{Allow: allow(t, test.entry)})
			_, err := fetcher.Get(t.Context(), test.address)
			if (err == nil) != test.ok {
				t.Errorf("got %v", err)
			}
		})
	}
}

// A name that an origin allows must lead to this machine, whatever resolves it.
func TestOriginThatResolvesElsewhere(t *testing.T) {
	w := newWorld(t, documents())
	w.names["localhost"] = []string{private, public}
	_, err := w.fetcher(fetch.Config{Allow: allow(t, "http://localhost:3000")}).Get(t.Context(), "http://localhost:3000/jwks")
	w.wantRefused(t, err, 0)
}

func TestParseException(t *testing.T) {
	for entry, want := range map[string]string{
		"directus":              "directus",
		"App.Internal":          "app.internal",
		"my_service-2":          "my_service-2",
		"10.1.2.3":              "10.1.2.3",
		"10.1.0.0/16":           "10.1.0.0/16",
		"fd00::/8":              "fd00::/8",
		"::1":                   "::1",
		"http://localhost:3000": "http://localhost:3000",
		"http://127.0.0.1:3000": "http://127.0.0.1:3000",
		"http://[::1]:3000":     "http://[::1]:3000",
	} {
		if got, err := fetch.ParseException(entry); err != nil || got.String() != want {
			t.Errorf("%q: got %q, %v", entry, got, err)
		}
	}
	for entry, words := range map[string]string{
		"":                           "is no host name",
		"*.example.com":              "holds '*', which no host name has",
		"app.internal:8080":          "holds ':', which no host name has",
		"app..internal":              "is no host name",
		"-app":                       "is no host name",
		"app internal":               "holds ' '",
		"127.1":                      "looks like an address and is none",
		"0x7f000001":                 "looks like an address and is none",
		"localhost":                  "write http://localhost:PORT, or 127.0.0.1 for https",
		"10.1.2.3/16":                "has bits beyond its length; write 10.1.0.0/16",
		"10.0.0.0/33":                "is not a network",
		"0.0.0.0/0":                  "is every address there is",
		"::/0":                       "is every address there is",
		"::ffff:10.0.0.1":            "hides an IPv4 address",
		"fe80::1%eth0":               "holds ':'",
		"https://app.internal":       "https needs no origin; write the host name or the address alone",
		"http://app.internal:80":     "only http on a loopback host",
		"http://127.0.0.2:80":        "only http on a loopback host",
		"ftp://localhost:21":         "only http on a loopback host",
		"http://localhost":           "is not an origin with its port",
		"http://localhost:3000/":     "is not an origin with its port",
		"http://localhost:3000/path": "is not an origin with its port",
		"http://u@localhost:3000":    "is not an origin with its port",
		"http://localhost:port":      "is not an address",
	} {
		if _, err := fetch.ParseException(entry); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%q: got %v, want %q", entry, err, words)
		}
	}
}

// FuzzParseException looks for entries that allow more than they say.
func FuzzParseException(f *testing.F) {
	for _, seed := range []string{"app.internal", "10.0.0.0/8", "http://localhost:3000", "http://127.0.0.1:3000#@x", "::ffff:1.2.3.4/128"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, entry string) {
		exception, err := fetch.ParseException(entry)
		if err != nil {
			return
		}
		again, err := fetch.ParseException(exception.String())
		if err != nil || again != exception {
			t.Errorf("%q is written %q, which is %v, %v", entry, exception, again, err)
		}
		if !strings.EqualFold(exception.String(), entry) && !strings.Contains(entry, ":") && !strings.Contains(entry, "/") {
			t.Errorf("%q is written %q", entry, exception)
		}
	})
}
