package world

import (
	"context"
	"net/http"
)

// openProject makes the project what an operator would: it has a name and a
// colour, anybody may register, and one policy asks for one-time passwords.
func (w *World) openProject(ctx context.Context) error {
	settings := map[string]any{
		"project_name": w.Project, "project_color": "#2f6f4f",
		"public_registration": true, "public_registration_role": w.Directus.CustomerRole, "public_registration_verify_email": true,
	}
	if err := w.directus.Call(ctx, http.MethodPatch, "/settings", settings, nil); err != nil {
		return err
	}
	enforcing := map[string]any{"name": "One-time passwords", "enforce_tfa": true, "app_access": false, "admin_access": false}
	var err error
	if w.Directus.EnforcingPolicy, err = w.create(ctx, "/policies", enforcing); err != nil || !w.Own {
		return err
	}
	return w.giveOwnRow(ctx)
}

// giveOwnRow lets customers change their own row and store a picture.
func (w *World) giveOwnRow(ctx context.Context) error {
	policy, err := w.create(ctx, "/policies", map[string]any{"name": "Own account", "app_access": false, "admin_access": false})
	if err != nil {
		return err
	}
	own := map[string]any{"id": map[string]any{"_eq": "$CURRENT_USER"}}
	for _, permission := range []map[string]any{
		{"collection": "directus_users", "action": "read", "permissions": own},
		{"collection": "directus_users", "action": "update", "permissions": own},
		{"collection": "directus_files", "action": "create", "permissions": map[string]any{}},
		{"collection": "directus_files", "action": "read", "permissions": map[string]any{"uploaded_by": map[string]any{"_eq": "$CURRENT_USER"}}},
	} {
		permission["policy"], permission["fields"] = policy, []string{"*"}
		if _, err := w.create(ctx, "/permissions", permission); err != nil {
			return err
		}
	}
	_, err = w.create(ctx, "/access", map[string]any{"role": w.Directus.CustomerRole, "policy": policy})
	return err
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
