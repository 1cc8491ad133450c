package directus_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatehouse/storage"
	"gatehouse/storage/directus"
	"gatehouse/storage/directus/directustest"
)

func newClientsBench(t *testing.T) (*bench, *directustest.Collection) {
	t.Helper()
	b := newBench(t, func(config *directus.Config) { config.ClientsCollection = "gatehouse_clients" })
	return b, b.fake.AddCollection("gatehouse_clients", "client_id")
}

func rowsOf(t *testing.T, b *bench) map[string]storage.ClientRow {
	t.Helper()
	rows, err := b.client.ClientRows(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	byID := map[string]storage.ClientRow{}
	for i, row := range rows {
		if i > 0 && rows[i-1].ID >= row.ID {
			t.Errorf("%q comes after %q", row.ID, rows[i-1].ID)
		}
		byID[row.ID] = row
	}
	return byID
}

func TestClientRows(t *testing.T) {
	b, collection := newClientsBench(t)
	if rows := rowsOf(t, b); len(rows) != 0 {
		t.Fatalf("got %d rows of none", len(rows))
	}
	for i := range 250 {
		collection.Put(fmt.Sprintf("client-%03d", i), map[string]any{"client_name": fmt.Sprint("Client ", i)})
	}
	for name, most := range map[string]int{"no QUERY_LIMIT_MAX": 0, "a small QUERY_LIMIT_MAX": 7, "one below our pages": 99, "a great one": 10_000} {
		t.Run(name, func(t *testing.T) {
			b.fake.SetQueryLimitMax(most)
			rows := rowsOf(t, b)
			if len(rows) != 250 || string(rows["client-249"].Values["client_name"]) != `"Client 249"` {
				t.Errorf("got %d rows, %s", len(rows), rows["client-249"].Values)
			}
		})
	}
}

func TestClientRowsLeaveOneOutThatIsTooLarge(t *testing.T) {
	b, collection := newClientsBench(t)
	for i := range 5 {
		collection.Put(fmt.Sprint("client-", i), map[string]any{"client_name": "small"})
	}
	collection.Put("client-2", map[string]any{"client_name": strings.Repeat("x", 5<<20)})
	rows := rowsOf(t, b)
	if len(rows) != 5 || !rows["client-2"].TooLarge || rows["client-3"].TooLarge || rows["client-3"].Values == nil {
		t.Errorf("got %d rows, too large: %t", len(rows), rows["client-2"].TooLarge)
	}
}

func TestClientsVersionChangesWithEveryChange(t *testing.T) {
	b, collection := newClientsBench(t)
	seen := map[string]string{}
	for _, step := range []struct {
		name string
		do   func()
	}{
		{"nothing", func() {}},
		{"made", func() { collection.Put("a", nil) }},
		{"another", func() { collection.Put("b", nil) }},
		{"changed", func() { collection.Put("a", map[string]any{"client_name": "A"}) }},
		{"removed", func() { collection.Delete("b") }},
	} {
		b.clock.Advance(time.Second)
		step.do()
		version, err := b.client.ClientsVersion(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if earlier, ok := seen[version]; ok {
			t.Errorf("%s: the version is that of %s: %s", step.name, earlier, version)
		}
		seen[version] = step.name
		if again, err := b.client.ClientsVersion(t.Context()); err != nil || again != version {
			t.Errorf("%s: the version is %s, then %s (%v)", step.name, version, again, err)
		}
	}
}

func TestClientsThatAreNotShown(t *testing.T) {
	b, collection := newClientsBench(t)
	collection.Put("a", nil)
	ask := map[string]func() error{
		"version": func() error { _, err := b.client.ClientsVersion(t.Context()); return err },
		"rows":    func() error { _, err := b.client.ClientRows(t.Context()); return err },
	}
	collection.Hide(true)
	for name, ask := range ask {
		if err := ask(); !errors.Is(err, directus.ErrNoClients) || !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("%s: got %v, want ErrNoClients", name, err)
		}
	}
	collection.Hide(false)
	for name, ask := range ask {
		b.fake.Inject(directustest.Fault{Path: "/items/gatehouse_clients", Status: http.StatusInternalServerError})
		if err := ask(); !errors.Is(err, storage.ErrUnavailable) || errors.Is(err, directus.ErrNoClients) {
			t.Errorf("%s: got %v, want ErrUnavailable", name, err)
		}
		b.fake.ClearFaults()
	}
	without := newBench(t)
	if _, err := without.client.ClientRows(t.Context()); !errors.Is(err, directus.ErrNoClients) {
		t.Errorf("without a collection: got %v", err)
	}
}

func TestClientRowsRefuseAnotherShape(t *testing.T) {
	b, collection := newClientsBench(t)
	collection.Put("a", nil)
	collection.PutSilently("a", map[string]any{"client_id": 7})
	if _, err := b.client.ClientRows(t.Context()); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("numbers for ids: got %v", err)
	}
}

// Directus answers with what was asked for, or with less. Anything else must not
// keep us asking.
func TestClientRowsRefuseOthers(t *testing.T) {
	b, collection := newClientsBench(t)
	collection.Put("a", nil)
	for _, fault := range []directustest.Fault{
		{Times: 1, Body: `{"data":[{"client_id":"a"}]}`}, {Times: 1, Body: `{"data":[]}`}, {Body: `{"data":[{"client_id":"b"}]}`},
	} {
		fault.Path = "/items/gatehouse_clients"
		b.fake.Inject(fault)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if rows, err := b.client.ClientRows(ctx); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("got %d rows, %v", len(rows), err)
	}
}

func TestIsCollection(t *testing.T) {
	for name, want := range map[string]bool{
		"gatehouse_clients": true, "Clients2": true, "": false, "directus_users": false, "Directus_users": false,
		"a/b": false, "a b": false, "../users": false, "1a": false, "é": false,
	} {
		if got := directus.IsCollection(name); got != want {
			t.Errorf("IsCollection(%q) = %t", name, got)
		}
	}
}
