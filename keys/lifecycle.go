package keys

import (
	"slices"
	"time"

	"gatehouse/storage"
)

// Change is one step of one key.
type Change struct {
	KeyID     string
	Use       Use
	Algorithm string
	Step      Step
}

// Step names what happened to a key.
type Step string

// The steps, in order.
const (
	StepPublished Step = "published"
	StepActivated Step = "activated"
	StepRetired   Step = "retired"
	StepRemoved   Step = "removed"
)

// lifecycle takes the steps of all keys of a ring. It works on a copy and knows
// neither store nor clock.
type lifecycle struct {
	config  Config
	now     time.Time
	keys    []storage.RingKey
	changes []Change
}

func newLifecycle(config Config, ring storage.KeyRing, now time.Time) *lifecycle {
	return &lifecycle{config: config, now: now, keys: slices.Clone(ring.Keys)}
}

func (l *lifecycle) ring() storage.KeyRing { return storage.KeyRing{Keys: l.keys} }

func (l *lifecycle) find(algorithm string, state storage.KeyState) *storage.RingKey {
	for i := range l.keys {
		if l.keys[i].Algorithm == algorithm && l.keys[i].State == state {
			return &l.keys[i]
		}
	}
	return nil
}

// wanted lists the algorithms whose successor is due: it is created early enough
// to be used when the current key has served its time.
func (l *lifecycle) wanted() []string {
	var wanted []string
	for _, algorithm := range l.config.keyAlgorithms() {
		if l.find(algorithm, storage.KeyNext) != nil {
			continue
		}
		current := l.find(algorithm, storage.KeyCurrent)
		if current == nil || !l.now.Before(current.ActivatedAt.Add(l.config.RotateEvery-l.config.wait(algorithm))) {
			wanted = append(wanted, algorithm)
		}
	}
	return wanted
}

// publish adds a key as the next of its algorithm. One that was waiting is
// dropped: it has not been used.
func (l *lifecycle) publish(key storage.RingKey) {
	l.keys = slices.DeleteFunc(l.keys, func(k storage.RingKey) bool {
		drop := k.Algorithm == key.Algorithm && k.State == storage.KeyNext
		if drop {
			l.note(k, StepRemoved)
		}
		return drop
	})
	key.State, key.CreatedAt = storage.KeyNext, l.now
	key.ActivatedAt, key.RetiredAt = time.Time{}, time.Time{}
	l.keys = append(l.keys, key)
	l.note(key, StepPublished)
}

// activate puts the next key of the algorithm to use and retires the current one.
func (l *lifecycle) activate(algorithm string) {
	next := l.find(algorithm, storage.KeyNext)
	if next == nil {
		return
	}
	l.retire(algorithm)
	next.State, next.ActivatedAt = storage.KeyCurrent, l.now
	l.note(*next, StepActivated)
}

func (l *lifecycle) retire(algorithm string) {
	if current := l.find(algorithm, storage.KeyCurrent); current != nil {
		current.State, current.RetiredAt = storage.KeyRetired, l.now
		l.note(*current, StepRetired)
	}
}

// managed names every key that there can be.
func managed() []string {
	var names []string
	for _, algorithm := range Algorithms() {
		names = append(names, string(algorithm))
	}
	return append(names, encryptionKinds()...)
}

// advance takes every step that is due.
func (l *lifecycle) advance() {
	for _, algorithm := range managed() {
		current, next := l.find(algorithm, storage.KeyCurrent), l.find(algorithm, storage.KeyNext)
		switch {
		case next != nil && current == nil:
			// Nobody can have cached a JWKS in which this key is missed: no
			// token of the algorithm was ever signed, nor could be asked for,
			// and nothing was encrypted by it.
			l.activate(algorithm)
		case next != nil && !l.now.Before(l.activation(*next)):
			l.activate(algorithm)
		case next == nil && current != nil && l.abandoned(*current):
			l.retire(algorithm)
		}
	}
	l.keys = slices.DeleteFunc(l.keys, func(key storage.RingKey) bool {
		gone := key.State == storage.KeyRetired && !l.now.Before(key.RetiredAt.Add(l.config.keep()))
		if gone {
			l.note(key, StepRemoved)
		}
		return gone
	})
}

func (l *lifecycle) activation(next storage.RingKey) time.Time {
	return next.CreatedAt.Add(l.config.wait(next.Algorithm))
}

// abandoned says that no node rotates the key: its algorithm was taken out of the
// configuration. Waiting for its time to pass, instead of retiring it at once,
// keeps nodes of the old and the new configuration from undoing each other's
// steps while a new configuration is rolled out.
func (l *lifecycle) abandoned(current storage.RingKey) bool {
	if slices.Contains(l.config.keyAlgorithms(), current.Algorithm) {
		return false
	}
	return !l.now.Before(current.ActivatedAt.Add(l.config.RotateEvery + l.config.settle()))
}

func (l *lifecycle) note(key storage.RingKey, step Step) {
	l.changes = append(l.changes, Change{
		KeyID: key.ID, Use: useOf(key.Algorithm), Algorithm: key.Algorithm, Step: step,
	})
}
