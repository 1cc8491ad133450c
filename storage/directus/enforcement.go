package directus

import (
	"context"
	"net/http"
	"net/url"
	"slices"

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
	var flags struct {
		EnforceTFA rest.Flag `json:"enforce_tfa"`
	}
	// A policy may hold for some addresses only (ip_access).
	_, err := c.rest.Do(ctx, rest.Request{
		Name: "read own policies", Method: http.MethodGet, Path: "/policies/me/globals",
		Header: c.personHeader(caller), Token: pair.access,
	}, &flags)
	switch {
	case rest.Status(err) == http.StatusNotFound: // Directus 10
		return c.roleEnforcesTFA(ctx, account.ID)
	case err != nil:
		return false, unavailable(err)
	}
	return bool(flags.EnforceTFA), nil
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

// inspectEnforcement looks for policies that ask for one-time passwords of people
// who may not set one up: whoever has such a policy cannot be signed in. It needs
// a token that reads policies, such as an administrator's.
func (c *Client) inspectEnforcement(ctx context.Context, found *Inspection) {
	tokens := []storage.Secret{c.token}
	if c.Writes() {
		tokens = append(tokens, c.writeToken)
	}
	for _, token := range tokens {
		names, err := c.enforcedWithoutEnrolment(ctx, token)
		if err == nil {
			found.EnforcedWithoutEnrolment, found.EnforcementKnown = names, true
			return
		}
	}
}

// policyRow is a policy, and accessRow says that a role or a user has one.
type policyRow struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Admin   rest.Flag `json:"admin_access"`
	Enforce rest.Flag `json:"enforce_tfa"`
}

type accessRow struct {
	Policy string  `json:"policy"`
	Role   *string `json:"role"`
	User   *struct {
		ID   string  `json:"id"`
		Role *string `json:"role"`
	} `json:"user"`
}

func (c *Client) enforcedWithoutEnrolment(ctx context.Context, token storage.Secret) ([]string, error) {
	all := func(fields string) url.Values { return url.Values{"fields": {fields}, "limit": {"-1"}} }
	var policies []policyRow
	err := c.getAs(ctx, token, "/policies", all("id,name,admin_access,enforce_tfa"), &policies)
	if rest.Status(err) == http.StatusNotFound {
		// Directus 10 lets everybody enrol whose role asks for it.
		return nil, nil
	}
	if err != nil || !slices.ContainsFunc(policies, func(p policyRow) bool { return bool(p.Enforce) }) {
		return nil, err
	}
	var accesses []accessRow
	if err := c.getAs(ctx, token, "/access", all("policy,role,user.id,user.role"), &accesses); err != nil {
		return nil, err
	}
	var roles []struct {
		ID     string  `json:"id"`
		Parent *string `json:"parent"`
	}
	if err := c.getAs(ctx, token, "/roles", all("id,parent"), &roles); err != nil {
		return nil, err
	}
	var updates []struct {
		Policy string   `json:"policy"`
		Fields []string `json:"fields"`
	}
	// Directus 12 without a licence leaves rows out that are asked for in part.
	which := all("id,policy,collection,action,fields,permissions,validation,presets")
	which.Set("filter", `{"collection":{"_eq":"directus_users"},"action":{"_eq":"update"}}`)
	if err := c.getAs(ctx, token, "/permissions", which, &updates); err != nil {
		return nil, err
	}
	house := enrolment{accesses: accesses, parents: map[string]string{}, enables: map[string]bool{}}
	for _, role := range roles {
		if role.Parent != nil {
			house.parents[role.ID] = *role.Parent
		}
	}
	for _, policy := range policies {
		house.enables[policy.ID] = bool(policy.Admin)
	}
	for _, update := range updates {
		if slices.Contains(update.Fields, "*") || slices.Contains(update.Fields, "tfa_secret") {
			house.enables[update.Policy] = true
		}
	}
	var names []string
	for _, policy := range policies {
		if bool(policy.Enforce) && house.locksOut(policy.ID) {
			names = append(names, policy.Name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// enrolment is who has which policy, and which of them let people enrol.
type enrolment struct {
	accesses []accessRow
	parents  map[string]string
	enables  map[string]bool
}

// locksOut says whether some role or user has the policy and none that lets him
// enrol. Users of a role may have more policies of their own: not every one of
// them need be locked out.
func (e enrolment) locksOut(policy string) bool {
	return slices.ContainsFunc(e.accesses, func(access accessRow) bool {
		if access.Policy != policy {
			return false
		}
		role, user := "", ""
		switch {
		case access.Role != nil:
			role = *access.Role
		case access.User != nil:
			user = access.User.ID
			if access.User.Role != nil {
				role = *access.User.Role
			}
		}
		return !e.enrols(user, role)
	})
}

// enrols looks at the policies of a user, of his role and of those above it. Whoever
// has no role has the policies of nobody in particular, too.
func (e enrolment) enrols(user, role string) bool {
	roles := []string{role}
	for parent := e.parents[role]; parent != "" && !slices.Contains(roles, parent); parent = e.parents[parent] {
		roles = append(roles, parent)
	}
	return slices.ContainsFunc(e.accesses, func(access accessRow) bool {
		has := false
		switch {
		case access.Role != nil:
			has = slices.Contains(roles, *access.Role)
		case access.User != nil:
			has = access.User.ID == user
		default:
			has = role == ""
		}
		return has && e.enables[access.Policy]
	})
}
