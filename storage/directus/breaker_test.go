package directus_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/storage"
	"gatehouse/storage/directus"
	"gatehouse/storage/directus/directustest"
)

// switches notes what Config.Changed was told.
type switches struct {
	mu   sync.Mutex
	told []bool
}

func (s *switches) changed(away bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = append(s.told, away)
}

func (s *switches) all() []bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.told)
}

// fail looks a user up as often as it takes to leave Directus alone.
func (b *bench) fail(t *testing.T, id string) {
	t.Helper()
	for range directus.DefaultBreakerFailures {
		if _, err := b.client.Find(t.Context(), id, 0); !errors.Is(err, storage.ErrUnavailable) {
			t.Fatalf("error %v, want %v", err, storage.ErrUnavailable)
		}
	}
}

func TestDirectusThatDoesNotAnswerIsLeftAlone(t *testing.T) {
	for name, fault := range map[string]directustest.Fault{
		"connections are dropped":   {Drop: true},
		"answers break off":         {Drop: true, After: true},
		"under pressure":            {Status: http.StatusServiceUnavailable, Code: "SERVICE_UNAVAILABLE"},
		"a proxy answers":           {Status: http.StatusBadGateway},
		"a proxy answers otherwise": {Status: http.StatusInternalServerError},
		"a page answers":            {Body: "<html>welcome</html>"},
	} {
		t.Run(name, func(t *testing.T) {
			var told switches
			b := newBench(t, func(c *directus.Config) { c.Changed = told.changed })
			id := b.addAda()
			fault.Path = "/users"
			b.fake.Inject(fault)
			b.fail(t, id)
			asked := b.fake.Calls("/users")

			_, err := b.client.Find(t.Context(), id, 0)
			unavailable, ok := errors.AsType[*directus.UnavailableError](err)
			if !ok || !errors.Is(err, storage.ErrUnavailable) || errors.Is(err, storage.ErrUncertain) {
				t.Fatalf("error %v, want a certain %v", err, storage.ErrUnavailable)
			}
			if unavailable.RetryAfter != directus.DefaultBreakerPause {
				t.Errorf("to be tried again after %v, want %v", unavailable.RetryAfter, directus.DefaultBreakerPause)
			}
			// Nothing was sent, so the attempt cannot have been counted.
			_, err = b.client.Authenticate(t.Context(), storage.Credentials{Email: email, Password: password})
			if !errors.Is(err, storage.ErrUnavailable) || errors.Is(err, storage.ErrUncertain) {
				t.Errorf("error %v, want a certain %v", err, storage.ErrUnavailable)
			}
			if err := b.client.Ping(t.Context()); !errors.Is(err, storage.ErrUnavailable) {
				t.Errorf("ping: error %v, want %v", err, storage.ErrUnavailable)
			}
			if now := b.fake.Calls("/users"); now != asked || b.fake.Calls("/auth/login") != 0 || b.fake.Calls("/server/ping") != 0 {
				t.Error("Directus was asked while it is left alone")
			}

			// The one request after the pause fails: the next pause begins.
			b.clock.Advance(directus.DefaultBreakerPause)
			for range 3 {
				if _, err := b.client.Find(t.Context(), id, 0); !errors.Is(err, storage.ErrUnavailable) {
					t.Fatalf("error %v, want %v", err, storage.ErrUnavailable)
				}
			}
			if now := b.fake.Calls("/users"); now > asked+2 { // a look that fails may be repeated at once
				t.Errorf("Directus was asked %d times after the pause, want once", now-asked)
			}
			b.fake.ClearFaults()
			b.clock.Advance(directus.DefaultBreakerPause)
			for range 2 {
				if _, err := b.client.Find(t.Context(), id, 0); err != nil {
					t.Errorf("after Directus has come back: %v", err)
				}
			}
			if got := told.all(); !slices.Equal(got, []bool{true, false}) {
				t.Errorf("told %v, want that it went away and came back", got)
			}
		})
	}
}

// What Directus says is an answer, however little it helps; its own fault is one
// that strangers can cause.
func TestRefusalsAreAnswers(t *testing.T) {
	for name, fault := range map[string]directustest.Fault{
		"malformed":     {Status: http.StatusBadRequest, Code: "INVALID_PAYLOAD"},
		"token refused": {Status: http.StatusUnauthorized, Code: "INVALID_CREDENTIALS"},
		"forbidden":     {Status: http.StatusForbidden, Code: "FORBIDDEN"},
		"limited":       {Status: http.StatusTooManyRequests, Code: "REQUESTS_EXCEEDED"},
		"fault":         {Status: http.StatusInternalServerError, Code: "INTERNAL_SERVER_ERROR"},
	} {
		t.Run(name, func(t *testing.T) {
			var told switches
			b := newBench(t, func(c *directus.Config) { c.Changed = told.changed })
			id := b.addAda()
			fault.Path = "/users"
			b.fake.Inject(fault)
			for range 3 {
				b.fail(t, id)
			}
			b.fake.ClearFaults()
			if _, err := b.client.Find(t.Context(), id, 0); err != nil {
				t.Errorf("after Directus has come back: %v", err)
			}
			if got := told.all(); len(got) != 0 {
				t.Errorf("told %v, want nothing", got)
			}
		})
	}
}

// Whoever stores a picture that takes too long to be made smaller must not keep
// everybody from signing in.
func TestPicturesDoNotSayThatDirectusIsAway(t *testing.T) {
	for name, fault := range map[string]directustest.Fault{
		"put off":   {Status: http.StatusServiceUnavailable, Code: "SERVICE_UNAVAILABLE"},
		"no answer": {Hold: make(chan struct{})},
	} {
		t.Run(name, func(t *testing.T) {
			var told switches
			b := newBench(t, func(c *directus.Config) { c.Changed, c.Timeout = told.changed, 50*time.Millisecond })
			picture := b.fake.AddFile(pngPicture())
			fault.Path = "/assets/" + picture
			b.fake.Inject(fault)
			for range directus.DefaultBreakerFailures {
				if _, err := b.client.ShowPicture(t.Context(), storage.DirectusAccess{}, picture, 96); !errors.Is(err, storage.ErrUnavailable) {
					t.Fatalf("error %v, want %v", err, storage.ErrUnavailable)
				}
			}
			if got := told.all(); len(got) != 0 {
				t.Errorf("told %v, want nothing", got)
			}
		})
	}
	b := newBench(t)
	picture := b.fake.AddFile(pngPicture())
	b.fake.Inject(directustest.Fault{Path: "/assets/" + picture, Drop: true})
	for range directus.DefaultBreakerFailures {
		if _, err := b.client.ShowPicture(t.Context(), storage.DirectusAccess{}, picture, 96); err == nil {
			t.Fatal("a picture was shown over a connection that broke")
		}
	}
	if err := b.client.Ping(t.Context()); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("error %v, want %v: a broken connection has nothing to do with the picture", err, storage.ErrUnavailable)
	}
}

// Somebody who closes the browser says nothing about Directus.
func TestCancelledRequestsAreNoFailures(t *testing.T) {
	b := newBench(t)
	id := b.addAda()
	for range 3 * directus.DefaultBreakerFailures {
		if err := b.client.Ping(cancelled()); err == nil {
			t.Fatal("a ping without time was answered")
		}
	}
	if _, err := b.client.Find(t.Context(), id, 0); err != nil {
		t.Error(err)
	}
}

// While one request tries whether Directus is back, nobody else waits for it.
func TestOneRequestTries(t *testing.T) {
	b := newBench(t)
	id := b.addAda()
	b.fake.Inject(directustest.Fault{Path: "/users", Status: http.StatusBadGateway})
	b.fail(t, id)
	b.fake.ClearFaults()
	b.clock.Advance(directus.DefaultBreakerPause)
	arrived, hold := make(chan struct{}), make(chan struct{})
	b.fake.Inject(directustest.Fault{Path: "/server/ping", Times: 1, Arrived: arrived, Hold: hold})
	tried := make(chan error)
	go func() { tried <- b.client.Ping(t.Context()) }()
	<-arrived
	asked := b.fake.Calls("/users")
	if _, err := b.client.Find(t.Context(), id, 0); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("error %v, want %v", err, storage.ErrUnavailable)
	}
	if b.fake.Calls("/users") != asked {
		t.Error("a second request was sent")
	}
	close(hold)
	if err := <-tried; err != nil {
		t.Error(err)
	}
	if _, err := b.client.Find(t.Context(), id, 0); err != nil {
		t.Errorf("after Directus has come back: %v", err)
	}
}

// Directus limits by address. Where it limits ours, we wait as long as it says;
// where it limits a person's, nobody else waits.
func TestLimitIsObeyed(t *testing.T) {
	limited := directustest.Fault{Status: http.StatusTooManyRequests, Code: "REQUESTS_EXCEEDED", RetryAfter: 7, Times: 1}
	t.Run("our own", func(t *testing.T) {
		b := newBench(t)
		id := b.addAda()
		limited.Path = "/users"
		b.fake.Inject(limited)
		_, err := b.client.Find(t.Context(), id, 0)
		if unavailable, ok := errors.AsType[*directus.UnavailableError](err); !ok || unavailable.RetryAfter != 7*time.Second {
			t.Fatalf("error %v, want one that says to wait", err)
		}
		asked := b.fake.Calls("/users")
		b.clock.Advance(6 * time.Second)
		if _, err := b.client.Find(t.Context(), id, 0); !errors.Is(err, storage.ErrUnavailable) || b.fake.Calls("/users") != asked {
			t.Errorf("error %v, want that Directus is not asked", err)
		}
		b.clock.Advance(time.Second)
		if _, err := b.client.Find(t.Context(), id, 0); err != nil {
			t.Error(err)
		}
	})
	t.Run("a person's", func(t *testing.T) {
		b := newBench(t)
		id := b.addAda()
		limited.Path = "/auth/login"
		b.fake.Inject(limited)
		if _, err := b.client.Authenticate(t.Context(), storage.Credentials{Email: email, Password: password}); !errors.Is(err, storage.ErrUnavailable) {
			t.Fatalf("error %v, want %v", err, storage.ErrUnavailable)
		}
		if _, err := b.client.Find(t.Context(), id, 0); err != nil {
			t.Errorf("another person waits: %v", err)
		}
		b.signIn(t)
	})
}

func TestPingKnowsDirectus(t *testing.T) {
	b := newBench(t)
	if err := b.client.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.fake.Inject(directustest.Fault{Path: "/server/ping", Body: "<html>ok</html>"})
	if err := b.client.Ping(t.Context()); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("error %v, want %v", err, storage.ErrUnavailable)
	}
}

func TestBreakerNeedsPause(t *testing.T) {
	for _, change := range []func(*directus.Config){
		func(c *directus.Config) { c.BreakerPause = -time.Second },
		func(c *directus.Config) { c.BreakerFailures = -1 },
	} {
		config := directus.Config{BaseURL: "http://127.0.0.1:1", ServiceToken: "token", Now: time.Now, Random: strings.NewReader("")}
		change(&config)
		if _, err := directus.New(config); err == nil {
			t.Error("taken")
		}
	}
}
