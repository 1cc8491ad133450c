package directus_test

import (
	"crypto/rand"
	"errors"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/storage"
	"gatehouse/storage/directus"
)

// create makes a thing as administrator and returns its id.
func (d *real) create(t *testing.T, path string, body map[string]any) string {
	t.Helper()
	var created struct {
		ID string `json:"id"`
	}
	if err := d.Call(t.Context(), http.MethodPost, path, body, &created); err != nil {
		t.Fatal(err)
	}
	return created.ID
}

// reader is a user whose static token reads collections and nothing else.
func (d *real) reader(t *testing.T, collections ...string) storage.Secret {
	t.Helper()
	token := rand.Text()
	body := map[string]any{"first_name": "Reader", "status": "active", "token": token}
	key := "policy"
	none := map[string]any{"name": "Reader", "admin_access": false, "app_access": false}
	var holder string
	if d.isTen() {
		key, holder = "role", d.create(t, "/roles", none)
		body["role"] = holder
	} else {
		holder = d.create(t, "/policies", none)
		body["policies"] = []map[string]any{{"policy": holder}}
	}
	for _, collection := range collections {
		if err := d.Call(t.Context(), http.MethodPost, "/permissions", map[string]any{
			key: holder, "collection": collection, "action": "read", "fields": []string{"*"},
		}, nil); err != nil {
			t.Fatal(err)
		}
	}
	d.create(t, "/users", body)
	return storage.Secret(token)
}

func accessOfUsers(t *testing.T, d *real) {
	if d.isTen() {
		accessOnTen(t, d)
		return
	}
	policy := func(name string, change map[string]any) string {
		body := map[string]any{"name": name, "admin_access": false, "app_access": false}
		maps.Copy(body, change)
		return d.create(t, "/policies", body)
	}
	own, ofRole, above := policy("Access own", map[string]any{"ip_access": []string{"192.0.2.1"}}), policy("Access role", nil), policy("Access above", map[string]any{"app_access": true})
	everybody := d.create(t, "/roles", map[string]any{"name": "Access everybody", "policies": []map[string]any{{"policy": above}}})
	clerk := d.create(t, "/roles", map[string]any{"name": "Access clerk", "parent": everybody, "policies": []map[string]any{{"policy": ofRole}}})
	id, _ := d.seat(t, map[string]any{"role": clerk, "policies": []map[string]any{{"policy": own}}})

	client := d.client(t, func(c *directus.Config) {
		c.ServiceToken = d.reader(t, "directus_users", "directus_roles", "directus_access", "directus_policies")
	})
	account, err := client.Find(t.Context(), id, 0)
	if err != nil {
		t.Fatal(err)
	}
	got, err := client.Access(t.Context(), account, 0)
	want := storage.UserAccess{
		Roles:    []storage.NamedRole{{ID: clerk, Name: "Access clerk"}, {ID: everybody, Name: "Access everybody"}},
		Policies: []storage.NamedPolicy{{ID: above, Name: "Access above"}, {ID: own, Name: "Access own"}, {ID: ofRole, Name: "Access role"}},
		App:      true,
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	admin, err := client.Access(t.Context(), storage.Account{ID: id, Role: d.administratorRole(t)}, 0)
	if err != nil || !admin.Admin || !admin.App {
		t.Errorf("administrator: %+v, %v", admin, err)
	}
	// Directus leaves out what it does not show of a relation: nobody must look to
	// have no policies for it.
	for name, collections := range map[string][]string{
		"no right on either":    {"directus_users", "directus_roles"},
		"no right on policies":  {"directus_users", "directus_roles", "directus_access"},
		"no right on access":    {"directus_users", "directus_roles", "directus_policies"},
		"no right on roles too": {"directus_users"},
	} {
		blind := d.client(t, func(c *directus.Config) { c.ServiceToken = d.reader(t, collections...) })
		if _, err := blind.Access(t.Context(), account, 0); !errors.Is(err, directus.ErrServiceToken) {
			t.Errorf("%s: %v, want %v", name, err, directus.ErrServiceToken)
		}
	}
}

func accessOnTen(t *testing.T, d *real) {
	role := d.create(t, "/roles", map[string]any{"name": "Access clerk", "app_access": true})
	id, _ := d.user(t, map[string]any{"role": role})
	client := d.client(t)
	account, err := client.Find(t.Context(), id, 0)
	if err != nil {
		t.Fatal(err)
	}
	got, err := client.Access(t.Context(), account, 0)
	want := storage.UserAccess{Roles: []storage.NamedRole{{ID: role, Name: "Access clerk"}}, App: true}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	admin, err := client.Access(t.Context(), storage.Account{ID: id, Role: d.administratorRole(t)}, 0)
	if err != nil || !admin.Admin || len(admin.Policies) != 0 {
		t.Errorf("administrator: %+v, %v", admin, err)
	}
}

// What Directus does not show is named, with the part of the path that it shows.
func fieldsAreChecked(t *testing.T, d *real) {
	check := func(token storage.Secret, fields ...string) []directus.FieldProblem {
		t.Helper()
		problems, err := d.client(t, func(c *directus.Config) { c.ServiceToken, c.Fields = token, fields }).CheckFields(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return problems
	}
	token := d.reader(t, "directus_users", "directus_roles")
	if got := check(token, "title", "tags", "avatar", "role.name", "role.users.title"); len(got) != 0 {
		t.Errorf("all there: %+v", got)
	}
	// Whatever its database takes for the same column, Directus knows a field by its
	// exact name.
	if got := check(token, "Title", "Password", "TOKEN"); len(got) != 3 {
		t.Errorf("in other letters: %+v", got)
	}
	if d.isTen() {
		return
	}
	want := []directus.FieldProblem{
		{Field: "avatar.title", At: "avatar", Unreadable: true},
		{Field: "email.domain", At: "email"},
		{Field: "loyalty_card"},
		{Field: "policies.policy.name", Unreadable: true, At: "policies"},
		{Field: "role.users.shoe_size", At: "role.users"},
	}
	got := check(token, "title", "loyalty_card", "avatar.title", "email.domain", "role.users.shoe_size", "policies.policy.name")
	for i := range got {
		if got[i].Field == "policies.policy.name" && got[i].At == "" {
			got[i].At, got[i].Unreadable = "policies", true // nothing of a list can be asked without its rows
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func userByAddress(t *testing.T, d *real) {
	id, credentials := d.user(t, nil)
	client := d.client(t)
	for _, email := range []string{credentials.Email, strings.ToUpper(credentials.Email)} {
		if found, err := client.FindByEmail(t.Context(), email); err != nil || found.ID != id {
			t.Errorf("%s: %v, %v", email, found.ID, err)
		}
	}
	for _, email := range []string{"nobody@example.com", "%@example.com", "x" + credentials.Email, credentials.Email[1:]} {
		if _, err := client.FindByEmail(t.Context(), email); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("%s: %v, want %v", email, err, storage.ErrNotFound)
		}
	}
}
