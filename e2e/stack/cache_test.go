package stack_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"gatehouse/e2e/stack"
)

func TestCachedBuildsOnceForAll(t *testing.T) {
	t.Setenv("GATEHOUSE_CACHE", t.TempDir())
	var builds atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			dir, err := stack.Cached(t.Context(), "thing/1", func(_ context.Context, dir string) error {
				builds.Add(1)
				return os.WriteFile(filepath.Join(dir, "file"), []byte("content"), 0o600)
			})
			if err != nil {
				t.Error(err)
				return
			}
			if content, err := os.ReadFile(filepath.Join(dir, "file")); string(content) != "content" {
				t.Errorf("got %q, %v", content, err)
			}
		})
	}
	wg.Wait()
	if builds.Load() != 1 {
		t.Errorf("built %d times, want once", builds.Load())
	}
}

func TestCachedForgetsAFailedBuild(t *testing.T) {
	t.Setenv("GATEHOUSE_CACHE", t.TempDir())
	broken := errors.New("broken")
	_, err := stack.Cached(t.Context(), "thing", func(_ context.Context, dir string) error {
		if err := os.WriteFile(filepath.Join(dir, "half"), nil, 0o600); err != nil {
			t.Error(err)
		}
		return broken
	})
	if !errors.Is(err, broken) {
		t.Errorf("got %v, want the builder's error", err)
	}
	dir, err := stack.Cached(t.Context(), "thing", func(context.Context, string) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "half")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the second build saw the first one's file: %v", err)
	}
}

func TestDigestChangesWithNamesAndBytes(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for name, files := range map[string]fstest.MapFS{
		"one file":       {"a/x": {Data: []byte("1")}},
		"other content":  {"a/x": {Data: []byte("2")}},
		"other name":     {"a/y": {Data: []byte("1")}},
		"moved boundary": {"a/x": {Data: []byte("")}, "a/x1": {Data: []byte("")}},
	} {
		digest, err := stack.Digest(files, "a")
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := seen[digest]; ok {
			t.Errorf("%s and %s have the same digest", name, other)
		}
		seen[digest] = name
	}
}
