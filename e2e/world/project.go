package world

import (
	"context"
	"net/http"
)

// openProject makes the project what an operator would: it has a name and a
// colour, anybody may register, one policy asks for one-time passwords, and
// customers have notes.
func (w *World) openProject(ctx context.Context) error {
	settings := map[string]any{
		"project_name": w.Project, "project_color": "#2f6f4f",
		"public_registration": true, "public_registration_role": w.Directus.CustomerRole, "public_registration_verify_email": true,
	}
	if err := w.directus.Call(ctx, http.MethodPatch, "/settings", settings, nil); err != nil {
		return err
	}
	if err := w.directus.CreateNotes(ctx, w.Directus.CustomerRole); err != nil {
		return err
	}
	enforcing := map[string]any{"name": "One-time passwords", "enforce_tfa": true, "app_access": false, "admin_access": false}
	var err error
	if w.Directus.EnforcingPolicy, err = w.create(ctx, "/policies", enforcing); err != nil {
		return err
	}
	if w.Directus.OwnPolicy, err = w.createOwnPolicy(ctx); err != nil || !w.Own {
		return err
	}
	_, err = w.create(ctx, "/access", map[string]any{"role": w.Directus.CustomerRole, "policy": w.Directus.OwnPolicy})
	return err
}

// ownColumns are those that Directus 12 without a licence lets people be given
// of their own row: to the letter what it recommends for the Studio.
var ownColumns = []string{
	"first_name", "last_name", "email", "password", "location", "title", "description", "avatar", "language", "appearance",
	"theme_light", "theme_dark", "theme_light_overrides", "theme_dark_overrides", "tfa_secret",
}

// createOwnPolicy lets whoever has it change his own row and store a picture.
func (w *World) createOwnPolicy(ctx context.Context) (string, error) {
	policy, err := w.create(ctx, "/policies", map[string]any{"name": "Own account", "app_access": false, "admin_access": false})
	if err != nil {
		return "", err
	}
	for _, permission := range []map[string]any{
		{
			"collection": "directus_users", "action": "update", "fields": ownColumns,
			"permissions": map[string]any{"id": map[string]any{"_eq": "$CURRENT_USER"}},
		},
		{"collection": "directus_files", "action": "create", "fields": []string{"*"}},
	} {
		permission["policy"] = policy
		if _, err := w.create(ctx, "/permissions", permission); err != nil {
			return "", err
		}
	}
	return policy, nil
}

// create adds a row and returns its id, whether that is a number or a UUID.
func (w *World) create(ctx context.Context, path string, row map[string]any) (string, error) {
	var created struct {
		ID any `json:"id"`
	}
	if err := w.directus.Call(ctx, http.MethodPost, path, row, &created); err != nil {
		return "", err
	}
	id, _ := created.ID.(string)
	return id, nil
}
