package upstream

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

const (
	// roundEvery is how often a round over all pairs is begun, if the one before
	// has come to its end.
	roundEvery = 15 * time.Minute
	// pairsPerStep and refreshesPerStep bound what one tick may ask of the store
	// and of Directus.
	pairsPerStep     = 100
	refreshesPerStep = 10
	failuresPerStep  = 3
	// settling is how long nobody may name a pair that was just kept: its sign-in
	// is being written.
	settling = 10 * time.Minute
	// leaseTime is how long one node goes round when the one before fell silent.
	leaseTime = time.Minute
	leaseName = "directus sessions round"
)

// pairs are what a round goes over.
type pairs = *storage.Record[storage.DirectusSession]

// round is where one node is in going over all pairs. Only one goroutine uses it.
type round struct {
	owner string
	next  func() (pairs, error, bool)
	end   func()
	began time.Time
}

func (r *round) underWay() bool { return r.next != nil }

func (r *round) stop() {
	if r.end != nil {
		r.end()
	}
	r.next, r.end = nil, nil
}

// reset makes the next step begin a round.
func (r *round) reset() {
	r.stop()
	r.began = time.Time{}
}

// step goes on with the round, or begins one if it is time.
func (k *Keeper) step(ctx context.Context) error {
	if !k.round.underWay() && k.Now().Sub(k.round.began) < roundEvery {
		return nil
	}
	if mine, err := k.lease(ctx); err != nil || !mine {
		k.round.stop()
		return err
	}
	if !k.round.underWay() {
		k.round.began = k.Now()
		k.round.next, k.round.end = iter.Pull2(k.Store.DirectusSessions.All(ctx))
	}
	var failures []error
	refreshes := 0
	for range pairsPerStep {
		record, err, more := k.round.next()
		if !more {
			k.round.stop()
			break
		}
		var refreshed bool
		if err == nil {
			refreshed, err = k.tend(ctx, record.Value)
		}
		if err != nil {
			// The next round comes back to it; it must not hold up the others.
			failures = append(failures, err)
		}
		if refreshed {
			refreshes++
		}
		if refreshes == refreshesPerStep || len(failures) == failuresPerStep || ctx.Err() != nil {
			break
		}
	}
	return errors.Join(failures...)
}

// tend does what one pair needs, and says whether Directus was asked to refresh
// it.
func (k *Keeper) tend(ctx context.Context, pair storage.DirectusSession) (refreshed bool, err error) {
	switch {
	case pair.Revoked:
		return false, k.revoked(ctx, pair.Subject, pair.ID)
	case pair.Ended:
		return false, k.Sessions.End(ctx, pair.ID)
	case k.Now().Sub(pair.KeptAt) < settling:
		return false, nil
	}
	used, err := k.used(ctx, pair)
	if err != nil {
		return false, err
	}
	if !used {
		return false, k.Sessions.End(ctx, pair.ID)
	}
	if k.Now().Sub(pair.RefreshedAt) < k.IdleLifetime/2 {
		return false, nil
	}
	_, err = k.Sessions.AccessToken(ctx, pair.ID)
	switch {
	case errors.Is(err, storage.ErrSessionRevoked):
		return true, k.revoked(ctx, pair.Subject, pair.ID)
	case errors.Is(err, storage.ErrNotFound), errors.Is(err, storage.ErrPairLost):
		return true, nil
	case err != nil:
		return true, fmt.Errorf("keep a directus session alive: %w", err)
	}
	return true, nil
}

// lease says whether this node goes round. Two that do at once, since one was
// slow, do no harm: what they do to a pair is done once.
func (k *Keeper) lease(ctx context.Context) (bool, error) {
	if k.round.owner == "" {
		owner, err := oauth.RandomID(k.Random, 16)
		if err != nil {
			return false, err
		}
		k.round.owner = owner
	}
	mine := storage.Lease{Owner: k.round.owner}
	err := k.Store.Leases.Add(ctx, leaseName, mine, leaseTime)
	if !errors.Is(err, storage.ErrExists) {
		return err == nil, err
	}
	standing, err := k.Store.Leases.Get(ctx, leaseName)
	if errors.Is(err, storage.ErrNotFound) || err == nil && standing.Value != mine {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	err = k.Store.Leases.SwapFor(ctx, standing, mine, leaseTime)
	if errors.Is(err, storage.ErrConflict) || errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
