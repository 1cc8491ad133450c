package directus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"gatehouse/storage"
	"gatehouse/storage/directus/internal/rest"
)

// ErrNoClients says that Directus shows the service token no collection of
// clients: there is none of that name, or the token may not read it. It always
// comes together with storage.ErrUnavailable.
var ErrNoClients = errors.New("directus shows no such collection of clients to the service token")

const (
	// clientsPage is how many clients are read at a time, at most.
	clientsPage = 100
	// MaxClientRows bounds a collection of clients.
	MaxClientRows = 5000

	clientIDColumn = "client_id"
)

var collectionName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,62}$`)

// IsCollection says whether people may have a collection of that name.
func IsCollection(name string) bool {
	return collectionName.MatchString(name) && !strings.HasPrefix(strings.ToLower(name), "directus_")
}

// ClientsVersion is a text that changes with every change to the collection of
// clients, as far as one cheap request tells: changes past Directus, and two within
// the resolution of the database's clock, it may miss. The errors are those of
// ClientRows.
func (c *Client) ClientsVersion(ctx context.Context) (string, error) {
	var rows []json.RawMessage
	err := c.searchClients(ctx, map[string]any{
		"aggregate": map[string]any{"count": []string{"*"}, "max": []string{"date_updated"}},
	}, &rows)
	if err != nil {
		return "", err
	}
	if len(rows) != 1 {
		return "", unavailable(errors.New("count clients: directus answered with no count"))
	}
	return string(rows[0]), nil
}

// ClientRows reads the whole collection of clients, in the order of their ids. The
// error is storage.ErrUnavailable if Directus does not answer, with ErrNoClients if
// it shows no such collection.
func (c *Client) ClientRows(ctx context.Context) ([]storage.ClientRow, error) {
	ids, err := c.clientIDs(ctx)
	if err != nil {
		return nil, err
	}
	var all []storage.ClientRow
	for size := clientsPage; len(ids) > 0; {
		some := ids[:min(size, len(ids))]
		rows, err := c.clientsOf(ctx, some)
		if failure, ok := errors.AsType[*rest.FailureError](err); ok && failure.TooLarge {
			if len(some) > 1 {
				size = len(some) / 2
				continue
			}
			// One row alone; the others shall not suffer from it.
			rows, err = []storage.ClientRow{{ID: some[0], TooLarge: true}}, nil
		}
		if err != nil {
			return nil, err
		}
		all, ids = append(all, rows...), ids[len(some):]
		if len(rows) > 0 {
			// QUERY_LIMIT_MAX may cut this short too. What is not found alone is gone.
			ids = append(without(some, rows), ids...)
		}
	}
	slices.SortFunc(all, func(a, b storage.ClientRow) int { return strings.Compare(a.ID, b.ID) })
	return all, nil
}

// clientIDs lists the ids first: rows that are asked for by their ids do not slip
// from one page into another while people add and delete some.
func (c *Client) clientIDs(ctx context.Context) ([]string, error) {
	seen := map[string]bool{}
	// QUERY_LIMIT_MAX may make any page shorter, so only an empty one is the last.
	for offset := 0; ; {
		var page []map[string]json.RawMessage
		err := c.searchClients(ctx, map[string]any{
			"fields": []string{clientIDColumn}, "sort": []string{clientIDColumn}, "limit": mostRows, "offset": offset,
		}, &page)
		if err != nil {
			return nil, err
		}
		if len(page) == 0 {
			return slices.Sorted(maps.Keys(seen)), nil
		}
		for _, row := range page {
			id, err := idOf(row)
			if err != nil {
				return nil, err
			}
			seen[id] = true
		}
		if offset += len(page); offset > MaxClientRows {
			return nil, unavailable(fmt.Errorf("read clients: there are more than %d", MaxClientRows))
		}
	}
}

// clientsOf reads the rows with the ids.
func (c *Client) clientsOf(ctx context.Context, ids []string) ([]storage.ClientRow, error) {
	var rows []map[string]json.RawMessage
	err := c.searchClients(ctx, map[string]any{
		"fields": []string{"*"}, "limit": mostRows, "filter": map[string]any{clientIDColumn: map[string]any{"_in": ids}},
	}, &rows)
	if err != nil {
		return nil, err
	}
	var found []storage.ClientRow
	for _, row := range rows {
		id, err := idOf(row)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(ids, id) {
			// Whoever goes on asking for those that are left would never end.
			return nil, unavailable(errors.New("read clients: directus answered with another client"))
		}
		found = append(found, storage.ClientRow{ID: id, Values: row})
	}
	return found, nil
}

// without returns the ids that no row has.
func without(ids []string, rows []storage.ClientRow) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		return slices.ContainsFunc(rows, func(row storage.ClientRow) bool { return row.ID == id })
	})
}

func idOf(row map[string]json.RawMessage) (string, error) {
	var id *string
	if json.Unmarshal(row[clientIDColumn], &id) != nil || id == nil {
		return "", unavailable(errors.New("read clients: the collection has no client_id of text"))
	}
	return *id, nil
}

func (c *Client) searchClients(ctx context.Context, query map[string]any, rows any) error {
	if c.clients == "" {
		return unavailable(ErrNoClients)
	}
	request := rest.Request{
		Name: "read clients", Method: "SEARCH", Path: "/items/" + c.clients, Token: c.token, Body: map[string]any{"query": query},
	}
	_, err := c.rest.Do(ctx, request, rows)
	if worthAnotherTry(err) {
		_, err = c.rest.Do(ctx, request, rows)
	}
	if status := rest.Status(err); status == http.StatusForbidden || status == http.StatusNotFound {
		return unavailable(fmt.Errorf("%w: %w", ErrNoClients, err))
	}
	if err != nil {
		return serviceError(err)
	}
	return nil
}
