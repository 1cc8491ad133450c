package storagetest

import (
	"bytes"
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/storage"
)

// Benchmark measures the calls that a token request makes, by one caller and by
// several at once, with values of the size of a grant.
func Benchmark(b *testing.B, open Open) {
	b.Helper()
	value := bytes.Repeat([]byte("x"), 1<<10)
	b.Run("get", func(b *testing.B) {
		backend := open(b).Backend
		put(b, backend, "a", string(value), time.Hour)
		for b.Loop() {
			get(b, backend, "a")
		}
	})
	b.Run("get two", func(b *testing.B) {
		backend := open(b).Backend
		put(b, backend, "a", string(value), time.Hour)
		put(b, backend, "b", string(value), time.Hour)
		for b.Loop() {
			if _, err := backend.Get(b.Context(), "a", "b"); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("put", func(b *testing.B) {
		backend := open(b).Backend
		for i := 0; b.Loop(); i++ {
			put(b, backend, strconv.Itoa(i%1000), string(value), time.Hour)
		}
	})
	b.Run("swap", func(b *testing.B) {
		backend := open(b).Backend
		benchmarkSwap(b, backend, "a", value, b.Loop)
	})
	b.Run("swap by 64 callers", func(b *testing.B) {
		backend := open(b).Backend
		var callers atomic.Int64
		b.SetParallelism(32) // of a machine with two processors
		b.RunParallel(func(pb *testing.PB) {
			benchmarkSwap(b, backend, fmt.Sprintf("key:%d", callers.Add(1)), value, pb.Next)
		})
	})
}

func benchmarkSwap(b *testing.B, backend storage.Backend, key string, value []byte, more func() bool) {
	b.Helper()
	put(b, backend, key, string(value), time.Hour)
	old := value
	for i := 0; more(); i++ {
		next := bytes.Clone(value)
		next[i%len(next)] = 'y'
		next[0] = byte(i)
		if err := backend.Swap(b.Context(), key, old, next, storage.KeepExpiry); err != nil {
			b.Error(err)
			return
		}
		old = next
	}
}
