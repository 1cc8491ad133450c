package keys

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gatehouse/storage"
)

// Tick reads the ring, takes the steps that are due and puts the result to use.
// When it fails the ring goes on with what it read before.
func (r *Ring) Tick(ctx context.Context) error {
	return r.change(ctx, nil)
}

// Maintain calls Tick whenever ticks tells, until the context ends. Failures are
// logged.
func (r *Ring) Maintain(ctx context.Context, ticks <-chan time.Time) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
		}
		if err := r.Tick(ctx); err != nil && ctx.Err() == nil {
			r.config.Logger.ErrorContext(ctx, "keys were not reloaded", "error", err)
		}
	}
}

// Rotation says what Rotate did for one algorithm.
type Rotation struct {
	Use       Use
	Algorithm string
	KeyID     string
	// CurrentAt is when the key begins to be used: in the past if it does already.
	CurrentAt time.Time
}

// Rotate starts the change of the keys of the algorithms, or of all configured
// ones if none is given. A successor that waits already is left to wait.
//
// With now, the successor is used at once. Relying parties that cached the JWKS
// before then do not know a signing key: this is for a key that was disclosed.
func (r *Ring) Rotate(ctx context.Context, now bool, algorithms ...string) ([]Rotation, error) {
	if len(algorithms) == 0 {
		algorithms = r.config.keyAlgorithms()
	}
	for _, algorithm := range algorithms {
		if !slices.Contains(r.config.keyAlgorithms(), algorithm) {
			return nil, fmt.Errorf("rotate keys: %s is not configured", algorithm)
		}
	}
	fresh := r.generator()
	var rotations []Rotation
	err := r.change(ctx, func(l *lifecycle) error {
		rotations = rotations[:0]
		for _, algorithm := range algorithms {
			if l.find(algorithm, storage.KeyNext) == nil {
				key, err := fresh(algorithm)
				if err != nil {
					return err
				}
				l.publish(key)
			}
			next := l.find(algorithm, storage.KeyNext)
			rotation := Rotation{Use: useOf(algorithm), Algorithm: algorithm, KeyID: next.ID, CurrentAt: l.activation(*next)}
			if now || l.find(algorithm, storage.KeyCurrent) == nil {
				l.activate(algorithm)
				rotation.CurrentAt = l.now
			}
			rotations = append(rotations, rotation)
		}
		return nil
	})
	return rotations, err
}

// generator returns a function that makes one key for each algorithm and
// remembers it, so that a lost race does not generate twice.
func (r *Ring) generator() func(string) (storage.RingKey, error) {
	made := make(map[string]storage.RingKey)
	return func(algorithm string) (storage.RingKey, error) {
		if key, ok := made[algorithm]; ok {
			return key, nil
		}
		key, err := generate(algorithm, r.config.Random)
		if err == nil {
			made[algorithm] = key
		}
		return key, err
	}
}

// change reads the ring, takes the steps that are due, lets also do more, writes
// the result back if nobody else wrote meanwhile, and puts it to use. also may
// run several times.
func (r *Ring) change(ctx context.Context, also func(*lifecycle) error) error {
	r.loading.Lock()
	defer r.loading.Unlock()
	fresh := r.generator()
	for {
		now := r.config.Now()
		record, err := r.read(ctx)
		if err != nil {
			return err
		}
		var ring storage.KeyRing
		if record != nil {
			ring = record.Value
		}
		l := newLifecycle(r.config, ring, now)
		if err := advance(l, fresh, also); err != nil {
			return err
		}
		if len(l.changes) > 0 {
			err = r.write(ctx, record, l.ring())
		}
		if errors.Is(err, storage.ErrConflict) || errors.Is(err, storage.ErrExists) || errors.Is(err, storage.ErrNotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("write keys: %w", err)
		}
		r.report(ctx, l.changes)
		return r.adopt(l.ring(), now)
	}
}

func advance(l *lifecycle, fresh func(string) (storage.RingKey, error), also func(*lifecycle) error) error {
	for _, algorithm := range l.wanted() {
		key, err := fresh(algorithm)
		if err != nil {
			return err
		}
		l.publish(key)
	}
	l.advance()
	if also == nil {
		return nil
	}
	return also(l)
}

// read returns the ring in the store, or nil if there is none yet. One that
// vanished from under a running node is put back, since relying parties trust its
// keys.
func (r *Ring) read(ctx context.Context) (*storage.Record[storage.KeyRing], error) {
	record, err := r.config.Rings.Get(ctx, ringName)
	last := r.snapshot.Load()
	if errors.Is(err, storage.ErrNotFound) {
		if last == nil {
			return nil, nil
		}
		r.config.Logger.WarnContext(ctx, "keys had vanished from the store")
		if err := r.write(ctx, nil, last.ring); err != nil && !errors.Is(err, storage.ErrExists) {
			return nil, fmt.Errorf("put keys back: %w", err)
		}
		record, err = r.config.Rings.Get(ctx, ringName)
	}
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	return record, nil
}

// write replaces the version that was read, or adds the ring if there was none.
func (r *Ring) write(ctx context.Context, record *storage.Record[storage.KeyRing], ring storage.KeyRing) error {
	if record == nil {
		return r.config.Rings.Add(ctx, ringName, ring, storage.NoExpiry)
	}
	return r.config.Rings.Swap(ctx, record, ring)
}

// reload reads the ring and puts it to use without taking steps.
func (r *Ring) reload(ctx context.Context) error {
	now := r.config.Now()
	record, err := r.read(ctx)
	if err != nil {
		return err
	}
	return r.adopt(record.Value, now)
}

// adopt puts a ring to use that was read at the time at, or written by us.
func (r *Ring) adopt(ring storage.KeyRing, at time.Time) error {
	next, err := newSnapshot(ring, r.config, r.snapshot.Load(), at)
	if err != nil {
		return err
	}
	r.snapshot.Store(next)
	return nil
}

func (r *Ring) report(ctx context.Context, changes []Change) {
	for _, change := range changes {
		r.config.Logger.InfoContext(ctx, "key "+string(change.Step), "kid", change.KeyID, "use", string(change.Use), "alg", change.Algorithm)
		r.config.Changed(ctx, change)
	}
}
