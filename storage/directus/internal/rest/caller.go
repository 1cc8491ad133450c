package rest

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Config is what a Caller needs.
type Config struct {
	// BaseURL is where Directus lives; it may have a path.
	BaseURL string
	// Transport carries the requests; nil stands for one of our own, which
	// reads no proxy settings from the environment.
	Transport http.RoundTripper
	// Timeout bounds each request, waiting for its turn included.
	Timeout time.Duration
	// MaxConcurrent bounds the requests under way at a time. Three quarters of
	// them are for logins and for nothing else, at least one is for each.
	MaxConcurrent int
	// LoginWait is how long a login waits for its turn at most.
	LoginWait time.Duration
	// BreakerFailures is after how many failures in a row requests are refused
	// at once, for BreakerPause each time; 0 stands for never. Changed is told
	// when that begins and ends; it must not call the Caller and may be nil. Now
	// is needed if BreakerFailures is not 0.
	BreakerFailures int
	BreakerPause    time.Duration
	Changed         func(away bool)
	Now             func() time.Time
}

// Caller sends requests to one Directus. It is safe for concurrent use.
type Caller struct {
	base      *url.URL
	client    *http.Client
	timeout   time.Duration
	loginWait time.Duration
	// Anybody can cause logins, and each takes Directus half a second. With
	// slots of their own they cannot starve the look-ups that keep people
	// signed in.
	logins, others chan struct{}
	breaker        *breaker
}

// New returns a Caller.
func New(config Config) (*Caller, error) {
	base, err := ParseBase(config.BaseURL)
	if err != nil {
		return nil, err
	}
	if config.Timeout <= 0 {
		return nil, errors.New("directus: request timeout is not positive")
	}
	if config.MaxConcurrent <= 0 {
		return nil, errors.New("directus: number of concurrent requests is not positive")
	}
	if config.LoginWait < 0 {
		return nil, errors.New("directus: time that logins wait is negative")
	}
	if config.BreakerFailures < 0 || config.BreakerFailures > 0 && (config.BreakerPause <= 0 || config.Now == nil) {
		return nil, errors.New("directus: the breaker needs a number of failures, a pause and a clock")
	}
	logins := max(1, config.MaxConcurrent*3/4)
	others := max(1, config.MaxConcurrent-logins)
	transport := config.Transport
	if transport == nil {
		transport = newTransport(logins + others)
	}
	return &Caller{
		base:      base,
		timeout:   config.Timeout,
		loginWait: config.LoginWait,
		logins:    make(chan struct{}, logins),
		others:    make(chan struct{}, others),
		breaker:   newBreaker(config),
		client: &http.Client{
			Transport: transport,
			// A redirect would carry a password or token to an address that
			// nobody configured.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// Away is how long requests are still refused at once because Directus did not
// answer, or zero.
func (c *Caller) Away() time.Duration { return c.breaker.away() }

// Timeout is the longest that one Do takes.
func (c *Caller) Timeout() time.Duration { return c.timeout }

// BaseURL is where Directus lives, without a slash at the end.
func (c *Caller) BaseURL() string { return c.base.String() }

// ParseBase reads an address of Directus, and takes slashes off its end.
func ParseBase(raw string) (*url.URL, error) {
	base, err := url.Parse(raw)
	if err != nil {
		// The parser's error repeats the text, and with it a password in it.
		return nil, errors.New("directus: base URL is not a URL")
	}
	switch {
	case base.Scheme != "http" && base.Scheme != "https":
		return nil, fmt.Errorf("directus: base URL has scheme %q instead of http or https", base.Scheme)
	case base.Host == "":
		return nil, errors.New("directus: base URL has no host")
	case base.User != nil:
		return nil, errors.New("directus: base URL has a user name")
	case base.RawQuery != "" || base.ForceQuery || base.Fragment != "":
		return nil, errors.New("directus: base URL has a query or fragment")
	}
	base.Path, base.RawPath = strings.TrimRight(base.Path, "/"), strings.TrimRight(base.RawPath, "/")
	return base, nil
}

// newTransport keeps idle connections for less than the five seconds after
// which Node.js closes them: a request sent into a closing connection fails,
// and most of ours must not be sent twice.
func newTransport(connections int) *http.Transport {
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	return &http.Transport{
		DialContext:           dialer.DialContext,
		TLSHandshakeTimeout:   5 * time.Second,
		MaxIdleConns:          connections,
		MaxIdleConnsPerHost:   connections,
		IdleConnTimeout:       4 * time.Second,
		ExpectContinueTimeout: time.Second,
		ForceAttemptHTTP2:     true,
	}
}
