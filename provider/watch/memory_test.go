package watch_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"gatehouse/provider/account"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
	"gatehouse/storage/directus/directustest"
)

// reading counts the sessions and grants that are read.
type reading struct {
	storage.Backend
	count atomic.Int64
}

func (r *reading) Get(ctx context.Context, keys ...string) ([][]byte, error) {
	for _, key := range keys {
		if strings.HasPrefix(key, "session:") || strings.HasPrefix(key, "grant:") {
			r.count.Add(1)
		}
	}
	return r.Backend.Get(ctx, keys...)
}

// What was held against an unchanged user is not read again; what is new, and
// everything of a user who has changed, is.
func TestSweepReadsWhatIsNewOrChanged(t *testing.T) {
	for name, change := range map[string]map[string]string{"session": nil, "grant that outlives its session": offline} {
		t.Run(name, func(t *testing.T) {
			store := &reading{}
			w := signedIn(t, providertest.Options{Backend: func(b storage.Backend) storage.Backend {
				store.Backend = b
				return store
			}}, change)
			sweep := func() (read int64) {
				t.Helper()
				w.Clock.Advance(providertest.SweepEvery)
				before := store.count.Load()
				if err := w.Provider.Watch().Sweep(t.Context()); err != nil {
					t.Fatal(err)
				}
				return store.count.Load() - before
			}
			if sweep() == 0 {
				t.Error("the first sweep read nothing")
			}
			before := w.Directus.Calls("/users")
			if read := sweep(); read > 0 {
				t.Errorf("the second sweep read %d records", read)
			}
			if calls := w.Directus.Calls("/users") - before; calls != 1 {
				t.Errorf("Directus was asked %d times, want once", calls)
			}
			w.NewBrowser(t).SignIn(w.rp, ada, change)
			if sweep() == 0 {
				t.Error("what is new was not read")
			}
			if read := sweep(); read > 0 {
				t.Errorf("what is not new any more was read: %d records", read)
			}
			if kinds := w.causes(); len(kinds) > 0 {
				t.Errorf("ended by %q", kinds)
			}

			w.Directus.Update(w.ada, func(u *directustest.User) { u.Email = "countess@example.com" })
			sweep()
			w.wantEnded(t, account.Email)
		})
	}
}

// A node forgets whose sessions are gone.
func TestSweepForgets(t *testing.T) {
	w := signedIn(t, providertest.Options{}, nil)
	sweep := func() {
		t.Helper()
		w.Clock.Advance(providertest.SweepEvery)
		if err := w.Provider.Watch().Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	sweep()
	w.Directus.SetStatus(w.ada, "suspended")
	sweep()
	w.Directus.SetStatus(w.ada, "active")
	sweep()
	before := w.Directus.Calls("/users")
	sweep()
	if calls := w.Directus.Calls("/users") - before; calls > 0 {
		t.Errorf("Directus was asked %d times for nobody", calls)
	}
}
