package upstream_test

import (
	"net/url"
	"testing"
	"time"

	"gatehouse/provider/providertest"
	"gatehouse/storage"
	"gatehouse/storage/directus"
	"gatehouse/storage/directus/directustest"
)

// halfLife is after what time without use a pair is refreshed.
const halfLife = directus.DefaultIdleLifetime / 2

// pass lets time go by in which the app goes on with its own tokens, and returns
// its newest. Directus is not asked for any.
func (w *world) pass(t *testing.T, tokens providertest.Answer, d time.Duration) providertest.Answer {
	t.Helper()
	for d > 0 {
		step := min(d, providertest.RefreshTokenLifetime/2)
		w.Clock.Advance(step)
		d -= step
		tokens = w.rp.Refresh(tokens.Text("refresh_token")).WantOK(t)
	}
	return tokens
}

// keep goes over all pairs, and holds what was asked of Directus to what should be.
func (w *world) keep(t *testing.T, when string, refreshes int) {
	t.Helper()
	before := w.Directus.Calls("/auth/refresh")
	w.KeepDirectusSessions(t)
	if got := w.Directus.Calls("/auth/refresh") - before; got != refreshes {
		t.Errorf("%s: %d refreshes, want %d", when, got, refreshes)
	}
}

func (w *world) pair(t *testing.T, id string) storage.DirectusSession {
	t.Helper()
	record, err := w.Store.DirectusSessions.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return record.Value
}

// Directus forgets a session that idles. A refresh at half of that time leaves the
// other half for an outage; one before would be a request for nothing.
func TestPairIsRefreshedAtHalfOfItsLifeAndNotBefore(t *testing.T) {
	w := newWorld(t)
	browser, tokens := w.signIn(t, offline())
	id := w.session(t, browser).DirectusSession
	w.end(t, browser)

	tokens = w.pass(t, tokens, time.Hour)
	w.keep(t, "after an hour, when its access token is used up", 0)
	tokens = w.pass(t, tokens, halfLife-time.Hour-time.Second)
	w.keep(t, "a second before half of its life", 0)
	if got := w.pair(t, id).Generation; got != 1 {
		t.Errorf("then the pair is of generation %d", got)
	}
	tokens = w.pass(t, tokens, time.Second)
	w.keep(t, "at half of its life", 1)
	if got := w.pair(t, id); got.Generation != 2 || !got.RefreshedAt.Equal(w.Clock.Now()) {
		t.Errorf("then the pair is of generation %d, refreshed at %s", got.Generation, got.RefreshedAt)
	}
	w.keep(t, "in the next round", 0)

	// Any use of it begins a new life.
	tokens = w.pass(t, tokens, halfLife/2)
	w.rp.DirectusToken(tokens.Text("access_token"), nil).WantOK(t)
	tokens = w.pass(t, tokens, halfLife-time.Second)
	w.keep(t, "a second before half of its life since it was used", 0)
	tokens = w.pass(t, tokens, time.Second)
	w.keep(t, "at half of its life since it was used", 1)
	w.wantSessions(t, 1)

	// Nobody keeps alive what nothing needs.
	tokens = w.pass(t, tokens, halfLife-time.Second)
	w.Clock.Advance(time.Second)
	w.rp.Post("/revoke", url.Values{"token": {tokens.Text("refresh_token")}}).WantOK(t)
	w.keep(t, "once the grant is gone", 0)
	w.wantSessions(t, 0)
}

// Directus away at half of the life: the next round tries again, and nothing ends.
func TestHalfLifeWhileDirectusIsAway(t *testing.T) {
	w := newWorld(t)
	browser, tokens := w.signIn(t, offline())
	id := w.session(t, browser).DirectusSession
	w.end(t, browser)
	tokens = w.pass(t, tokens, halfLife)
	w.Directus.Inject(directustest.Fault{Path: "/auth/refresh", Status: 503, Code: "SERVICE_UNAVAILABLE"})
	if err := w.Provider.Upstream().Keep(t.Context()); err == nil {
		t.Error("nothing tells that the pair could not be refreshed")
	}
	w.Directus.ClearFaults()
	tokens = w.pass(t, tokens, time.Hour)
	w.keep(t, "once Directus is back", 1)
	if got := w.pair(t, id).Generation; got != 2 {
		t.Errorf("the pair is of generation %d", got)
	}
	w.rp.DirectusToken(tokens.Text("access_token"), nil).WantOK(t)
}

// A password that is changed on a page of ours ends the session at Directus: the
// round that finds it out signs nobody out, and goes on without the pair.
func TestRoundFindsAnExpectedEnd(t *testing.T) {
	for name, expected := range map[string]bool{"expected": true, "not expected": false} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			browser, tokens := w.signIn(t, offline())
			current := w.session(t, browser)
			if expected {
				if err := w.Provider.Desk().ExpectDirectusEnd(t.Context(), current); err != nil {
					t.Fatal(err)
				}
			}
			w.end(t, browser)
			w.Directus.Update(w.ada, func(u *directustest.User) { u.Password = "another" })
			tokens = w.pass(t, tokens, halfLife)
			w.keep(t, "at half of its life", 1)
			if _, err := w.Store.DirectusSessions.Get(t.Context(), current.DirectusSession); err == nil {
				t.Error("the pair is still kept")
			}
			if got := w.rp.Refresh(tokens.Text("refresh_token")).Status == 200; got != expected {
				t.Errorf("the grant goes on: %t, want %t", got, expected)
			}
		})
	}
}
