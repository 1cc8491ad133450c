package directus

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"gatehouse/storage"
	"gatehouse/storage/directus/internal/rest"
)

// RoleNames lists every role that there is, as far as QUERY_LIMIT_MAX of Directus
// goes.
func (c *Client) RoleNames(ctx context.Context) ([]storage.NamedRole, error) {
	tree, err := c.access.tree(ctx, c, 0)
	if err != nil {
		return nil, err
	}
	var roles []storage.NamedRole
	for _, role := range tree.roles {
		roles = append(roles, storage.NamedRole{ID: role.ID, Name: role.Name})
	}
	slices.SortFunc(roles, func(a, b storage.NamedRole) int { return strings.Compare(a.ID, b.ID) })
	return roles, nil
}

// PolicyNames lists every policy that there is. Directus 10 has none. A token that
// may not read them is ErrServiceToken.
func (c *Client) PolicyNames(ctx context.Context) ([]storage.NamedPolicy, error) {
	var rows []struct{ ID, Name string }
	_, err := c.rest.Do(ctx, rest.Request{
		Name: "list policies", Method: "SEARCH", Path: "/policies", Token: c.token,
		Body: query{queryBody{Fields: []string{"id", "name"}, Limit: mostRows}},
	}, &rows)
	if rest.Status(err) == http.StatusNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, serviceError(err)
	}
	policies := make([]storage.NamedPolicy, len(rows))
	for i, row := range rows {
		policies[i] = storage.NamedPolicy{ID: row.ID, Name: row.Name}
	}
	return policies, nil
}
