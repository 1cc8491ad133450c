package flows

import (
	"context"
	"crypto/rand"
	"net/http"
	"testing"
	"time"

	"gatehouse/provider/account"
	"gatehouse/provider/event"
	"gatehouse/provider/providertest"
	"gatehouse/storage/directus"
)

// lockedOut is somebody whom Directus suspends by itself, after wrong passwords
// that were sent past us. It tells nobody (auth_login_attempts, 25 unless set).
func lockedOut(t *testing.T, w *world) {
	const attempts = 25
	for name, notice := range map[string]func(t *testing.T, s *providertest.Server, access string){
		"sweep": func(t *testing.T, s *providertest.Server, _ string) {
			t.Helper()
			if err := s.Provider.Watch().Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
		},
		"re-check": func(t *testing.T, s *providertest.Server, access string) {
			t.Helper()
			s.Clock.Advance(providertest.Staleness + time.Second)
			if info := s.UserInfo(t, access); info.Status != http.StatusUnauthorized {
				t.Errorf("userinfo: %d %s", info.Status, info.Raw)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			id, email := w.user(t)
			s := w.provider(t)
			told := w.hear(t)
			rp, browser := s.Web(t), s.NewBrowser(t)
			answer := rp.Exchange(browser.SignIn(rp, email, nil)).WantOK(t)
			for attempt := range attempts + 1 {
				if status := w.status(t, id); status != "active" {
					t.Fatalf("after %d wrong passwords the user is %s", attempt, status)
				}
				if _, err := w.directus.Login(t.Context(), email, "wrong"); err == nil {
					t.Fatal("a wrong password was taken")
				}
			}
			if status := w.status(t, id); status != "suspended" {
				t.Fatalf("after %d wrong passwords the user is %s", attempts+1, status)
			}
			notice(t, s, answer.Text("access_token"))
			if ended := s.Events.Named(event.UserEnded); len(ended) != 1 || ended[0].Subject != id || ended[0].Kind != string(account.Suspended) {
				t.Errorf("ended: %+v", ended)
			}
			if refreshed := rp.Refresh(answer.Text("refresh_token")); refreshed.Text("error") != "invalid_grant" {
				t.Errorf("refresh: %d %s", refreshed.Status, refreshed.Raw)
			}
			silent := browser.Get(rp.AuthorizationURL(map[string]string{"prompt": "none"}))
			if got := silent.Sent(t).Get("error"); got != "login_required" {
				t.Errorf("prompt=none: error %q, want login_required", got)
			}

			// What Directus does tell of comes in order.
			other, _ := w.user(t)
			w.change(t, other, map[string]any{"status": "suspended"})
			for {
				select {
				case named := <-told:
					if named == id {
						t.Error("Directus told of the lock-out: docs/operations.md says otherwise")
					}
					if named == other {
						return
					}
				case <-time.After(30 * time.Second):
					t.Fatal("Directus told nothing at all")
				}
			}
		})
	}
}

// hear returns the ids that Directus tells of by its WebSocket.
func (w *world) hear(t *testing.T) <-chan string {
	t.Helper()
	told, connected := make(chan string, 1000), make(chan struct{}, 10)
	events, err := directus.NewEvents(directus.EventsConfig{
		BaseURL: w.directus.URL, ServiceToken: w.directus.ServiceToken(),
		Named: func(ids ...string) {
			for _, id := range ids {
				told <- id
			}
		},
		Missed: func() { connected <- struct{}{} },
		Sleep: func(ctx context.Context, d time.Duration) error {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(d):
				return nil
			}
		},
		Now: time.Now, Random: rand.Reader,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		events.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	select {
	case <-connected:
	case <-time.After(time.Minute):
		t.Fatal("Directus's WebSocket does not answer")
	}
	return told
}
