package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"
)

// What a Config takes where it says nothing.
const (
	DefaultTimeout  = 5 * time.Second
	DefaultMaxBytes = 64 << 10
)

// ErrRefused says that an address may not be fetched. Nothing was sent to it.
var ErrRefused = errors.New("address may not be fetched")

// Config is what a Fetcher needs; its zero value is the strictest.
type Config struct {
	// AllowLoopback allows the hosts localhost, 127.0.0.1 and ::1, by http too.
	// It is for development.
	AllowLoopback bool
	// AllowHosts are names of the operator's own network that may resolve to
	// private addresses. They are compared with the whole host name.
	AllowHosts []string
	// RootCAs are the only ones trusted; nil means those of the system.
	RootCAs *x509.CertPool
	// Timeout is for one fetch as a whole.
	Timeout time.Duration
	// MaxBytes is the size of the longest document that is accepted.
	MaxBytes int64
}

// Fetcher gets documents. It is safe for concurrent use.
type Fetcher struct {
	config Config
	client *http.Client
}

// New returns a Fetcher.
func New(config Config) *Fetcher {
	if config.Timeout <= 0 {
		config.Timeout = DefaultTimeout
	}
	if config.MaxBytes <= 0 {
		config.MaxBytes = DefaultMaxBytes
	}
	f := &Fetcher{config: config}
	f.client = &http.Client{
		Timeout: config.Timeout,
		Transport: &http.Transport{
			Proxy:                  nil,
			DialContext:            f.dial,
			TLSClientConfig:        &tls.Config{RootCAs: config.RootCAs, MinVersion: tls.VersionTLS12},
			MaxResponseHeaderBytes: 16 << 10,
			// Documents are kept by who asks for them, so connections need not be.
			DisableKeepAlives:  true,
			DisableCompression: true,
		},
		// A redirect would lead to an address that nobody registered.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return f
}

// Get returns the body of a 200 answer. It returns ErrRefused for an address that
// may not be fetched, and some other error if the fetch failed. Errors may name
// the address and are for logs.
func (f *Fetcher) Get(ctx context.Context, address string) ([]byte, error) {
	target, err := f.check(address)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("fetch: %w", err)
	}
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "gatehouse")
	response, err := f.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("fetch: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("fetch: answer %d instead of 200", response.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, f.config.MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("fetch: read answer: %w", err)
	}
	if int64(len(body)) > f.config.MaxBytes {
		return nil, fmt.Errorf("fetch: answer is longer than %d bytes", f.config.MaxBytes)
	}
	return body, nil
}

// check looks at the address as text; where it leads is checked by dial.
func (f *Fetcher) check(address string) (string, error) {
	target, err := url.Parse(address)
	switch {
	case err != nil, target.Hostname() == "", target.Opaque != "":
		return "", fmt.Errorf("%w: it is no absolute URL", ErrRefused)
	case target.User != nil:
		return "", fmt.Errorf("%w: it contains credentials", ErrRefused)
	case target.Scheme == "http" && f.loopback(target.Hostname()):
	case target.Scheme != "https":
		return "", fmt.Errorf("%w: it is not https", ErrRefused)
	}
	target.Fragment, target.RawFragment = "", ""
	return target.String(), nil
}

// loopback says whether the host is this machine and allowed. Names that only
// resolve to it are not meant: those belong to strangers.
func (f *Fetcher) loopback(host string) bool {
	return f.config.AllowLoopback && slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, strings.ToLower(host))
}

func (f *Fetcher) ownHost(host string) bool {
	return slices.ContainsFunc(f.config.AllowHosts, func(allowed string) bool { return strings.EqualFold(allowed, host) })
}

// dial connects to the host and lets control see each address it resolved to.
func (f *Fetcher) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: f.config.Timeout}
	switch {
	case f.ownHost(host):
	case f.loopback(host):
		dialer.Control = controlWith(isLoopback)
	default:
		dialer.Control = controlWith(isPublic)
	}
	return dialer.DialContext(ctx, network, address)
}

// controlWith refuses an address after it was resolved and before it is dialled.
func controlWith(allowed func(address string) bool) func(network, address string, _ syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		if !allowed(address) {
			return fmt.Errorf("%w: it does not lead to a public address", ErrRefused)
		}
		return nil
	}
}
