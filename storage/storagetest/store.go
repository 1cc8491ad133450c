package storagetest

import (
	"crypto/rand"
	"sync"
	"testing"
	"time"

	"gatehouse/storage"
)

// RunStore checks what storage.Table and storage.Store promise on a Backend.
func RunStore(t *testing.T, open Open) {
	t.Helper()
	for _, test := range []struct {
		name string
		run  func(*testing.T, *storeTest)
	}{
		{"get and put", testStoreGetPut},
		{"load reads several tables at once", testStoreLoad},
		{"sealed at rest", testStoreSealed},
		{"moved record does not open", testStoreMoved},
		{"changed record does not open", testStoreChanged},
		{"keys reveal no names", testStoreKeys},
		{"sealing keys change", testStoreRotation},
		{"expiry by our clock", testStoreExpiry},
		{"add", testStoreAdd},
		{"add over a record expired by our clock", testStoreAddExpired},
		{"add over an expired record has one winner", testStoreAddExpiredRace},
		{"swap", testStoreSwap},
		{"swap for a new time to live", testStoreSwapFor},
		{"update keeps the expiry", testStoreUpdateExpiry},
		{"update of a missing record", testStoreUpdateMissing},
		{"update ends with the error of change", testStoreUpdateError},
		{"update under contention", testStoreUpdateRace},
		{"upsert renews the expiry", testStoreUpsertExpiry},
		{"upsert under contention", testStoreUpsertRace},
		{"upsert of an expired record begins anew", testStoreUpsertExpired},
		{"take", testStoreTake},
		{"take has one winner", testStoreTakeRace},
		{"delete", testStoreDelete},
		{"all", testStoreAll},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.run(t, newStoreTest(t, open))
		})
	}
}

// storeTest is a Store whose clock is ours, over a Backend whose clock may be
// its own.
type storeTest struct {
	*storage.Store
	backend storage.Backend

	mu  sync.Mutex
	now time.Time
}

func newStoreTest(t testing.TB, open Open) *storeTest {
	t.Helper()
	test := &storeTest{backend: open(t).Backend, now: time.Date(2026, 1, 2, 3, 4, 5, 6_000_000, time.UTC)}
	test.Store = test.over(t, newKey(t))
	return test
}

// over opens another Store on the same Backend, with these sealing keys.
func (s *storeTest) over(t testing.TB, keys ...[]byte) *storage.Store {
	t.Helper()
	sealer, err := storage.NewSealer(rand.Reader, keys...)
	if err != nil {
		t.Fatal(err)
	}
	store, err := storage.New(storage.Config{Backend: s.backend, Sealer: sealer, Now: s.Now})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func newKey(t testing.TB) []byte {
	t.Helper()
	key := make([]byte, storage.SealingKeySize)
	if _, err := rand.Read(key); err != nil {
		t.Fatal(err)
	}
	return key
}

func (s *storeTest) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// Advance moves the clock of the Store, not that of the Backend.
func (s *storeTest) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

// onlyKey returns the one key that the Backend holds.
func (s *storeTest) onlyKey(t testing.TB) string {
	t.Helper()
	keys := list(t, s.backend, "")
	if len(keys) != 1 {
		t.Fatalf("the backend holds %q, want one key", keys)
	}
	return keys[0]
}

func mustPut[T any](t testing.TB, table *storage.Table[T], name string, value T, ttl time.Duration) {
	t.Helper()
	if err := table.Put(t.Context(), name, value, ttl); err != nil {
		t.Fatalf("put %q: %v", name, err)
	}
}

func mustGet[T any](t testing.TB, table *storage.Table[T], name string) *storage.Record[T] {
	t.Helper()
	record, err := table.Get(t.Context(), name)
	if err != nil {
		t.Fatalf("get %q: %v", name, err)
	}
	return record
}

func wantMissing[T any](t testing.TB, table *storage.Table[T], name string) {
	t.Helper()
	record, err := table.Get(t.Context(), name)
	wantError(t, "get "+name, err, storage.ErrNotFound)
	if record != nil {
		t.Errorf("get %q: a record beside the error", name)
	}
}
