package quota_test

import (
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/provider/quota"
	"gatehouse/storage"
	"gatehouse/storage/storagetest"
)

// world is a counter with a window of an hour.
type world struct {
	quota.Counter
	now time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	now := func() time.Time { return w.now }
	sealer, err := storage.NewSealer(rand.Reader, make([]byte, storage.SealingKeySize))
	if err != nil {
		t.Fatal(err)
	}
	store, err := storage.New(storage.Config{Backend: storagetest.NewMemory(now), Sealer: sealer, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	w.Counter = quota.Counter{Table: store.Mailings, Now: now, Window: time.Hour}
	return w
}

// takes fails the test unless one use is counted.
func (w *world) takes(t *testing.T, quotas ...quota.Quota) {
	t.Helper()
	if err := w.Take(t.Context(), quotas...); err != nil {
		t.Errorf("refused: %v", err)
	}
}

// refuses fails the test unless the quota with the name is used up for a while.
func (w *world) refuses(t *testing.T, name string, wait time.Duration, quotas ...quota.Quota) {
	t.Helper()
	err := w.Take(t.Context(), quotas...)
	full, ok := errors.AsType[*quota.FullError](err)
	if !ok || *full != (quota.FullError{Name: name, Wait: wait}) {
		t.Errorf("error %v, %+v; want that %s is used up for %s", err, full, name, wait)
	}
}

func TestWindow(t *testing.T) {
	w, ada, grace := newWorld(t), quota.Quota{Name: "ada", Limit: 2}, quota.Quota{Name: "grace", Limit: 1}
	w.takes(t, ada)
	w.now = w.now.Add(20 * time.Minute)
	w.takes(t, ada)
	w.refuses(t, "ada", 40*time.Minute, ada)
	w.takes(t, grace)
	w.now = w.now.Add(40*time.Minute - time.Second)
	w.refuses(t, "ada", time.Second, ada) // which put nothing off
	w.now = w.now.Add(time.Second)
	w.takes(t, ada)
	w.takes(t, ada)
	w.refuses(t, "ada", time.Hour, ada)
}

// A use that one quota refuses is counted in none.
func TestAllOrNone(t *testing.T) {
	w, narrow, wide := newWorld(t), quota.Quota{Name: "narrow", Limit: 2}, quota.Quota{Name: "wide", Limit: 1}
	w.takes(t, wide)
	w.refuses(t, "wide", time.Hour, narrow, wide)
	w.takes(t, narrow)
	w.takes(t, narrow)
	w.refuses(t, "narrow", time.Hour, narrow)
}

func TestGiveBack(t *testing.T) {
	w, one := newWorld(t), quota.Quota{Name: "one", Limit: 1}
	for range 3 {
		w.takes(t, one)
		if err := w.GiveBack(t.Context(), one, quota.Quota{Name: "never taken"}); err != nil {
			t.Fatal(err)
		}
	}
	// No more comes back than was taken.
	if err := w.GiveBack(t.Context(), one); err != nil {
		t.Fatal(err)
	}
	w.takes(t, one)
	w.refuses(t, "one", time.Hour, one)
}

func TestNetworks(t *testing.T) {
	for address, want := range map[string][]quota.Quota{
		"192.0.2.7":        {{Name: "from 192.0.2.7", Limit: 3}},
		"::ffff:192.0.2.7": {{Name: "from 192.0.2.7", Limit: 3}},
		"2001:db8:1:2::7":  {{Name: "from 2001:db8:1:2::/64", Limit: 3}, {Name: "from 2001:db8:1::/48", Limit: 30}},
		"unknown":          nil,
	} {
		if diff := cmp.Diff(want, quota.Networks("from ", address, 3)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", address, diff)
		}
	}
}
