package keys_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"gatehouse/keys"
	"gatehouse/storage"
	"gatehouse/storage/storagetest"
)

const day = 24 * time.Hour

// es256 leaves RS256 to the ring, which adds it, and asks for one cheap key more.
func es256(config *keys.Config) {
	config.Algorithms = []jose.SignatureAlgorithm{jose.ES256}
	config.EncryptionAlgorithms = []jose.KeyAlgorithm{}
}

// states lists the states of an algorithm's keys in order of publication.
func states(ring *keys.Ring, algorithm string) []storage.KeyState {
	var states []storage.KeyState
	for _, info := range ring.List() {
		if info.Algorithm == algorithm {
			states = append(states, info.State)
		}
	}
	return states
}

func wantStates(t *testing.T, ring *keys.Ring, want ...storage.KeyState) {
	t.Helper()
	if diff := cmp.Diff(want, states(ring, string(jose.ES256))); diff != "" {
		t.Fatalf("states (-want +got):\n%s", diff)
	}
}

func TestKeyLivesThroughAllStates(t *testing.T) {
	w := newWorld()
	a, b := w.open(t, es256), w.open(t, es256)
	settle := keys.DefaultPublishAhead + 2*keys.DefaultReloadEvery
	step := func(d time.Duration) {
		w.clock.Advance(d)
		tick(t, a, b)
		if diff := cmp.Diff(a.List(), b.List()); diff != "" {
			t.Fatalf("nodes disagree:\n%s", diff)
		}
	}
	wantStates(t, a, storage.KeyCurrent)
	step(keys.DefaultRotateEvery - settle - time.Second)
	wantStates(t, a, storage.KeyCurrent)
	step(time.Second)
	wantStates(t, a, storage.KeyCurrent, storage.KeyNext)
	step(settle - time.Second)
	wantStates(t, a, storage.KeyCurrent, storage.KeyNext)
	step(time.Second)
	wantStates(t, a, storage.KeyRetired, storage.KeyCurrent)
	step(keys.DefaultRetireAfter)
	wantStates(t, a, storage.KeyRetired, storage.KeyCurrent)
	step(settle)
	wantStates(t, a, storage.KeyCurrent)
}

func TestStepsAreReportedOnceAmongNodes(t *testing.T) {
	w := newWorld()
	var steps []keys.Step
	record := func(config *keys.Config) {
		es256(config)
		config.Changed = func(_ context.Context, change keys.Change) {
			if change.Algorithm == string(jose.ES256) {
				steps = append(steps, change.Step)
			}
		}
	}
	a, b := w.open(t, record), w.open(t, record)
	for range 200 {
		w.clock.Advance(12 * time.Hour)
		tick(t, a, b)
	}
	want := []keys.Step{
		keys.StepPublished, keys.StepActivated,
		keys.StepPublished, keys.StepRetired, keys.StepActivated, keys.StepRemoved,
	}
	if diff := cmp.Diff(want, steps); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}

func TestRotate(t *testing.T) {
	w := newWorld()
	server, command := w.open(t, es256), w.open(t, es256)
	began := w.clock.Now()

	rotations, err := command.Rotate(t.Context(), false, string(jose.ES256))
	if err != nil {
		t.Fatal(err)
	}
	settle := keys.DefaultPublishAhead + 2*keys.DefaultReloadEvery
	if got := rotations[0].CurrentAt; !got.Equal(began.Add(settle)) {
		t.Errorf("current at %v, want %v", got, began.Add(settle))
	}
	tick(t, server)
	wantStates(t, server, storage.KeyCurrent, storage.KeyNext)

	t.Run("again while waiting", func(t *testing.T) {
		w.clock.Advance(time.Minute)
		again, err := command.Rotate(t.Context(), false, string(jose.ES256))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(rotations, again); diff != "" {
			t.Errorf("a second rotation began:\n%s", diff)
		}
	})
	t.Run("promoted by the server", func(t *testing.T) {
		w.clock.Advance(settle)
		tick(t, server)
		wantStates(t, server, storage.KeyRetired, storage.KeyCurrent)
	})
	t.Run("now", func(t *testing.T) {
		rotations, err := command.Rotate(t.Context(), true)
		if err != nil {
			t.Fatal(err)
		}
		if len(rotations) != 2 || !rotations[0].CurrentAt.Equal(w.clock.Now()) {
			t.Errorf("got %+v", rotations)
		}
		tick(t, server)
		wantStates(t, server, storage.KeyRetired, storage.KeyRetired, storage.KeyCurrent)
	})
	t.Run("unconfigured algorithm", func(t *testing.T) {
		if _, err := command.Rotate(t.Context(), false, string(jose.EdDSA)); err == nil {
			t.Error("no error")
		}
	})
}

func TestTokenOfForcedKeyVerifiesOnNodeThatHasNotReloaded(t *testing.T) {
	w := newWorld()
	a, b := w.open(t, es256), w.open(t, es256)
	w.clock.Advance(2 * time.Second)
	if _, err := a.Rotate(t.Context(), true, string(jose.ES256)); err != nil {
		t.Fatal(err)
	}
	token := sign(t, a, jose.ES256)
	if _, err := b.Verify(t.Context(), token, keys.TypeJWT); err != nil {
		t.Error(err)
	}
}

func TestFirstStartOfManyNodes(t *testing.T) {
	w := newWorld()
	const nodes = 16
	rings := make([]*keys.Ring, nodes)
	var group sync.WaitGroup
	for i := range rings {
		config := w.config(t)
		es256(&config)
		group.Go(func() {
			ring, err := keys.Open(t.Context(), config)
			if err != nil {
				t.Error(err)
			}
			rings[i] = ring
		})
	}
	group.Wait()
	if t.Failed() {
		return
	}
	for _, ring := range rings[1:] {
		if diff := cmp.Diff(rings[0].List(), ring.List()); diff != "" {
			t.Fatalf("nodes disagree:\n%s", diff)
		}
	}
}

func TestTickConcurrently(t *testing.T) {
	w := newWorld()
	rings := []*keys.Ring{w.open(t, es256), w.open(t, es256), w.open(t, es256)}
	w.clock.Advance(keys.DefaultRotateEvery)
	var group sync.WaitGroup
	for _, ring := range rings {
		group.Go(func() {
			for range 5 {
				if err := ring.Tick(t.Context()); err != nil {
					t.Error(err)
				}
				if _, err := ring.Sign(jose.ES256, keys.TypeJWT, payload); err != nil {
					t.Error(err)
				}
				ring.PublicSet()
			}
		})
	}
	group.Wait()
	for _, ring := range rings {
		wantStates(t, ring, storage.KeyCurrent, storage.KeyNext)
	}
}

func TestAlgorithmTakenOutOfConfiguration(t *testing.T) {
	w := newWorld()
	w.open(t, es256)
	ring := w.open(t, func(config *keys.Config) { config.Algorithms = []jose.SignatureAlgorithm{jose.RS256} })
	w.clock.Advance(keys.DefaultRotateEvery)
	tick(t, ring)
	wantStates(t, ring, storage.KeyCurrent) // a node of the old configuration may run
	w.clock.Advance(2 * time.Hour)
	tick(t, ring)
	wantStates(t, ring, storage.KeyRetired)
	w.clock.Advance(2 * day)
	tick(t, ring)
	wantStates(t, ring)
}

func TestAlgorithmAddedToConfiguration(t *testing.T) {
	w := newWorld()
	w.open(t, func(config *keys.Config) { config.Algorithms = []jose.SignatureAlgorithm{jose.RS256} })
	ring := w.open(t, es256)
	wantStates(t, ring, storage.KeyCurrent)
}

func TestRingSurvivesLossOfStore(t *testing.T) {
	w := newWorld()
	ring := w.open(t, es256)
	before := ring.List()

	t.Run("store down", func(t *testing.T) {
		w.backend.down.Store(true)
		if err := ring.Tick(t.Context()); !errors.Is(err, errDown) {
			t.Errorf("got %v", err)
		}
		sign(t, ring, jose.ES256)
		w.backend.down.Store(false)
	})
	t.Run("store emptied", func(t *testing.T) {
		w.backend.Backend = storagetest.NewMemory(w.clock.Now)
		tick(t, ring)
		if diff := cmp.Diff(before, w.open(t, es256).List()); diff != "" {
			t.Errorf("keys changed:\n%s", diff)
		}
	})
}

func TestOpenRefusesConfig(t *testing.T) {
	tests := []struct {
		name   string
		adjust func(*keys.Config)
	}{
		{"without store", func(c *keys.Config) { c.Rings = nil }},
		{"without clock", func(c *keys.Config) { c.Now = nil }},
		{"unknown algorithm", func(c *keys.Config) { c.Algorithms = []jose.SignatureAlgorithm{"HS256"} }},
		{"rotation faster than publication", func(c *keys.Config) { c.RotateEvery = time.Hour }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			config := newWorld().config(t)
			test.adjust(&config)
			if _, err := keys.Open(t.Context(), config); err == nil {
				t.Error("no error")
			}
		})
	}
}

func TestMaintain(t *testing.T) {
	w := newWorld()
	ring := w.open(t, es256)
	w.clock.Advance(keys.DefaultRotateEvery)
	ctx, cancel := context.WithCancel(t.Context())
	ticks := make(chan time.Time)
	done := make(chan struct{})
	go func() {
		ring.Maintain(ctx, ticks)
		close(done)
	}()
	ticks <- time.Time{}
	ticks <- time.Time{} // taken only after the first Tick has ended
	cancel()
	<-done
	wantStates(t, ring, storage.KeyCurrent, storage.KeyNext)
}
