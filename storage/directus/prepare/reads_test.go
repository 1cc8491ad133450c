package prepare_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"gatehouse/storage/directus/prepare"
)

// company gives users a relation to a collection of their companies, and a list of
// the badges that name them.
func (d *server) company(t *testing.T) {
	t.Helper()
	key := map[string]any{"field": "id", "type": "integer", "schema": map[string]any{"is_primary_key": true, "has_auto_increment": true}}
	column := func(name, kind string) map[string]any {
		return map[string]any{"field": name, "type": kind, "schema": map[string]any{}, "meta": map[string]any{}}
	}
	for _, call := range []struct {
		path string
		body map[string]any
	}{
		{"/collections", map[string]any{"collection": "companies", "schema": map[string]any{}, "meta": map[string]any{}, "fields": []any{key, column("name", "string")}}},
		{"/collections", map[string]any{"collection": "badges", "schema": map[string]any{}, "meta": map[string]any{}, "fields": []any{key, column("label", "string"), column("owner", "uuid")}}},
		{"/fields/directus_users", column("company", "integer")},
		{"/relations", map[string]any{"collection": "directus_users", "field": "company", "related_collection": "companies"}},
		{"/fields/directus_users", map[string]any{"field": "badges", "type": "alias", "meta": map[string]any{"special": []string{"o2m"}}}},
		{"/relations", map[string]any{"collection": "badges", "field": "owner", "related_collection": "directus_users", "meta": map[string]any{"one_field": "badges"}}},
	} {
		if err := d.Call(t.Context(), http.MethodPost, call.path, call.body, nil); err != nil {
			t.Fatalf("%s: %v", call.path, err)
		}
	}
}

func (d *server) furtherRights(t *testing.T) {
	d.company(t)
	reads := append(prepare.BaseReads(),
		prepare.Right{Collection: "directus_access", Why: "the claim policies is made of it"},
		prepare.Right{Path: "company.name", Why: "the claim employer is made of it"},
		prepare.Right{Path: "badges", Why: "the claim badges is made of it"},
		prepare.Right{Path: "company", Why: "the claim number is made of it"},
		prepare.Right{Path: "role.users.badges.label", Why: "the claim colleagues is made of it"},
		prepare.Right{Path: "title.short", Why: "the claim astray is made of it"},
	)
	report, err := d.prepare(t, func(o *prepare.Options) { o.RotateToken, o.Reads = true, reads })
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"read directus_users": "people sign in", "read directus_roles": "colleagues", "read directus_access": "policies",
		"read companies": "the claim employer is made of it", "read badges": "the claim badges is made of it; the claim colleagues is made of it",
	}
	if d.isTen() {
		delete(want, "read directus_access") // there is none
	}
	for _, step := range report.Steps {
		if strings.HasPrefix(step.Name, "read ") {
			if reason, ok := want[step.Name]; !ok || !strings.Contains(step.Detail, reason) {
				t.Errorf("%s: %q, want %q", step.Name, step.Detail, reason)
			}
			delete(want, step.Name)
		}
	}
	if len(want) != 0 {
		t.Errorf("nothing was said of %v", want)
	}
	if !slices.ContainsFunc(report.Steps, func(s prepare.Step) bool {
		return s.State == prepare.Attention && strings.Contains(s.Detail, "title.short")
	}) {
		t.Error("a path that leads nowhere was not named")
	}
	for path, status := range map[string]int{"/items/companies": http.StatusOK, "/items/badges": http.StatusOK, "/files": http.StatusForbidden} {
		if got := d.status(t, report.Token, http.MethodGet, path, ""); got != status {
			t.Errorf("GET %s: %d, want %d", path, got, status)
		}
	}
	if status := d.status(t, report.Token, http.MethodPost, "/items/companies", `{"name":"x"}`); status != http.StatusForbidden {
		t.Errorf("POST /items/companies: %d, want 403", status)
	}
	// What the configuration names no more is taken away, and said.
	report, err = d.prepare(t, func(o *prepare.Options) { o.RotateToken = true })
	if err != nil {
		t.Fatal(err)
	}
	if got := states(report); got["read companies"] != prepare.Done || got["read badges"] != prepare.Done {
		t.Errorf("%v", got)
	}
	d.tokenMayOnlyRead(t, report.Token)
	if got := d.status(t, report.Token, http.MethodGet, "/items/companies", ""); got != http.StatusForbidden {
		t.Errorf("GET /items/companies afterwards: %d, want 403", got)
	}
}
