package prepare

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"gatehouse/storage/directus/internal/rest"
)

// readable are the collections that the service reads, all of each: rules on
// rows or columns are a matter of the licence since Directus 12.
var readable = []string{"directus_users", "directus_roles"}

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
		body["description"] = "Reads users and roles for Gatehouse."
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

// permissions grants full reading where it is missing or narrowed, and names
// what is granted beyond it.
func (p *preparation) permissions(ctx context.Context) error {
	var rows []permission
	if p.policy != "" {
		err := p.admin.search(ctx, "/permissions", map[string]any{p.model.key: equals(p.policy)},
			[]string{"id", "collection", "action", "fields", "permissions"}, &rows)
		if err != nil {
			return failed(err)
		}
	}
	var more []string
	for _, row := range rows {
		if row.Action != "read" || !slices.Contains(readable, row.Collection) {
			more = append(more, row.Action+" "+row.Collection)
		}
	}
	for _, collection := range readable {
		if err := p.grantRead(ctx, collection, rows); err != nil {
			return err
		}
	}
	if len(more) > 0 {
		p.step(rightsName, Attention, "grants more than Gatehouse needs: "+strings.Join(more, ", "))
	}
	return nil
}

func (p *preparation) grantRead(ctx context.Context, collection string, rows []permission) error {
	name := "read " + collection
	at := slices.IndexFunc(rows, func(row permission) bool {
		return row.Action == "read" && row.Collection == collection
	})
	if at < 0 {
		return p.change(name, "grant", func() error {
			return p.admin.write(ctx, http.MethodPost, "/permissions", map[string]any{
				p.model.key: p.policy, "collection": collection, "action": "read", "fields": []string{"*"},
			}, nil)
		})
	}
	if slices.ContainsFunc(rows, func(row permission) bool {
		return row.Action == "read" && row.Collection == collection && row.isFull()
	}) {
		p.step(name, Kept, "")
		return nil
	}
	return p.change(name, "remove rules that narrow it", func() error {
		return p.admin.write(ctx, http.MethodPatch, fmt.Sprintf("/permissions/%v", rows[at].ID), map[string]any{
			"fields": []string{"*"}, "permissions": nil,
		}, nil)
	})
}
