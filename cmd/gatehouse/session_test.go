package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/cmd/gatehouse/config"
	"gatehouse/storage"
)

// machine is a folder with a configuration and an embedded store. Clients stand in a
// Directus that does not answer.
type machine struct{ folder string }

func newMachine(t *testing.T) machine {
	t.Helper()
	m := machine{folder: t.TempDir()}
	file := "issuer: http://localhost:7777\ndirectus: {url: http://localhost:8055}\nclients_collection: gatehouse_clients\nkeys: {algorithms: [RS256], encryption_algorithms: [ECDH-ES]}\n" +
		"store: {bolt: {path: " + filepath.Join(m.folder, "gatehouse.db") + "}}\n"
	if err := os.WriteFile(filepath.Join(m.folder, "gatehouse.yaml"), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	return m
}

func (m machine) app(out io.Writer) *app {
	return &app{
		stdout: out, stderr: io.Discard, now: time.Now, random: rand.Reader,
		configPath: filepath.Join(m.folder, "gatehouse.yaml"),
	}
}

func (m machine) run(t *testing.T, arguments ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	command := m.app(&out).command()
	command.SetArgs(append([]string{"--config", filepath.Join(m.folder, "gatehouse.yaml")}, arguments...))
	err := command.ExecuteContext(t.Context())
	return out.String(), err
}

func (m machine) store(t *testing.T, do func(ctx context.Context, store *storage.Store) error) {
	t.Helper()
	err := m.app(io.Discard).withStore(t.Context(), func(_ *config.Loaded, store *storage.Store) error { return do(t.Context(), store) })
	if err != nil {
		t.Fatal(err)
	}
}

// signIn puts a session of the user into the store that an app takes part in.
func (m machine) signIn(t *testing.T, user, id string) {
	t.Helper()
	m.store(t, func(ctx context.Context, store *storage.Store) error {
		now := time.Now()
		s := storage.Session{
			ID: id, Subject: user, AuthenticatedAt: now, LastSeen: now, CreatedAt: now, ClientAddress: "192.0.2.1",
			Participants: []storage.Participant{{ClientID: "shop", BackChannel: true}},
		}
		return errors.Join(
			store.Subjects.Upsert(ctx, user, storage.NoExpiry, func(index *storage.Subject) error {
				index.Sessions = append(index.Sessions, storage.SessionEntry{ID: id, Created: now, Expires: now.Add(time.Hour)})
				return nil
			}),
			store.Sessions.Put(ctx, id, s, time.Hour))
	})
}

// grant gives an app a grant that is bound to the session, or outlives it.
func (m machine) grant(t *testing.T, user, id, sessionID string, offline bool) {
	t.Helper()
	m.store(t, func(ctx context.Context, store *storage.Store) error {
		now := time.Now()
		return errors.Join(
			store.Subjects.Upsert(ctx, user, storage.NoExpiry, func(index *storage.Subject) error {
				index.Grants = append(index.Grants, storage.GrantEntry{
					ID: id, ClientID: "in-directus", SessionID: sessionID, Offline: offline, Created: now, Expires: now.Add(time.Hour),
				})
				return nil
			}),
			store.Grants.Put(ctx, id, storage.Grant{ID: id, ClientID: "in-directus", Subject: user, SessionID: sessionID, Offline: offline}, time.Hour))
	})
}

func (m machine) grants(t *testing.T) (ids []string) {
	t.Helper()
	m.store(t, func(ctx context.Context, store *storage.Store) error {
		for record, err := range store.Grants.All(ctx) {
			if err != nil {
				return err
			}
			ids = append(ids, record.Value.ID)
		}
		return nil
	})
	slices.Sort(ids)
	return ids
}

func (m machine) deliveries(t *testing.T) (count int) {
	t.Helper()
	m.store(t, func(ctx context.Context, store *storage.Store) error {
		for _, err := range store.LogoutDeliveries.All(ctx) {
			if err != nil {
				return err
			}
			count++
		}
		return nil
	})
	return count
}

func TestSessionCommands(t *testing.T) {
	m := newMachine(t)
	for _, id := range []string{"one", "two", "three"} {
		m.signIn(t, "ada", id)
	}
	m.grant(t, "ada", "of-one", "one", false)
	m.grant(t, "ada", "of-two", "two", false)
	m.grant(t, "ada", "outlives", "one", true)
	list, err := m.run(t, "session", "list", "ada")
	if err != nil || strings.Count(list, "192.0.2.1") != 3 || !strings.Contains(list, digestOf("one")) || strings.Contains(list, "three") {
		t.Fatalf("listed\n%s(%v)", list, err)
	}
	if out, err := m.run(t, "session", "revoke", digestOf("one")); err != nil || !strings.Contains(out, "of user ada has ended") {
		t.Errorf("%s (%v)", out, err)
	}
	if got := m.deliveries(t); got != 1 {
		t.Errorf("%d deliveries, want 1", got)
	}
	if got, want := m.grants(t), []string{"of-two", "outlives"}; !slices.Equal(got, want) {
		t.Errorf("after the end of one session there are the grants %v, want %v", got, want)
	}
	if _, err := m.run(t, "session", "revoke", digestOf("one")); err == nil {
		t.Error("a session ended twice")
	}
	if out, err := m.run(t, "session", "revoke", "--user", "ada"); err != nil || !strings.Contains(out, "2 sessions and every grant") {
		t.Errorf("%s (%v)", out, err)
	}
	if got := m.deliveries(t); got != 3 {
		t.Errorf("%d deliveries, want 3", got)
	}
	if got := m.grants(t); len(got) > 0 {
		t.Errorf("the grants %v are left", got)
	}
	if list, err := m.run(t, "session", "list", "ada", "--json"); err != nil || list != "[]\n" {
		t.Errorf("left\n%s(%v)", list, err)
	}
	for _, arguments := range [][]string{{"session", "revoke"}, {"session", "revoke", "x", "--user", "ada"}, {"session", "list"}} {
		if _, err := m.run(t, arguments...); err == nil {
			t.Errorf("%v was taken", arguments)
		}
	}
}

func TestClientDeliveries(t *testing.T) {
	m := newMachine(t)
	m.store(t, func(ctx context.Context, store *storage.Store) error {
		at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		return store.DeliveryLogs.Put(ctx, "shop", storage.DeliveryLog{Attempts: []storage.DeliveryAttempt{
			{At: at, Number: 1, Problem: "no connection"}, {At: at, Number: 2, Status: 200}, {At: at, Number: 1, Status: 400, Problem: "refused", GivenUp: true},
		}}, time.Hour)
	})
	out, err := m.run(t, "client", "deliveries", "shop")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"2026-01-02T03:04:05Z  1        -       no connection\n", "2        200     delivered\n", "400     refused; given up\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if out, err := m.run(t, "client", "deliveries", "nobody", "--json"); err != nil || out != "[]\n" {
		t.Errorf("%s (%v)", out, err)
	}
}
