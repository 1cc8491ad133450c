//go:build unix

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
	"gatehouse/storage/redis"
)

// people is how many are signed in. They take turns.
const people = 64

// es256ID is a client like providertest.WebID but for the algorithm of its ID
// tokens.
const es256ID = "web-es256"

// world is a provider over a real Redis, with people who are signed in.
type world struct {
	server *providertest.Server
	// address is that of Redis.
	address string
	trips   roundTrips
	// subjects are the people, cookies what their browsers send.
	subjects, cookies []string
	next              atomic.Int64
	// exceeded are the limits that were.
	exceeded []string
}

func newWorld(b *testing.B) *world {
	b.Helper()
	w := &world{address: stack.RedisForTest(b, stack.RedisOptions{}).Addr}
	backend, err := redis.Open(b.Context(), redis.Config{Addresses: []string{w.address}, Hooks: []goredis.Hook{&w.trips}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = backend.Close() })
	w.server = providertest.New(b, providertest.Options{
		Backend: func(storage.Backend) storage.Backend { return backend },
		Clients: []storage.Client{{
			ID: es256ID, SecretDigests: providertest.Digests(providertest.WebSecret),
			RedirectURIs: []string{providertest.WebRedirectURI}, IDTokenSignedResponseAlg: "ES256",
			GrantTypes: []string{"authorization_code", "refresh_token"},
		}},
	})
	for i := range people {
		w.signIn(b, fmt.Sprintf("person%d@example.com", i))
	}
	return w
}

// signIn signs a person in by password, once, and allows both clients.
func (w *world) signIn(b *testing.B, email string) {
	b.Helper()
	w.subjects = append(w.subjects, w.server.AddUser(email))
	browser := w.server.NewBrowser(b)
	for _, id := range []string{providertest.WebID, es256ID} {
		browser.SignIn(w.server.RelyingParty(b, id, providertest.WebSecret, providertest.WebRedirectURI), email, nil)
	}
	var cookies []string
	for _, cookie := range browser.Cookies() {
		cookies = append(cookies, cookie.Name+"="+cookie.Value)
	}
	w.cookies = append(w.cookies, strings.Join(cookies, "; "))
}

// cookie is that of the next person in turn.
func (w *world) cookie() string { return w.cookies[w.next.Add(1)%people] }

// holdGrants makes everybody's index list so many grants. Without that it would
// grow with every flow, and the figures with the length of the run.
func (w *world) holdGrants(b *testing.B, count int) {
	b.Helper()
	now := w.server.Clock.Now()
	for _, subject := range w.subjects {
		err := w.server.Store.Subjects.Update(b.Context(), subject, func(index *storage.Subject) error {
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
