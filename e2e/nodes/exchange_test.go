package nodes

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/sync/errgroup"

	"gatehouse/e2e/stack"
	"gatehouse/storage"
	"gatehouse/storage/redis"
)

const (
	exchangeType    = "urn:ietf:params:oauth:grant-type:token-exchange"
	accessTokenType = "urn:ietf:params:oauth:token-type:access_token"
	// roundLease is that of the node which goes over all pairs.
	roundLease = "directus sessions round"
)

func (p *person) exchange(ctx context.Context, access, directus string) (tokens, error) {
	return p.token(ctx, url.Values{
		"grant_type": {exchangeType}, "audience": {directus}, "subject_token": {access}, "subject_token_type": {accessTokenType},
	})
}

// exchanging is somebody whose app has tokens of Directus, and the token pair that
// all nodes keep of his sign-in.
type exchanging struct {
	*world
	*meters
	store  *storage.Store
	person *person
	user   string
	kept   tokens
	pair   string
}

func newExchanging(t *testing.T, nodes int) *exchanging {
	t.Helper()
	e := &exchanging{meters: newMeters()}
	e.world = newWorldOf(t, options{
		nodes: nodes, exchange: true, ownVariables: e.meters.variables(t),
		// Only what is looked at here asks Directus anything.
		variables: []string{"GATEHOUSE_DIRECTUS_EVENTS_WEBSOCKET=off", "GATEHOUSE_DIRECTUS_SWEEP_INTERVAL=0s"},
	})
	e.user, e.store = e.users[0], e.open(t)
	var err error
	if e.person, err = newPerson(e.issuer, 0); err != nil {
		t.Fatal(err)
	}
	e.person.scope = "openid offline_access"
	verifier := oauth2.GenerateVerifier()
	code, err := e.person.signIn(t.Context(), e.email(0), userPassword, verifier)
	if err == nil {
		e.kept, err = e.person.redeem(t.Context(), code, verifier)
	}
	if err != nil {
		t.Fatal(err)
	}
	e.pair = e.grant(t).DirectusSession
	if e.pair == "" {
		t.Fatal("no pair is kept of the sign-in")
	}
	return e
}

// open opens the store of the nodes, as a node does.
func (w *world) open(t *testing.T) *storage.Store {
	t.Helper()
	backend, err := redis.Open(t.Context(), redis.Config{Addresses: w.addresses, Cluster: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = backend.Close() })
	sealer, err := storage.NewSealer(rand.Reader, w.key)
	if err != nil {
		t.Fatal(err)
	}
	store, err := storage.New(storage.Config{Backend: backend, Sealer: sealer, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// grant is the only one of the user.
func (e *exchanging) grant(t *testing.T) storage.Grant {
	t.Helper()
	var found []storage.Grant
	for record, err := range e.store.Grants.All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if record.Value.Subject == e.user {
			found = append(found, record.Value)
		}
	}
	if len(found) != 1 || !found[0].Offline {
		t.Fatalf("%d grants of the user, want one that is offline", len(found))
	}
	return found[0]
}

func (e *exchanging) record(t *testing.T) storage.DirectusSession {
	t.Helper()
	record, err := e.store.DirectusSessions.Get(t.Context(), e.pair)
	if err != nil {
		t.Fatal(err)
	}
	return record.Value
}

// age lets that much time have passed since the pair was refreshed.
func (e *exchanging) age(t *testing.T, by time.Duration) {
	t.Helper()
	err := e.store.DirectusSessions.Update(t.Context(), e.pair, func(pair *storage.DirectusSession) error {
		pair.KeptAt, pair.RefreshedAt, pair.AccessExpires = pair.KeptAt.Add(-by), pair.RefreshedAt.Add(-by), pair.AccessExpires.Add(-by)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// exchangeEverywhere exchanges over all nodes at once: all get the same token, which
// Directus takes, and the pair is of that generation and the user's only one there.
func (e *exchanging) exchangeEverywhere(t *testing.T, generation int) {
	t.Helper()
	const calls = 48
	given := make([]tokens, calls)
	crew, ctx := errgroup.WithContext(t.Context())
	for i := range given {
		crew.Go(func() (err error) {
			given[i], err = e.person.exchange(ctx, e.kept.Access, e.directus.URL)
			return err
		})
	}
	if err := crew.Wait(); err != nil {
		t.Fatal(err)
	}
	for i := range given {
		if given[i].Access == "" || given[i].Access != given[0].Access || given[i].Refresh != "" {
			t.Errorf("call %d got another token than the first, or a refresh token", i)
		}
	}
	var me struct{ ID string }
	as := &stack.Directus{URL: e.directus.URL, AdminToken: given[0].Access}
	if err := as.Call(t.Context(), http.MethodGet, "/users/me", nil, &me); err != nil || me.ID != e.user {
		t.Errorf("the token is that of %q (%v)", me.ID, err)
	}
	if got := e.record(t).Generation; got != generation {
		t.Errorf("the pair is of generation %d, want %d", got, generation)
	}
	e.wantSessions(t, 1)
}

// wantSessions counts those that the user has at Directus.
func (e *exchanging) wantSessions(t *testing.T, want int) {
	t.Helper()
	got, err := e.directus.Postgres.Query(t.Context(), "directus", fmt.Sprintf(`SELECT count(*) FROM directus_sessions WHERE "user" = '%s'`, e.user))
	if err != nil {
		t.Fatal(err)
	}
	if strings.TrimSpace(got) != fmt.Sprint(want) {
		t.Errorf("%s sessions at Directus, want %d", strings.TrimSpace(got), want)
	}
}

// TestOnePairOnSeveralNodes: however many nodes want a token of Directus at once,
// they refresh one pair once, and hold one that lives. Without a word of any app, one
// node at a time keeps it alive; where that one dies in the middle, another does.
func TestOnePairOnSeveralNodes(t *testing.T) {
	const nodes = 3
	e := newExchanging(t, nodes)
	e.exchangeEverywhere(t, 1)
	for generation := 2; generation <= 4; generation++ {
		e.reset()
		e.age(t, time.Hour) // Directus's access tokens last for 15 minutes
		e.exchangeEverywhere(t, generation)
		if got := e.refreshes(); got != 1 {
			t.Errorf("%d refreshes by %d nodes, want 1", got, nodes)
		}
	}

	// The person is away, and the grant alone needs the pair.
	if err := e.store.Sessions.Delete(t.Context(), e.grant(t).SessionID); err != nil {
		t.Fatal(err)
	}
	for _, node := range e.nodes {
		node.Kill()
	}
	if err := e.store.Leases.Delete(t.Context(), roundLease); err != nil && !errors.Is(err, storage.ErrNotFound) {
		t.Fatal(err)
	}
	e.age(t, 4*24*time.Hour) // more than half of the week for which Directus keeps it
	e.reset()
	e.holding.Store(true)
	for number := range e.nodes {
		if err := e.start(t.Context(), number); err != nil {
			t.Fatal(err)
		}
	}
	var first int
	select {
	case first = <-e.arrived:
	case <-time.After(time.Minute):
		t.Fatal("no node refreshes the idle pair")
	}
	lease := e.lease(t)
	if lease == "" {
		t.Fatal("a node refreshes the idle pair without the lease")
	}
	e.nodes[first].Kill()
	e.holding.Store(false)

	e.waitForSuccessor(t, first, lease)
	if got := e.refreshes(); got != 2 {
		t.Errorf("%d requests to refresh, want one of the node that was killed and one of another", got)
	}
	e.wantSessions(t, 1)
	if err := e.start(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	var err error
	if e.kept, err = e.person.refresh(t.Context(), e.kept.Refresh); err != nil {
		t.Fatal(err)
	}
	e.exchangeEverywhere(t, 5)
	if got := e.refreshes(); got != 2 {
		t.Errorf("%d requests to refresh once all nodes are back, want no more than before", got)
	}
}

// lease is the owner of that which lets a node go over all pairs, empty if nobody
// has it.
func (e *exchanging) lease(t *testing.T) string {
	t.Helper()
	record, err := e.store.Leases.Get(t.Context(), roundLease)
	if errors.Is(err, storage.ErrNotFound) {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	return record.Value.Owner
}

// waitForSuccessor waits until another node has refreshed the pair. As long as the
// lease is that of the one that was killed, none may.
func (e *exchanging) waitForSuccessor(t *testing.T, first int, lease string) {
	t.Helper()
	began := time.Now()
	limit := time.After(3 * time.Minute)
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		var others int64
		for number, one := range e.all {
			if number != first {
				others += one.refreshes.Load()
			}
		}
		// In this order: whoever has refreshed had the lease before.
		if others > 0 && e.lease(t) == lease {
			t.Fatal("a node refreshes while the lease is another's")
		}
		if e.record(t).Generation == 5 {
			t.Logf("another node took over after %s", time.Since(began).Round(time.Second))
			return
		}
		select {
		case <-limit:
			t.Fatal("nobody took over from the node that was killed")
		case <-ticker.C:
		}
	}
}
