package nodes

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/oauth2"
)

// app hears of the end of sessions, by user.
type app struct {
	*httptest.Server
	mu    sync.Mutex
	heard map[string][]time.Time
	came  chan string
}

func newApp(t *testing.T) *app {
	t.Helper()
	a := &app{heard: map[string][]time.Time{}, came: make(chan string, 1000)}
	a.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		now := time.Now()
		parts := strings.Split(r.PostFormValue("logout_token"), ".")
		var claims struct {
			Subject string `json:"sub"`
		}
		if len(parts) == 3 {
			if payload, err := base64.RawURLEncoding.DecodeString(parts[1]); err == nil {
				_ = json.Unmarshal(payload, &claims)
			}
		}
		a.mu.Lock()
		a.heard[claims.Subject] = append(a.heard[claims.Subject], now)
		a.mu.Unlock()
		a.came <- claims.Subject
		w.WriteHeader(http.StatusOK)
	}))
	t.Cleanup(a.Close)
	return a
}

// wait returns when the app has heard of the end of every user's session.
func (a *app) wait(t *testing.T, users ...string) {
	t.Helper()
	missing := map[string]bool{}
	for _, user := range users {
		missing[user] = true
	}
	for len(missing) > 0 {
		select {
		case user := <-a.came:
			delete(missing, user)
		case <-time.After(time.Minute):
			t.Fatalf("of %d users the app heard nothing", len(missing))
		}
	}
}

func (a *app) first(user string) time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.heard[user][0]
}

// TestSuspendedUsersAreSignedOutOnce: three nodes hear of each change, and the app
// hears of each session once, whether the change was told (by WebSocket) or found
// (by the sweep). How long that takes is written to the log.
func TestSuspendedUsersAreSignedOutOnce(t *testing.T) {
	const (
		nodes    = 3
		told     = 20
		found    = 20
		interval = 5 * time.Second
	)
	relyingParty := newApp(t)
	w := newWorldOf(t, options{nodes: nodes, backChannel: relyingParty.URL, variables: []string{"GATEHOUSE_DIRECTUS_SWEEP_INTERVAL=0s"}})
	for number := range nodes {
		w.waitLog(t, number, "Directus tells of changes of users")
	}
	for number := range told {
		w.signInOnce(t, number)
	}
	var took []time.Duration
	for number := range told {
		began := time.Now()
		w.suspend(t, number)
		relyingParty.wait(t, w.users[number])
		took = append(took, relyingParty.first(w.users[number]).Sub(began))
	}
	report(t, "told by WebSocket", took)

	w.variables = []string{"GATEHOUSE_DIRECTUS_EVENTS_WEBSOCKET=off", "GATEHOUSE_DIRECTUS_SWEEP_INTERVAL=" + interval.String()}
	for number := range nodes {
		if err := w.killAndRestart(t.Context(), number); err != nil {
			t.Fatal(err)
		}
	}
	for number := told; number < told+found; number++ {
		w.signInOnce(t, number)
	}
	// As Directus's lock-out does it: past everything that would tell.
	took = nil
	began := map[int]time.Time{}
	for number := told; number < told+found; number++ {
		began[number] = time.Now()
		_, err := w.directus.Postgres.Query(t.Context(), "directus", fmt.Sprintf("UPDATE directus_users SET status = 'suspended' WHERE id = '%s'", w.users[number]))
		if err != nil {
			t.Fatal(err)
		}
	}
	relyingParty.wait(t, w.users[told:told+found]...)
	for number, at := range began {
		took = append(took, relyingParty.first(w.users[number]).Sub(at))
	}
	report(t, "found by a sweep every "+interval.String(), took)

	relyingParty.mu.Lock()
	defer relyingParty.mu.Unlock()
	for number, user := range w.users[:told+found] {
		if times := relyingParty.heard[user]; len(times) != 1 {
			t.Errorf("user %d: the app got %d logout tokens", number, len(times))
		}
	}
}

func (w *world) signInOnce(t *testing.T, number int) {
	t.Helper()
	person, err := newPerson(w.issuer, number)
	if err != nil {
		t.Fatal(err)
	}
	verifier := oauth2.GenerateVerifier()
	code, err := person.signIn(t.Context(), w.email(number), userPassword, verifier)
	if err == nil {
		_, err = person.redeem(t.Context(), code, verifier)
	}
	if err != nil {
		t.Fatalf("person %d: %v", number, err)
	}
}

func (w *world) suspend(t *testing.T, number int) {
	t.Helper()
	if err := w.directus.Call(t.Context(), http.MethodPatch, "/users/"+w.users[number], map[string]string{"status": "suspended"}, nil); err != nil {
		t.Fatal(err)
	}
}

// waitLog waits for words in the log of a node.
func (w *world) waitLog(t *testing.T, number int, words string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for !strings.Contains(w.nodes[number].Log(), words) {
		select {
		case <-ctx.Done():
			t.Fatalf("node %d does not say %q", number, words)
		case <-ticker.C:
		}
	}
}

// report logs figures for docs/operations.md.
func report(t *testing.T, name string, took []time.Duration) {
	t.Helper()
	slices.Sort(took)
	t.Logf("%s: %d users, median %s, 95th percentile %s, longest %s", name, len(took),
		took[len(took)/2].Round(time.Millisecond), took[(len(took)*95+99)/100-1].Round(time.Millisecond), took[len(took)-1].Round(time.Millisecond))
}
