package main

import (
	"crypto/rand"
	"maps"
	"net/http"
	"testing"

	"gatehouse/e2e/stack"
)

// addPreviewed makes what user_preview.txt shows: a person with a field, a role
// below another, and a policy, and two users whose tokens read a little. They are
// none that setup_doctor_serve.txt looks at.
func addPreviewed(t *testing.T, directus *stack.Directus) map[string]string {
	t.Helper()
	create := func(path string, row map[string]any) string {
		t.Helper()
		var created struct{ ID string }
		if err := directus.Call(t.Context(), http.MethodPost, path, row, &created); err != nil {
			t.Fatal(err)
		}
		return created.ID
	}
	policy := func(name string) string {
		return create("/policies", map[string]any{"name": name, "admin_access": false, "app_access": false})
	}
	reader := func(collections ...string) string {
		reads, token := policy("Reads for the preview"), rand.Text()
		for _, collection := range collections {
			permission := map[string]any{"policy": reads, "collection": collection, "action": "read", "fields": []string{"*"}}
			if err := directus.Call(t.Context(), http.MethodPost, "/permissions", permission, nil); err != nil {
				t.Fatal(err)
			}
		}
		create("/users", map[string]any{"first_name": "Reader", "token": token, "policies": []map[string]any{{"policy": reads}}})
		return token
	}
	if err := directus.Call(t.Context(), http.MethodPost, "/fields/directus_users",
		map[string]any{"field": "preview_credit", "type": "string", "schema": map[string]any{}}, nil); err != nil {
		t.Fatal(err)
	}
	house := create("/roles", map[string]any{"name": "Preview house"})
	desk := create("/roles", map[string]any{"name": "Preview desk", "parent": house})
	create("/access", map[string]any{"role": house, "policy": policy("Publishes for the preview")})
	variables := map[string]string{"PERSON_EMAIL": "previewed@example.com"}
	variables["PERSON_ID"] = create("/users", map[string]any{
		"email": variables["PERSON_EMAIL"], "first_name": "Ada", "last_name": "Lovelace", "role": desk, "preview_credit": "true",
	})
	maps.Copy(variables, map[string]string{
		"READER_TOKEN":       reader("directus_users", "directus_roles", "directus_policies", "directus_access"),
		"SMALL_READER_TOKEN": reader("directus_users", "directus_roles"),
	})
	return variables
}
