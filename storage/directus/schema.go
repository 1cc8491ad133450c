package directus

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	"gatehouse/storage"
	"gatehouse/storage/directus/internal/rest"
)

// FieldProblem is a configured field that Directus does not show.
type FieldProblem struct {
	// Field is the path as it is configured, At the part of it that can be read; it
	// is empty if there is none.
	Field, At string
	// Unreadable says that At leads to rows which the service token may not read.
	// Otherwise there is no such field.
	Unreadable bool
}

// CheckFields holds the configured fields against the live schema: which of them are
// not there, or may not be read. It reads no rows but that of the token's own user. It
// asks by filters, since Directus refuses one with a field that it does not show, but
// leaves such a field out of an answer. Directus 10 tells of columns of users alone.
func (c *Client) CheckFields(ctx context.Context) ([]FieldProblem, error) {
	fields := slices.Sorted(maps.Keys(c.columns.handed))
	if len(fields) == 0 {
		return nil, nil
	}
	if refused, _, err := c.refuses(ctx, fields...); err != nil || !refused {
		return nil, err
	}
	var problems []FieldProblem
	for _, field := range fields {
		refused, unreadable, err := c.refuses(ctx, field)
		if err != nil {
			return problems, err
		}
		if !refused {
			continue
		}
		problem := FieldProblem{Field: field, Unreadable: unreadable}
		segments := strings.Split(field, ".")
		for length := len(segments) - 1; length > 0; length-- {
			part := strings.Join(segments[:length], ".")
			if refused, unreadable, err = c.refuses(ctx, part); err != nil {
				return problems, err
			}
			if !refused {
				problem.At = part
				break
			}
			problem.Unreadable = unreadable
		}
		problem.Unreadable = problem.Unreadable && problem.At != ""
		problems = append(problems, problem)
	}
	return problems, nil
}

// refuses says whether Directus refuses a filter on any of the fields, and whether that
// is for a collection that may not be read.
func (c *Client) refuses(ctx context.Context, fields ...string) (refused, unreadable bool, err error) {
	var tests []any
	for _, field := range fields {
		var test any = map[string]any{"_null": true}
		for _, segment := range slices.Backward(strings.Split(field, ".")) {
			test = map[string]any{segment: test}
		}
		tests = append(tests, test)
	}
	var rows []map[string]any
	_, err = c.rest.Do(ctx, rest.Request{
		Name: "check fields", Method: "SEARCH", Path: "/users", Token: c.token, Echo: "access collection",
		Body: query{queryBody{
			Filter: map[string]any{"_and": []any{map[string]any{"id": map[string]any{"_eq": "$CURRENT_USER"}}, map[string]any{"_or": tests}}},
			Fields: []string{"id"}, Limit: 1,
		}},
	}, &rows)
	switch rest.Status(err) {
	case http.StatusForbidden, http.StatusBadRequest:
		return true, rest.Echoed(err), nil
	}
	return false, false, serviceError(err)
}

// FindByEmail is Find for the user with an address, in whatever case, and always asks
// Directus.
func (c *Client) FindByEmail(ctx context.Context, email string) (storage.Account, error) {
	var rows []map[string]any
	seenAt := c.now()
	err := c.searchRows(ctx, "/users", queryBody{
		Filter: map[string]any{"_and": []any{
			map[string]any{"email": map[string]string{"_istarts_with": email}}, map[string]any{"email": map[string]string{"_iends_with": email}},
		}},
		Fields: c.columns.asked, Limit: 10,
	}, &rows)
	if err != nil {
		return storage.Account{}, err
	}
	for _, row := range rows {
		found, err := c.columns.read(row, seenAt)
		if err != nil {
			return storage.Account{}, serviceError(err)
		}
		if strings.EqualFold(found.account.Email, email) {
			return found.account, nil
		}
	}
	return storage.Account{}, storage.ErrNotFound
}
