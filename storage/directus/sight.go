package directus

import (
	"context"
	"fmt"
	"sync"
	"time"

	"gatehouse/storage/directus/internal/rest"
)

// sightLifetime is how long it is believed that the service token sees users.
const sightLifetime = time.Minute

// sight remembers when the service token was last seen to see users.
type sight struct {
	mu        sync.Mutex
	confirmed time.Time
}

// confirmSight returns nil if the service token sees its own user and another,
// of which any Directus has some. Otherwise an empty answer does not say that a
// user was deleted: rules may hide users from the token, or directus.url may
// name another instance, and everybody would be signed out for good.
func (c *Client) confirmSight(ctx context.Context) error {
	now := c.now()
	c.sight.mu.Lock()
	age := now.Sub(c.sight.confirmed)
	c.sight.mu.Unlock()
	if age >= 0 && age < sightLifetime {
		return nil
	}
	for _, operator := range []string{"_eq", "_neq"} {
		var rows []map[string]any
		_, err := c.rest.Do(ctx, rest.Request{
			Name: "see users", Method: "SEARCH", Path: "/users", Token: c.token,
			Body: query{queryBody{
				Filter: map[string]any{"id": map[string]string{operator: "$CURRENT_USER"}},
				Fields: []string{"id"}, Limit: 1,
			}},
		}, &rows)
		if err != nil {
			return serviceError(err)
		}
		if len(rows) == 0 {
			c.log.ErrorContext(ctx, "directus does not show users to the service token: check directus.url, and the rules of the token's policy",
				"own_user_shown", operator != "_eq")
			return unavailable(fmt.Errorf("see users: %w", ErrServiceToken))
		}
	}
	c.sight.mu.Lock()
	defer c.sight.mu.Unlock()
	c.sight.confirmed = now
	return nil
}
