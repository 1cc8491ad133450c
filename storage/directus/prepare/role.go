package prepare

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"gatehouse/storage/directus/internal/rest"
)

// ErrCustomerRole says that the customer role has administrator's access: every
// person who registers would become an administrator.
var ErrCustomerRole = errors.New("the customer role has administrator's access")

const roleName = "customer role"

// role is a row of directus_roles with the flags that Directus 10 keeps there
// and later versions in policies.
type role struct {
	ID       string    `json:"id"`
	Parent   *string   `json:"parent"`
	Admin    rest.Flag `json:"admin_access"`
	App      rest.Flag `json:"app_access"`
	Policies []struct {
		Policy struct {
			Admin rest.Flag `json:"admin_access"`
			App   rest.Flag `json:"app_access"`
		} `json:"policy"`
	} `json:"policies"`
}

func (r role) access() (admin, app bool) {
	admin, app = bool(r.Admin), bool(r.App)
	for _, held := range r.Policies {
		admin = admin || bool(held.Policy.Admin)
		app = app || bool(held.Policy.App)
	}
	return admin, app
}

func (p *preparation) roleFields() []string {
	if p.model.policies {
		return []string{"id", "parent", "policies.policy.admin_access", "policies.policy.app_access"}
	}
	return []string{"id", "admin_access", "app_access"}
}

// customerRole makes or verifies the role of people who sign up.
func (p *preparation) customerRole(ctx context.Context) error {
	var found []role
	err := p.admin.search(ctx, "/roles", map[string]any{"name": equals(p.options.CustomerRole)}, p.roleFields(), &found)
	if err != nil {
		return failed(err)
	}
	switch len(found) {
	case 0:
		return p.createRole(ctx)
	case 1:
		p.report.CustomerRole = found[0].ID
		return p.verifyRole(ctx, found[0])
	}
	return fmt.Errorf("%d roles are named %q; rename all but one", len(found), p.options.CustomerRole)
}

func (p *preparation) createRole(ctx context.Context) error {
	return p.change(roleName, "create "+p.options.CustomerRole+" without Studio access", func() error {
		body := map[string]any{"name": p.options.CustomerRole, "description": "People who sign in with Gatehouse."}
		if p.model.policies {
			policy := noAccess()
			policy["name"] = p.options.CustomerRole
			body["policies"] = []any{map[string]any{"policy": policy}}
		} else {
			body["admin_access"], body["app_access"] = false, false
		}
		var created struct {
			ID string `json:"id"`
		}
		err := p.admin.write(ctx, http.MethodPost, "/roles", body, &created)
		p.report.CustomerRole = created.ID
		return err
	})
}

// maxDepth bounds the walk up the tree of roles, which could be a circle.
const maxDepth = 20

// verifyRole looks at the role and at those above it, whose rights it has too.
func (p *preparation) verifyRole(ctx context.Context, found role) error {
	var admin, app bool
	for depth := 0; ; depth++ {
		a, s := found.access()
		admin, app = admin || a, app || s
		if found.Parent == nil || depth == maxDepth {
			break
		}
		parent := *found.Parent
		var above []role
		if err := p.admin.search(ctx, "/roles", map[string]any{"id": equals(parent)}, p.roleFields(), &above); err != nil {
			return failed(err)
		}
		if len(above) == 0 {
			break
		}
		found = above[0]
	}
	switch {
	case admin:
		return fmt.Errorf("%w: %s", ErrCustomerRole, p.options.CustomerRole)
	case app:
		p.step(roleName, Attention, p.options.CustomerRole+" has Studio access: each of its users takes a seat")
	default:
		p.step(roleName, Kept, p.options.CustomerRole)
	}
	return nil
}
