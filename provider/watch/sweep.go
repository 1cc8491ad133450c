package watch

import (
	"context"
	"errors"
	"fmt"
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
// same users, which harms nobody.
func (w *Watch) sweep(ctx context.Context) error {
	seen := map[string]bool{}
	var ids []string
	look := func(subject string, atLeast int) error {
		if subject != "" && !seen[subject] {
			seen[subject] = true
			ids = append(ids, subject)
		}
		if len(ids) < atLeast || len(ids) == 0 {
			return nil
		}
		some := ids
		ids = nil
		if err := w.decide(ctx, some, nil); err != nil {
			return err
		}
		if w.SweepEvery == 0 {
			return nil
		}
		return w.Store.Leases.Put(ctx, sweepLease, storage.Lease{}, w.leaseTime())
	}
	for record, err := range w.Store.Sessions.All(ctx) {
		if err == nil && !record.Value.Ended {
			err = look(record.Value.Subject, atOnce)
		}
		if err != nil {
			return fmt.Errorf("look at every user: %w", err)
		}
	}
	for record, err := range w.Store.Grants.All(ctx) {
		if err == nil && !record.Value.Bound() {
			err = look(record.Value.Subject, atOnce)
		}
		if err != nil {
			return fmt.Errorf("look at every user: %w", err)
		}
	}
	if err := look("", 1); err != nil {
		return fmt.Errorf("look at every user: %w", err)
	}
	return nil
}
