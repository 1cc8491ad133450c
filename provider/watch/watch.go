package watch

import (
	"context"
	"errors"
	"sync"
	"time"

	"gatehouse/provider/account"
	"gatehouse/provider/event"
	"gatehouse/storage"
)

const (
	// atOnce is how many users Directus is asked for in one request.
	atOnce = 100
	// maxNamed bounds the users who wait to be looked at. Beyond it everybody is.
	maxNamed = 10_000
	// leastPause and mostPause are how long is waited after a failure; for somebody
	// who alone makes looks fail, always the longer.
	leastPause, mostPause = time.Second, 30 * time.Second
)

// Directory looks users up. storage/directus satisfies it.
type Directory interface {
	// FindAll returns the users with the ids as they are now, by id; one that is
	// missing does not exist. An error says nothing of anybody.
	FindAll(ctx context.Context, ids []string) (map[string]storage.Account, error)
}

// Config is what a Watch needs.
type Config struct {
	Store     *storage.Store
	Directory Directory
	Gate      *account.Gate
	// SweepEvery is how often everybody is looked at; zero for never.
	SweepEvery time.Duration
	// Sleep waits for a while or until the context ends.
	Sleep func(ctx context.Context, d time.Duration) error
	Now   func() time.Time
	Sink  event.Sink
}

// Watch is safe for concurrent use, by any number of nodes on one store.
type Watch struct {
	Config
	wake, sweepNow chan struct{}

	mu sync.Mutex
	// named wait to be looked at, passwords since when their password may be
	// another.
	named     map[string]bool
	passwords map[string]time.Time
	failing   bool
	// broken are users whom looks fail at while they succeed at others, againAt is
	// when such a look is to be tried again; zero if none waits.
	broken  map[string]bool
	againAt time.Time

	// sweeping guards memory.
	sweeping sync.Mutex
	memory   memory
}

// New checks the configuration.
func New(config Config) (*Watch, error) {
	if config.Store == nil || config.Directory == nil || config.Gate == nil || config.SweepEvery < 0 || config.Sleep == nil || config.Now == nil || config.Sink == nil {
		return nil, errors.New("watch: every field of the configuration is needed")
	}
	return &Watch{
		Config: config, wake: make(chan struct{}, 1), sweepNow: make(chan struct{}, 1),
		named: map[string]bool{}, passwords: map[string]time.Time{}, broken: map[string]bool{},
	}, nil
}

// Named says that users may have changed, who need not exist. It does not block.
// However often one is named, he is looked at once; one who is named while he is
// looked at, once more.
func (w *Watch) Named(ids ...string) {
	w.mu.Lock()
	for _, id := range ids {
		if len(w.named) >= maxNamed && !w.named[id] {
			// A look at everybody finds whatever has changed, but for passwords.
			clear(w.named)
			for changed := range w.passwords {
				w.named[changed] = true
			}
			w.mu.Unlock()
			signal(w.wake)
			w.Everybody()
			return
		}
		w.named[id] = true
	}
	w.mu.Unlock()
	signal(w.wake)
}

// PasswordChanged says that the passwords of users are others now. Nothing can
// prove that: whoever can call it can sign users out.
func (w *Watch) PasswordChanged(ids ...string) {
	now := w.Now()
	w.mu.Lock()
	for _, id := range ids {
		if len(w.passwords) < maxNamed {
			w.passwords[id] = now
		}
	}
	w.mu.Unlock()
	w.Named(ids...)
}

// Everybody says that anybody may have changed, as when messages were missed.
func (w *Watch) Everybody() { signal(w.sweepNow) }

func signal(channel chan<- struct{}) {
	select {
	case channel <- struct{}{}:
	default: // it is known already
	}
}

// Run looks at users who are named at once, and tries Sweep at each tick, until the
// context ends. Ticks come every TickEvery.
func (w *Watch) Run(ctx context.Context, ticks <-chan time.Time) {
	var work sync.WaitGroup
	defer work.Wait()
	// A look at everybody takes its time, which nobody who is named waits for.
	work.Go(func() { w.runSweeps(ctx, ticks) })
	pause := leastPause
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.wake:
		}
		err := w.Look(ctx)
		w.report(ctx, err)
		if err == nil {
			pause = leastPause
			continue
		}
		if w.Sleep(ctx, pause) != nil {
			return
		}
		pause = min(2*pause, mostPause)
		signal(w.wake)
	}
}

// Look looks at those who are named and returns when all of it was decided. Those
// it did not get to stay named, and so do those at whom alone it fails; the others
// do not wait for them.
func (w *Watch) Look(ctx context.Context) error {
	decision := w.decision()
	for {
		ids, passwords := w.take()
		if len(ids) == 0 {
			break
		}
		decision.keep(passwords)
		if err := decision.on(ctx, ids); err != nil {
			w.giveBack(append(ids, decision.failed()...), decision.passwords)
			return err
		}
	}
	failed := decision.failed()
	w.giveBack(failed, decision.passwords)
	err := decision.end(ctx)
	if err == nil && len(failed) > 0 {
		w.mu.Lock()
		w.againAt = w.Now().Add(mostPause)
		w.mu.Unlock()
	}
	return err
}

// again lets those be looked at once more at whom looks failed, when it is time.
func (w *Watch) again() {
	w.mu.Lock()
	due := !w.againAt.IsZero() && !w.Now().Before(w.againAt)
	if due {
		w.againAt = time.Time{}
	}
	w.mu.Unlock()
	if due {
		signal(w.wake)
	}
}

// take hands out some who are named.
func (w *Watch) take() (ids []string, passwords map[string]time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	passwords = map[string]time.Time{}
	for id := range w.named {
		if len(ids) == atOnce {
			break
		}
		ids = append(ids, id)
		delete(w.named, id)
		if at, ok := w.passwords[id]; ok {
			passwords[id] = at
			delete(w.passwords, id)
		}
	}
	return ids, passwords
}

func (w *Watch) giveBack(ids []string, passwords map[string]time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range ids {
		w.named[id] = true
	}
	for _, id := range ids {
		at, ok := passwords[id]
		if !ok {
			continue
		}
		if later, ok := w.passwords[id]; !ok || later.Before(at) {
			w.passwords[id] = at
		}
	}
}

// report tells once that users cannot be looked at, not at every try.
func (w *Watch) report(ctx context.Context, err error) {
	w.mu.Lock()
	first := err != nil && !w.failing
	w.failing = err != nil
	w.mu.Unlock()
	if first && ctx.Err() == nil {
		w.Sink.Emit(ctx, event.Event{Name: event.InternalError, Kind: "changes of users", Err: err})
	}
}
