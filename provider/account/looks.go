package account

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"gatehouse/storage"
)

// Looks keeps when users were last seen in Directus, for all nodes: while
// Directus does not answer, whoever was seen a short while ago may go on, at
// whichever node he turns up. It is safe for concurrent use.
//
// Looks of people who may go on are written a moment later, together: whoever
// waits for an answer does not wait for them, and to lose the last ones in a crash
// costs these people no more than an outage that begins just then.
type Looks struct {
	// Table is that of the store.
	Table *storage.Table[storage.Look]
	// Good is how long a look is good for while Directus does not answer.
	Good time.Duration
	Now  func() time.Time

	mu sync.Mutex
	// pending are to be written, noted were written by this node.
	pending, noted map[string]time.Time
}

// off says that nobody goes on while Directus does not answer.
func (l *Looks) off() bool { return l == nil || l.Good <= 0 }

// note remembers that the user was seen to be active, unless that was written
// only recently: in a row of looks each tenth of Good is enough.
func (l *Looks) note(subject string, at time.Time) {
	if l.off() {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if at.Sub(l.noted[subject]) < l.Good/10 || !at.After(l.pending[subject]) {
		return
	}
	if l.pending == nil {
		l.pending = map[string]time.Time{}
	}
	l.pending[subject] = at
}

// noteGone writes at once that the user may not go on, so that no older look of
// another node helps him.
func (l *Looks) noteGone(ctx context.Context, subject string) error {
	if l.off() {
		return nil
	}
	l.mu.Lock()
	delete(l.pending, subject)
	delete(l.noted, subject)
	l.mu.Unlock()
	if err := l.Table.Put(ctx, subject, storage.Look{At: l.Now()}, l.Good); err != nil {
		return fmt.Errorf("note that a user may not go on: %w", err)
	}
	return nil
}

// Flush writes the looks that were noted. Those that could not be written are
// tried again at the next Flush.
func (l *Looks) Flush(ctx context.Context) error {
	if l.off() {
		return nil
	}
	now := l.Now()
	l.mu.Lock()
	pending := l.pending
	l.pending = nil
	maps.DeleteFunc(l.noted, func(_ string, at time.Time) bool { return now.Sub(at) >= l.Good })
	l.mu.Unlock()
	var failed error
	for subject, at := range pending {
		if now.Sub(at) >= l.Good {
			continue
		}
		if err := l.write(ctx, subject, at); err != nil {
			failed = errors.Join(failed, fmt.Errorf("note that a user was seen: %w", err))
			l.note(subject, at)
			continue
		}
		l.mu.Lock()
		if l.noted == nil {
			l.noted = map[string]time.Time{}
		}
		l.noted[subject] = at
		l.mu.Unlock()
	}
	return failed
}

// write keeps the newest of several looks.
func (l *Looks) write(ctx context.Context, subject string, at time.Time) error {
	return l.Table.Upsert(ctx, subject, l.Good, func(look *storage.Look) error {
		if at.After(look.At) {
			*look = storage.Look{At: at, Active: true}
		}
		return nil
	})
}

// Run flushes at each tick, and once more when the context ends.
func (l *Looks) Run(ctx context.Context, ticks <-chan time.Time, report func(error)) {
	for {
		select {
		case <-ctx.Done():
			if err := l.Flush(context.WithoutCancel(ctx)); err != nil {
				report(err)
			}
			return
		case <-ticks:
			if err := l.Flush(ctx); err != nil {
				report(err)
			}
		}
	}
}

// last returns the newest look that is still good, if there is one.
func (l *Looks) last(ctx context.Context, subject string) (look storage.Look, ok bool, err error) {
	record, err := l.Table.Get(ctx, subject)
	if errors.Is(err, storage.ErrNotFound) {
		return storage.Look{}, false, nil
	}
	if err != nil {
		return storage.Look{}, false, fmt.Errorf("read when a user was seen: %w", err)
	}
	return record.Value, l.good(record.Value.At), nil
}

// good refuses what a clock that was set back makes look to come from the
// future: it would stay good until then. Clocks of nodes differ a little.
func (l *Looks) good(at time.Time) bool {
	age := l.Now().Sub(at)
	return age < l.Good && age > -maxDifference
}

// maxDifference is what clocks of nodes may differ by.
const maxDifference = 30 * time.Second
