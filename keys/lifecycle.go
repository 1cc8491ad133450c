package keys

import (
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"

	"gatehouse/storage"
)

// Change is one step of one key.
type Change struct {
	KeyID     string
	Algorithm jose.SignatureAlgorithm
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
	keys    []storage.SigningKey
	changes []Change
}

func newLifecycle(config Config, ring storage.KeyRing, now time.Time) *lifecycle {
	return &lifecycle{config: config, now: now, keys: slices.Clone(ring.Keys)}
}

func (l *lifecycle) ring() storage.KeyRing { return storage.KeyRing{Keys: l.keys} }

func (l *lifecycle) find(algorithm jose.SignatureAlgorithm, state storage.KeyState) *storage.SigningKey {
	for i := range l.keys {
		if l.keys[i].Algorithm == string(algorithm) && l.keys[i].State == state {
			return &l.keys[i]
		}
	}
	return nil
}

// wanted lists the algorithms whose successor is due: it is created early enough
// to sign when the current key has served its time.
func (l *lifecycle) wanted() []jose.SignatureAlgorithm {
	var wanted []jose.SignatureAlgorithm
	for _, algorithm := range l.config.Algorithms {
		if l.find(algorithm, storage.KeyNext) != nil {
			continue
		}
		current := l.find(algorithm, storage.KeyCurrent)
		if current == nil || !l.now.Before(current.ActivatedAt.Add(l.config.RotateEvery-l.config.settle())) {
			wanted = append(wanted, algorithm)
		}
	}
	return wanted
}

// publish adds a key as the next of its algorithm. One that was waiting is
// dropped: it has signed nothing.
func (l *lifecycle) publish(key storage.SigningKey) {
	l.keys = slices.DeleteFunc(l.keys, func(k storage.SigningKey) bool {
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

// activate lets the next key of the algorithm sign and retires the current one.
func (l *lifecycle) activate(algorithm jose.SignatureAlgorithm) {
	next := l.find(algorithm, storage.KeyNext)
	if next == nil {
		return
	}
	l.retire(algorithm)
	next.State, next.ActivatedAt = storage.KeyCurrent, l.now
	l.note(*next, StepActivated)
}

func (l *lifecycle) retire(algorithm jose.SignatureAlgorithm) {
	if current := l.find(algorithm, storage.KeyCurrent); current != nil {
		current.State, current.RetiredAt = storage.KeyRetired, l.now
		l.note(*current, StepRetired)
	}
}

// advance takes every step that is due.
func (l *lifecycle) advance() {
	for _, algorithm := range Algorithms() {
		current, next := l.find(algorithm, storage.KeyCurrent), l.find(algorithm, storage.KeyNext)
		switch {
		case next != nil && current == nil:
			// Nobody can have cached a JWKS in which this key is missed: no
			// token of the algorithm was ever signed, nor could be asked for.
			l.activate(algorithm)
		case next != nil && !l.now.Before(l.activation(*next)):
			l.activate(algorithm)
		case next == nil && current != nil && l.abandoned(*current):
			l.retire(algorithm)
		}
	}
	l.keys = slices.DeleteFunc(l.keys, func(key storage.SigningKey) bool {
		gone := key.State == storage.KeyRetired && !l.now.Before(key.RetiredAt.Add(l.config.keep()))
		if gone {
			l.note(key, StepRemoved)
		}
		return gone
	})
}

func (l *lifecycle) activation(next storage.SigningKey) time.Time {
	return next.CreatedAt.Add(l.config.settle())
}

// abandoned says that no node rotates the key: its algorithm was taken out of the
// configuration. Waiting for its time to pass, instead of retiring it at once,
// keeps nodes of the old and the new configuration from undoing each other's
// steps while a new configuration is rolled out.
func (l *lifecycle) abandoned(current storage.SigningKey) bool {
	if slices.Contains(l.config.Algorithms, jose.SignatureAlgorithm(current.Algorithm)) {
		return false
	}
	return !l.now.Before(current.ActivatedAt.Add(l.config.RotateEvery + l.config.settle()))
}

func (l *lifecycle) note(key storage.SigningKey, step Step) {
	l.changes = append(l.changes, Change{
		KeyID: key.ID, Algorithm: jose.SignatureAlgorithm(key.Algorithm), Step: step,
	})
}
