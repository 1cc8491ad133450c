package redis_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"gatehouse/e2e/stack"
	"gatehouse/storage"
	"gatehouse/storage/redis"
	"gatehouse/storage/storagetest"
)

func TestCluster(t *testing.T) {
	cluster := stack.RedisClusterForTest(t, stack.RedisClusterOptions{Password: "cluster-password"})
	config := redis.Config{Addresses: cluster.Addrs, Cluster: true, Password: "cluster-password"}
	t.Run("contract", func(t *testing.T) { storagetest.Run(t, fresh(config)) })
	t.Run("store", func(t *testing.T) { storagetest.RunStore(t, fresh(config)) })
	t.Run("one known node is enough", func(t *testing.T) {
		config := config
		config.Addresses = cluster.Addrs[1:2]
		put(t, open(t, config), "a", "1")
		if got := get(t, open(t, config), "a"); got != "1" {
			t.Errorf("a is %q", got)
		}
	})
	t.Run("keys are spread and found together", func(t *testing.T) {
		config := config
		config.KeyPrefix = "spread:"
		backend := open(t, config)
		var keys []string
		for i := range 60 {
			keys = append(keys, fmt.Sprintf("session:%d", i))
			put(t, backend, keys[i], keys[i])
		}
		for _, address := range cluster.Addrs {
			client := goredis.NewClient(&goredis.Options{Addr: address, Password: "cluster-password"})
			held, err := client.Keys(t.Context(), "spread:*").Result()
			if err != nil || len(held) == 0 || len(held) == len(keys) {
				t.Errorf("node %s holds %d of %d keys, %v", address, len(held), len(keys), err)
			}
			if err := client.Close(); err != nil {
				t.Error(err)
			}
		}
		values, err := backend.Get(t.Context(), keys...)
		if err != nil {
			t.Fatal(err)
		}
		for i, value := range values {
			if string(value) != keys[i] {
				t.Errorf("%q holds %q", keys[i], value)
			}
		}
	})
}

func TestClusterWithLeastRights(t *testing.T) {
	cluster := stack.RedisClusterForTest(t, stack.RedisClusterOptions{})
	for _, address := range cluster.Addrs {
		command(t, &goredis.Options{Addr: address}, append([]any{
			"ACL", "SETUSER", "gatehouse", "on", ">" + password, "+cluster|slots",
		}, leastRights()...)...)
	}
	config := redis.Config{Addresses: cluster.Addrs, Cluster: true, Username: "gatehouse", Password: password}
	storagetest.Run(t, fresh(config))
}

// While one master is away the keys of the others are served, what asks all of
// them says so, and afterwards everything is well again.
func TestClusterWithoutOneMaster(t *testing.T) {
	cluster := stack.RedisClusterForTest(t, stack.RedisClusterOptions{AppendOnly: true})
	backend := open(t, redis.Config{Addresses: cluster.Addrs, Cluster: true})
	var keys []string
	for i := range 30 {
		keys = append(keys, fmt.Sprintf("key:%d", i))
		put(t, backend, keys[i], "1")
	}
	cluster.Nodes[1].Kill()
	served, lost := 0, 0
	for _, key := range keys {
		switch _, err := backend.Get(t.Context(), key); {
		case err == nil:
			served++
		case errors.Is(err, storage.ErrNotFound):
			t.Errorf("a key that is out of reach is said to be missing: %v", err)
		default:
			lost++
		}
	}
	if served == 0 || lost == 0 {
		t.Errorf("%d keys served and %d out of reach", served, lost)
	}
	if _, err := backend.Get(t.Context(), keys...); err == nil {
		t.Error("a read of keys out of reach succeeded")
	}
	if err := backend.Ping(t.Context()); err == nil {
		t.Error("ping succeeds without one master")
	}
	var listErr error
	for _, err := range backend.Keys(t.Context(), "key:") {
		listErr = err
	}
	if listErr == nil {
		t.Error("a listing without one master succeeded")
	}

	if err := cluster.Nodes[1].Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the cluster serves all keys again", func() error {
		if err := backend.Ping(t.Context()); err != nil {
			return err
		}
		_, err := backend.Get(t.Context(), keys...)
		return err
	})
	for _, key := range keys {
		if get(t, backend, key) != "1" {
			t.Errorf("%q is lost", key)
		}
		if err := backend.Swap(t.Context(), key, []byte("1"), []byte("2"), storage.KeepExpiry); err != nil {
			t.Errorf("swap: %v", err)
		}
	}
}

// eventually tries until it succeeds.
func eventually(t testing.TB, what string, try func() error) {
	t.Helper()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	patience := time.NewTimer(time.Minute)
	defer patience.Stop()
	for {
		err := try()
		if err == nil {
			return
		}
		select {
		case <-ticker.C:
		case <-patience.C:
			t.Fatalf("%s: not within a minute: %v", what, err)
		}
	}
}
