package fetch_test

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"gatehouse/provider/fetch"
)

// Hosts of the world below. The certificate of httptest holds example.com.
const (
	public   = "93.184.216.34"
	private  = "10.1.2.3"
	loopback = "127.0.0.1"
)

// world is a network of names in which every address that is dialled leads to one
// server, over TLS on port 443 and without on any other.
type world struct {
	names map[string][]string

	mu     sync.Mutex
	dialed []string
	seen   []*http.Request

	tls, plain *httptest.Server
	roots      *x509.CertPool
}

func newWorld(t *testing.T, handler http.Handler) *world {
	t.Helper()
	w := &world{names: map[string][]string{"example.com": {public}}, roots: x509.NewCertPool()}
	noted := http.HandlerFunc(func(writer http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.seen = append(w.seen, r)
		w.mu.Unlock()
		handler.ServeHTTP(writer, r)
	})
	w.tls, w.plain = httptest.NewTLSServer(noted), httptest.NewServer(noted)
	t.Cleanup(w.tls.Close)
	t.Cleanup(w.plain.Close)
	w.roots.AddCert(w.tls.Certificate())
	return w
}

// fetcher is one in this network.
func (w *world) fetcher(config fetch.Config) *fetch.Fetcher {
	config.Resolver, config.Dial = w, w.dial
	if config.RootCAs == nil {
		config.RootCAs = w.roots
	}
	return fetch.New(config)
}

// LookupNetIP makes the world a fetch.Resolver.
func (w *world) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	var found []netip.Addr
	for _, address := range w.names[host] {
		found = append(found, netip.MustParseAddr(address))
	}
	if found == nil {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	return found, nil
}

func (w *world) dial(ctx context.Context, network, address string) (net.Conn, error) {
	w.mu.Lock()
	w.dialed = append(w.dialed, address)
	w.mu.Unlock()
	server := w.plain
	if strings.HasSuffix(address, ":443") {
		server = w.tls
	}
	return (&net.Dialer{}).DialContext(ctx, network, server.Listener.Addr().String())
}

// wantRefused says that nothing more was dialled than before.
func (w *world) wantRefused(t *testing.T, err error, dials int) {
	t.Helper()
	if !errors.Is(err, fetch.ErrRefused) {
		t.Errorf("got %v", err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.dialed) != dials {
		t.Errorf("dialled %v", w.dialed)
	}
}

func allow(t *testing.T, entries ...string) []fetch.Exception {
	t.Helper()
	var all []fetch.Exception
	for _, entry := range entries {
		exception, err := fetch.ParseException(entry)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, exception)
	}
	return all
}

// documents answers with its path and query, and redirects /to?<address> there.
func documents() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.RequestURI()) })
	mux.HandleFunc("/to", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", r.URL.RawQuery)
		w.WriteHeader(http.StatusFound)
	})
	mux.HandleFunc("/missing", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
	mux.HandleFunc("/long", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", 1025)) })
	mux.HandleFunc("/exact", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat("x", 1024)) })
	return mux
}
