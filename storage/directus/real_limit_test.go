package directus_test

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"gatehouse/storage/directus"
)

// queryLimitMax is QUERY_LIMIT_MAX of the Directus that these tests share.
const queryLimitMax = 20

// findMany asks for more users than Directus shows in one answer.
func findMany(t *testing.T, d *real) {
	var rows []map[string]any
	for range queryLimitMax + 5 {
		rows = append(rows, map[string]any{"first_name": "One of many", "status": "active"})
	}
	var made []struct{ ID string }
	if err := d.Call(t.Context(), http.MethodPost, "/users", rows, &made); err != nil {
		t.Fatal(err)
	}
	ids := []string{"00000000-0000-4000-8000-000000000000"}
	for _, user := range made {
		ids = append(ids, user.ID)
	}
	// Directus cuts what it was asked to make, too.
	if len(ids) <= queryLimitMax {
		var more []struct{ ID string }
		if err := d.Call(t.Context(), http.MethodPost, "/users", rows, &more); err != nil {
			t.Fatal(err)
		}
		for _, user := range more {
			ids = append(ids, user.ID)
		}
	}
	found, err := d.client(t).FindAll(t.Context(), ids)
	if err != nil || len(found) != len(ids)-1 || len(found) <= queryLimitMax {
		t.Errorf("found %d of %d, %v", len(found), len(ids)-1, err)
	}
}

// readManyClients reads more clients than Directus shows in one answer.
func readManyClients(t *testing.T, d *real) {
	name := "apps_" + strings.ToLower(rand.Text())
	if err := d.Call(t.Context(), http.MethodPost, "/collections", map[string]any{
		"collection": name, "schema": map[string]any{}, "meta": map[string]any{}, "fields": []any{
			map[string]any{"field": "client_id", "type": "string", "schema": map[string]any{"is_primary_key": true}},
			map[string]any{"field": "client_name", "type": "string"},
		},
	}, nil); err != nil {
		t.Fatal(err)
	}
	var rows []map[string]any
	for i := range queryLimitMax + 5 {
		rows = append(rows, map[string]any{"client_id": fmt.Sprintf("app-%02d", i), "client_name": "App"})
	}
	if err := d.Call(t.Context(), http.MethodPost, "/items/"+name, rows, nil); err != nil {
		t.Fatal(err)
	}
	client := d.client(t, func(c *directus.Config) { c.ClientsCollection, c.ServiceToken = name, d.reader(t, name) })
	read, err := client.ClientRows(t.Context())
	if err != nil || len(read) != len(rows) {
		t.Errorf("read %d of %d clients, %v", len(read), len(rows), err)
	}
	for _, row := range read {
		if string(row.Values["client_name"]) != `"App"` {
			t.Errorf("%s: %s", row.ID, row.Values)
		}
	}
}
