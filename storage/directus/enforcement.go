package directus

import (
	"context"
	"net/http"

	"gatehouse/storage"
	"gatehouse/storage/directus/internal/rest"
)

// mustEnrol says whether any policy asks for a one-time password that the user
// does not have. The access token of a sign-in tells it in part: Directus looks at
// the policies of the user's own role for it, not at those of the user or of roles
// above; after a refresh it tells nothing, and in Directus 10 never.
func (c *Client) mustEnrol(ctx context.Context, pair Pair, account storage.Account, caller storage.Caller) (bool, error) {
	if account.HasOTP {
		return false, nil
	}
	enforced, err := c.enforcesTFA(ctx, pair.access, account.ID, caller)
	if err != nil {
		return false, unavailable(err)
	}
	return enforced, nil
}

// enforcesTFA says whether a policy asks the person of an access token for a
// one-time password, whether he has one or not.
func (c *Client) enforcesTFA(ctx context.Context, token storage.Secret, id string, caller storage.Caller) (bool, error) {
	var flags struct {
		EnforceTFA rest.Flag `json:"enforce_tfa"`
	}
	// A policy may hold for some addresses only (ip_access).
	_, err := c.rest.Do(ctx, rest.Request{
		Name: "read own policies", Method: http.MethodGet, Path: "/policies/me/globals",
		Header: c.personHeader(caller), Token: token,
	}, &flags)
	if rest.Status(err) == http.StatusNotFound { // Directus 10
		return c.roleEnforcesTFA(ctx, id)
	}
	return bool(flags.EnforceTFA), err
}

// roleEnforcesTFA asks Directus 10, where the flag sits on the role.
func (c *Client) roleEnforcesTFA(ctx context.Context, id string) (bool, error) {
	var rows []struct {
		Role *struct {
			EnforceTFA rest.Flag `json:"enforce_tfa"`
		} `json:"role"`
	}
	_, err := c.rest.Do(ctx, rest.Request{
		Name: "look up role", Method: "SEARCH", Path: "/users", Token: c.token,
		Body: query{queryBody{
			Filter: map[string]any{"id": map[string]string{"_eq": id}},
			Fields: []string{"role.enforce_tfa"}, Limit: 1,
		}},
	}, &rows)
	if err != nil {
		return false, serviceError(err)
	}
	return len(rows) == 1 && rows[0].Role != nil && bool(rows[0].Role.EnforceTFA), nil
}
