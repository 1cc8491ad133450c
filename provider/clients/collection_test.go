package clients_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"gatehouse/provider/clients"
	"gatehouse/provider/event"
	"gatehouse/storage"
)

// table is a collection that tests edit.
type table struct {
	version string
	rows    []storage.ClientRow
	err     error
	reads   int
}

func (t *table) ClientsVersion(context.Context) (string, error) { return t.version, t.err }

func (t *table) ClientRows(context.Context) ([]storage.ClientRow, error) {
	t.reads++
	return t.rows, t.err
}

func (t *table) set(version string, rows ...storage.ClientRow) { t.version, t.rows = version, rows }

type collectionWorld struct {
	*clients.Collection
	table *table
	store *storage.Store
	clock *clock
	log   *bytes.Buffer
	// events are those of all nodes.
	events *told
}

func newCollection(t *testing.T, configured ...storage.Client) *collectionWorld {
	t.Helper()
	_, store, clock := newSource(t)
	w := &collectionWorld{table: &table{}, store: store, clock: clock, log: &bytes.Buffer{}, events: &told{}}
	w.Collection = w.node(t, configured...)
	return w
}

// node is another Collection on the same store and the same rows.
func (w *collectionWorld) node(t *testing.T, configured ...storage.Client) *clients.Collection {
	t.Helper()
	c, err := clients.NewCollection(clients.CollectionConfig{
		Rows: w.table, Store: w.store, Configured: configured, Rules: rules(), Now: w.clock.Now,
		Rights: []storage.Client{{ID: "desk", FirstParty: true}},
		Logger: slog.New(slog.NewTextHandler(w.log, nil)), Sink: w.events,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (w *collectionWorld) refresh(t *testing.T) {
	t.Helper()
	if err := w.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (w *collectionWorld) must(t *testing.T, id string) storage.Client {
	t.Helper()
	client, ok := w.Client(id)
	if !ok {
		t.Fatalf("client %s is unknown; log:\n%s", id, w.log)
	}
	return client
}

func TestCollectionReadsOnlyWhatMayHaveChanged(t *testing.T) {
	w := newCollection(t)
	w.table.set("1", rowOf(t, nil))
	if _, ok := w.Client("board"); ok {
		t.Fatal("a client is known before it was read")
	}
	for step, want := range []int{1, 2, 2, 2} {
		// The second reading is for a change that shares the version of the first.
		w.refresh(t)
		if w.table.reads != want {
			t.Fatalf("after %d looks: %d readings, want %d", step+1, w.table.reads, want)
		}
	}
	w.table.set("2", rowOf(t, map[string]string{"client_name": `"Other"`}))
	w.refresh(t)
	if got := w.must(t, "board").Name; got != "Other" {
		t.Errorf("name %q", got)
	}
	// What is changed past the count is seen all the same, within a minute.
	w.refresh(t)
	w.table.set("2", rowOf(t, map[string]string{"client_name": `"Third"`}))
	w.clock.now = w.clock.now.Add(time.Minute)
	w.refresh(t)
	if got := w.must(t, "board").Name; got != "Third" {
		t.Errorf("name %q", got)
	}
}

func TestCollectionQuarantinesARowAlone(t *testing.T) {
	w := newCollection(t)
	bad := rowOf(t, map[string]string{"client_id": `"bad"`, "redirect_uris": `["https://secret-place.example/#fragment"]`})
	w.table.set("1", rowOf(t, nil), bad)
	w.refresh(t)
	w.must(t, "board")
	if _, ok := w.Client("bad"); ok {
		t.Error("the malformed client is known")
	}
	refused := w.events.take()
	if len(refused) != 1 || refused[0].Name != event.ClientRowRefused || refused[0].ClientID != "bad" || !strings.HasPrefix(refused[0].Reason, "redirect_uris ") {
		t.Errorf("events: %+v", refused)
	}
	if strings.Contains(fmt.Sprint(refused, w.log), "secret-place") {
		t.Errorf("an event or the log repeats the row: %+v\n%s", refused, w.log)
	}
	// Once a version, however often it is read.
	w.refresh(t)
	w.clock.now = w.clock.now.Add(time.Hour)
	w.refresh(t)
	if again := w.events.take(); len(again) > 0 {
		t.Errorf("told once more: %+v", again)
	}
	w.table.set("2", rowOf(t, nil), rowOf(t, map[string]string{"client_id": `"bad"`}))
	w.refresh(t)
	w.must(t, "bad")
}

func TestCollectionGoesOnWhileNothingAnswers(t *testing.T) {
	w := newCollection(t)
	w.table.set("1", rowOf(t, nil))
	w.table.err = storage.ErrUnavailable
	for range 3 {
		if err := w.Refresh(t.Context()); !errors.Is(err, storage.ErrUnavailable) {
			t.Fatalf("got %v", err)
		}
	}
	if got := strings.Count(w.log.String(), "unknown until they can be read"); got != 1 {
		t.Errorf("told %d times:\n%s", got, w.log)
	}
	w.table.err = nil
	w.refresh(t)
	w.table.err = storage.ErrUnavailable
	w.table.set("2")
	for range 3 {
		_ = w.Refresh(t.Context())
	}
	w.must(t, "board")
	if got := strings.Count(w.log.String(), "those that were read last go on"); got != 1 {
		t.Errorf("told %d times:\n%s", got, w.log)
	}
	w.table.err = nil
	w.refresh(t)
	if _, ok := w.Client("board"); ok {
		t.Error("the client is known after its row was removed")
	}
}

func TestCollectionLeavesIDsToTheOtherSources(t *testing.T) {
	w := newCollection(t, storage.Client{ID: "board"})
	if err := w.store.Clients.Put(t.Context(), "stored", storage.Client{ID: "stored"}, storage.NoExpiry); err != nil {
		t.Fatal(err)
	}
	w.table.set("1", rowOf(t, nil), rowOf(t, map[string]string{"client_id": `"stored"`}))
	w.refresh(t)
	for _, id := range []string{"board", "stored"} {
		if _, ok := w.Client(id); ok {
			t.Errorf("%s is taken from the row", id)
		}
	}
	reasons := map[string]string{"board": "client_id is that of a client in the configuration", "stored": "client_id is that of a client that registered itself"}
	for _, e := range w.events.take() {
		if e.Name != event.ClientRowRefused || !strings.HasPrefix(e.Reason, reasons[e.ClientID]) {
			t.Errorf("event: %+v", e)
		}
		delete(reasons, e.ClientID)
	}
	if len(reasons) > 0 {
		t.Errorf("no event for %v", reasons)
	}
}

// TestCollectionDatesClients: what people allowed is worth nothing for a client that
// they would not know again, and what was given to a row is not good for the next one
// of its id.
func TestCollectionDatesClients(t *testing.T) {
	w := newCollection(t)
	other := w.node(t)
	begin := w.clock.now
	look := func(version string, changes map[string]string) storage.Client {
		t.Helper()
		w.clock.now = w.clock.now.Add(time.Hour)
		w.table.set(version, rowOf(t, changes))
		w.refresh(t)
		w.clock.now = w.clock.now.Add(2 * time.Second)
		if err := other.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		client := w.must(t, "board")
		if same, _ := other.Client("board"); !same.CreatedAt.Equal(client.CreatedAt) || !same.PresentedAt.Equal(client.PresentedAt) {
			t.Errorf("two nodes differ: %v %v, %v %v", client.CreatedAt, client.PresentedAt, same.CreatedAt, same.PresentedAt)
		}
		return client
	}
	first := look("1", nil)
	if !first.CreatedAt.Equal(begin.Add(time.Hour)) || !first.PresentedAt.Equal(first.CreatedAt) {
		t.Errorf("first seen %v, presented %v", first.CreatedAt, first.PresentedAt)
	}
	secret := look("2", map[string]string{"client_secret_sha256": `"` + strings.Repeat("ab", 32) + `"`, "scope": `"openid"`})
	if !secret.PresentedAt.Equal(first.PresentedAt) || !secret.CreatedAt.Equal(first.CreatedAt) {
		t.Error("a change that nobody sees is taken for another presentation")
	}
	renamed := look("3", map[string]string{"client_name": `"Other"`})
	if !renamed.PresentedAt.After(first.PresentedAt) || !renamed.CreatedAt.Equal(first.CreatedAt) {
		t.Error("another name is not dated")
	}
	moved := look("4", map[string]string{"client_name": `"Other"`, "redirect_uris": `["https://else.example/callback"]`})
	if !moved.PresentedAt.After(renamed.PresentedAt) {
		t.Error("another address is not dated")
	}
	made := look("5", map[string]string{"date_created": `"2026-05-05T00:00:00.000Z"`})
	if !made.CreatedAt.After(moved.PresentedAt) {
		t.Error("a row that was made anew is taken for the old one")
	}
	undated := look("6", map[string]string{"date_created": "null"})
	if !undated.CreatedAt.Equal(made.CreatedAt) {
		t.Error("a row without date is taken for another one")
	}
}

func TestCollectionSaysWhichRightsAreNobodys(t *testing.T) {
	w := newCollection(t)
	w.table.set("1", rowOf(t, nil))
	w.refresh(t)
	if !strings.Contains(w.log.String(), "rights to a client that does not stand in Directus") || !strings.Contains(w.log.String(), "client_id=desk") {
		t.Errorf("log:\n%s", w.log)
	}
}

func TestCollectionRunReadsAtOnceAndAtEveryTick(t *testing.T) {
	w := newCollection(t)
	w.table.set("1", rowOf(t, nil))
	ctx, cancel := context.WithCancel(t.Context())
	ticks, done := make(chan time.Time), make(chan struct{})
	go func() {
		defer close(done)
		w.Run(ctx, ticks)
	}()
	ticks <- time.Time{} // taken when the first reading is over
	w.must(t, "board")
	cancel()
	<-done
}

func TestSourceAsksTheCollectionBeforeTheStore(t *testing.T) {
	w := newCollection(t)
	source, err := clients.NewSource(clients.SourceConfig{
		Configured: []storage.Client{{ID: "configured", Name: "from the file"}}, Collection: w.Collection, Store: w.store, Now: w.clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	wantName(t, source, "configured", "from the file")
	// Not read yet is not the same as not there.
	if _, err := source.Client(t.Context(), "board"); !errors.Is(err, storage.ErrUnavailable) || errors.Is(err, storage.ErrNotFound) {
		t.Errorf("before the first reading: got %v, want ErrUnavailable", err)
	}
	w.table.set("1", rowOf(t, nil))
	w.refresh(t)
	wantName(t, source, "board", "Acme Board")
	w.table.set("2")
	w.refresh(t)
	if _, err := source.Client(t.Context(), "board"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
}
