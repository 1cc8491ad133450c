package watch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gatehouse/storage"
)

// sweepLease is taken by the node that looks at everybody for this interval.
const sweepLease = "look at every user"

func (w *Watch) runSweeps(ctx context.Context, ticks <-chan time.Time) {
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-w.sweepNow:
			err = w.sweep(ctx)
		case <-ticks:
			w.again()
			err = w.Sweep(ctx)
		}
		w.report(ctx, err)
	}
}

// Sweep looks at every user who has a session or grant, unless a node has done so
// or begun to within SweepEvery.
func (w *Watch) Sweep(ctx context.Context) error {
	if w.SweepEvery == 0 {
		return nil
	}
	err := w.Store.Leases.Add(ctx, sweepLease, storage.Lease{}, w.leaseTime())
	if errors.Is(err, storage.ErrExists) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at every user: %w", err)
	}
	return w.sweep(ctx)
}

// TickEvery is how often Sweep is to be tried: often enough that somebody sweeps
// soon after the lease of the last one has ended.
func (w *Watch) TickEvery() time.Duration { return w.SweepEvery / ticksPerSweep }

const ticksPerSweep = 10

// leaseTime leaves room for one try.
func (w *Watch) leaseTime() time.Duration { return w.SweepEvery - w.TickEvery() }

// sweep goes through the sessions and the grants that outlive theirs. It holds on
// to the lease as long as it takes; should that be lost, two nodes look at the
// same users, which harms nobody. What cannot be read is passed over, and is an
// error in the end.
func (w *Watch) sweep(ctx context.Context) error {
	w.sweeping.Lock()
	defer w.sweeping.Unlock()
	roll := w.memory.roll()
	unread := errors.Join(
		gather(ctx, w.Store.Sessions, roll, func(session storage.Session) string { return session.Subject }),
		gather(ctx, w.Store.Grants, roll, ownerOf),
	)
	look := &everybody{watch: w, decision: w.decision(), roll: roll}
	look.decision.judged = roll.judge
	err := look.at(ctx)
	if err == nil {
		err = look.decision.end(ctx)
	}
	w.memory = roll.memory
	if err := errors.Join(err, unread); err != nil {
		return fmt.Errorf("look at every user: %w", err)
	}
	return nil
}

// ownerOf is nobody for a grant that ends with its session, which names him.
func ownerOf(grant storage.Grant) string {
	if grant.Bound() {
		return ""
	}
	return grant.Subject
}

// gather enters the records of a table. It reads those that are not remembered.
func gather[T any](ctx context.Context, table *storage.Table[T], roll *roll, owner func(T) string) error {
	var unread error
	for record, err := range table.AllBut(ctx, roll.remembered) {
		if err != nil {
			unread = cmp.Or(unread, err)
			continue
		}
		roll.enter(record.Key(), owner(record.Value))
	}
	return unread
}

// everybody is looked at.
type everybody struct {
	watch    *Watch
	decision *decision
	roll     *roll
}

// at looks at first at those of whom nothing here has changed since they were last
// judged. Most have not changed at Directus either, and then nothing is read.
func (e *everybody) at(ctx context.Context) error {
	var known, others, broken []string
	for id, fresh := range e.roll.users {
		switch {
		case e.watch.isBroken(id):
			broken = append(broken, id)
		case fresh:
			others = append(others, id)
		default:
			known = append(known, id)
			e.roll.judged[id] = e.roll.before.judged[id]
		}
	}
	for some := range slices.Chunk(known, atOnce) {
		changed, err := e.unlike(ctx, some)
		if err != nil {
			// Whose fault that is, the decision finds out.
			err = e.decide(ctx, some)
		} else {
			err = e.hold(ctx)
		}
		if err != nil {
			return err
		}
		others = append(others, changed...)
	}
	for some := range slices.Chunk(others, atOnce) {
		if err := e.decide(ctx, some); err != nil {
			return err
		}
	}
	// Each alone: he is known to fail.
	for _, id := range broken {
		if err := e.decide(ctx, []string{id}); err != nil {
			return err
		}
	}
	return nil
}

func (e *everybody) decide(ctx context.Context, ids []string) error {
	if err := e.decision.on(ctx, ids); err != nil {
		return err
	}
	return e.hold(ctx)
}

// hold keeps the lease while others are still to be looked at.
func (e *everybody) hold(ctx context.Context) error {
	if e.watch.SweepEvery == 0 {
		return nil
	}
	return e.watch.Store.Leases.Put(ctx, sweepLease, storage.Lease{}, e.watch.leaseTime())
}

// unlike are those of the users who are not as they were when all that they have
// was held against them.
func (e *everybody) unlike(ctx context.Context, ids []string) ([]string, error) {
	found, err := e.watch.Directory.FindAll(ctx, ids)
	if err != nil {
		return nil, err
	}
	var changed []string
	for _, id := range ids {
		account, exists := found[id]
		if !exists || !account.Active || !e.roll.same(id, storage.Sight(account)) {
			changed = append(changed, id)
			continue
		}
		if _, err := e.watch.Gate.Judge(ctx, id, account, false); err != nil {
			return nil, err
		}
		e.roll.judge(id, account, true)
	}
	return changed, nil
}
