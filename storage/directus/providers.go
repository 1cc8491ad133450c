package directus

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"gatehouse/storage"
	"gatehouse/storage/directus/internal/rest"
)

// How long a list of providers is believed, and how long Directus is left alone
// that gave none.
const (
	providersLifetime = time.Minute
	providersPause    = 5 * time.Second
)

// providers remembers where else people may sign in.
type providers struct {
	asking singleflight.Group

	mu    sync.Mutex
	asked time.Time
	known bool
	list  []storage.ExternalProvider
	// failure is what came of asking, if it was no list.
	failure error
}

// remembered is what is known at a time, if that is recent enough. An old list is
// better than none while Directus does not answer.
func (p *providers) remembered(now time.Time) (list []storage.ExternalProvider, err error, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	lifetime := providersLifetime
	if p.failure != nil {
		lifetime = providersPause
	}
	age := now.Sub(p.asked)
	if p.asked.IsZero() || age < 0 || age >= lifetime {
		return nil, nil, false
	}
	if p.failure != nil && !p.known {
		return nil, p.failure, true
	}
	return slices.Clone(p.list), nil, true
}

func (p *providers) remember(now time.Time, list []storage.ExternalProvider, failure error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked, p.failure = now, failure
	if failure == nil {
		p.known, p.list = true, list
	}
}

// redirecting are the drivers that send a browser away and take it back. The
// others (local, ldap) are forms of Directus's own.
var redirecting = []string{"oauth2", "openid", "saml"}

// providerName is what stands in a path without escape. Directus takes names
// from a variable of its environment.
var providerName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// Providers are the other places to sign in that Directus offers: none on
// Directus 12 without a licence. The list is at most a minute old, or older while
// Directus does not answer; without any it is storage.ErrUnavailable.
func (c *Client) Providers(ctx context.Context) ([]storage.ExternalProvider, error) {
	if list, err, ok := c.providers.remembered(c.now()); ok {
		return list, err
	}
	answer := c.providers.asking.DoChan("", func() (any, error) {
		list, err := c.askProviders(context.WithoutCancel(ctx), nil)
		c.providers.remember(c.now(), list, unavailable(err))
		return nil, nil
	})
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-answer:
	}
	list, err, _ := c.providers.remembered(c.now())
	return list, err
}

func (c *Client) askProviders(ctx context.Context, which url.Values) ([]storage.ExternalProvider, error) {
	var rows []struct {
		Name   string  `json:"name"`
		Label  *string `json:"label"`
		Driver string  `json:"driver"`
		Icon   *string `json:"icon"`
	}
	_, err := c.rest.Do(ctx, rest.Request{Name: "list providers", Method: http.MethodGet, Path: "/auth", Query: which}, &rows)
	if err != nil {
		return nil, err
	}
	var list []storage.ExternalProvider
	for _, row := range rows {
		if !slices.Contains(redirecting, row.Driver) || !providerName.MatchString(row.Name) {
			continue
		}
		provider := storage.ExternalProvider{Name: row.Name, Label: row.Name, Driver: row.Driver}
		if row.Label != nil && *row.Label != "" {
			provider.Label = *row.Label
		}
		if row.Icon != nil {
			provider.Icon = *row.Icon
		}
		list = append(list, provider)
	}
	return list, nil
}

// Begin is the address at Directus that leads a browser to a provider and back to
// returnURL, which Directus must have on AUTH_<PROVIDER>_REDIRECT_ALLOW_LIST. Of
// a sign-in that fails it keeps the path of returnURL, drops its query and adds
// "reason". A provider that is not on the list is storage.ErrNotFound.
func (c *Client) Begin(ctx context.Context, provider, returnURL string) (string, error) {
	offered, err := c.Providers(ctx)
	if err != nil {
		return "", err
	}
	if !slices.ContainsFunc(offered, func(p storage.ExternalProvider) bool { return p.Name == provider }) {
		return "", storage.ErrNotFound
	}
	return c.publicURL + "/auth/login/" + provider + "?" + url.Values{"redirect": {returnURL}}.Encode(), nil
}

// publicURL is where browsers find Directus, without a slash at the end.
func publicURL(configured, otherwise string) (string, error) {
	if configured == "" {
		return otherwise, nil
	}
	base, err := rest.ParseBase(configured)
	if err != nil {
		return "", fmt.Errorf("public URL of directus: %w", err)
	}
	return base.String(), nil
}
