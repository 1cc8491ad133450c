package directus_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/storage"
	"gatehouse/storage/directus"
	"gatehouse/storage/directus/directustest"
)

func TestFindRemembersForMaxAge(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.addAda()
	find := func(maxAge time.Duration, wantCalls int, wantActive bool) {
		t.Helper()
		account, err := b.client.Find(t.Context(), id, maxAge)
		if err != nil {
			t.Fatal(err)
		}
		if calls := b.fake.Calls("/users"); calls != wantCalls {
			t.Errorf("%d look-ups, want %d", calls, wantCalls)
		}
		if account.Active != wantActive {
			t.Errorf("active %v, want %v", account.Active, wantActive)
		}
	}
	find(time.Minute, 1, true)
	b.fake.SetStatus(id, "suspended")
	find(time.Minute, 1, true)
	b.clock.Advance(time.Minute)
	find(time.Minute, 1, true)
	find(30*time.Second, 2, false)
	find(0, 3, false)
	b.fake.SetStatus(id, "active")
	b.client.Forget(id)
	find(time.Hour, 4, true)
	b.clock.Advance(-time.Hour) // what comes from the future is not fresh
	find(time.Hour, 5, true)
}

func TestFindUnknown(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.addAda()
	for name, unknown := range map[string]string{
		"no such user": "00000000-0000-4000-8000-000000000000",
		"not an id":    "1 or 1=1",
		"empty":        "",
		"other case":   strings.ToUpper(id),
	} {
		if _, err := b.client.Find(t.Context(), unknown, time.Minute); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("%s: error %v, want %v", name, err, storage.ErrNotFound)
		}
	}
	if calls := b.fake.Calls("/users"); calls != 3 {
		t.Errorf("%d look-ups, want 3: one, and two whether the token sees users; what is no id is not asked for", calls)
	}
	if _, err := b.client.Find(t.Context(), id, time.Hour); err != nil {
		t.Fatal(err)
	}
	b.fake.Delete(id)
	if _, err := b.client.Find(t.Context(), id, 0); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("deleted: error %v, want %v", err, storage.ErrNotFound)
	}
	if _, err := b.client.Find(t.Context(), id, time.Hour); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("deleted and remembered: error %v, want %v", err, storage.ErrNotFound)
	}
}

// An empty answer ends all sessions of a user. From a Directus that shows the
// service token not even its own user, or that one alone, it says nothing: rules
// may hide users, or directus.url may name another instance.
func TestFindBelievesNoBlindToken(t *testing.T) {
	t.Parallel()
	for name, hidden := range map[string]struct{ own, others bool }{
		"sees nobody": {true, true}, "sees itself alone": {false, true}, "sees not even itself": {true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			id := b.addAda()
			if hidden.others {
				b.fake.Delete(id)
			}
			b.fake.Hide(hidden.own, hidden.others)
			_, err := b.client.Find(t.Context(), id[:35]+"x", 0)
			if !errors.Is(err, storage.ErrNotFound) {
				t.Errorf("what is no id: error %v, want %v", err, storage.ErrNotFound)
			}
			const unknown = "00000000-0000-4000-8000-000000000000"
			for range 2 {
				_, err := b.client.Find(t.Context(), unknown, 0)
				if !errors.Is(err, storage.ErrUnavailable) || !errors.Is(err, directus.ErrServiceToken) || errors.Is(err, storage.ErrNotFound) {
					t.Fatalf("error %v, want %v", err, directus.ErrServiceToken)
				}
			}
			if log := b.log.String(); !strings.Contains(log, "service token") || !strings.Contains(log, "level=ERROR") {
				t.Errorf("the log does not say why:\n%s", log)
			}
		})
	}
}

func TestFindBelievesASeeingTokenForAWhile(t *testing.T) {
	t.Parallel()
	const unknown = "00000000-0000-4000-8000-000000000000"
	b := newBench(t)
	count := func(want int) {
		t.Helper()
		before := b.fake.Calls("/users")
		if _, err := b.client.Find(t.Context(), unknown, 0); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("error %v, want %v", err, storage.ErrNotFound)
		}
		if calls := b.fake.Calls("/users") - before; calls != want {
			t.Errorf("%d look-ups, want %d", calls, want)
		}
	}
	count(3)
	count(1) // known for a while
	b.clock.Advance(2 * time.Minute)
	count(3)
}

func TestFindBelievesNoOtherUser(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.addAda()
	b.fake.Inject(directustest.Fault{Path: "/users", Body: `{"data":[{"id":"another","status":"active"}]}`})
	if _, err := b.client.Find(t.Context(), id, 0); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("error %v, want %v", err, storage.ErrUnavailable)
	}
}

func TestFindTriesTwiceWhatMayPass(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault directustest.Fault
		calls int
		want  error
	}{
		"connection dropped once":  {directustest.Fault{Drop: true, Times: 1}, 2, nil},
		"connection dropped":       {directustest.Fault{Drop: true}, 2, storage.ErrUnavailable},
		"503 once":                 {directustest.Fault{Status: 503, Code: "SERVICE_UNAVAILABLE", Times: 1}, 2, nil},
		"503":                      {directustest.Fault{Status: 503, Code: "SERVICE_UNAVAILABLE"}, 2, storage.ErrUnavailable},
		"500":                      {directustest.Fault{Status: 500}, 1, storage.ErrUnavailable},
		"429":                      {directustest.Fault{Status: 429, Code: "REQUESTS_EXCEEDED"}, 1, storage.ErrUnavailable},
		"bad service token":        {directustest.Fault{Status: 401, Code: "INVALID_CREDENTIALS"}, 1, directus.ErrServiceToken},
		"service token may not":    {directustest.Fault{Status: 403, Code: "FORBIDDEN"}, 1, directus.ErrServiceToken},
		"status column not shown":  {directustest.Fault{Body: `{"data":[{"id":"x"}]}`}, 1, directus.ErrServiceToken},
		"service token, as outage": {directustest.Fault{Status: 401, Code: "INVALID_CREDENTIALS"}, 1, storage.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			id := b.addAda()
			test.fault.Path = "/users"
			b.fake.Inject(test.fault)
			_, err := b.client.Find(t.Context(), id, 0)
			if !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
			if calls := b.fake.Calls("/users"); calls != test.calls {
				t.Errorf("%d look-ups, want %d", calls, test.calls)
			}
		})
	}
}

func TestFindColumnThatDoesNotExist(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *directus.Config) { c.Fields = []string{"loyalty_card"} })
	id := b.addAda()
	_, err := b.client.Find(t.Context(), id, 0)
	if !errors.Is(err, directus.ErrServiceToken) || !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("error %v", err)
	}
}

// Without a bound this answer would be taken: it is a whole and valid one.
func TestFindRefusesAnAnswerThatIsTooLarge(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.addAda()
	b.fake.Inject(directustest.Fault{
		Path: "/users",
		Body: `{"data":[{"id":"` + id + `","status":"active","title":"` + strings.Repeat("x", 5<<20) + `"}]}`,
	})
	if _, err := b.client.Find(t.Context(), id, 0); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("error %v, want %v", err, storage.ErrUnavailable)
	}
}

func TestFindCoalesces(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.addAda()
	arrived, hold := make(chan struct{}, 100), make(chan struct{})
	b.fake.Inject(directustest.Fault{Path: "/users", Arrived: arrived, Hold: hold})

	// The first caller goes away; the look-up it began serves the others.
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() {
		_, err := b.client.Find(ctx, id, time.Minute)
		first <- err
	}()
	<-arrived
	var others sync.WaitGroup
	errs := make(chan error, 50)
	for range cap(errs) {
		others.Go(func() {
			_, err := b.client.Find(t.Context(), id, time.Minute)
			errs <- err
		})
	}
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled caller got %v, want %v", err, context.Canceled)
	}
	close(hold)
	others.Wait()
	for range cap(errs) {
		if err := <-errs; err != nil {
			t.Errorf("another caller's context failed us: %v", err)
		}
	}
	if calls := b.fake.Calls("/users"); calls != 1 {
		t.Errorf("%d look-ups, want 1", calls)
	}
}

// A strict caller may not be served by a look-up that began before it asked.
func TestFindDoesNotJoinWhatIsTooOld(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.addAda()
	arrived, hold := make(chan struct{}, 2), make(chan struct{})
	b.fake.Inject(directustest.Fault{Path: "/users", Times: 1, Arrived: arrived, Hold: hold})
	early := make(chan error, 1)
	go func() {
		_, err := b.client.Find(t.Context(), id, time.Minute)
		early <- err
	}()
	<-arrived
	b.clock.Advance(time.Second)
	asked := b.clock.Now()
	strict := make(chan storage.Account, 1)
	go func() {
		account, _ := b.client.Find(t.Context(), id, 0)
		strict <- account
	}()
	close(hold)
	if err := <-early; err != nil {
		t.Error(err)
	}
	if account := <-strict; account.SeenAt.Before(asked) {
		t.Errorf("seen at %v, asked at %v", account.SeenAt, asked)
	}
}

// What was being looked up when Forget was called must not come back after it.
func TestForgetBeatsALookUpUnderWay(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.addAda()
	arrived, hold := make(chan struct{}, 2), make(chan struct{})
	b.fake.Inject(directustest.Fault{Path: "/users", Times: 1, Body: `{"data":[{"id":"` + id + `","status":"active"}]}`, Arrived: arrived, Hold: hold})
	early := make(chan error, 1)
	go func() {
		_, err := b.client.Find(t.Context(), id, time.Minute)
		early <- err
	}()
	<-arrived
	b.fake.SetStatus(id, "suspended")
	b.client.Forget(id)
	close(hold)
	if err := <-early; err != nil {
		t.Error(err)
	}
	account, err := b.client.Find(t.Context(), id, time.Minute)
	if err != nil || account.Active {
		t.Errorf("active %v, error %v: the older look-up was remembered", account.Active, err)
	}
}

func TestFindCacheIsBounded(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *directus.Config) { c.CacheSize = 2 })
	ids := []string{b.addAda(), b.addAda(), b.addAda()}
	for range 2 {
		for _, id := range ids {
			if _, err := b.client.Find(t.Context(), id, time.Hour); err != nil {
				t.Fatal(err)
			}
		}
	}
	if calls := b.fake.Calls("/users"); calls != 6 {
		t.Errorf("%d look-ups, want 6: the cache holds two", calls)
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	var hosts []string
	transport := roundTrip(func(r *http.Request) (*http.Response, error) {
		hosts = append(hosts, r.URL.Host)
		return &http.Response{
			StatusCode: http.StatusPermanentRedirect, Body: http.NoBody,
			Header: http.Header{"Location": {"https://evil.example/users"}},
		}, nil
	})
	b := newBench(t, func(c *directus.Config) { c.Transport = transport })
	_, err := b.client.Find(t.Context(), "00000000-0000-4000-8000-000000000000", 0)
	if !errors.Is(err, storage.ErrUnavailable) || len(hosts) != 1 {
		t.Errorf("error %v after requests to %v", err, hosts)
	}
}
