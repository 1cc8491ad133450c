package clients_test

import (
	"context"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"gatehouse/provider/clients"
	"gatehouse/storage"
	"gatehouse/storage/storagetest"
)

type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func newSource(t *testing.T, configured ...storage.Client) (*clients.Source, *storage.Store, *clock) {
	t.Helper()
	clock := &clock{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	sealer, err := storage.NewSealer(rand.Reader, make([]byte, storage.SealingKeySize))
	if err != nil {
		t.Fatal(err)
	}
	store, err := storage.New(storage.Config{Backend: storagetest.NewMemory(clock.Now), Sealer: sealer, Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	source, err := clients.NewSource(clients.SourceConfig{Configured: configured, Store: store, Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	return source, store, clock
}

func TestSourceLooksUpConfiguredThenStored(t *testing.T) {
	ctx := context.Background()
	source, store, clock := newSource(t, storage.Client{ID: "configured", Name: "from the file"})
	if err := store.Clients.Put(ctx, "stored", storage.Client{ID: "stored", Name: "first"}, storage.NoExpiry); err != nil {
		t.Fatal(err)
	}
	wantName(t, source, "configured", "from the file")
	wantName(t, source, "stored", "first")
	if !source.Configured("configured") || source.Configured("stored") {
		t.Error("Configured does not tell the two sources apart")
	}

	if err := store.Clients.Put(ctx, "stored", storage.Client{ID: "stored", Name: "second"}, storage.NoExpiry); err != nil {
		t.Fatal(err)
	}
	wantName(t, source, "stored", "first")
	clock.now = clock.now.Add(clients.CacheFor)
	wantName(t, source, "stored", "second")

	if err := store.Clients.Delete(ctx, "stored"); err != nil {
		t.Fatal(err)
	}
	clock.now = clock.now.Add(clients.CacheFor)
	if _, err := source.Client(ctx, "stored"); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("deleted client: got %v, want ErrNotFound", err)
	}
}

func TestSourceSeesANewClientAtOnce(t *testing.T) {
	ctx := context.Background()
	source, store, _ := newSource(t)
	if _, err := source.Client(ctx, "late"); !errors.Is(err, storage.ErrNotFound) {
		t.Fatalf("got %v, want ErrNotFound", err)
	}
	if err := store.Clients.Put(ctx, "late", storage.Client{ID: "late", Name: "late"}, storage.NoExpiry); err != nil {
		t.Fatal(err)
	}
	wantName(t, source, "late", "late")
}

func TestSourceRefusesAClientFromTwoSources(t *testing.T) {
	ctx := context.Background()
	source, store, _ := newSource(t, storage.Client{ID: "shop"})
	if err := source.CheckSources(ctx); err != nil {
		t.Fatal(err)
	}
	if err := store.Clients.Put(ctx, "shop", storage.Client{ID: "shop"}, storage.NoExpiry); err != nil {
		t.Fatal(err)
	}
	err := source.CheckSources(ctx)
	if !errors.Is(err, clients.ErrTwoSources) || !strings.Contains(err.Error(), `"shop"`) {
		t.Errorf("got %v, want ErrTwoSources naming the client", err)
	}
}

func wantName(t *testing.T, source *clients.Source, id, name string) {
	t.Helper()
	client, err := source.Client(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	if client.Name != name {
		t.Errorf("client %s: got %q, want %q", id, client.Name, name)
	}
}
