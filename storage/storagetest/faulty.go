package storagetest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"testing"
	"time"

	"gatehouse/storage"
)

// ErrCrashed is what every call to a Faulty returns once it has crashed.
var ErrCrashed = errors.New("backend crashed")

// Faulty is a Backend that crashes at a chosen write: whoever calls it sees the
// store go away, and what was written so far stays. Every call of Put, Add,
// Swap, Take and Delete is a write, refused ones too. It is safe for concurrent
// use.
type Faulty struct {
	backend storage.Backend

	mu      sync.Mutex
	writes  int
	crashAt int  // 0: never
	carry   bool // the write that crashes is carried out, its answer is lost
	crashed bool
	down    bool
}

var _ storage.Backend = (*Faulty)(nil)

// NewFaulty passes every call to backend until it is told to crash.
func NewFaulty(backend storage.Backend) *Faulty { return &Faulty{backend: backend} }

// CrashBefore crashes instead of carrying out the n-th write from now; the
// first is 1.
func (f *Faulty) CrashBefore(n int) { f.arm(n, false) }

// CrashAfter carries out the n-th write from now, loses its answer and crashes.
func (f *Faulty) CrashAfter(n int) { f.arm(n, true) }

// Restore ends the crash, or the wait for it: calls go through again, as after
// a restart.
func (f *Faulty) Restore() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.crashAt, f.down = 0, false
}

// Crashed says whether the crash that was asked for last has happened.
func (f *Faulty) Crashed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.crashed
}

// Writes counts the writes since CrashBefore or CrashAfter, or since the
// beginning.
func (f *Faulty) Writes() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.writes
}

func (f *Faulty) arm(n int, carry bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.writes, f.crashAt, f.carry, f.crashed, f.down = 0, n, carry, false, false
}

func (f *Faulty) read() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.down {
		return ErrCrashed
	}
	return nil
}

// write carries out one write, unless we are down or it is the one that crashes.
func (f *Faulty) write(do func() error) error {
	f.mu.Lock()
	if f.down {
		f.mu.Unlock()
		return ErrCrashed
	}
	f.writes++
	crash := f.writes == f.crashAt
	if crash {
		f.crashed, f.down = true, true
	}
	carry := f.carry
	f.mu.Unlock()
	if !crash {
		return do()
	}
	if carry {
		_ = do() // nobody hears the answer
	}
	return ErrCrashed
}

// EachCrash runs the scenario once for every place it can crash at: before its
// first write, after it, before its second, and so on until it comes through.
// The scenario opens a fresh store, prepares it, calls arm, does what is to be
// interrupted, calls Restore and checks what it finds. It must make its writes
// in the same order each time.
func EachCrash(t *testing.T, scenario func(t *testing.T, arm func(*Faulty))) {
	t.Helper()
	const limit = 1000
	for n := 1; n <= limit; n++ {
		for _, crash := range []struct {
			name string
			arm  func(*Faulty, int)
		}{
			{"before", (*Faulty).CrashBefore},
			{"after", (*Faulty).CrashAfter},
		} {
			var armed *Faulty
			passed := t.Run(fmt.Sprintf("crash %s write %d", crash.name, n), func(t *testing.T) {
				scenario(t, func(f *Faulty) {
					armed = f
					crash.arm(f, n)
				})
			})
			if armed == nil {
				t.Fatal("the scenario did not arm its backend")
			}
			if !passed || !armed.Crashed() {
				return
			}
		}
	}
	t.Fatalf("the scenario has more than %d writes", limit)
}

// Get implements storage.Backend.
func (f *Faulty) Get(ctx context.Context, keys ...string) ([][]byte, error) {
	if err := f.read(); err != nil {
		return nil, err
	}
	return f.backend.Get(ctx, keys...)
}

// Put implements storage.Backend.
func (f *Faulty) Put(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	return f.write(func() error { return f.backend.Put(ctx, key, value, ttl) })
}

// Add implements storage.Backend.
func (f *Faulty) Add(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	return f.write(func() error { return f.backend.Add(ctx, key, value, ttl) })
}

// Swap implements storage.Backend.
func (f *Faulty) Swap(ctx context.Context, key string, old, next []byte, ttl time.Duration) error {
	return f.write(func() error { return f.backend.Swap(ctx, key, old, next, ttl) })
}

// Take implements storage.Backend.
func (f *Faulty) Take(ctx context.Context, key string) ([]byte, error) {
	var taken []byte
	err := f.write(func() (err error) {
		taken, err = f.backend.Take(ctx, key)
		return err
	})
	if err != nil {
		return nil, err
	}
	return taken, nil
}

// Delete implements storage.Backend.
func (f *Faulty) Delete(ctx context.Context, key string) error {
	return f.write(func() error { return f.backend.Delete(ctx, key) })
}

// Keys implements storage.Backend.
func (f *Faulty) Keys(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if err := f.read(); err != nil {
			yield("", err)
			return
		}
		for key, err := range f.backend.Keys(ctx, prefix) {
			if downErr := f.read(); downErr != nil {
				yield("", downErr)
				return
			}
			if !yield(key, err) {
				return
			}
		}
	}
}

// Ping implements storage.Backend.
func (f *Faulty) Ping(ctx context.Context) error {
	if err := f.read(); err != nil {
		return err
	}
	return f.backend.Ping(ctx)
}

// Close implements storage.Backend.
func (f *Faulty) Close() error { return f.backend.Close() }
