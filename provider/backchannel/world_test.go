package backchannel_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"gatehouse/keys"
	"gatehouse/provider/backchannel"
	"gatehouse/provider/claims"
	"gatehouse/provider/event"
	"gatehouse/provider/providertest"
	"gatehouse/provider/session"
	"gatehouse/storage"
	"gatehouse/storage/storagetest"
)

const issuer = "https://id.example"

// world is one store, and apps that hear of the end of sessions.
type world struct {
	clock   *providertest.Clock
	faulty  *storagetest.Faulty
	store   *storage.Store
	ring    *keys.Ring
	events  *providertest.Events
	clients *clientList
	apps    *apps
	// encrypter is nil for one that does not encrypt.
	encrypter *encrypter
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{clock: providertest.NewClock(), events: &providertest.Events{}, clients: &clientList{byID: map[string]storage.Client{}}, apps: &apps{}, encrypter: &encrypter{}}
	w.faulty = storagetest.NewFaulty(storagetest.NewMemory(w.clock.Now))
	sealer, err := storage.NewSealer(rand.Reader, make([]byte, storage.SealingKeySize))
	if err != nil {
		t.Fatal(err)
	}
	if w.store, err = storage.New(storage.Config{Backend: w.faulty, Sealer: sealer, Now: w.clock.Now}); err != nil {
		t.Fatal(err)
	}
	w.ring, err = keys.Open(t.Context(), keys.Config{
		Rings: w.store.KeyRings, Algorithms: []jose.SignatureAlgorithm{jose.RS256, jose.ES256}, Now: w.clock.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// node is one process on the store.
func (w *world) node(t *testing.T) *backchannel.Deliverer {
	t.Helper()
	return w.nodeWith(t, w.clock.Now)
}

func (w *world) nodeWith(t *testing.T, now func() time.Time) *backchannel.Deliverer {
	t.Helper()
	subjects, err := claims.NewSubjects(make([]byte, claims.MinPairwiseSecret))
	if err != nil {
		t.Fatal(err)
	}
	d, err := backchannel.New(backchannel.Config{
		Issuer: issuer, Store: w.store, Clients: w.clients, Signer: w.ring, Encrypter: w.encrypter, Subjects: subjects, Poster: w.apps,
		Now: now, Sink: w.events,
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// client registers an app on a host.
func (w *world) client(id, host string, change func(*storage.Client)) {
	client := storage.Client{ID: id, RedirectURIs: []string{"https://" + host + "/callback"}, BackChannelLogoutURI: "https://" + host + "/logout"}
	if change != nil {
		change(&client)
	}
	w.clients.set(client)
}

// end has a user's session end in which the apps took part. tell is the node that
// hears of it at once, if any.
func (w *world) end(t *testing.T, user string, tell func(...string), apps ...string) {
	t.Helper()
	manager, err := session.NewManager(session.Config{
		Store: w.store, Lifetimes: session.Lifetimes{Idle: time.Hour, RememberedIdle: time.Hour, Absolute: time.Hour, RememberedAbsolute: time.Hour},
		Deliver: tell, Now: w.clock.Now, Random: rand.Reader, Sink: event.Discard,
	})
	if err != nil {
		t.Fatal(err)
	}
	s := storage.Session{ID: "session of " + user, Subject: user, LastSeen: w.clock.Now()}
	for _, app := range apps {
		s.Participants = append(s.Participants, storage.Participant{ClientID: app, BackChannel: true})
	}
	ctx := context.WithoutCancel(t.Context())
	index := storage.Subject{Sessions: []storage.SessionEntry{{ID: s.ID, Created: w.clock.Now(), Expires: w.clock.Now().Add(time.Hour)}}}
	if err := errors.Join(w.store.Subjects.Put(ctx, user, index, storage.NoExpiry), w.store.Sessions.Put(ctx, s.ID, s, time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := manager.EndAll(ctx, user, "test"); err != nil {
		t.Fatal(err)
	}
}

func deliver(t *testing.T, d *backchannel.Deliverer) {
	t.Helper()
	if err := d.Deliver(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// empty fails the test unless nothing is left to deliver.
func (w *world) empty(t *testing.T) {
	t.Helper()
	for record, err := range w.store.LogoutOutboxes.All(t.Context()) {
		if err != nil || len(record.Value.Entries) > 0 {
			t.Errorf("left in an outbox: %v (%v)", record.Value.Entries, err)
		}
	}
}

func (w *world) log(t *testing.T) []storage.DeliveryAttempt {
	t.Helper()
	record, err := w.store.DeliveryLogs.Get(t.Context(), "app")
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return record.Value.Attempts
}

type clientList struct {
	mu   sync.Mutex
	byID map[string]storage.Client
}

func (c *clientList) set(client storage.Client) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.byID[client.ID] = client
}

func (c *clientList) remove(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.byID, id)
}

func (c *clientList) Client(_ context.Context, id string) (storage.Client, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	client, ok := c.byID[id]
	if !ok {
		return storage.Client{}, fmt.Errorf("client: %w", storage.ErrNotFound)
	}
	return client, nil
}

// apps are what posts arrive at.
type apps struct {
	// answer, if not nil, says what an app answers.
	answer func(ctx context.Context, address string) (int, error)

	mu    sync.Mutex
	posts []post
}

type post struct {
	address string
	form    url.Values
}

func (a *apps) Post(ctx context.Context, address string, form url.Values) (int, error) {
	a.mu.Lock()
	a.posts = append(a.posts, post{address, form})
	answer := a.answer
	a.mu.Unlock()
	if answer == nil {
		return 200, nil
	}
	return answer(ctx, address)
}

func (a *apps) reply(status int, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answer = func(context.Context, string) (int, error) { return status, err }
}

func (a *apps) got() []post {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]post(nil), a.posts...)
}

// encrypter shows what would be encrypted.
type encrypter struct{}

func (*encrypter) Encrypt(_ context.Context, client storage.Client, algorithm, encryption, contentType string, payload []byte) (string, error) {
	return fmt.Sprintf("encrypted to %s by %s and %s, %s: %s", client.ID, algorithm, encryption, contentType, payload), nil
}
