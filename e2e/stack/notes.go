package stack

import (
	"context"
	"fmt"
	"net/http"
)

// CreateNotes creates the collection of examples/nextjs: notes, each with a text,
// an author and a date. The role may read and add all of them: Directus 12
// without a licence takes no rule that restricts rows.
func (d *Directus) CreateNotes(ctx context.Context, role string) error {
	if err := d.createNotes(ctx, role); err != nil {
		return fmt.Errorf("create the collection of notes: %w", err)
	}
	return nil
}

func (d *Directus) createNotes(ctx context.Context, role string) error {
	field := func(name, kind, special string) map[string]any {
		return map[string]any{"field": name, "type": kind, "schema": map[string]any{}, "meta": map[string]any{"special": []string{special}, "readonly": true}}
	}
	err := d.Call(ctx, http.MethodPost, "/collections", map[string]any{
		"collection": "notes", "meta": map[string]any{"icon": "edit_note"}, "schema": map[string]any{},
		"fields": []map[string]any{
			{"field": "id", "type": "integer", "schema": map[string]any{"is_primary_key": true, "has_auto_increment": true}},
			{"field": "text", "type": "text", "schema": map[string]any{"is_nullable": false}, "meta": map[string]any{"interface": "input-multiline", "required": true}},
			field("user_created", "uuid", "user-created"),
			field("date_created", "timestamp", "date-created"),
		},
	}, nil)
	if err != nil {
		return err
	}
	var policy struct{ ID string }
	err = d.Call(ctx, http.MethodPost, "/policies", map[string]any{"name": "Notes", "app_access": false, "admin_access": false}, &policy)
	if err != nil {
		return err
	}
	for _, action := range []string{"read", "create"} {
		permission := map[string]any{"policy": policy.ID, "collection": "notes", "action": action, "fields": []string{"*"}}
		if err := d.Call(ctx, http.MethodPost, "/permissions", permission, nil); err != nil {
			return err
		}
	}
	return d.Call(ctx, http.MethodPost, "/access", map[string]any{"policy": policy.ID, "role": role}, nil)
}
