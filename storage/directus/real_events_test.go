package directus_test

import (
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"testing"
	"time"

	"gatehouse/storage"
	"gatehouse/storage/directus"
)

// heard are the events of a real Directus.
type heard struct {
	named  chan string
	missed chan struct{}
}

func (d *real) listen(t *testing.T) heard {
	t.Helper()
	h := heard{make(chan string, 1000), make(chan struct{}, 1000)}
	events, err := directus.NewEvents(directus.EventsConfig{
		BaseURL: d.URL, ServiceToken: d.token, Now: time.Now, Random: rand.Reader,
		Named: func(ids ...string) {
			for _, id := range ids {
				h.named <- id
			}
		},
		Missed: func() { h.missed <- struct{}{} },
		Sleep: func(ctx context.Context, _ time.Duration) error {
			<-ctx.Done()
			return ctx.Err()
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		events.Run(ctx)
	}()
	t.Cleanup(func() { stop(); <-done })
	h.wait(t, h.missed)
	return h
}

func (h heard) wait(t *testing.T, channel <-chan struct{}) {
	t.Helper()
	select {
	case <-channel:
	case <-time.After(30 * time.Second):
		t.Fatal("nothing was heard")
	}
}

// until waits for an id.
func (h heard) until(t *testing.T, what, id string) {
	t.Helper()
	for {
		select {
		case named := <-h.named:
			if named == id {
				return
			}
		case <-time.After(30 * time.Second):
			t.Fatalf("%s: not heard", what)
		}
	}
}

// eventsNameUsers proves what the table of docs/operations.md says of the
// WebSocket.
func eventsNameUsers(t *testing.T, d *real) {
	h := d.listen(t)
	for name, change := range map[string]map[string]any{
		"suspended": {"status": "suspended"},
		"archived":  {"status": "archived"},
		"role":      {"role": d.administratorRole(t)},
		"password":  {"password": "another horse battery staple"},
		"e-mail":    {"email": rand.Text() + "@example.com"},
	} {
		newUser := d.user
		if name == "role" {
			newUser = d.seat
		}
		id, _ := newUser(t, nil)
		d.patch(t, "/users/"+id, change)
		h.until(t, name, id)
	}
	id, _ := d.user(t, nil)
	if err := d.Call(t.Context(), http.MethodDelete, "/users/"+id, nil, nil); err != nil {
		t.Fatal(err)
	}
	h.until(t, "deleted", id)

	// A bulk update names all of them, or says that some are missing.
	var ids []string
	for range 3 {
		id, _ := d.user(t, nil)
		ids = append(ids, id)
	}
	if err := d.Call(t.Context(), http.MethodPatch, "/users", map[string]any{"keys": ids, "data": map[string]any{"status": "suspended"}}, nil); err != nil {
		t.Fatal(err)
	}
	// Other tests change users of the same Directus.
	for len(ids) > 0 {
		named := <-h.named
		ids = slices.DeleteFunc(ids, func(id string) bool { return id == named })
	}
}

// findAll asks for several users at once.
func findAll(t *testing.T, d *real) {
	client := d.client(t)
	active, _ := d.user(t, nil)
	suspended, _ := d.user(t, map[string]any{"status": "suspended"})
	deleted, _ := d.user(t, nil)
	if err := d.Call(t.Context(), http.MethodDelete, "/users/"+deleted, nil, nil); err != nil {
		t.Fatal(err)
	}
	found, err := client.FindAll(t.Context(), []string{active, suspended, deleted, "not an id", active})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 2 || !found[active].Active || found[suspended].Status != "suspended" {
		t.Errorf("found %v", found)
	}
	d.patch(t, "/users/"+active, map[string]any{"status": "archived"})
	if account, err := client.Find(t.Context(), active, time.Minute); err != nil || !account.Active {
		t.Errorf("Find does not remember what FindAll saw: %+v, %v", account, err)
	}
	if found, err = client.FindAll(t.Context(), []string{active}); err != nil || found[active].Status != "archived" {
		t.Errorf("found %v, %v", found, err)
	}

	blind := d.client(t, func(c *directus.Config) { c.ServiceToken = storage.Secret("no token of this Directus") })
	if _, err := blind.FindAll(t.Context(), []string{active}); err == nil {
		t.Error("a token that is none finds that users are gone")
	}
}
