package fetch_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gatehouse/provider/fetch"
)

func TestGet(t *testing.T) {
	fetcher := newWorld(t, documents()).fetcher(fetch.Config{MaxBytes: 1024})
	for _, test := range []struct{ name, path, want string }{
		{"document", "/jwks?a=b", "/jwks?a=b"},
		{"fragment is not sent", "/jwks?a=b#c", "/jwks?a=b"},
		{"document of the longest size", "/exact", strings.Repeat("x", 1024)},
	} {
		t.Run(test.name, func(t *testing.T) {
			if body, err := fetcher.Get(t.Context(), "https://example.com"+test.path); err != nil || string(body) != test.want {
				t.Errorf("got %q, %v", body, err)
			}
		})
	}
	for _, path := range []string{"/missing", "/long"} {
		t.Run(path, func(t *testing.T) {
			if body, err := fetcher.Get(t.Context(), "https://example.com"+path); err == nil || errors.Is(err, fetch.ErrRefused) {
				t.Errorf("got %q, %v", body, err)
			}
		})
	}
	if _, err := fetcher.Get(t.Context(), "https://unknown.example/"); err == nil {
		t.Error("a host without address answered")
	}
}

// A host whose first address is silent or forbidden may have another.
func TestGetTriesEachAddress(t *testing.T) {
	w := newWorld(t, documents())
	w.names["example.com"] = []string{private, "8.8.8.8", public}
	fetcher := w.fetcher(fetch.Config{})
	body, err := fetcher.Get(t.Context(), "https://example.com/jwks")
	if err != nil || string(body) != "/jwks" || w.dialed[0] != "8.8.8.8:443" {
		t.Errorf("got %q, %v after %v", body, err, w.dialed)
	}
	broken := fetch.New(fetch.Config{RootCAs: w.roots, Resolver: w, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		if address == "8.8.8.8:443" {
			return nil, errors.New("no route")
		}
		return w.dial(ctx, network, address)
	}})
	if body, err := broken.Get(t.Context(), "https://example.com/jwks"); err != nil || string(body) != "/jwks" {
		t.Errorf("got %q, %v", body, err)
	}
}

func TestPost(t *testing.T) {
	var bodies, types []string
	status := http.StatusOK
	w := newWorld(t, http.HandlerFunc(func(writer http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies, types = append(bodies, r.Method+" "+string(body)), append(types, r.Header.Get("Content-Type"))
		writer.Header().Set("Location", "https://example.com/elsewhere")
		writer.WriteHeader(status)
		_, _ = io.WriteString(writer, strings.Repeat("x", 4096))
	}))
	fetcher := w.fetcher(fetch.Config{MaxBytes: 1024})
	for _, status = range []int{200, 400, 302, 307, 500} {
		got, err := fetcher.Post(t.Context(), "https://example.com/logout", map[string][]string{"logout_token": {"a.b.c"}})
		if err != nil || got != status {
			t.Errorf("got %d, %v, want %d", got, err, status)
		}
	}
	if len(bodies) != 5 || bodies[4] != "POST logout_token=a.b.c" || types[4] != "application/x-www-form-urlencoded" {
		t.Errorf("posted %v as %v", bodies, types)
	}
	_, err := fetcher.Post(t.Context(), "https://"+private+"/logout", nil)
	w.wantRefused(t, err, 5)
	_, err = fetcher.Post(t.Context(), "http://example.com/logout", nil)
	w.wantRefused(t, err, 5)
}

func TestGetIgnoresProxyOfEnvironment(t *testing.T) {
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY"} {
		t.Setenv(name, "http://192.0.2.1:1")
	}
	w := newWorld(t, documents())
	if _, err := w.fetcher(fetch.Config{}).Get(t.Context(), "https://example.com/"); err != nil {
		t.Error(err)
	}
	if len(w.dialed) != 1 || w.dialed[0] != public+":443" {
		t.Errorf("dialled %v", w.dialed)
	}
}

func TestGetNeedsTrustedCertificate(t *testing.T) {
	w := newWorld(t, documents())
	var unknown x509.UnknownAuthorityError
	if _, err := w.fetcher(fetch.Config{RootCAs: x509.NewCertPool()}).Get(t.Context(), "https://example.com/"); !errors.As(err, &unknown) {
		t.Errorf("got %v", err)
	}
	w.names["other.example"] = []string{public}
	var foreign x509.HostnameError
	if _, err := w.fetcher(fetch.Config{}).Get(t.Context(), "https://other.example/"); !errors.As(err, &foreign) {
		t.Errorf("got %v", err)
	}
}

func TestGetSpeaksTLS12AndLater(t *testing.T) {
	w := newWorld(t, documents())
	for version, ok := range map[uint16]bool{tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		w.tls.TLS.MinVersion, w.tls.TLS.MaxVersion = version, version
		if _, err := w.fetcher(fetch.Config{}).Get(t.Context(), "https://example.com/"); (err == nil) != ok {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
	}
}

// A server that says little must not keep us waiting, at whatever point it falls
// silent. The time is not the machine's.
func TestGetEndsAtTimeout(t *testing.T) {
	answers := map[string]func(net.Conn){
		"no answer":   func(net.Conn) {},
		"half a head": func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Le") },
		"half a body": func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf") },
		"a drop a second": func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
			for {
				time.Sleep(time.Second)
				if _, err := io.WriteString(c, "x"); err != nil {
					return
				}
			}
		},
		"redirects that take their time": func(c net.Conn) {
			time.Sleep(2 * time.Second)
			_, _ = io.WriteString(c, "HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n")
		},
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				var servers sync.WaitGroup
				fetcher := fetch.New(fetch.Config{AllowLoopback: true, Dial: func(context.Context, string, string) (net.Conn, error) {
					ours, theirs := net.Pipe()
					servers.Go(func() {
						_, _ = http.ReadRequest(bufio.NewReader(theirs))
						answer(theirs)
						_, _ = io.Copy(io.Discard, theirs)
					})
					return ours, nil
				}})
				_, err := fetcher.Get(t.Context(), "http://127.0.0.1/jwks")
				if !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != fetch.DefaultTimeout {
					t.Errorf("got %v after %s", err, time.Since(begin))
				}
				servers.Wait()
			})
		})
	}
}
