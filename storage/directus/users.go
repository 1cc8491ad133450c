package directus

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"time"

	"gatehouse/storage"
	"gatehouse/storage/directus/internal/rest"
)

// userID is the only form that directus_users.id takes; anything else makes
// Directus on PostgreSQL answer 500.
var userID = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

func isUserID(id string) bool { return userID.MatchString(id) }

// Find returns the user with the id as Directus described it no longer than
// maxAge ago; zero or less asks Directus in any case. An unknown id is
// storage.ErrNotFound; a Directus that does not answer is
// storage.ErrUnavailable, also if an older answer is remembered.
//
// Look-ups of one user at the same time are one request, and a caller that goes
// away takes none of the others with it. The account's Fields are shared and
// must not be changed.
func (c *Client) Find(ctx context.Context, id string, maxAge time.Duration) (storage.Account, error) {
	if !isUserID(id) {
		return storage.Account{}, storage.ErrNotFound
	}
	oldest := c.now().Add(-max(maxAge, 0))
	remembered := func() (storage.Account, bool) {
		account, ok := c.cache.Get(id)
		return account, ok && maxAge > 0 && c.fresh(account, oldest)
	}
	if account, ok := remembered(); ok {
		return account, nil
	}
	for attempt := 0; ; attempt++ {
		answer := c.lookups.DoChan(id, func() (any, error) {
			// A look-up may have ended since we found nothing.
			if account, ok := remembered(); ok {
				return account, nil
			}
			return c.fetch(context.WithoutCancel(ctx), id)
		})
		select {
		case <-ctx.Done():
			return storage.Account{}, context.Cause(ctx)
		case result := <-answer:
			if result.Err != nil {
				return storage.Account{}, result.Err
			}
			account, _ := result.Val.(storage.Account)
			// A request that others began before our oldest moment does not
			// do; the next one begins after it, whatever the clock says.
			if result.Shared && attempt == 0 && account.SeenAt.Before(oldest) {
				continue
			}
			return account, nil
		}
	}
}

// Remembered returns the user as this process last saw him, however long ago,
// without asking Directus.
func (c *Client) Remembered(id string) (storage.Account, bool) { return c.cache.Get(id) }

// fresh also refuses what a clock that was set back makes look to come from
// the future: it would stay fresh until then.
func (c *Client) fresh(account storage.Account, oldest time.Time) bool {
	return !account.SeenAt.Before(oldest) && !account.SeenAt.After(c.now())
}

// Forget makes the next Find of the user ask Directus. Look-ups that are under
// way are neither joined nor remembered.
func (c *Client) Forget(id string) {
	c.forgetting.Lock()
	defer c.forgetting.Unlock()
	c.forgotten++
	c.lookups.Forget(id)
	c.cache.Remove(id)
	c.access.forget(id)
}

func (c *Client) fetch(ctx context.Context, id string) (storage.Account, error) {
	found, err := c.lookup(ctx, id)
	return found.account, err
}

// lookup asks Directus and remembers the answer.
func (c *Client) lookup(ctx context.Context, id string) (user, error) {
	c.forgetting.Lock()
	forgotten := c.forgotten
	c.forgetting.Unlock()

	found, err := c.search(ctx, id)

	c.forgetting.Lock()
	defer c.forgetting.Unlock()
	switch {
	case errors.Is(err, storage.ErrNotFound):
		c.cache.Remove(id)
	case err == nil && c.forgotten == forgotten:
		c.cache.Add(id, found.account)
	}
	return found, err
}

// mostRows asks for as many rows as QUERY_LIMIT_MAX allows. Directus refuses any
// number that is greater.
const mostRows = -1

// query is the body of SEARCH, which Directus never answers from its cache.
type query struct {
	Query queryBody `json:"query"`
}

type queryBody struct {
	Filter map[string]any `json:"filter,omitempty"`
	Fields []string       `json:"fields"`
	Limit  int            `json:"limit"`
}

func (c *Client) search(ctx context.Context, id string) (user, error) {
	row, seenAt, err := c.row(ctx, id, c.columns.asked)
	if err != nil {
		return user{}, err
	}
	return c.columns.readAs(id, row, seenAt)
}

// row asks for columns of a user, and says when it did.
func (c *Client) row(ctx context.Context, id string, asked []string) (row map[string]any, seenAt time.Time, err error) {
	request := rest.Request{
		Name: "look up user", Method: "SEARCH", Path: "/users", Token: c.token,
		Body: query{queryBody{
			Filter: map[string]any{"id": map[string]string{"_eq": id}},
			Fields: asked,
			Limit:  1,
		}},
	}
	seenAt = c.now()
	var rows []map[string]any
	_, err = c.rest.Do(ctx, request, &rows)
	if worthAnotherTry(err) { // reading twice harms nobody
		seenAt = c.now()
		_, err = c.rest.Do(ctx, request, &rows)
	}
	if err != nil {
		return nil, seenAt, serviceError(err)
	}
	// Directus answers a deleted user by an empty list.
	if len(rows) == 0 {
		if err := c.confirmSight(ctx); err != nil {
			return nil, seenAt, err
		}
		return nil, seenAt, storage.ErrNotFound
	}
	return rows[0], seenAt, nil
}

// worthAnotherTry picks what may pass: a broken connection and 503. One that
// ran out of time would only make the caller wait twice as long.
func worthAnotherTry(err error) bool {
	if failure, ok := errors.AsType[*rest.FailureError](err); ok {
		return !failure.TimedOut
	}
	return rest.Status(err) == http.StatusServiceUnavailable
}
