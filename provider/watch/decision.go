package watch

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"gatehouse/provider/event"
	"gatehouse/storage"
)

// giveUpAfter is how many looks in a row may fail before it is not the users whom
// they fail at. To find one among a hundred takes eight.
const giveUpAfter = 12

// decision is one on many users. One at whom it fails, be it that something of his
// cannot be read here or that Directus cannot answer for him, holds up no other.
type decision struct {
	watch     *Watch
	passwords map[string]time.Time
	failing   map[string]error
	// judged is told of each user whom a look was held against.
	judged func(id string, current storage.Account, exists bool)
	// straight counts the looks that failed since one succeeded.
	straight  int
	succeeded bool
}

func (w *Watch) decision() *decision {
	return &decision{watch: w, passwords: map[string]time.Time{}, failing: map[string]error{}, judged: func(string, storage.Account, bool) {}}
}

// keep adds to whose passwords are others.
func (d *decision) keep(passwords map[string]time.Time) { maps.Copy(d.passwords, passwords) }

// on decides on users, and where that fails on halves of them. An error says that
// it fails at everybody.
func (d *decision) on(ctx context.Context, ids []string) error {
	asked, err := d.decide(ctx, ids)
	if err == nil {
		if asked {
			d.straight, d.succeeded = 0, true
		}
		d.watch.mend(ids)
		return nil
	}
	d.straight++
	if ctx.Err() != nil || d.straight >= giveUpAfter {
		return err
	}
	if len(ids) == 1 {
		d.failing[ids[0]] = err
		return nil
	}
	half := len(ids) / 2
	if err := d.on(ctx, ids[:half]); err != nil {
		return err
	}
	return d.on(ctx, ids[half:])
}

func (d *decision) failed() []string { return slices.Sorted(maps.Keys(d.failing)) }

// end tells, once, of the users at whom alone it failed. Without anybody at whom it
// succeeded, nor anybody who was known to be such a user, it is an error.
func (d *decision) end(ctx context.Context) error {
	var found error
	for _, id := range d.failed() {
		if !d.succeeded && !d.watch.isBroken(id) {
			found = errors.Join(found, d.failing[id])
		}
	}
	if found != nil {
		return found
	}
	for _, id := range d.failed() {
		if d.watch.breaks(id) {
			d.watch.Sink.Emit(ctx, event.Event{Name: event.InternalError, Kind: "changes of a user", Subject: id, Err: d.failing[id]})
		}
	}
	return nil
}

func (w *Watch) isBroken(id string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.broken[id]
}

// breaks notes a user and says whether that is new.
func (w *Watch) breaks(id string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.broken[id] || len(w.broken) >= maxNamed {
		return false
	}
	w.broken[id] = true
	return true
}

func (w *Watch) mend(ids []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range ids {
		delete(w.broken, id)
	}
}
