package storagetest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"gatehouse/storage"
)

const rounds = 8

func testAddOneWinner(t *testing.T, in Instance) {
	for round := range rounds {
		key := fmt.Sprintf("add:%d", round)
		errs := race(t.Context(), func(ctx context.Context, i int) error {
			return in.Backend.Add(ctx, key, []byte(strconv.Itoa(i)), time.Hour)
		})
		winner := wantOneWinner(t, errs, storage.ErrExists)
		wantValue(t, in.Backend, key, []byte(strconv.Itoa(winner)))
	}
}

func testTakeOneWinner(t *testing.T, in Instance) {
	for round := range rounds {
		key := fmt.Sprintf("take:%d", round)
		put(t, in.Backend, key, "prize", time.Hour)
		values := make([][]byte, contenders)
		errs := race(t.Context(), func(ctx context.Context, i int) (err error) {
			values[i], err = in.Backend.Take(ctx, key)
			return err
		})
		winner := wantOneWinner(t, errs, storage.ErrNotFound)
		if string(values[winner]) != "prize" {
			t.Errorf("the winner got %q", values[winner])
		}
	}
}

func testSwapOneWinner(t *testing.T, in Instance) {
	for round := range rounds {
		key := fmt.Sprintf("swap:%d", round)
		put(t, in.Backend, key, "free", time.Hour)
		errs := race(t.Context(), func(ctx context.Context, i int) error {
			return in.Backend.Swap(ctx, key, []byte("free"), []byte(strconv.Itoa(i)), storage.KeepExpiry)
		})
		winner := wantOneWinner(t, errs, storage.ErrConflict)
		wantValue(t, in.Backend, key, []byte(strconv.Itoa(winner)))
	}
}

func testSwapCounter(t *testing.T, in Instance) {
	const each = 2
	put(t, in.Backend, "counter", "0", time.Hour)
	errs := race(t.Context(), func(ctx context.Context, _ int) error {
		for range each {
			if err := increment(ctx, in.Backend, "counter"); err != nil {
				return err
			}
		}
		return nil
	})
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	wantValue(t, in.Backend, "counter", []byte(strconv.Itoa(contenders*each)))
}

func increment(ctx context.Context, backend storage.Backend, key string) error {
	for {
		values, err := backend.Get(ctx, key)
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(string(values[0]))
		if err != nil {
			return err
		}
		err = backend.Swap(ctx, key, values[0], []byte(strconv.Itoa(n+1)), storage.KeepExpiry)
		if !errors.Is(err, storage.ErrConflict) {
			return err
		}
	}
}
