package directus

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"gatehouse/storage/directus/internal/rest"
)

// Caches says where answers about users are kept.
type Caches struct {
	// OfDirectus is Yes if Directus keeps what it is asked by GET and does not
	// drop it when something changes (CACHE_ENABLED without CACHE_AUTO_PURGE): such
	// an answer calls a suspended user active. We ask by SEARCH, which Directus
	// never keeps.
	OfDirectus Known
	// Between is Yes if something between Directus and us keeps even those.
	Between Known
}

// inspectCaches goes by the headers: Directus promises a lifetime (max-age) for
// what it keeps, and says no-cache with CACHE_AUTO_PURGE; an answer that came out
// of a cache on the way has an age. That one is asked twice, since the first
// fills it.
func (c *Client) inspectCaches(ctx context.Context, found *Inspection) {
	read, err := c.rest.Do(ctx, rest.Request{
		Name: "read a user by GET", Method: http.MethodGet, Path: "/users", Token: c.token,
		Query: url.Values{"fields": {"id"}, "limit": {"1"}},
	}, nil)
	if err == nil {
		found.Caches.OfDirectus = known(strings.Contains(read.CacheControl, "max-age"))
	}
	for range 2 {
		searched, err := c.rest.Do(ctx, rest.Request{
			Name: "read a user", Method: "SEARCH", Path: "/users", Token: c.token, Body: query{queryBody{Fields: []string{"id"}, Limit: 1}},
		}, nil)
		if err == nil {
			found.Caches.Between = known(searched.Kept)
		}
	}
}
