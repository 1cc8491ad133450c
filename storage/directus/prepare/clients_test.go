package prepare_test

import (
	"errors"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"gatehouse/e2e/stack"
	"gatehouse/provider"
	"gatehouse/provider/clients"
	"gatehouse/storage/directus/prepare"
)

// TestClientColumns: what people can write is what is read.
func TestClientColumns(t *testing.T) {
	t.Parallel()
	made, read := prepare.ClientColumns(), clients.Columns()
	slices.Sort(made)
	slices.Sort(read)
	if !slices.Equal(made, read) {
		t.Errorf("the collection has\n%v\nread are\n%v", made, read)
	}
}

// The steps build on one another.
func TestClientsCollection(t *testing.T) {
	t.Parallel()
	d := &server{stack.DirectusForTest(t, stack.DirectusOptions{Version: os.Getenv(versionVariable)})}
	for _, step := range []struct {
		name string
		run  func(t *testing.T)
	}{
		{"dry run", func(t *testing.T) { d.clientsDryRun(t) }},
		{"made", func(t *testing.T) { d.clientsMade(t) }},
		{"kept", func(t *testing.T) { d.clientsKept(t) }},
		{"written and revised", func(t *testing.T) { d.clientsRevised(t) }},
		{"completed", func(t *testing.T) { d.clientsCompleted(t) }},
		{"foreign collection", func(t *testing.T) { d.clientsElsewhere(t) }},
		{"who may change them", func(t *testing.T) { d.clientWriters(t) }},
	} {
		if !t.Run(step.name, step.run) { //nolint:paralleltest // each goes on where the last one ended
			return
		}
	}
}

const collection = prepare.DefaultClientsCollection

func withClients(options *prepare.Options) {
	rules := provider.ClientRules()
	options.ClientsCollection, options.RotateToken = collection, true
	options.ClientChoices = map[string][]string{"grant_types": rules.GrantTypes, "token_endpoint_auth_method": rules.AuthMethods}
	options.Reads = append(prepare.BaseReads(), prepare.Right{Collection: collection, Why: "clients stand in it"})
}

func (d *server) prepareClients(t *testing.T, change ...func(*prepare.Options)) (prepare.Report, string) {
	t.Helper()
	report, err := d.prepare(t, append([]func(*prepare.Options){withClients}, change...)...)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range report.Steps {
		if step.Name == "clients collection" {
			return report, string(step.State) + " " + step.Detail
		}
	}
	return report, ""
}

func (d *server) clientsDryRun(t *testing.T) {
	t.Helper()
	if _, said := d.prepareClients(t, func(o *prepare.Options) { o.DryRun = true }); said != "would do create "+collection {
		t.Errorf("said %q", said)
	}
	if err := d.Call(t.Context(), http.MethodGet, "/collections/"+collection, nil, nil); err == nil {
		t.Error("it was made all the same")
	}
}

func (d *server) clientsMade(t *testing.T) {
	t.Helper()
	report, said := d.prepareClients(t)
	if said != "done create "+collection {
		t.Errorf("said %q", said)
	}
	service := &stack.Directus{URL: d.URL, AdminToken: report.Token.Reveal()}
	var rows []any
	if err := service.Call(t.Context(), http.MethodGet, "/items/"+collection, nil, &rows); err != nil {
		t.Errorf("the service token does not read it: %v", err)
	}
	if err := service.Call(t.Context(), http.MethodPost, "/items/"+collection, map[string]any{"client_id": "x"}, nil); err == nil {
		t.Error("the service token may write it")
	}
}

func (d *server) clientsKept(t *testing.T) {
	t.Helper()
	if _, said := d.prepareClients(t); said != "kept "+collection {
		t.Errorf("said %q", said)
	}
}

func (d *server) clientsRevised(t *testing.T) {
	t.Helper()
	path := "/items/" + collection
	row := map[string]any{
		"client_id": "acme-shop", "client_name": "Acme Shop", "redirect_uris": []string{"https://shop.example.com/cb"},
		"client_secret_sha256": strings.Repeat("ab", 32), "client_secret_expires_at": "2030-01-01T00:00:00Z",
		"jwks": map[string]any{"keys": []any{}}, "require_auth_time": true, "grant_types": []string{"authorization_code"},
	}
	if err := d.Call(t.Context(), http.MethodPost, path, row, nil); err != nil {
		t.Fatal(err)
	}
	var made map[string]any
	if err := d.Call(t.Context(), http.MethodPatch, path+"/acme-shop", map[string]any{"client_name": "Acme"}, &made); err != nil {
		t.Fatal(err)
	}
	uris, _ := made["redirect_uris"].([]any)
	if made["status"] != "active" || made["date_created"] == nil || made["date_updated"] == nil || made["require_auth_time"] != true ||
		len(uris) != 1 || made["user_updated"] == nil {
		t.Errorf("row %v", made)
	}
	for name, digest := range map[string]string{"a secret": "not-a-digest", "too long": strings.Repeat("ab", 33)} {
		if err := d.Call(t.Context(), http.MethodPatch, path+"/acme-shop", map[string]any{"client_secret_sha256": digest}, nil); err == nil {
			t.Errorf("%s was taken for a digest", name)
		}
	}
	var revisions []struct{ Delta map[string]any }
	query := "/revisions?filter[collection][_eq]=" + collection + "&filter[item][_eq]=acme-shop&sort=id&fields=delta"
	if err := d.Call(t.Context(), http.MethodGet, query, nil, &revisions); err != nil {
		t.Fatal(err)
	}
	if len(revisions) < 2 || revisions[len(revisions)-1].Delta["client_name"] != "Acme" {
		t.Errorf("revisions %v", revisions)
	}
}

// clientsCompleted: a collection of an older Gatehouse gets what it lacks and
// loses nothing.
func (d *server) clientsCompleted(t *testing.T) {
	t.Helper()
	if err := d.Call(t.Context(), http.MethodDelete, "/fields/"+collection+"/software_id", nil, nil); err != nil {
		t.Fatal(err)
	}
	own := map[string]any{"field": "department", "type": "string", "schema": map[string]any{}, "meta": map[string]any{}}
	if err := d.Call(t.Context(), http.MethodPost, "/fields/"+collection, own, nil); err != nil {
		t.Fatal(err)
	}
	meta := map[string]any{"meta": map[string]any{"accountability": nil}}
	if err := d.Call(t.Context(), http.MethodPatch, "/collections/"+collection, meta, nil); err != nil {
		t.Fatal(err)
	}
	report, _ := d.prepareClients(t)
	var all []string
	for _, step := range report.Steps {
		if step.Name == "clients collection" {
			all = append(all, string(step.State)+" "+step.Detail)
		}
	}
	if len(all) != 2 || !strings.HasPrefix(all[0], "attention keeps no activity") || all[1] != "done add to "+collection+": software_id" {
		t.Errorf("said %q", all)
	}
	var row map[string]any
	if err := d.Call(t.Context(), http.MethodGet, "/items/"+collection+"/acme-shop", nil, &row); err != nil {
		t.Fatal(err)
	}
	_, has := row["department"]
	if !has || row["client_name"] != "Acme" {
		t.Errorf("row %v", row)
	}
}

func (d *server) clientsElsewhere(t *testing.T) {
	t.Helper()
	key := map[string]any{"field": "id", "type": "integer", "schema": map[string]any{"is_primary_key": true, "has_auto_increment": true}}
	body := map[string]any{"collection": "articles", "schema": map[string]any{}, "meta": map[string]any{}, "fields": []any{key}}
	if err := d.Call(t.Context(), http.MethodPost, "/collections", body, nil); err != nil {
		t.Fatal(err)
	}
	_, err := d.prepare(t, withClients, func(o *prepare.Options) { o.ClientsCollection = "articles" })
	if !errors.Is(err, prepare.ErrForeignCollection) {
		t.Errorf("got %v, want ErrForeignCollection", err)
	}
}

func (d *server) clientWriters(t *testing.T) {
	t.Helper()
	writers := func() map[string]prepare.RowWriter {
		found, _, err := prepare.Examine(t.Context(), d.options(withClients))
		if err != nil {
			t.Fatal(err)
		}
		byName := map[string]prepare.RowWriter{}
		for _, writer := range found.ClientWriters {
			byName[writer.Name] = writer
		}
		return byName
	}
	for name, writer := range writers() {
		if !writer.Admin || writer.Public {
			t.Errorf("%s: %s", name, writer)
		}
	}
	if d.isTen() {
		d.grant(t, map[string]any{"role": nil, "collection": collection, "action": "update", "fields": []string{"*"}})
		if found := writers()["public"]; !found.Public {
			t.Errorf("the public is not named: %v", writers())
		}
		return
	}
	policy := d.make(t, "/policies", map[string]any{"name": "Edits apps", "app_access": false})
	for _, action := range []string{"update", "create", "read"} {
		d.grant(t, map[string]any{"policy": policy, "collection": collection, "action": action, "fields": []string{"*"}})
	}
	d.make(t, "/roles", map[string]any{"name": "App editors", "policies": []any{map[string]any{"policy": policy}}})
	found := writers()["Edits apps"]
	if found.Admin || found.Public || !slices.Equal(found.Actions, []string{"create", "update"}) || !slices.Equal(found.Holders, []string{"role App editors"}) {
		t.Errorf("got %s", found)
	}
	var public []struct{ Policy string }
	if err := d.Call(t.Context(), http.MethodGet, "/access?filter[role][_null]=true&filter[user][_null]=true&fields=policy", nil, &public); err != nil || len(public) == 0 {
		t.Fatalf("no public policy: %v", err)
	}
	d.grant(t, map[string]any{"policy": public[0].Policy, "collection": collection, "action": "delete", "fields": []string{"*"}})
	if found := writers()["public"]; !found.Public || !slices.Equal(found.Actions, []string{"delete"}) {
		t.Errorf("the public is not named: %v", writers())
	}
	report, _ := d.prepareClients(t)
	warned := slices.ContainsFunc(report.Steps, func(s prepare.Step) bool {
		return s.State == prepare.Attention && strings.Contains(s.Detail, "everybody may change the clients, without signing in")
	})
	if !warned || len(report.ClientWriters) < 3 {
		t.Errorf("setup does not warn: %+v", report.Steps)
	}
}

func (d *server) grant(t *testing.T, permission map[string]any) {
	t.Helper()
	if err := d.Call(t.Context(), http.MethodPost, "/permissions", permission, nil); err != nil {
		t.Fatal(err)
	}
}
