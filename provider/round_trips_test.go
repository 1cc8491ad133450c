package provider_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"gatehouse/e2e/stack"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
	"gatehouse/storage/redis"
)

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

// tripLimits are those of docs/performance.md.
const (
	silentFlowTrips = 6
	refreshTrips    = 4
	lookupTrips     = 2
)

// TestRoundTrips holds every flow to its number of round trips to Redis, and to
// leaving Directus alone as long as the last look at the user is fresh.
func TestRoundTrips(t *testing.T) {
	trips := &roundTrips{}
	s := overRedis(t, trips)
	subject := s.AddUser("ada@example.com")
	rp, stored, browser := s.Web(t), storeClient(t, s), s.NewBrowser(t)

	silent := func(rp *providertest.RelyingParty) providertest.Answer {
		t.Helper()
		page := browser.Get(rp.AuthorizationURL(map[string]string{"prompt": "none"}))
		return succeed(t, rp.Exchange(page.Code(t)))
	}
	tokens := succeed(t, rp.Exchange(browser.SignIn(rp, "ada@example.com", nil)))
	tokens = succeed(t, rp.Refresh(tokens.Text("refresh_token"))) // Redis knows the script from here on
	silent(stored)
	opaque, api := tokens.Text("access_token"), s.RelyingParty(t, providertest.APIID, providertest.APISecret, "")

	for _, flow := range []struct {
		name  string
		limit int64
		later time.Duration
		run   func()
	}{
		{"silent code flow", silentFlowTrips, 0, func() { silent(rp) }},
		{"silent code flow of a stored client", silentFlowTrips, 0, func() { silent(stored) }},
		{"silent hybrid flow", silentFlowTrips, 0, func() {
			hybrid := s.Hybrid(t, "code id_token token")
			succeed(t, hybrid.Exchange(browser.Get(hybrid.AuthorizationURL(map[string]string{"prompt": "none"})).Code(t)))
		}},
		{"refresh", refreshTrips, 0, func() { tokens = succeed(t, rp.Refresh(tokens.Text("refresh_token"))) }},
		{"client_credentials", 1, 0, func() { succeed(t, rp.Token(url.Values{"grant_type": {"client_credentials"}})) }},
		{"userinfo", lookupTrips, 0, func() { succeed(t, s.UserInfo(t, opaque)) }},
		{"introspection", lookupTrips, 0, func() { succeed(t, api.Post("/introspect", url.Values{"token": {opaque}})) }},
		{"introspection of a refresh token", lookupTrips, 0, func() {
			succeed(t, rp.Post("/introspect", url.Values{"token": {tokens.Text("refresh_token")}}))
		}},
		{"introspection of a strange token", 0, 0, func() { succeed(t, api.Post("/introspect", url.Values{"token": {"strange"}})) }},
		{"discovery", 0, 0, func() { get(t, s, "/.well-known/openid-configuration") }},
		{"keys", 0, 0, func() { get(t, s, "/jwks") }},
		// The session is marked as used once a minute.
		{"silent code flow a minute later", silentFlowTrips, time.Minute, func() { silent(rp) }},
		{"refresh a minute later", refreshTrips, time.Minute, func() { succeed(t, rp.Refresh(tokens.Text("refresh_token"))) }},
	} {
		s.Clock.Advance(flow.later)
		redisBefore, directusBefore := trips.count.Load(), s.Directus.Calls("/users")
		flow.run()
		if n := trips.count.Load() - redisBefore; n > flow.limit {
			t.Errorf("%s takes %d round trips to Redis, more than %d", flow.name, n, flow.limit)
		} else {
			t.Logf("%s: %d round trips to Redis", flow.name, n)
		}
		looks := s.Directus.Calls("/users") - directusBefore
		if flow.later < providertest.Staleness && looks != 0 {
			t.Errorf("%s asks Directus %d times", flow.name, looks)
		}
	}

	listGrants(t, s, subject, 100)
	before := trips.count.Load()
	silent(rp)
	if n := trips.count.Load() - before; n > silentFlowTrips {
		t.Errorf("silent code flow of a user with 100 grants takes %d round trips to Redis, more than %d", n, silentFlowTrips)
	}
}

// listGrants makes the index of a user long.
func listGrants(t *testing.T, s *providertest.Server, subject string, count int) {
	t.Helper()
	err := s.Store.Subjects.Update(t.Context(), subject, func(index *storage.Subject) error {
		for len(index.Grants) < count {
			entry := index.Grants[0]
			entry.ID = fmt.Sprint("grant ", len(index.Grants))
			index.Grants = append(index.Grants, entry)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// overRedis starts a provider that keeps everything in a real Redis.
func overRedis(t *testing.T, trips *roundTrips) *providertest.Server {
	t.Helper()
	server := stack.RedisForTest(t, stack.RedisOptions{})
	backend, err := redis.Open(t.Context(), redis.Config{Addresses: []string{server.Addr}, Hooks: []goredis.Hook{trips}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := backend.Close(); err != nil {
			t.Error(err)
		}
	})
	return providertest.New(t, providertest.Options{Backend: func(storage.Backend) storage.Backend { return backend }})
}

// storeClient registers a client as the command does: in the store.
func storeClient(t *testing.T, s *providertest.Server) *providertest.RelyingParty {
	t.Helper()
	const id, secret, redirectURI = "stored", "stored-secret-0123456789abcdef01234567", "https://stored.example/callback"
	err := s.Store.Clients.Put(t.Context(), id, storage.Client{
		ID: id, SecretDigests: providertest.Digests(secret), RedirectURIs: []string{redirectURI}, FirstParty: true,
		GrantTypes: []string{"authorization_code", "refresh_token"}, ResponseTypes: []string{"code"},
	}, storage.NoExpiry)
	if err != nil {
		t.Fatal(err)
	}
	return s.RelyingParty(t, id, secret, redirectURI)
}

func succeed(t *testing.T, answer providertest.Answer) providertest.Answer {
	t.Helper()
	if answer.Status != http.StatusOK {
		t.Fatalf("answer %d: %s", answer.Status, answer.Raw)
	}
	return answer
}

func get(t *testing.T, s *providertest.Server, path string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.Issuer+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	succeed(t, s.Do(t, r))
}
