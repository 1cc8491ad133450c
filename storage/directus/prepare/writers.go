package prepare

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"gatehouse/storage/directus/internal/rest"
)

// RowWriter is a way to change the rows of a collection, and who has it.
type RowWriter struct {
	// Name is that of the policy, or of the role in Directus 10.
	Name string
	// Admin says that it is administrator's access, which may do anything.
	Admin bool
	// Actions are those of create, update and delete that it grants.
	Actions []string
	// Holders are the roles and users that hold it, in words. Whoever has a role
	// below one of them holds it too.
	Holders []string
	// Public says that everybody holds it, without signing in.
	Public bool
}

func (w RowWriter) String() string {
	holders := slices.Clone(w.Holders)
	if w.Public {
		holders = append([]string{"EVERYBODY, without signing in"}, holders...)
	}
	if len(holders) == 0 {
		holders = []string{"nobody so far"}
	}
	return fmt.Sprintf("%s (%s): %s", w.Name, strings.Join(w.Actions, ", "), strings.Join(holders, ", "))
}

// changing are the actions that change rows, in the order they are told in.
var changing = []string{"create", "update", "delete"}

// publicName is the name of rights that need no sign-in, where they have none.
const publicName = "public"

// translated begins names that the Studio shows in the language of who looks, such
// as that of the policy of the public as Directus makes it.
const translated = "$t:"

func (p *preparation) clientWriters(ctx context.Context) error {
	if p.options.ClientsCollection == "" {
		return nil
	}
	writers, err := p.rowWriters(ctx, p.options.ClientsCollection)
	if err != nil {
		return err
	}
	p.report.ClientWriters = writers
	for _, writer := range writers {
		if writer.Public {
			p.step(clientsName, Attention, "everybody may change the clients, without signing in: take "+strings.Join(writer.Actions, ", ")+" from "+writer.Name)
		}
	}
	return nil
}

// rowWriters lists who may change rows of a collection, administrators first.
func (p *preparation) rowWriters(ctx context.Context, collection string) ([]RowWriter, error) {
	actions, err := p.granted(ctx, collection)
	if err != nil {
		return nil, err
	}
	var found []RowWriter
	if p.model.policies {
		found, err = p.policyWriters(ctx, actions)
	} else {
		found, err = p.roleWriters(ctx, actions)
	}
	slices.SortFunc(found, func(a, b RowWriter) int {
		if a.Admin != b.Admin {
			if a.Admin {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.Name, b.Name)
	})
	return found, err
}

// granted says which actions on the collection each policy grants, or each role in
// Directus 10, where that of the public has no id. Some columns are enough to count.
func (p *preparation) granted(ctx context.Context, collection string) (map[string][]string, error) {
	var rows []map[string]any
	// All columns: without a licence Directus 12 leaves rows out otherwise.
	err := p.admin.search(ctx, "/permissions", map[string]any{"collection": equals(collection)}, []string{"*"}, &rows)
	if err != nil {
		return nil, failed(err)
	}
	granted := map[string][]string{}
	for _, action := range changing {
		for _, row := range rows {
			holder, _ := row[p.model.key].(string)
			if row["action"] == action && !slices.Contains(granted[holder], action) {
				granted[holder] = append(granted[holder], action)
			}
		}
	}
	return granted, nil
}

func (p *preparation) policyWriters(ctx context.Context, actions map[string][]string) ([]RowWriter, error) {
	var policies []rights
	if err := p.admin.search(ctx, "/policies", nil, []string{"id", "name", "admin_access", "enforce_tfa"}, &policies); err != nil {
		return nil, failed(err)
	}
	house, err := p.house(ctx, policies)
	if err != nil {
		return nil, err
	}
	var found []RowWriter
	for _, policy := range policies {
		writer := RowWriter{Name: policy.Name, Admin: bool(policy.Admin), Actions: actions[policy.ID]}
		if writer.Admin {
			writer.Actions = changing
		}
		if len(writer.Actions) == 0 {
			continue
		}
		for _, held := range house.holdings {
			switch {
			case held.Policy != policy.ID:
			case held.User != nil:
				writer.Holders = append(writer.Holders, "user "+*held.User)
			case held.Role != nil:
				writer.Holders = append(writer.Holders, "role "+house.roles[*held.Role].Name)
			default:
				writer.Public = true
			}
		}
		slices.Sort(writer.Holders)
		if writer.Public && strings.HasPrefix(writer.Name, translated) {
			writer.Name = publicName
		}
		found = append(found, writer)
	}
	return found, nil
}

// roleWriters is policyWriters for Directus 10.
func (p *preparation) roleWriters(ctx context.Context, actions map[string][]string) ([]RowWriter, error) {
	var roles []struct {
		ID    string    `json:"id"`
		Name  string    `json:"name"`
		Admin rest.Flag `json:"admin_access"`
	}
	if err := p.admin.search(ctx, "/roles", nil, []string{"id", "name", "admin_access"}, &roles); err != nil {
		return nil, failed(err)
	}
	var found []RowWriter
	if len(actions[""]) > 0 {
		found = append(found, RowWriter{Name: publicName, Actions: actions[""], Public: true})
	}
	for _, role := range roles {
		writer := RowWriter{Name: role.Name, Admin: bool(role.Admin), Actions: actions[role.ID], Holders: []string{"role " + role.Name}}
		if writer.Admin {
			writer.Actions = changing
		}
		if len(writer.Actions) > 0 {
			found = append(found, writer)
		}
	}
	return found, nil
}
