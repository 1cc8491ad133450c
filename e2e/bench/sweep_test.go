//go:build linux

package bench_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"gatehouse/e2e/stack"
	"gatehouse/provider/providertest"
	"gatehouse/provider/watch"
	"gatehouse/storage"
	"gatehouse/storage/redis"
)

// A large installation: so many people are signed in, each at so many apps, and
// so many keys of other kinds are in Redis besides.
const (
	sweptPeople = 20_000
	sweptApps   = 4
	otherKeys   = 60_000
)

// BenchmarkSweep looks at everybody once. Directus answers at once: what it takes
// to answer stands in docs/performance.md by itself.
func BenchmarkSweep(b *testing.B) {
	trips := &roundTrips{}
	server := stack.RedisForTest(b, stack.RedisOptions{})
	backend, err := redis.Open(b.Context(), redis.Config{Addresses: []string{server.Addr}, Hooks: []goredis.Hook{trips}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = backend.Close() })
	world := providertest.New(b, providertest.Options{Backend: func(storage.Backend) storage.Backend { return backend }})
	account := storage.Account{Email: "ada@example.com", Active: true, Status: "active", Role: "0b9b5f2e-6a53-4c8e-9b5e-1d2f3a4b5c6d"}
	fill(b, world, storage.Sight(account))

	config := world.Provider.Watch().Config
	config.Directory = unchanged{account, config.Now}
	client := goredis.NewClient(&goredis.Options{Addr: server.Addr})
	b.Cleanup(func() { _ = client.Close() })
	bench := func(name string, next func() *watch.Watch) {
		b.Run(name, func(b *testing.B) {
			var ours, theirs time.Duration
			var count int64
			for b.Loop() {
				b.StopTimer()
				watching := next()
				world.Clock.Advance(providertest.SweepEvery)
				ours, theirs, count = ours-ownTime(), theirs-timeOfRedis(b, client), count-trips.count.Load()
				b.StartTimer()
				if err := watching.Sweep(b.Context()); err != nil {
					b.Fatal(err)
				}
				ours, theirs, count = ours+ownTime(), theirs+timeOfRedis(b, client), count+trips.count.Load()
			}
			b.ReportMetric(ours.Seconds()*1000/float64(b.N), "cpu-ms/op")
			b.ReportMetric(theirs.Seconds()*1000/float64(b.N), "redis-cpu-ms/op")
			b.ReportMetric(float64(count)/float64(b.N), "trips/op")
		})
	}
	fresh := func() *watch.Watch {
		watching, err := watch.New(config)
		if err != nil {
			b.Fatal(err)
		}
		return watching
	}
	bench("first of a node", fresh)
	known := fresh()
	world.Clock.Advance(providertest.SweepEvery)
	if err := known.Sweep(b.Context()); err != nil {
		b.Fatal(err)
	}
	bench("later", func() *watch.Watch { return known })
}

// timeOfRedis is the processor time that Redis says it took.
func timeOfRedis(b *testing.B, client *goredis.Client) time.Duration {
	b.Helper()
	raw, err := client.Info(b.Context(), "cpu").Result()
	if err != nil {
		b.Fatal(err)
	}
	var sum float64
	for line := range strings.Lines(raw) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		if name == "used_cpu_user" || name == "used_cpu_sys" {
			seconds, err := strconv.ParseFloat(value, 64)
			if err != nil {
				b.Fatal(err)
			}
			sum += seconds
		}
	}
	return time.Duration(sum * float64(time.Second))
}

// fill writes what people who are signed in have.
func fill(b *testing.B, world *providertest.Server, seen storage.Sighting) {
	b.Helper()
	const life = 24 * time.Hour
	now, store := world.Clock.Now(), world.Store
	work, ctx := errgroup.WithContext(b.Context())
	work.SetLimit(32)
	for person := range sweptPeople {
		work.Go(func() error {
			id, session := fmt.Sprintf("00000000-0000-4000-8000-%012d", person), fmt.Sprintf("session-%024d", person)
			subject := storage.Subject{Sessions: []storage.SessionEntry{{ID: session, Created: now, Expires: now.Add(life)}}}
			for app := range sweptApps {
				grant := fmt.Sprintf("grant-%020d-%d", person, app)
				subject.Grants = append(subject.Grants, storage.GrantEntry{ID: grant, ClientID: fmt.Sprintf("app-%d", app), SessionID: session, Created: now, Expires: now.Add(life)})
				err := store.Grants.Put(ctx, grant, storage.Grant{
					ID: grant, ClientID: fmt.Sprintf("app-%d", app), Subject: id, SessionID: session, Seen: seen,
					Scopes: []string{"openid", "profile", "email"}, AuthenticatedAt: now, ACR: "1", AMR: []string{"pwd"}, IssuedAt: now, ListedUntil: now.Add(life),
					Code: &storage.Code{Digest: make([]byte, 32), Expires: now, RedirectURI: "https://app.example.com/callback", RedeemedAt: now},
				}, life)
				if err != nil {
					return err
				}
			}
			if err := store.Subjects.Put(ctx, id, subject, life); err != nil {
				return err
			}
			return store.Sessions.Put(ctx, session, storage.Session{
				ID: session, SecretDigest: make([]byte, 32), Subject: id, AuthenticatedAt: now, ACR: "1", AMR: []string{"pwd"},
				UserAgent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36", ClientAddress: "198.51.100.7", CreatedAt: now, LastSeen: now, Seen: seen,
			}, life)
		})
	}
	for key := range otherKeys {
		work.Go(func() error {
			return store.Seen.Put(ctx, fmt.Sprintf("something else %d", key), storage.Mark{}, life)
		})
	}
	if err := work.Wait(); err != nil {
		b.Fatal(err)
	}
}

// unchanged is a Directus in which everybody is as before.
type unchanged struct {
	account storage.Account
	now     func() time.Time
}

func (u unchanged) FindAll(_ context.Context, ids []string) (map[string]storage.Account, error) {
	found := make(map[string]storage.Account, len(ids))
	for _, id := range ids {
		account := u.account
		account.ID, account.SeenAt = id, u.now()
		found[id] = account
	}
	return found, nil
}
