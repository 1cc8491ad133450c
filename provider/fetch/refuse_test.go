package fetch_test

import (
	"testing"

	"gatehouse/provider/fetch"
)

func TestGetRefusesAddress(t *testing.T) {
	development := fetch.Config{AllowLoopback: true}
	for _, test := range []struct {
		name, address string
		config        fetch.Config
	}{
		{name: "http", address: "http://example.com/jwks"},
		{name: "http on loopback", address: "http://127.0.0.1/"},
		{name: "http on localhost", address: "http://localhost:8080/"},
		{name: "http elsewhere in development", address: "http://example.com/", config: development},
		{name: "file", address: "file:///etc/passwd"},
		{name: "relative", address: "/jwks"},
		{name: "without host", address: "https:///jwks"},
		{name: "opaque", address: "https:example.com"},
		{name: "malformed", address: "https://%zz"},
		{name: "with credentials", address: "https://user:secret@example.com/"},
		{name: "with a user name", address: "https://user@example.com/"},
		{name: "loopback", address: "https://127.0.0.1/ok"},
		{name: "other loopback address in development", address: "https://127.0.0.2/", config: development},
		{name: "http on another loopback address in development", address: "http://127.0.0.2/", config: development},
		{name: "IPv4-mapped loopback", address: "https://[::ffff:127.0.0.1]/"},
		{name: "IPv4-mapped private", address: "https://[::ffff:10.0.0.1]/"},
		{name: "IPv4-compatible loopback", address: "https://[::7f00:1]/"},
		{name: "private 10", address: "https://10.0.0.1/"},
		{name: "private 172", address: "https://172.16.0.1/"},
		{name: "private 192", address: "https://192.168.0.1/"},
		{name: "metadata service", address: "https://169.254.169.254/latest/meta-data"},
		{name: "IPv6 loopback", address: "https://[::1]/"},
		{name: "IPv6 link-local", address: "https://[fe80::1%25eth0]/"},
		{name: "IPv6 unique local", address: "https://[fd00::1]/"},
		{name: "IPv6 metadata service", address: "https://[fd00:ec2::254]/"},
		{name: "NAT64 of loopback", address: "https://[64:ff9b::7f00:1]/"},
		{name: "local NAT64", address: "https://[64:ff9b:1::a00:1]/"},
		{name: "6to4 of a private address", address: "https://[2002:a00:1::1]/"},
		{name: "carrier-grade NAT", address: "https://100.100.100.200/"},
		{name: "unspecified", address: "https://0.0.0.0/"},
		{name: "unspecified IPv6", address: "https://[::]/"},
		{name: "multicast", address: "https://224.0.0.1/"},
		{name: "broadcast", address: "https://255.255.255.255/"},
		{name: "name of loopback", address: "https://localhost/"},
		{name: "name of a private address", address: "https://private.example/"},
		{name: "name of loopback in development", address: "https://loopback.example/", config: development},
		{name: "name of the metadata service", address: "https://metadata.example/"},
		{name: "name of an IPv4-mapped address", address: "https://mapped.example/"},
		{name: "name of a NAT64 address", address: "https://nat64.example/"},
		{name: "number that some resolvers take for loopback", address: "https://2130706433/"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, documents())
			w.names = map[string][]string{
				"example.com": {public}, "localhost": {"::1", loopback}, "loopback.example": {loopback}, "private.example": {private, "fd00::1"},
				"metadata.example": {"169.254.169.254"}, "mapped.example": {"::ffff:10.0.0.1"}, "nat64.example": {"64:ff9b::7f00:1"}, "2130706433": {loopback},
			}
			_, err := w.fetcher(test.config).Get(t.Context(), test.address)
			w.wantRefused(t, err, 0)
		})
	}
}

func TestGetFollowsRedirects(t *testing.T) {
	const base = "https://example.com"
	for name, address := range map[string]string{
		"absolute":                 base + "/to?" + base + "/jwks",
		"relative":                 base + "/to?/jwks",
		"with a fragment":          base + "/to?/jwks#here",
		"three in a row":           base + "/to?/to?/to?/jwks",
		"to a host of its own":     base + "/to?https://allowed.example.com/jwks",
		"from http on loopback":    "http://localhost:3000/to?" + base + "/jwks",
		"between loopback origins": "http://localhost:3000/to?http://127.0.0.1:4000/jwks",
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, documents())
			w.names["allowed.example.com"], w.names["localhost"] = []string{private}, []string{loopback}
			fetcher := w.fetcher(fetch.Config{Allow: allow(t, "allowed.example.com", "http://localhost:3000", "http://127.0.0.1:4000")})
			body, err := fetcher.Get(t.Context(), address)
			if name == "to a host of its own" {
				// The certificate does not hold the name, so that it fails only then.
				if len(w.dialed) != 2 || w.dialed[1] != private+":443" {
					t.Errorf("dialled %v, %v", w.dialed, err)
				}
				return
			}
			if err != nil || string(body) != "/jwks" {
				t.Errorf("got %q, %v", body, err)
			}
		})
	}
}

func TestGetRefusesRedirect(t *testing.T) {
	const base = "https://example.com/to?"
	for name, location := range map[string]string{
		"to a private address":           "https://" + private + "/",
		"to a name of a private address": "https://private.example/",
		"to the metadata service":        "http://169.254.169.254/latest/meta-data",
		"to http":                        "http://example.com/jwks",
		"to http that is allowed":        "http://localhost:3000/jwks",
		"to a file":                      "file:///etc/passwd",
		"with credentials":               "https://user:secret@example.com/jwks",
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, documents())
			w.names["private.example"], w.names["localhost"] = []string{private}, []string{loopback}
			_, err := w.fetcher(fetch.Config{Allow: allow(t, "http://localhost:3000")}).Get(t.Context(), base+location)
			w.wantRefused(t, err, 1)
		})
	}
	t.Run("four in a row", func(t *testing.T) {
		w := newWorld(t, documents())
		_, err := w.fetcher(fetch.Config{}).Get(t.Context(), base+"/to?/to?/to?/jwks")
		if err == nil || len(w.seen) != 4 {
			t.Errorf("got %v after %d requests", err, len(w.seen))
		}
	})
	t.Run("without an address", func(t *testing.T) {
		w := newWorld(t, documents())
		if _, err := w.fetcher(fetch.Config{}).Get(t.Context(), base); err == nil {
			t.Error("no error")
		}
	})
}
