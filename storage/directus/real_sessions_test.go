package directus_test

import (
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"gatehouse/storage"
	"gatehouse/storage/directus"
	"gatehouse/storage/storagetest"
)

// keep signs in and keeps the session on the clock given.
func (d *real) keep(t *testing.T, now func() time.Time, transport http.RoundTripper) (sessions *directus.Sessions, user, id string) {
	t.Helper()
	client := d.client(t, func(c *directus.Config) { c.Now, c.Transport = now, transport })
	sessions, err := directus.NewSessions(directus.SessionsConfig{
		Client: client, Store: newStore(t, storagetest.NewMemory(now), now), Sleep: shortSleep,
	})
	if err != nil {
		t.Fatal(err)
	}
	user, credentials := d.user(t, nil)
	got, err := client.Authenticate(t.Context(), credentials)
	if err != nil {
		t.Fatal(err)
	}
	if id, err = sessions.Keep(t.Context(), got.Pair); err != nil {
		t.Fatal(err)
	}
	return sessions, user, id
}

func refreshOnce(t *testing.T, d *real) {
	clock := newClock()
	counter := &counting{}
	sessions, user, id := d.keep(t, clock.Now, counter)
	clock.Advance(time.Hour)
	tokens := make(chan storage.Secret, 32)
	var calls sync.WaitGroup
	for range cap(tokens) {
		calls.Go(func() {
			token, err := sessions.AccessToken(t.Context(), id)
			if err != nil {
				t.Error(err)
			}
			tokens <- token.Token
		})
	}
	calls.Wait()
	if counter.of("/auth/refresh") != 1 {
		t.Errorf("%d refreshes, want 1", counter.of("/auth/refresh"))
	}
	token := <-tokens
	var me struct{ ID string }
	if err := d.as(token.Reveal()).Call(t.Context(), http.MethodGet, "/users/me", nil, &me); err != nil || me.ID != user {
		t.Errorf("the refreshed token belongs to %q, error %v", me.ID, err)
	}
	clock.Advance(time.Hour)
	if _, err := sessions.AccessToken(t.Context(), id); err != nil {
		t.Errorf("second generation: %v", err)
	}
	if err := sessions.End(t.Context(), id); err != nil {
		t.Error(err)
	}
	if d.sessionsOf(t, user) != "0" {
		t.Errorf("%s Directus sessions left", d.sessionsOf(t, user))
	}
}

// Directus 10 keeps the sessions of a user whose password an administrator
// changes; later versions end them. All refuse those of a suspended user.
func changesRevoke(t *testing.T, d *real) {
	afterPassword := storage.ErrSessionRevoked
	if d.isTen() {
		afterPassword = nil
	}
	for name, test := range map[string]struct {
		change map[string]any
		want   error
	}{
		"password":  {map[string]any{"password": "another password"}, afterPassword},
		"suspended": {map[string]any{"status": "suspended"}, storage.ErrSessionRevoked},
	} {
		clock := newClock()
		sessions, user, id := d.keep(t, clock.Now, nil)
		d.patch(t, "/users/"+user, test.change)
		clock.Advance(time.Hour)
		if _, err := sessions.AccessToken(t.Context(), id); !errors.Is(err, test.want) {
			t.Errorf("%s: error %v, want %v", name, err, test.want)
		}
	}
}

// The answer to a refresh gets lost on the way: the old token is used up and
// the new one unknown, which is no sign of a revoked session.
func interruptedRefresh(t *testing.T, d *real) {
	clock := newClock()
	counter := &counting{loseAnswersOf: "/auth/refresh"}
	sessions, _, id := d.keep(t, clock.Now, counter)
	clock.Advance(time.Hour)
	if _, err := sessions.AccessToken(t.Context(), id); !errors.Is(err, storage.ErrUnavailable) {
		t.Fatalf("error %v, want %v", err, storage.ErrUnavailable)
	}
	counter.loseAnswersOf = ""
	if _, err := sessions.AccessToken(t.Context(), id); !errors.Is(err, storage.ErrPairLost) {
		t.Errorf("error %v, want %v", err, storage.ErrPairLost)
	}
}

// counting counts requests by path, and can lose answers.
type counting struct {
	mu            sync.Mutex
	paths         map[string]int
	loseAnswersOf string
}

func (c *counting) RoundTrip(r *http.Request) (*http.Response, error) {
	c.mu.Lock()
	if c.paths == nil {
		c.paths = map[string]int{}
	}
	c.paths[r.URL.Path]++
	c.mu.Unlock()
	response, err := http.DefaultTransport.RoundTrip(r)
	if err == nil && r.URL.Path == c.loseAnswersOf {
		_ = response.Body.Close()
		return nil, errors.New("answer lost")
	}
	return response, err
}

func (c *counting) of(path string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.paths[path]
}
