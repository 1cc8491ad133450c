//go:build linux

package bench_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"gatehouse/e2e/stack"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
	"gatehouse/storage/directus/directustest"
	"gatehouse/storage/redis"
)

// people is how many are signed in. They take turns.
const people = 64

// es256ID is a client like providertest.WebID but for the algorithm of its ID
// tokens, and that it needs no consent: one address may start only so many
// requests at once that have to wait for a person.
const es256ID = "web-es256"

// house is a provider over a real Redis, with people who are signed in, and how
// it is measured.
type house struct {
	server *providertest.Server
	// redis is the address of the server that keeps everything.
	redis string
	// subjects are the people, cookies what their browsers send.
	subjects, cookies []string
	next              atomic.Int64

	clock func() time.Duration
	// startFloor serves the floor in the way that the provider is served.
	startFloor func(*floor, *testing.B) (base string, clock func() time.Duration)
	// trips are counted only in this process.
	trips *roundTrips
	// memory of the provider, where it is a process of its own.
	memory func(*testing.B) float64
	// pass lets time pass after a refresh.
	pass func()

	// exceeded are the limits that were.
	exceeded []string
}

// houseInside runs the provider in this process, which tells allocations and
// round trips.
func houseInside(b *testing.B) *house {
	b.Helper()
	h := &house{
		redis: stack.RedisForTest(b, stack.RedisOptions{}).Addr, trips: &roundTrips{},
		clock: ownTime, startFloor: (*floor).startHere,
	}
	backend, err := redis.Open(b.Context(), redis.Config{Addresses: []string{h.redis}, Hooks: []goredis.Hook{h.trips}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = backend.Close() })
	h.server = providertest.New(b, providertest.Options{
		Backend: func(storage.Backend) storage.Backend { return backend },
		Clients: []storage.Client{{
			ID: es256ID, SecretDigests: providertest.Digests(providertest.WebSecret),
			RedirectURIs: []string{providertest.WebRedirectURI}, IDTokenSignedResponseAlg: "ES256",
			GrantTypes: []string{"authorization_code", "refresh_token"}, FirstParty: true,
		}},
	})
	// Each chain of refresh tokens comes around again after two replay windows,
	// as of an app, and not in the same instant.
	h.pass = func() { h.server.Clock.Advance(2 * providertest.ReplayWindow / people) }
	h.signIn(b)
	return h
}

// signIn signs everybody in by password and allows what the client asks for.
func (h *house) signIn(b *testing.B) {
	b.Helper()
	for i := range people {
		email := fmt.Sprintf("person%d@example.com", i)
		h.subjects = append(h.subjects, h.server.Directus.AddUser(directustest.User{
			Email: email, Password: providertest.Password, FirstName: "Ada", LastName: "Lovelace",
		}))
		browser := h.server.NewBrowser(b)
		browser.SignIn(h.relyingParty(b, providertest.WebID), email, nil)
		var cookies []string
		for _, cookie := range browser.Cookies() {
			cookies = append(cookies, cookie.Name+"="+cookie.Value)
		}
		h.cookies = append(h.cookies, strings.Join(cookies, "; "))
	}
}

func (h *house) relyingParty(b *testing.B, id string) *providertest.RelyingParty {
	b.Helper()
	return h.server.RelyingParty(b, id, providertest.WebSecret, providertest.WebRedirectURI)
}

// cookie is that of the next person in turn.
func (h *house) cookie() string { return h.cookies[h.next.Add(1)%people] }

// holdGrants makes everybody's index list so many grants. Without that it would
// grow with every flow, and the figures with the length of the run.
func (h *house) holdGrants(b *testing.B, count int) {
	b.Helper()
	now := h.server.Clock.Now()
	for _, subject := range h.subjects {
		err := h.server.Store.Subjects.Update(b.Context(), subject, func(index *storage.Subject) error {
			index.Grants = index.Grants[:0]
			for i := range count {
				index.Grants = append(index.Grants, storage.GrantEntry{
					ID: fmt.Sprintf("grant-of-earlier-%05d", i), ClientID: providertest.WebID,
					SessionID: index.Sessions[0].ID, Created: now, Expires: now.Add(time.Hour),
				})
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// asked is how often Redis and Directus were asked so far.
func (h *house) asked() (trips, looks int) {
	if h.trips != nil {
		trips = int(h.trips.count.Load())
	}
	return trips, h.server.Directus.Calls("/users")
}

// roundTrips counts what goes to Redis: a command is one, a pipeline is one.
type roundTrips struct{ count atomic.Int64 }

func (r *roundTrips) DialHook(next goredis.DialHook) goredis.DialHook { return next }

func (r *roundTrips) ProcessHook(next goredis.ProcessHook) goredis.ProcessHook {
	return func(ctx context.Context, command goredis.Cmder) error {
		r.count.Add(1)
		return next(ctx, command)
	}
}

func (r *roundTrips) ProcessPipelineHook(next goredis.ProcessPipelineHook) goredis.ProcessPipelineHook {
	return func(ctx context.Context, commands []goredis.Cmder) error {
		r.count.Add(1)
		return next(ctx, commands)
	}
}
