package prepare

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"gatehouse/storage/directus/internal/rest"
)

// DefaultClientsCollection is the name of a collection of clients that nobody named
// otherwise.
const DefaultClientsCollection = "gatehouse_clients"

const clientsName = "clients collection"

// ErrForeignCollection says that the collection that clients were to stand in is
// for something else.
var ErrForeignCollection = errors.New("the collection is not one of clients: it has no client_id as its primary key; choose another name")

// clientsCollection makes the collection of clients, or adds the fields that it
// lacks. What is there already stays as people made it.
func (p *preparation) clientsCollection(ctx context.Context) error {
	name := p.options.ClientsCollection
	if name == "" {
		return nil
	}
	var collections []struct {
		Collection string `json:"collection"`
		Meta       *struct {
			Accountability *string `json:"accountability"`
		} `json:"meta"`
	}
	// All of them: Directus answers 403 for one that does not exist.
	if err := p.admin.get(ctx, "/collections", nil, &collections); err != nil {
		return failed(err)
	}
	for _, found := range collections {
		if found.Collection != name {
			continue
		}
		if found.Meta == nil || found.Meta.Accountability == nil || *found.Meta.Accountability != "all" {
			p.step(clientsName, Attention, "keeps no activity and revisions of "+name+": nobody will know who changed a client (data model, accountability)")
		}
		return p.missingFields(ctx, name)
	}
	return p.change(clientsName, "create "+name, func() error { return p.createClients(ctx, name) })
}

func (p *preparation) createClients(ctx context.Context, name string) error {
	var fields []any
	for i, f := range clientFields(p.options.ClientChoices) {
		fields = append(fields, f.body(i+1))
	}
	return p.admin.write(ctx, http.MethodPost, "/collections", map[string]any{
		"collection": name, "schema": map[string]any{}, "fields": fields,
		"meta": map[string]any{
			"icon": "apps", "note": "Apps that people sign in to with Gatehouse. Whoever may change these rows decides who receives people's tokens.",
			"display_template": "{{client_name}} ({{client_id}})", "accountability": "all",
			"archive_field": "status", "archive_value": "off", "unarchive_value": "active", "archive_app_filter": false,
			"translations": []any{map[string]any{"language": "en-US", "translation": "Apps", "singular": "App", "plural": "Apps"}},
		},
	}, nil)
}

func (p *preparation) missingFields(ctx context.Context, name string) error {
	var found []struct {
		Field  string `json:"field"`
		Schema *struct {
			IsPrimaryKey rest.Flag `json:"is_primary_key"`
		} `json:"schema"`
	}
	if err := p.admin.get(ctx, "/fields/"+name, nil, &found); err != nil {
		return failed(err)
	}
	names, key := map[string]bool{}, ""
	for _, f := range found {
		names[f.Field] = true
		if f.Schema != nil && f.Schema.IsPrimaryKey {
			key = f.Field
		}
	}
	if key != "client_id" {
		return fmt.Errorf("%s: %w", name, ErrForeignCollection)
	}
	var missing []string
	for i, f := range clientFields(p.options.ClientChoices) {
		if names[f.name] {
			continue
		}
		missing = append(missing, f.name)
		if p.options.DryRun {
			continue
		}
		if err := p.admin.write(ctx, http.MethodPost, "/fields/"+name, f.body(i+1), nil); err != nil {
			return fmt.Errorf("%s: add %s: %w", clientsName, f.name, err)
		}
	}
	switch {
	case len(missing) == 0:
		p.step(clientsName, Kept, name)
	case p.options.DryRun:
		p.step(clientsName, WouldDo, "add to "+name+": "+strings.Join(missing, ", "))
	default:
		p.step(clientsName, Done, "add to "+name+": "+strings.Join(missing, ", "))
	}
	return nil
}
