package prepare

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"gatehouse/storage/directus/internal/rest"
)

const rightsName = "service policy"

// permission is a row of directus_permissions.
type permission struct {
	ID          any            `json:"id"`
	Collection  string         `json:"collection"`
	Action      string         `json:"action"`
	Fields      []string       `json:"fields"`
	Permissions map[string]any `json:"permissions"`
}

func (p permission) isFull() bool {
	return slices.Contains(p.Fields, "*") && len(p.Permissions) == 0
}

// serviceRights makes or verifies what holds the service's rights: a policy, or
// a role in Directus 10.
func (p *preparation) serviceRights(ctx context.Context) error {
	var found []struct {
		ID    string    `json:"id"`
		Admin rest.Flag `json:"admin_access"`
		App   rest.Flag `json:"app_access"`
		TFA   rest.Flag `json:"enforce_tfa"`
	}
	err := p.admin.search(ctx, p.model.path, map[string]any{"name": equals(ServiceName)},
		[]string{"id", "admin_access", "app_access", "enforce_tfa"}, &found)
	if err != nil {
		return failed(err)
	}
	switch {
	case len(found) > 1:
		return fmt.Errorf("%d %ss are named %q; rename all but one", len(found), p.model.key, ServiceName)
	case len(found) == 0:
		err = p.createRights(ctx)
	default:
		p.policy = found[0].ID
		if found[0].Admin || found[0].App || found[0].TFA {
			err = p.change(rightsName, "take administrator's and Studio access away", func() error {
				return p.admin.write(ctx, http.MethodPatch, p.model.path+"/"+p.policy, noAccess(), nil)
			})
		} else {
			p.step(rightsName, Kept, ServiceName)
		}
	}
	if err != nil {
		return err
	}
	return p.permissions(ctx)
}

func (p *preparation) createRights(ctx context.Context) error {
	return p.change(rightsName, "create "+ServiceName, func() error {
		body := noAccess()
		body["name"] = ServiceName
		body["icon"] = "badge"
		body["description"] = "Reads for Gatehouse what its configuration needs. gatehouse setup takes other rights away from it."
		var created struct {
			ID string `json:"id"`
		}
		err := p.admin.write(ctx, http.MethodPost, p.model.path, body, &created)
		p.policy = created.ID
		return err
	})
}

func noAccess() map[string]any {
	return map[string]any{"admin_access": false, "app_access": false, "enforce_tfa": false}
}
