package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"gatehouse/provider/oauth"
)

// Getter sends requests. *http.Client satisfies it.
type Getter interface {
	Do(request *http.Request) (*http.Response, error)
}

const maxSkew = 30 * time.Second

// issuer asks for discovery as a client would, and compares the issuer byte for
// byte (OpenID Connect Discovery 1.0, section 4.3).
func (p Patient) issuer(ctx context.Context) []Finding {
	body, header, err := p.get(ctx, p.Issuer+"/.well-known/openid-configuration")
	return append(p.discovery(ctx, body, err), slices.Concat(p.proxies(header), p.hosts())...)
}

func (p Patient) discovery(ctx context.Context, body []byte, err error) []Finding {
	if err != nil {
		if _, _, readyErr := p.get(ctx, p.ReadyURL); readyErr != nil {
			return []Finding{{Note, "issuer", "no gatehouse runs here, so discovery was not looked at", "run gatehouse doctor again beside gatehouse serve"}}
		}
		return []Finding{{
			Error, "issuer", fmt.Sprintf("%s does not lead here: %v", p.Issuer, err),
			"make DNS and the proxy lead to this process, or correct issuer",
		}}
	}
	var metadata struct {
		Issuer string `json:"issuer"`
	}
	if err := json.Unmarshal(body, &metadata); err != nil {
		return []Finding{{Error, "issuer", "discovery is no JSON: something else answers at " + p.Issuer, "make the proxy lead every path below the issuer here"}}
	}
	if metadata.Issuer != p.Issuer {
		return []Finding{{
			Error, "issuer", fmt.Sprintf("discovery says %q, the configuration %q", metadata.Issuer, p.Issuer),
			"clients compare byte for byte: write issuer exactly as clients know it, and restart gatehouse serve",
		}}
	}
	findings := []Finding{{Severity: OK, Subject: "issuer", Detail: p.Issuer + " answers and names itself so"}}
	if u, err := url.Parse(p.Issuer); err == nil && oauth.IsLoopback(u.Hostname()) {
		findings = append(findings, Finding{Note, "issuer", "a loopback address is for this machine only", "set an https issuer for anything else"})
	}
	return findings
}

func (p Patient) get(ctx context.Context, address string) ([]byte, http.Header, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, nil, err
	}
	response, err := p.Get.Do(request)
	if err != nil {
		// The words of net/http repeat the address.
		if failure, ok := errors.AsType[*url.Error](err); ok {
			err = failure.Err
		}
		return nil, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return nil, nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, nil, errors.New(strings.ToLower(response.Status))
	}
	return body, response.Header, nil
}
