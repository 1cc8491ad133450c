package directus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"

	"gatehouse/storage"
	"gatehouse/storage/directus/internal/rest"
)

// maxRoles bounds the way from a role to those above it.
const maxRoles = 20

// Access says where the user stands in the roles and policies of Directus, as both
// were no longer than maxAge ago; zero or less asks Directus in any case. The
// user's role is the account's.
//
// It counts every policy, also one that holds for some addresses only (ip_access),
// and none of the public. In Directus 10, which has no policies, Admin and App come
// from the roles. Reading policies is a right of its own: without it the error is
// ErrServiceToken, and storage.ErrUnavailable as that always is.
func (c *Client) Access(ctx context.Context, account storage.Account, maxAge time.Duration) (storage.UserAccess, error) {
	roles, err := c.Roles(ctx, account, maxAge)
	if err != nil {
		return storage.UserAccess{}, err
	}
	held, err := c.access.held(ctx, c, account.ID, roles, maxAge)
	if err != nil {
		return storage.UserAccess{}, err
	}
	return storage.UserAccess{Roles: roles, Policies: slices.Clone(held.policies), Admin: held.admin, App: held.app}, nil
}

// Roles returns the account's role and those above it, the own one first, as they
// were no longer than maxAge ago. It is empty for a user without a role.
func (c *Client) Roles(ctx context.Context, account storage.Account, maxAge time.Duration) ([]storage.NamedRole, error) {
	if account.Role == "" {
		return nil, nil
	}
	tree, err := c.access.tree(ctx, c, maxAge)
	if err != nil {
		return nil, err
	}
	var roles []storage.NamedRole
	for id := account.Role; id != "" && len(roles) < maxRoles; {
		found, ok := tree.roles[id]
		if !ok {
			if found, err = c.readRole(ctx, id); err != nil {
				return nil, err
			}
		}
		if slices.ContainsFunc(roles, func(below storage.NamedRole) bool { return below.ID == id }) {
			break // a circle
		}
		roles = append(roles, storage.NamedRole{ID: id, Name: found.Name})
		id = found.Parent
	}
	return roles, nil
}

// role is a row of directus_roles. Directus 10 has no parents.
type role struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Parent string `json:"parent"`
}

// roleTree is every role by its id.
type roleTree struct {
	roles  map[string]role
	readAt time.Time
}

// heldPolicies are those of a user with these roles.
type heldPolicies struct {
	roles      []storage.NamedRole
	policies   []storage.NamedPolicy
	admin, app bool
	readAt     time.Time
}

// accessCache remembers the tree and what users hold.
type accessCache struct {
	lookups singleflight.Group
	users   *lru.Cache[string, heldPolicies]

	mu   sync.Mutex
	last roleTree
	// forgotten counts, see Client.forgetting.
	forgotten uint64
}

func newAccessCache(size int) (*accessCache, error) {
	users, err := lru.New[string, heldPolicies](size)
	if err != nil {
		return nil, fmt.Errorf("directus: cache: %w", err)
	}
	return &accessCache{users: users}, nil
}

// forget makes the next look at the user's policies ask Directus.
func (a *accessCache) forget(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.forgotten++
	a.users.Remove(id)
}

func (a *accessCache) tree(ctx context.Context, c *Client, maxAge time.Duration) (roleTree, error) {
	oldest := c.now().Add(-max(maxAge, 0))
	remembered := func() (roleTree, bool) {
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.last, maxAge > 0 && c.within(a.last.readAt, oldest)
	}
	return shared(ctx, &a.lookups, "roles", oldest, remembered, func(ctx context.Context) (roleTree, error) {
		tree, err := c.readRoles(ctx)
		if err != nil {
			return roleTree{}, err
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		a.last = tree
		return tree, nil
	})
}

func (a *accessCache) held(ctx context.Context, c *Client, id string, roles []storage.NamedRole, maxAge time.Duration) (heldPolicies, error) {
	oldest := c.now().Add(-max(maxAge, 0))
	remembered := func() (heldPolicies, bool) {
		held, ok := a.users.Get(id)
		return held, ok && maxAge > 0 && slices.Equal(held.roles, roles) && c.within(held.readAt, oldest)
	}
	names := []string{"held by", id}
	for _, role := range roles {
		names = append(names, role.ID)
	}
	key := strings.Join(names, " ")
	return shared(ctx, &a.lookups, key, oldest, remembered, func(ctx context.Context) (heldPolicies, error) {
		a.mu.Lock()
		forgotten := a.forgotten
		a.mu.Unlock()
		held, err := c.readHeld(ctx, id, roles)
		if err != nil {
			return heldPolicies{}, err
		}
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.forgotten == forgotten {
			a.users.Add(id, held)
		}
		return held, nil
	})
}

func (t roleTree) seenAt() time.Time     { return t.readAt }
func (h heldPolicies) seenAt() time.Time { return h.readAt }

// shared makes one request of the look-ups of a thing at the same time. A caller
// that goes away takes none of the others with it, and none gets an answer that was
// asked for before its oldest moment.
func shared[T interface{ seenAt() time.Time }](
	ctx context.Context, group *singleflight.Group, key string, oldest time.Time,
	remembered func() (T, bool), ask func(context.Context) (T, error),
) (T, error) {
	var none T
	if value, ok := remembered(); ok {
		return value, nil
	}
	for attempt := 0; ; attempt++ {
		answer := group.DoChan(key, func() (any, error) {
			if value, ok := remembered(); ok {
				return value, nil
			}
			return ask(context.WithoutCancel(ctx))
		})
		select {
		case <-ctx.Done():
			return none, context.Cause(ctx)
		case result := <-answer:
			if result.Err != nil {
				return none, result.Err
			}
			value, _ := result.Val.(T)
			if result.Shared && attempt == 0 && value.seenAt().Before(oldest) {
				continue
			}
			return value, nil
		}
	}
}

func (c *Client) within(seenAt, oldest time.Time) bool {
	return !seenAt.IsZero() && !seenAt.Before(oldest) && !seenAt.After(c.now())
}

// readRoles reads the tree as far as QUERY_LIMIT_MAX of Directus goes; readRole
// finds what is beyond it or was made since.
func (c *Client) readRoles(ctx context.Context) (roleTree, error) {
	tree := roleTree{roles: map[string]role{}, readAt: c.now()}
	var rows []role
	if err := c.searchRows(ctx, "/roles", queryBody{Fields: []string{"id", "name", "parent"}, Limit: mostRows}, &rows); err != nil {
		return roleTree{}, err
	}
	for _, row := range rows {
		tree.roles[row.ID] = row
	}
	return tree, nil
}

func (c *Client) readRole(ctx context.Context, id string) (role, error) {
	var rows []role
	err := c.searchRows(ctx, "/roles", queryBody{
		Filter: map[string]any{"id": map[string]string{"_eq": id}}, Fields: []string{"id", "name", "parent"}, Limit: 1,
	}, &rows)
	if err != nil {
		return role{}, err
	}
	if len(rows) == 0 {
		// A user's role exists, so a rule hides it: what is not seen must not count
		// as no role.
		return role{}, unavailable(fmt.Errorf("%w: a role of a user is not shown", ErrServiceToken))
	}
	return rows[0], nil
}

// readHeld asks for the policies of a user and of roles.
func (c *Client) readHeld(ctx context.Context, id string, roles []storage.NamedRole) (heldPolicies, error) {
	held := heldPolicies{roles: roles, readAt: c.now()}
	holders := []map[string]any{{"user": map[string]any{"_eq": id}}}
	if len(roles) > 0 {
		holders = append(holders, map[string]any{"role": map[string]any{"_in": roleIDs(roles)}})
	}
	var rows []struct {
		Policy *struct {
			ID    string    `json:"id"`
			Name  string    `json:"name"`
			Admin rest.Flag `json:"admin_access"`
			App   rest.Flag `json:"app_access"`
		} `json:"policy"`
	}
	err := c.searchRows(ctx, "/access", queryBody{
		Filter: map[string]any{"_or": holders}, Limit: mostRows,
		Fields: []string{"id", "policy.id", "policy.name", "policy.admin_access", "policy.app_access"},
	}, &rows)
	switch {
	case rest.Status(err) == http.StatusNotFound: // Directus 10
		return c.readFlags(ctx, held)
	case errors.Is(err, ErrServiceToken):
		return heldPolicies{}, fmt.Errorf("%w; it needs to read directus_access and directus_policies: run gatehouse setup", err)
	case err != nil:
		return heldPolicies{}, err
	}
	for _, row := range rows {
		if row.Policy == nil || row.Policy.ID == "" {
			// Directus leaves out what the token may not read of a relation.
			return heldPolicies{}, unavailable(fmt.Errorf("%w: it needs to read directus_policies: run gatehouse setup", ErrServiceToken))
		}
		policy := storage.NamedPolicy{ID: row.Policy.ID, Name: row.Policy.Name}
		held.admin, held.app = held.admin || bool(row.Policy.Admin), held.app || bool(row.Policy.App)
		if !slices.Contains(held.policies, policy) {
			held.policies = append(held.policies, policy)
		}
	}
	slices.SortFunc(held.policies, func(a, b storage.NamedPolicy) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	return held, nil
}

// readFlags asks Directus 10, where they sit on the role.
func (c *Client) readFlags(ctx context.Context, held heldPolicies) (heldPolicies, error) {
	if len(held.roles) == 0 {
		return held, nil
	}
	var rows []struct {
		Admin rest.Flag `json:"admin_access"`
		App   rest.Flag `json:"app_access"`
	}
	err := c.searchRows(ctx, "/roles", queryBody{
		Filter: map[string]any{"id": map[string]any{"_in": roleIDs(held.roles)}}, Fields: []string{"admin_access", "app_access"}, Limit: mostRows,
	}, &rows)
	for _, row := range rows {
		held.admin, held.app = held.admin || bool(row.Admin), held.app || bool(row.App)
	}
	return held, err
}

func roleIDs(roles []storage.NamedRole) []string {
	ids := make([]string, 0, len(roles))
	for _, role := range roles {
		ids = append(ids, role.ID)
	}
	return ids
}

// searchRows reads rows of a collection with the service token, past any cache.
func (c *Client) searchRows(ctx context.Context, path string, body queryBody, rows any) error {
	request := rest.Request{Name: "search " + path, Method: "SEARCH", Path: path, Token: c.token, Body: query{body}}
	_, err := c.rest.Do(ctx, request, rows)
	if worthAnotherTry(err) { // reading twice harms nobody
		_, err = c.rest.Do(ctx, request, rows)
	}
	return serviceError(err)
}
