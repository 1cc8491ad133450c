package directus

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"gatehouse/storage"
	"gatehouse/storage/directus/internal/rest"
)

// Matches says whether the user with the id is one that the filter picks, a filter
// on directus_users in the syntax of Directus. Directus itself evaluates it, for
// the service token, and never from a cache.
//
// A filter that Directus refuses is storage.ErrMalformed, or storage.ErrForbidden
// where it names a field that does not exist or that the service token may not
// read: Directus tells nobody which. An unknown id matches nothing.
func (c *Client) Matches(ctx context.Context, id string, filter json.RawMessage) (bool, error) {
	if !isUserID(id) {
		return false, nil
	}
	request := rest.Request{
		Name: "match user", Method: "SEARCH", Path: "/users", Token: c.token,
		Body: query{queryBody{
			Filter: map[string]any{"_and": []any{map[string]any{"id": map[string]string{"_eq": id}}, filter}},
			Fields: []string{"id"}, Limit: 1,
		}},
	}
	var rows []struct {
		ID string `json:"id"`
	}
	_, err := c.rest.Do(ctx, request, &rows)
	if worthAnotherTry(err) { // reading twice harms nobody
		_, err = c.rest.Do(ctx, request, &rows)
	}
	switch rest.Status(err) {
	case http.StatusBadRequest:
		return false, fmt.Errorf("match user: %w", storage.ErrMalformed)
	case http.StatusForbidden:
		return false, fmt.Errorf("match user: %w", storage.ErrForbidden)
	}
	if err != nil {
		return false, serviceError(err)
	}
	// Whatever the filter makes of the query, nobody passes as somebody else.
	return len(rows) == 1 && rows[0].ID == id, nil
}
