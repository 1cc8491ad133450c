package fetch_test

import (
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/provider/fetch"
)

// serve answers /ok, /moved, /missing, /long and /slow over TLS on 127.0.0.1, a
// name of its certificate.
func serve(t *testing.T) (server *httptest.Server, roots *x509.CertPool) {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/ok", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "document "+r.URL.RawQuery) })
	mux.Handle("/moved", http.RedirectHandler("/ok", http.StatusFound))
	mux.HandleFunc("/long", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", 1025)) })
	mux.HandleFunc("/exact", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", 1024)) })
	mux.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	server = httptest.NewTLSServer(mux)
	t.Cleanup(server.Close)
	roots = x509.NewCertPool()
	roots.AddCert(server.Certificate())
	return server, roots
}

func TestGet(t *testing.T) {
	server, roots := serve(t)
	fetcher := fetch.New(fetch.Config{AllowLoopback: true, RootCAs: roots, MaxBytes: 1024})
	tests := []struct {
		name, path string
		want       string
		ok         bool
	}{
		{name: "document", path: "/ok?a=b", want: "document a=b", ok: true},
		{name: "fragment is not sent", path: "/ok?a=b#c", want: "document a=b", ok: true},
		{name: "document of the longest size", path: "/exact", want: strings.Repeat("x", 1024), ok: true},
		{name: "redirect is not followed", path: "/moved"},
		{name: "not found", path: "/missing"},
		{name: "too long", path: "/long"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			body, err := fetcher.Get(t.Context(), server.URL+test.path)
			if (err == nil) != test.ok || string(body) != test.want {
				t.Errorf("got %q, %v", body, err)
			}
		})
	}
}

func TestGetOverHTTPFromLoopback(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "plain") }))
	t.Cleanup(server.Close)
	body, err := fetch.New(fetch.Config{AllowLoopback: true}).Get(t.Context(), server.URL)
	if err != nil || string(body) != "plain" {
		t.Errorf("got %q, %v", body, err)
	}
}

func TestGetRefusesAddress(t *testing.T) {
	server, roots := serve(t)
	local := strings.TrimPrefix(server.URL, "https://")
	tests := []struct {
		name, address string
		config        fetch.Config
	}{
		{name: "http", address: "http://client.example/jwks"},
		{name: "http from loopback not allowed", address: "http://" + local},
		{name: "http from another host though loopback is allowed", address: "http://client.example/", config: fetch.Config{AllowLoopback: true}},
		{name: "file", address: "file:///etc/passwd"},
		{name: "relative", address: "/jwks"},
		{name: "without host", address: "https:///jwks"},
		{name: "opaque", address: "https:client.example"},
		{name: "malformed", address: "https://%zz"},
		{name: "with credentials", address: "https://user:secret@client.example/"},
		{name: "loopback", address: server.URL + "/ok"},
		{name: "other loopback address though loopback is allowed", address: "https://127.0.0.2/", config: fetch.Config{AllowLoopback: true}},
		{name: "IPv4-mapped loopback", address: "https://[::ffff:127.0.0.1]/"},
		{name: "private", address: "https://10.0.0.1/"},
		{name: "link-local metadata service", address: "https://169.254.169.254/latest/meta-data"},
		{name: "IPv6 loopback", address: "https://[::1]/"},
		{name: "IPv6 unique local", address: "https://[fd00::1]/"},
		{name: "NAT64 of loopback", address: "https://[64:ff9b::7f00:1]/"},
		{name: "6to4 of a private address", address: "https://[2002:a00:1::1]/"},
		{name: "carrier-grade NAT", address: "https://100.100.100.200/"},
		{name: "unspecified", address: "https://0.0.0.0/"},
		{name: "multicast", address: "https://224.0.0.1/"},
		{name: "broadcast", address: "https://255.255.255.255/"},
		{name: "name that resolves to loopback", address: "https://localhost/"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.config.RootCAs = roots
			_, err := fetch.New(test.config).Get(t.Context(), test.address)
			if !errors.Is(err, fetch.ErrRefused) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestGetFromAllowedHost(t *testing.T) {
	server, roots := serve(t)
	address, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	fetcher := fetch.New(fetch.Config{AllowHosts: []string{address.Hostname()}, RootCAs: roots})
	if _, err := fetcher.Get(t.Context(), server.URL+"/ok"); err != nil {
		t.Error(err)
	}
	if _, err := fetcher.Get(t.Context(), "http://"+address.Host+"/ok"); !errors.Is(err, fetch.ErrRefused) {
		t.Errorf("over http: %v", err)
	}
}

func TestGetIgnoresProxyOfEnvironment(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	t.Setenv("https_proxy", "http://127.0.0.1:1")
	server, roots := serve(t)
	if _, err := fetch.New(fetch.Config{AllowLoopback: true, RootCAs: roots}).Get(t.Context(), server.URL+"/ok"); err != nil {
		t.Error(err)
	}
}

func TestGetNeedsTrustedCertificate(t *testing.T) {
	server, _ := serve(t)
	var unknown x509.UnknownAuthorityError
	if _, err := fetch.New(fetch.Config{AllowLoopback: true}).Get(t.Context(), server.URL+"/ok"); !errors.As(err, &unknown) {
		t.Errorf("got %v", err)
	}
}

func TestGetEndsAtTimeout(t *testing.T) {
	server, roots := serve(t)
	fetcher := fetch.New(fetch.Config{AllowLoopback: true, RootCAs: roots, Timeout: 50 * time.Millisecond})
	if _, err := fetcher.Get(t.Context(), server.URL+"/slow"); err == nil {
		t.Error("no error")
	}
}
