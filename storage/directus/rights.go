package directus

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"gatehouse/storage"
	"gatehouse/storage/directus/internal/rest"
)

// TokenRights is what the service token may do.
type TokenRights struct {
	// Valid is No for a token that belongs to no active user; everything else
	// is then Unknown.
	Valid Known
	// UserID is the user that the token belongs to.
	UserID string
	// Admin says whether that user is an administrator, who may do anything.
	Admin Known
	// AppAccess says whether that user may use the Studio, and takes a seat.
	AppAccess Known
	// ReadsUsers and ReadsRoles are what Gatehouse needs.
	ReadsUsers Known
	ReadsRoles Known
	// ReadsEveryUser is No if rules or a list of fields narrow the view.
	ReadsEveryUser Known
	// Reads are the collections that it reads rows of, if ReadsKnown.
	Reads      []string
	ReadsKnown bool
	// Writes are the rights that Gatehouse does not need, such as
	// "update directus_users", if WritesKnown. Administrators have them all,
	// unlisted.
	Writes      []string
	WritesKnown bool
}

// TokenRights asks Directus what the service token may do. The error is
// storage.ErrUnavailable if Directus does not answer; an invalid token is none.
//
// Directus 11 and later tell at /policies/me/globals and /permissions/me, which
// any user may ask; /users/me shows an administrator no more than others.
// Directus 10 tells an administrator by /users/me alone.
func (c *Client) TokenRights(ctx context.Context) (TokenRights, error) {
	var rights TokenRights
	var me struct {
		ID string `json:"id"`
	}
	err := c.get(ctx, "/users/me", &me, "id")
	switch {
	case rest.Code(err) == codeInvalidCredentials:
		rights.Valid = No
		return rights, nil
	case err != nil:
		return rights, serviceError(err)
	}
	rights.Valid, rights.UserID = Yes, me.ID
	for _, ask := range []func(context.Context, *TokenRights) error{
		c.askFlags, c.askReads, c.askPermissions,
	} {
		if err := ask(ctx, &rights); err != nil {
			return rights, serviceError(err)
		}
	}
	return rights, nil
}

func (c *Client) askFlags(ctx context.Context, rights *TokenRights) error {
	var flags struct {
		Admin *rest.Flag `json:"admin_access"`
		App   *rest.Flag `json:"app_access"`
	}
	err := c.get(ctx, "/policies/me/globals", &flags)
	if rest.Status(err) == http.StatusNotFound { // Directus 10: the flags are the role's
		var me struct {
			Role *struct {
				Admin *rest.Flag `json:"admin_access"`
				App   *rest.Flag `json:"app_access"`
			} `json:"role"`
		}
		if err = c.get(ctx, "/users/me", &me, "role.admin_access", "role.app_access"); err == nil && me.Role != nil {
			flags.Admin, flags.App = me.Role.Admin, me.Role.App
		}
	}
	if err != nil && !declined(err) {
		return err
	}
	if flags.Admin != nil {
		rights.Admin = known(bool(*flags.Admin))
	}
	if flags.App != nil {
		rights.AppAccess = known(bool(*flags.App))
	}
	return nil
}

func (c *Client) askReads(ctx context.Context, rights *TokenRights) error {
	for path, answer := range map[string]*Known{"/users": &rights.ReadsUsers, "/roles": &rights.ReadsRoles} {
		columns := map[string][]string{"/users": {"id", "status"}, "/roles": {"id", "name"}}[path]
		var rows []map[string]any
		_, err := c.rest.Do(ctx, rest.Request{
			Name: "search " + path, Method: "SEARCH", Path: path, Token: c.token,
			Body: query{queryBody{Fields: columns, Limit: 1}},
		}, &rows)
		if err != nil && !declined(err) {
			return err
		}
		*answer = known(err == nil)
	}
	return nil
}

func (c *Client) askPermissions(ctx context.Context, rights *TokenRights) error {
	permissions, err := c.permissions(ctx, c.token)
	if err != nil || permissions == nil {
		return err
	}
	read := permissions["directus_users"]["read"]
	rights.ReadsEveryUser = known(read.Access == "full" && slices.Contains(read.Fields, "*"))
	rights.WritesKnown, rights.ReadsKnown = true, true
	for collection, actions := range permissions {
		if access := actions["read"].Access; access != "" && access != "none" {
			rights.Reads = append(rights.Reads, collection)
		}
	}
	slices.Sort(rights.Reads)
	if rights.Admin == Yes {
		return nil
	}
	for collection, actions := range permissions {
		for _, action := range []string{"create", "update", "delete"} {
			if access := actions[action].Access; access != "" && access != "none" {
				rights.Writes = append(rights.Writes, action+" "+collection)
			}
		}
	}
	slices.SortFunc(rights.Writes, strings.Compare)
	return nil
}

// permissions are what a token may do, by collection and action.
type permissions map[string]map[string]permission

type permission struct {
	// Access is "none", "partial" where rules choose the rows, or "full".
	Access string   `json:"access"`
	Fields []string `json:"fields"`
}

// permissions asks what a token may do; nil stands for no answer: Directus 10
// has no such question and says 204.
func (c *Client) permissions(ctx context.Context, token storage.Secret) (permissions, error) {
	var answer permissions
	_, err := c.rest.Do(ctx, rest.Request{
		Name: "read own permissions", Method: http.MethodGet, Path: "/permissions/me", Token: token,
	}, &answer)
	if declined(err) {
		return nil, nil
	}
	return answer, err
}

// allow says whether some rows of a collection may be acted on, with all of the
// columns.
func (p permissions) allow(action, collection string, columns ...string) bool {
	granted := p[collection][action]
	if granted.Access == "" || granted.Access == "none" {
		return false
	}
	return slices.Contains(granted.Fields, "*") || !slices.ContainsFunc(columns, func(column string) bool {
		return !slices.Contains(granted.Fields, column)
	})
}

// declined says that Directus answered, and would not tell.
func declined(err error) bool {
	status := rest.Status(err)
	return status == http.StatusForbidden || status == http.StatusNotFound
}
