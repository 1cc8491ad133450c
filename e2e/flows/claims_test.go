package flows

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/provider/claims"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
)

// claimsFarAndNear are made of all that claims can be made of: fields, related rows,
// lists of rows, and what a user holds by roles and policies.
func claimsFarAndNear(t *testing.T, w *world) {
	ada, email := w.user(t)
	table := func(name string, columns ...map[string]any) {
		t.Helper()
		key := map[string]any{"field": "id", "type": "integer", "schema": map[string]any{"is_primary_key": true, "has_auto_increment": true}}
		w.create(t, "/collections", map[string]any{
			"collection": name, "schema": map[string]any{}, "meta": map[string]any{}, "fields": append([]map[string]any{key}, columns...),
		})
	}
	column := func(name, kind string) map[string]any {
		return map[string]any{"field": name, "type": kind, "schema": map[string]any{}}
	}
	table("firms", column("title", "string"), column("owner", "uuid"))
	table("badges", column("label", "string"), column("holder", "uuid"))
	w.create(t, "/fields/directus_users", column("firm", "integer"))
	w.create(t, "/relations", map[string]any{"collection": "directus_users", "field": "firm", "related_collection": "firms"})
	w.create(t, "/relations", map[string]any{"collection": "firms", "field": "owner", "related_collection": "directus_users"})
	w.create(t, "/fields/directus_users", map[string]any{"field": "badges", "type": "alias", "meta": map[string]any{"special": []string{"o2m"}}})
	w.create(t, "/relations", map[string]any{
		"collection": "badges", "field": "holder", "related_collection": "directus_users", "meta": map[string]any{"one_field": "badges"},
	})
	firm := w.create(t, "/items/firms", map[string]any{"title": "Analytical Engines", "owner": ada})
	badge := w.create(t, "/items/badges", map[string]any{"label": "Founder", "holder": ada})
	role := map[string]any{"name": "Engineers"}
	ten := strings.HasPrefix(w.directus.Version, "10.")
	if ten {
		role["admin_access"], role["app_access"] = false, false
	}
	engineers := w.create(t, "/roles", role)
	w.change(t, ada, map[string]any{"role": engineers, "firm": firm})

	rules := map[string]claims.Rule{
		"firm":       {From: "firm.title", Scope: "work"},
		"firm_owner": {From: "{firm.owner.first_name} of {firm.title}", Scope: "work"},
		"badges":     {From: "badges.label", Scope: "work", Type: claims.List},
		"badge_keys": {From: "badges", Scope: "work", Type: claims.JSON},
		"role_name":  {From: "role.name", Scope: "work"},
		"roles":      {},
	}
	want := map[string]any{
		"firm": "Analytical Engines", "firm_owner": "Ada of Analytical Engines", "badges": []any{"Founder"}, "badge_keys": []any{badge},
		"role_name": "Engineers", "roles": []any{"Engineers"},
	}
	if !ten {
		policy := w.create(t, "/policies", map[string]any{"name": "Computes", "admin_access": false, "app_access": false})
		w.create(t, "/access", map[string]any{"role": engineers, "policy": policy})
		rules["policies"], want["policies"] = claims.Rule{}, []any{"Computes"}
	}
	client := closed(storage.ClientAllow{})
	client.Scope = "openid work roles policies"
	s := w.provider(t, func(o *providertest.Options) { o.Rules, o.Clients = rules, []storage.Client{client} })
	rp := s.RelyingParty(t, client.ID, closedSecret, closedCallback)
	rp.Scope = client.Scope
	access := rp.Exchange(s.NewBrowser(t).SignIn(rp, email, nil)).WantOK(t).Text("access_token")
	got := s.UserInfo(t, access).WantOK(t).JSON
	delete(got, "sub")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("userinfo (-want +got):\n%s", diff)
	}

	// Nothing of it stays with the token that a simpler configuration has.
	w.provider(t)
	for _, path := range []string{"/items/firms", "/items/badges", "/policies"} {
		if got := w.asService(t, path); got != http.StatusForbidden && got != http.StatusNotFound {
			t.Errorf("the service user is answered %d at %s", got, path)
		}
	}
	if got := w.asService(t, "/roles"); got != http.StatusOK {
		t.Errorf("the service user is answered %d at /roles", got)
	}
}
