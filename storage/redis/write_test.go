package redis_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"gatehouse/e2e/stack"
	"gatehouse/storage"
	"gatehouse/storage/redis"
)

// writeCase is one of the writes, prepared so that carrying it out twice shows.
type writeCase struct {
	name    string
	word    string // as it is sent
	prepare func(*testing.T, storage.Backend)
	write   func(context.Context, storage.Backend) error
	lie     error  // what a second sending would have said
	after   string // what the key holds once it was carried out
}

func writeCases() []writeCase {
	none := func(*testing.T, storage.Backend) {}
	filled := func(t *testing.T, backend storage.Backend) { put(t, backend, "a", "old") }
	return []writeCase{
		{"put", "set", none, func(ctx context.Context, b storage.Backend) error {
			return b.Put(ctx, "a", []byte("new"), time.Hour)
		}, nil, "new"},
		{"add", "set", none, func(ctx context.Context, b storage.Backend) error {
			return b.Add(ctx, "a", []byte("new"), time.Hour)
		}, storage.ErrExists, "new"},
		{"swap", "evalsha", filled, func(ctx context.Context, b storage.Backend) error {
			return b.Swap(ctx, "a", []byte("old"), []byte("new"), storage.KeepExpiry)
		}, storage.ErrConflict, "new"},
		{"take", "getdel", filled, func(ctx context.Context, b storage.Backend) error {
			value, err := b.Take(ctx, "a")
			if err == nil && string(value) != "old" {
				err = fmt.Errorf("took %q", value)
			}
			return err
		}, storage.ErrNotFound, ""},
		{"delete", "del", filled, func(ctx context.Context, b storage.Backend) error {
			return b.Delete(ctx, "a")
		}, nil, ""},
	}
}

// openThroughProxy returns a Backend that has a connection and whose server
// knows the script.
func openThroughProxy(t *testing.T) (*proxy, *redis.Backend) {
	t.Helper()
	server := stack.RedisForTest(t, stack.RedisOptions{})
	between := newProxy(t, server.Addr)
	backend := open(t, redis.Config{Addresses: []string{between.address}})
	put(t, backend, "warm", "1")
	if err := backend.Swap(t.Context(), "warm", []byte("1"), []byte("2"), storage.KeepExpiry); err != nil {
		t.Fatal(err)
	}
	return between, backend
}

func TestWriteWhoseAnswerIsLostIsNotRepeated(t *testing.T) {
	for _, test := range writeCases() {
		t.Run(test.name, func(t *testing.T) {
			between, backend := openThroughProxy(t)
			test.prepare(t, backend)
			between.loseAnswer(test.word)
			err := test.write(t.Context(), backend)
			if err == nil {
				t.Error("it succeeded without an answer")
			}
			for _, known := range []error{storage.ErrExists, storage.ErrConflict, storage.ErrNotFound} {
				if errors.Is(err, known) {
					t.Errorf("it says %v", known)
				}
			}
			if n := between.sent(); n != 1 {
				t.Errorf("it was sent %d times", n)
			}
			if got := get(t, backend, "a"); got != test.after {
				t.Errorf("the key holds %q, want %q", got, test.after)
			}
		})
	}
}

func TestWriteThatRedisRefusedIsRepeated(t *testing.T) {
	for _, refusal := range []string{
		"-READONLY You can't write against a read only replica.",
		"-LOADING Redis is loading the dataset in memory",
		"-CLUSTERDOWN The cluster is down",
		"-TRYAGAIN Multiple keys request during rehashing of slot",
		"-NOREPLICAS Not enough good replicas to write.",
		"-ERR max number of clients reached",
	} {
		for _, test := range writeCases() {
			t.Run(strings.Fields(refusal)[0][1:]+" "+test.name, func(t *testing.T) {
				between, backend := openThroughProxy(t)
				test.prepare(t, backend)
				between.answerInstead(test.word, refusal+"\r\n", 2)
				if err := test.write(t.Context(), backend); err != nil {
					t.Errorf("refused twice: %v", err)
				}
				if n := between.sent(); n != 3 {
					t.Errorf("it was sent %d times, want 3", n)
				}
				if got := get(t, backend, "a"); got != test.after {
					t.Errorf("the key holds %q, want %q", got, test.after)
				}
			})
		}
	}
}

func TestWriteIsNotRepeatedForEver(t *testing.T) {
	between, backend := openThroughProxy(t)
	between.answerInstead("set", "-READONLY You can't write against a read only replica.\r\n", 1000)
	if err := backend.Add(t.Context(), "a", nil, time.Hour); !goredis.IsReadOnlyError(err) {
		t.Errorf("add: %v", err)
	}
	if n := between.sent(); n != 4 {
		t.Errorf("it was sent %d times, want 4", n)
	}
}

func TestWriteThatFailedOtherwiseIsNotRepeated(t *testing.T) {
	for _, failure := range []string{
		"-OOM command not allowed when used memory > 'maxmemory'.",
		"-MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
		"-NOPERM this user has no permissions to run the command",
		"-ERR anything else",
	} {
		between, backend := openThroughProxy(t)
		between.answerInstead("set", failure+"\r\n", 1000)
		if err := backend.Add(t.Context(), "a", nil, time.Hour); err == nil || errors.Is(err, storage.ErrExists) {
			t.Errorf("add: %v", err)
		}
		if n := between.sent(); n != 1 {
			t.Errorf("%s: it was sent %d times", failure, n)
		}
		if err := backend.Ping(t.Context()); err == nil {
			t.Errorf("%s: ping succeeds", failure)
		}
	}
}

func TestReadWhoseAnswerIsLostIsRepeated(t *testing.T) {
	between, backend := openThroughProxy(t)
	put(t, backend, "a", "1")
	between.loseAnswer("get")
	if got := get(t, backend, "a"); got != "1" {
		t.Errorf("a is %q", got)
	}
	between.loseAnswer("mget")
	values, err := backend.Get(t.Context(), "a", "b")
	if err != nil || string(values[0]) != "1" || values[1] != nil {
		t.Errorf("get of two: %q, %v", values, err)
	}
}

// A listing that goes on at another server would pass keys over.
func TestListingWhoseConnectionBreaksIsAnError(t *testing.T) {
	between, backend := openThroughProxy(t)
	between.loseAnswer("scan")
	var listErr error
	for _, err := range backend.Keys(t.Context(), "") {
		listErr = err
	}
	if listErr == nil {
		t.Error("the listing came through")
	}
	if n := between.sent(); n != 1 {
		t.Errorf("it was sent %d times", n)
	}
}

func TestSwapOnAServerThatForgotTheScript(t *testing.T) {
	between, backend := openThroughProxy(t)
	put(t, backend, "a", "1")
	between.answerInstead("evalsha", "-NOSCRIPT No matching script. Please use EVAL.\r\n", 1)
	if err := backend.Swap(t.Context(), "a", []byte("1"), []byte("2"), storage.KeepExpiry); err != nil {
		t.Fatal(err)
	}
	if got := get(t, backend, "a"); got != "2" {
		t.Errorf("a is %q", got)
	}
}

func TestOpenChecksTheVersion(t *testing.T) {
	server := stack.RedisForTest(t, stack.RedisOptions{})
	for version, want := range map[string]bool{
		"6.0.16": false, "5.0.3": false, "6.2.0": true, "6.10.1": true, "7.2.4": true, "10.0.0": true, "unknown": true,
	} {
		between := newProxy(t, server.Addr)
		info := "# Server\r\nredis_version:" + version + "\r\n"
		between.answerInstead("info", fmt.Sprintf("$%d\r\n%s\r\n", len(info), info), 1)
		backend, err := redis.Open(t.Context(), redis.Config{Addresses: []string{between.address}})
		if opened := err == nil; opened != want {
			t.Errorf("version %s: %v", version, err)
		}
		if err != nil {
			if !strings.Contains(err.Error(), version) || !strings.Contains(err.Error(), "6.2") {
				t.Errorf("the error does not say which version is there and which is needed: %v", err)
			}
			continue
		}
		if err := backend.Close(); err != nil {
			t.Error(err)
		}
	}
}
