package watch_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"gatehouse/provider/account"
	"gatehouse/provider/event"
	"gatehouse/provider/providertest"
	"gatehouse/provider/watch"
	"gatehouse/storage"
)

// directory fails whenever it is asked for the user, among whomever.
type directory struct {
	watch.Directory
	bad   string
	calls int
}

var errBadUser = errors.New("directus answered 500")

func (d *directory) FindAll(ctx context.Context, ids []string) (map[string]storage.Account, error) {
	d.calls++
	if slices.Contains(ids, d.bad) {
		return nil, errBadUser
	}
	return d.Directory.FindAll(ctx, ids)
}

// crowd is many who are signed in, one of whom cannot be looked at.
type crowd struct {
	*world
	watch     *watch.Watch
	directory *directory
	ids       []string
}

func newCrowd(t *testing.T, size int) *crowd {
	t.Helper()
	c := &crowd{world: signedIn(t, providertest.Options{}, nil)}
	c.ids = []string{c.ada}
	for i := range size - 1 {
		email := fmt.Sprintf("person%d@example.com", i)
		c.ids = append(c.ids, c.AddUser(email))
		c.NewBrowser(t).SignIn(c.rp, email, nil)
	}
	config := c.Provider.Watch().Config
	c.directory = &directory{Directory: config.Directory, bad: c.ada}
	config.Directory = c.directory
	watching, err := watch.New(config)
	if err != nil {
		t.Fatal(err)
	}
	c.watch = watching
	return c
}

func (c *crowd) suspendAll() {
	for _, id := range c.ids {
		c.Directus.SetStatus(id, "suspended")
	}
}

// wantEnded wants everything of the users to have ended, and of nobody else.
func (c *crowd) wantEnded(t *testing.T, ids ...string) {
	t.Helper()
	var ended []string
	for _, e := range c.Events.Named(event.UserEnded) {
		ended = append(ended, e.Subject)
	}
	slices.Sort(ended)
	if want := slices.Sorted(slices.Values(ids)); !slices.Equal(ended, want) {
		t.Errorf("ended were %d users %v, want %d", len(ended), ended, len(want))
	}
}

// wantTold wants the log to name the user, once.
func (c *crowd) wantTold(t *testing.T, id string) {
	t.Helper()
	told := c.Events.Named(event.InternalError)
	if len(told) != 1 || told[0].Subject != id || told[0].Err == nil {
		t.Errorf("the log says %+v", told)
	}
}

func TestOneFailingUserHoldsUpNobody(t *testing.T) {
	t.Run("sweep", func(t *testing.T) {
		c := newCrowd(t, 12)
		c.suspendAll()
		sweep := func() {
			t.Helper()
			if err := c.watch.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			c.Clock.Advance(providertest.SweepEvery)
		}
		sweep()
		c.wantEnded(t, c.ids[1:]...)
		c.wantTold(t, c.ada)
		// Alone he is asked for again each time, and told of no more.
		before := c.directory.calls
		sweep()
		if calls := c.directory.calls - before; calls != 1 {
			t.Errorf("Directus was asked %d times", calls)
		}
		c.wantTold(t, c.ada)
		c.directory.bad = ""
		sweep()
		c.wantEnded(t, c.ids...)
	})
	t.Run("message", func(t *testing.T) {
		c := newCrowd(t, 12)
		c.Clock.Advance(time.Second)
		c.watch.PasswordChanged(c.ids...)
		c.Clock.Advance(time.Second)
		if err := c.watch.Look(t.Context()); err != nil {
			t.Fatal(err)
		}
		c.wantEnded(t, c.ids[1:]...)
		c.wantTold(t, c.ada)
		// The message is not lost, which nothing else would find.
		if err := c.watch.Look(t.Context()); err != nil {
			t.Fatal(err)
		}
		c.wantTold(t, c.ada)
		c.directory.bad = ""
		if err := c.watch.Look(t.Context()); err != nil {
			t.Fatal(err)
		}
		c.wantEnded(t, c.ids...)
		for _, e := range c.Events.Named(event.UserEnded) {
			if e.Kind != string(account.Password) {
				t.Errorf("ended by %s", e.Kind)
			}
		}
	})
	t.Run("everybody fails", func(t *testing.T) {
		c := newCrowd(t, 3)
		c.suspendAll()
		c.directory.Directory = nobody{}
		if err := c.watch.Sweep(t.Context()); !errors.Is(err, errBadUser) {
			t.Errorf("a sweep that failed at everybody: %v", err)
		}
		if told := c.Events.Named(event.InternalError); len(told) > 0 {
			t.Errorf("somebody is blamed for an outage: %+v", told)
		}
	})
}

// nobody is a Directus that is away.
type nobody struct{}

func (nobody) FindAll(context.Context, []string) (map[string]storage.Account, error) {
	return nil, errBadUser
}

// A record that was sealed with a key that is gone, or that is damaged.
func TestUnreadableRecordHoldsUpNobody(t *testing.T) {
	var backend storage.Backend
	w := signedIn(t, providertest.Options{Backend: func(b storage.Backend) storage.Backend {
		backend = b
		return b
	}}, nil)
	for key, err := range backend.Keys(t.Context(), "session:") {
		if err == nil {
			err = backend.Put(t.Context(), key, []byte("damaged"), time.Hour)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	grace := w.AddUser("grace@example.com")
	w.NewBrowser(t).SignIn(w.rp, "grace@example.com", nil)
	w.Directus.SetStatus(grace, "suspended")
	// The one who owns the record is unknown, so the sweep tells that there is one.
	if err := w.Provider.Watch().Sweep(t.Context()); !errors.Is(err, storage.ErrSeal) {
		t.Errorf("sweep: %v", err)
	}
	w.Provider.Watch().Named(w.ada, grace)
	if err := w.Provider.Watch().Look(t.Context()); err != nil && !errors.Is(err, storage.ErrSeal) {
		t.Errorf("look: %v", err)
	}
	if ended := w.Events.Named(event.UserEnded); len(ended) != 1 || ended[0].Subject != grace {
		t.Errorf("ended: %+v", ended)
	}
}
