package directus

import (
	"context"
	"errors"
	"maps"
	"slices"

	"gatehouse/storage"
	"gatehouse/storage/directus/internal/rest"
)

// findAtOnce is how many users are asked for in one request.
const findAtOnce = 100

// FindAll returns the users with the ids as Directus describes them now, by id.
// One that is missing does not exist. A Directus that does not answer is
// storage.ErrUnavailable, and then nothing is said of anybody. What it finds,
// Find remembers.
//
// Directus is asked once for up to a hundred users, and once more now and then
// whether it shows users at all.
func (c *Client) FindAll(ctx context.Context, ids []string) (map[string]storage.Account, error) {
	ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !isUserID(id) })
	slices.Sort(ids)
	found := make(map[string]storage.Account, len(ids))
	for some := range slices.Chunk(slices.Compact(ids), findAtOnce) {
		accounts, err := c.findSome(ctx, some)
		if err != nil {
			return nil, err
		}
		maps.Copy(found, accounts)
	}
	return found, nil
}

func (c *Client) findSome(ctx context.Context, ids []string) (map[string]storage.Account, error) {
	c.forgetting.Lock()
	forgotten := c.forgotten
	c.forgetting.Unlock()

	found, err := c.searchSome(ctx, ids)
	if err != nil {
		return nil, err
	}

	c.forgetting.Lock()
	defer c.forgetting.Unlock()
	for _, id := range ids {
		account, ok := found[id]
		switch {
		case !ok:
			c.cache.Remove(id)
		case c.forgotten == forgotten:
			if known, ok := c.cache.Peek(id); !ok || !known.SeenAt.After(account.SeenAt) {
				c.cache.Add(id, account)
			}
		}
	}
	return found, nil
}

func (c *Client) searchSome(ctx context.Context, ids []string) (map[string]storage.Account, error) {
	found := make(map[string]storage.Account, len(ids))
	err := c.searchInto(ctx, found, ids, len(ids))
	if rest.Code(err) == codeInvalidQuery {
		// QUERY_LIMIT_MAX is less. Without a number the answer is as long as that
		// allows, so who is not in it is asked for again.
		for left := ids; len(left) > 0; {
			if err = c.searchInto(ctx, found, left, mostRows); err != nil {
				break
			}
			before := len(left)
			left = slices.DeleteFunc(slices.Clone(left), func(id string) bool { _, ok := found[id]; return ok })
			if len(left) == before {
				break // they are gone
			}
		}
	}
	if err != nil {
		return nil, serviceError(err)
	}
	if len(found) < len(ids) {
		// As for one user, who would be signed out for good (confirmSight).
		if err := c.confirmSight(ctx); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// searchInto asks once, for so many rows at most, and adds what it finds.
func (c *Client) searchInto(ctx context.Context, found map[string]storage.Account, ids []string, limit int) error {
	request := rest.Request{
		Name: "look users up", Method: "SEARCH", Path: "/users", Token: c.token,
		Body: query{queryBody{
			Filter: map[string]any{"id": map[string]any{"_in": ids}},
			Fields: c.columns.asked,
			Limit:  limit,
		}},
	}
	seenAt := c.now()
	var rows []map[string]any
	_, err := c.rest.Do(ctx, request, &rows)
	if worthAnotherTry(err) {
		seenAt = c.now()
		_, err = c.rest.Do(ctx, request, &rows)
	}
	if err != nil {
		return err
	}
	for _, row := range rows {
		user, err := c.columns.read(row, seenAt)
		if err != nil {
			return err
		}
		if !slices.Contains(ids, user.account.ID) {
			// Not an answer to what was asked: believed, it would say that the
			// others are gone.
			return errors.New("look users up: directus answered with another user")
		}
		found[user.account.ID] = user.account
	}
	return nil
}
