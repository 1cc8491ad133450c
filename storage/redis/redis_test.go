package redis_test

import (
	"log/slog"
	"os"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"gatehouse/e2e/stack"
	"gatehouse/storage"
	"gatehouse/storage/redis"
	"gatehouse/storage/storagetest"
)

func TestMain(m *testing.M) {
	redis.LogTo(slog.New(slog.DiscardHandler)) // connections break in these tests
	os.Exit(m.Run())
}

func open(t testing.TB, config redis.Config) *redis.Backend {
	t.Helper()
	backend, err := redis.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := backend.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return backend
}

// fresh opens an empty part of one Redis for each test: a prefix of its own,
// made of what a pattern would take for something else.
func fresh(config redis.Config) storagetest.Open {
	return func(t testing.TB) storagetest.Instance {
		t.Helper()
		own := config
		own.KeyPrefix = redis.DefaultKeyPrefix + `*?[a-z]\^` + t.Name() + ":"
		return storagetest.Instance{Backend: open(t, own)}
	}
}

// command sends one command straight to a server.
func command(t testing.TB, options *goredis.Options, arguments ...any) {
	t.Helper()
	client := goredis.NewClient(options)
	defer client.Close()
	if err := client.Do(t.Context(), arguments...).Err(); err != nil {
		t.Fatalf("%v: %v", arguments[0], err)
	}
}

func put(t testing.TB, backend storage.Backend, key, value string) {
	t.Helper()
	if err := backend.Put(t.Context(), key, []byte(value), time.Hour); err != nil {
		t.Fatalf("put %q: %v", key, err)
	}
}

func get(t testing.TB, backend storage.Backend, key string) string {
	t.Helper()
	values, err := backend.Get(t.Context(), key)
	if err != nil {
		t.Fatalf("get %q: %v", key, err)
	}
	return string(values[0])
}

func TestSingle(t *testing.T) {
	server := stack.RedisForTest(t, stack.RedisOptions{})
	config := redis.Config{Addresses: []string{server.Addr}}
	t.Run("contract", func(t *testing.T) { storagetest.Run(t, fresh(config)) })
	t.Run("store", func(t *testing.T) { storagetest.RunStore(t, fresh(config)) })
}

func TestSingleWithOtherDatabase(t *testing.T) {
	server := stack.RedisForTest(t, stack.RedisOptions{})
	first := open(t, redis.Config{Addresses: []string{server.Addr}})
	second := open(t, redis.Config{Addresses: []string{server.Addr}, DB: 3})
	put(t, second, "a", "1")
	if get(t, first, "a") != "" || get(t, second, "a") != "1" {
		t.Error("the database was not the one asked for")
	}
}

func TestSingleSurvivesRestart(t *testing.T) {
	server := stack.RedisForTest(t, stack.RedisOptions{AppendOnly: true})
	backend := open(t, redis.Config{Addresses: []string{server.Addr}})
	put(t, backend, "a", "1")
	if err := backend.Swap(t.Context(), "a", []byte("1"), []byte("2"), storage.KeepExpiry); err != nil {
		t.Fatal(err)
	}
	server.Kill()
	if err := backend.Ping(t.Context()); err == nil {
		t.Error("ping succeeds while Redis is gone")
	}
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := get(t, backend, "a"); got != "2" {
		t.Errorf("a is %q, want 2", got)
	}
	// The new process does not know the script.
	if err := backend.Swap(t.Context(), "a", []byte("2"), []byte("3"), storage.KeepExpiry); err != nil {
		t.Errorf("swap after the restart: %v", err)
	}
	if err := backend.Ping(t.Context()); err != nil {
		t.Errorf("ping after the restart: %v", err)
	}
}

func TestPrefixesKeepStoresApart(t *testing.T) {
	server := stack.RedisForTest(t, stack.RedisOptions{})
	one := open(t, redis.Config{Addresses: []string{server.Addr}})
	other := open(t, redis.Config{Addresses: []string{server.Addr}, KeyPrefix: "other:"})
	put(t, one, "a", "1")
	put(t, other, "b", "1")
	if get(t, one, "b") != "" || get(t, other, "a") != "" {
		t.Error("one store reads the other")
	}
	for key, err := range one.Keys(t.Context(), "") {
		if err != nil || key != "a" {
			t.Errorf("listed %q, %v", key, err)
		}
	}
	client := goredis.NewClient(&goredis.Options{Addr: server.Addr})
	defer client.Close()
	if n, err := client.Exists(t.Context(), "gatehouse:a", "other:b").Result(); err != nil || n != 2 {
		t.Errorf("%d keys under their prefixes, %v; want 2", n, err)
	}
}

func TestPingAsksForWrites(t *testing.T) {
	for name, spoil := range map[string][]any{
		"replica":          {"REPLICAOF", "127.0.0.1", "1"},
		"out of memory":    {"CONFIG", "SET", "maxmemory", "1"},
		"too few replicas": {"CONFIG", "SET", "min-replicas-to-write", "1"},
	} {
		t.Run(name, func(t *testing.T) {
			server := stack.RedisForTest(t, stack.RedisOptions{})
			backend := open(t, redis.Config{Addresses: []string{server.Addr}})
			if err := backend.Ping(t.Context()); err != nil {
				t.Fatalf("ping: %v", err)
			}
			command(t, &goredis.Options{Addr: server.Addr}, spoil...)
			if err := backend.Ping(t.Context()); err == nil {
				t.Error("ping succeeds where no write would")
			}
		})
	}
}

func BenchmarkSingle(b *testing.B) {
	server := stack.RedisForTest(b, stack.RedisOptions{})
	storagetest.Benchmark(b, fresh(redis.Config{Addresses: []string{server.Addr}}))
}

func BenchmarkCluster(b *testing.B) {
	cluster := stack.RedisClusterForTest(b, stack.RedisClusterOptions{})
	storagetest.Benchmark(b, fresh(redis.Config{Addresses: cluster.Addrs, Cluster: true}))
}
