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
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// What a Config takes where it says nothing.
const (
	DefaultTimeout  = 5 * time.Second
	DefaultMaxBytes = 64 << 10
)

// maxRedirects is how many redirects Get follows.
const maxRedirects = 3

// ErrRefused says that an address may not be asked. Nothing was sent to it.
var ErrRefused = errors.New("address may not be asked")

// Resolver finds the addresses of a host. net.Resolver satisfies it.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Config is what a Fetcher needs; its zero value is the strictest.
type Config struct {
	// AllowLoopback allows the hosts localhost, 127.0.0.1 and ::1 on every port,
	// by http too. It is for development.
	AllowLoopback bool
	// Allow are the exceptions of the operator.
	Allow []Exception
	// RootCAs are the only ones trusted; nil means those of the system.
	RootCAs *x509.CertPool
	// Timeout is for one fetch as a whole, redirects included.
	Timeout time.Duration
	// MaxBytes is the size of the longest document that is accepted.
	MaxBytes int64
	// Resolver and Dial are those of the system if nil. Dial is given addresses
	// only, never names.
	Resolver Resolver
	Dial     func(ctx context.Context, network, address string) (net.Conn, error)
}

// Fetcher gets documents and posts forms. It is safe for concurrent use.
type Fetcher struct {
	config Config
}

// New returns a Fetcher.
func New(config Config) *Fetcher {
	if config.Timeout <= 0 {
		config.Timeout = DefaultTimeout
	}
	if config.MaxBytes <= 0 {
		config.MaxBytes = DefaultMaxBytes
	}
	if config.Resolver == nil {
		config.Resolver = net.DefaultResolver
	}
	if config.Dial == nil {
		config.Dial = (&net.Dialer{}).DialContext
	}
	return &Fetcher{config: config}
}

// Get returns the body of a 200 answer, after at most three redirects; none of them
// leads from https to http. The error wraps ErrRefused for an address that may not
// be asked, and is some other if the fetch failed. Errors may name addresses and
// are for logs.
func (f *Fetcher) Get(ctx context.Context, address string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, f.config.Timeout)
	defer cancel()
	at, err := f.check(address)
	for redirects := 0; err == nil; redirects++ {
		var response *http.Response
		if response, err = f.send(ctx, at, http.MethodGet, nil); err != nil {
			break
		}
		if !isRedirect(response.StatusCode) {
			return f.document(response)
		}
		_ = response.Body.Close()
		if redirects == maxRedirects {
			return nil, fmt.Errorf("fetch: more than %d redirects", maxRedirects)
		}
		at, err = f.follow(at, response)
	}
	return nil, fmt.Errorf("fetch: %w", err)
}

// Post posts a form and returns the status of the answer, whose body is ignored.
// Redirects are not followed: what is posted is for one receiver only. Errors are as
// with Get.
func (f *Fetcher) Post(ctx context.Context, address string, form url.Values) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, f.config.Timeout)
	defer cancel()
	at, err := f.check(address)
	if err != nil {
		return 0, fmt.Errorf("post: %w", err)
	}
	response, err := f.send(ctx, at, http.MethodPost, form)
	if err != nil {
		return 0, fmt.Errorf("post: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	// Some servers take a connection that ends early for a failure of ours. The
	// status is known, so that a body that breaks off makes no difference.
	_, _ = io.CopyN(io.Discard, response.Body, f.config.MaxBytes)
	return response.StatusCode, nil
}

func (f *Fetcher) send(ctx context.Context, at hop, method string, form url.Values) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, at.url.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json, application/jwt;q=0.9, */*;q=0.5")
	request.Header.Set("User-Agent", "gatehouse")
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	client := &http.Client{
		// One transport a hop: its connections go where this hop may, and no
		// connection outlives it.
		Transport: &http.Transport{
			Proxy:                  nil,
			DialContext:            f.dialer(at),
			TLSClientConfig:        &tls.Config{RootCAs: f.config.RootCAs, MinVersion: tls.VersionTLS12},
			MaxResponseHeaderBytes: 16 << 10,
			DisableKeepAlives:      true,
			DisableCompression:     true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return client.Do(request)
}

// follow checks where a redirect leads.
func (f *Fetcher) follow(from hop, response *http.Response) (hop, error) {
	location, err := response.Location()
	if err != nil {
		return hop{}, fmt.Errorf("redirect: %w", err)
	}
	next, err := f.check(location.String())
	if err != nil {
		return hop{}, fmt.Errorf("redirect: %w", err)
	}
	if from.url.Scheme == "https" && next.url.Scheme != "https" {
		return hop{}, fmt.Errorf("redirect: %w: it leads from https to http", ErrRefused)
	}
	return next, nil
}

func isRedirect(status int) bool {
	return slices.Contains([]int{
		http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect,
	}, status)
}

// document reads the body of an answer, which it closes.
func (f *Fetcher) document(response *http.Response) ([]byte, error) {
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
