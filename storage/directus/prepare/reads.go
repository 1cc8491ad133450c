package prepare

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Right is something that the service reads, and why. Each is read as a whole:
// rules on rows or columns are a matter of the licence since Directus 12.
type Right struct {
	// Collection is what it reads, such as "directus_users".
	Collection string
	// Path stands in place of Collection where that is not known from the
	// configuration: fields that lead from a user into other collections, such as
	// "company.owner.name".
	Path string
	// Why completes the sentence "it reads …, since …".
	Why string
}

// Files holds the pictures of people, and whatever else a project stores.
const Files = "directus_files"

// BaseReads are the rights that every Gatehouse needs.
func BaseReads() []Right {
	return []Right{
		{Collection: "directus_users", Why: "people sign in, and claims come from their fields"},
		{Collection: "directus_roles", Why: "it tells what role a person has"},
	}
}

// users is where every path begins.
const users = "directus_users"

// policyCollections are not there in Directus 10.
var policyCollections = []string{"directus_policies", "directus_access"}

// collections are those to be read, each with all reasons, and the paths that lead
// nowhere.
func (p *preparation) collections(ctx context.Context) (reasons map[string][]string, astray []Right, err error) {
	rights := p.options.Reads
	if len(rights) == 0 {
		rights = BaseReads()
	}
	reasons = map[string][]string{}
	add := func(collection, why string) {
		if !slices.Contains(reasons[collection], why) {
			reasons[collection] = append(reasons[collection], why)
		}
	}
	var relations []relation
	for _, right := range rights {
		switch {
		case right.Path == "" && (p.model.policies || !slices.Contains(policyCollections, right.Collection)):
			add(right.Collection, right.Why)
		case right.Path != "":
			if relations == nil {
				if relations, err = p.relations(ctx); err != nil {
					return nil, nil, err
				}
			}
			way, ok := lead(relations, right.Path)
			if !ok {
				astray = append(astray, right)
			}
			for _, collection := range way {
				add(collection, right.Why)
			}
		}
	}
	return reasons, astray, nil
}

// relation is one of Directus: a field of Collection that names a row of Related,
// which may show the rows that name it in a field OneField.
type relation struct {
	Collection string  `json:"collection"`
	Field      string  `json:"field"`
	Related    *string `json:"related_collection"`
	Meta       *struct {
		OneField *string `json:"one_field"`
	} `json:"meta"`
}

func (p *preparation) relations(ctx context.Context) ([]relation, error) {
	var relations []relation
	if err := p.admin.get(ctx, "/relations", nil, &relations); err != nil {
		return nil, failed(err)
	}
	return relations, nil
}

// lead follows a path from users, and returns the collections that it reads beside
// them. It is not ok if a field on the way is no relation. The last field may be
// one: of a list of rows their keys are read.
func lead(relations []relation, path string) (way []string, ok bool) {
	at, fields := users, strings.Split(path, ".")
	for i, field := range fields {
		next, many := follow(relations, at, field)
		last := i == len(fields)-1
		if next == "" {
			return way, last
		}
		if last && !many {
			return way, true
		}
		at = next
		if at != users {
			way = append(way, at)
		}
	}
	return way, true
}

// follow says where a field leads, or nowhere.
func follow(relations []relation, from, field string) (to string, many bool) {
	for _, r := range relations {
		if r.Collection == from && r.Field == field && r.Related != nil {
			return *r.Related, false
		}
		if r.Related != nil && *r.Related == from && r.Meta != nil && r.Meta.OneField != nil && *r.Meta.OneField == field {
			return r.Collection, true
		}
	}
	return "", false
}

// permissions grants full reading of what the options name, where it is missing or
// narrowed, and takes away everything else.
func (p *preparation) permissions(ctx context.Context) error {
	reasons, astray, err := p.collections(ctx)
	if err != nil {
		return err
	}
	var rows []permission
	if p.policy != "" {
		err := p.admin.search(ctx, "/permissions", map[string]any{p.model.key: equals(p.policy)},
			[]string{"id", "collection", "action", "fields", "permissions"}, &rows)
		if err != nil {
			return failed(err)
		}
	}
	for _, collection := range slices.Sorted(maps.Keys(reasons)) {
		if err := p.grantRead(ctx, collection, strings.Join(reasons[collection], "; "), rows); err != nil {
			return err
		}
	}
	for _, right := range astray {
		p.step(rightsName, Attention, fmt.Sprintf("no way leads from users along %s: nothing was granted, though %s", right.Path, right.Why))
	}
	if _, wanted := reasons[Files]; wanted {
		p.step("read "+Files, Attention, "whoever has the service token reads every file of Directus with it, not pictures alone, unless a rule narrows this right to a folder; "+
			"Directus 12 knows such rules with a licence only")
	}
	return p.takeAway(ctx, rows, reasons)
}

// takeAway deletes the rights that nothing in the configuration needs any more.
func (p *preparation) takeAway(ctx context.Context, rows []permission, reasons map[string][]string) error {
	for _, row := range rows {
		if _, needed := reasons[row.Collection]; needed && row.Action == "read" {
			continue
		}
		err := p.change(row.Action+" "+row.Collection, "take away: nothing in the configuration needs it", func() error {
			return p.admin.write(ctx, http.MethodDelete, fmt.Sprintf("/permissions/%v", row.ID), nil, nil)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *preparation) grantRead(ctx context.Context, collection, why string, rows []permission) error {
	name := "read " + collection
	at := slices.IndexFunc(rows, func(row permission) bool {
		return row.Action == "read" && row.Collection == collection
	})
	if at < 0 {
		return p.change(name, "grant, since "+why, func() error {
			return p.admin.write(ctx, http.MethodPost, "/permissions", map[string]any{
				p.model.key: p.policy, "collection": collection, "action": "read", "fields": []string{"*"},
			}, nil)
		})
	}
	// Whoever narrowed the view of files had a reason, and pictures may do with it.
	if collection == Files || slices.ContainsFunc(rows, func(row permission) bool {
		return row.Action == "read" && row.Collection == collection && row.isFull()
	}) {
		p.step(name, Kept, "since "+why)
		return nil
	}
	return p.change(name, "remove rules that narrow it, since "+why, func() error {
		return p.admin.write(ctx, http.MethodPatch, fmt.Sprintf("/permissions/%v", rows[at].ID), map[string]any{
			"fields": []string{"*"}, "permissions": nil,
		}, nil)
	})
}
