package stack_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"gatehouse/e2e/stack"
)

func TestRedisKeepsAcknowledgedWritesThroughKill(t *testing.T) {
	t.Parallel()
	server := stack.RedisForTest(t, stack.RedisOptions{AppendOnly: true, Password: "a password"})
	client := redis.NewClient(&redis.Options{Addr: server.Addr, Password: "a password"})
	defer client.Close()
	if err := client.Set(t.Context(), "key", "value", time.Hour).Err(); err != nil {
		t.Fatal(err)
	}
	server.Kill()
	if err := client.Get(t.Context(), "key").Err(); err == nil {
		t.Error("a killed server answered")
	}
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err := client.Get(t.Context(), "key").Result(); got != "value" {
		t.Errorf("after kill and restart: got %q, %v", got, err)
	}
}

func TestRedisUsers(t *testing.T) {
	t.Parallel()
	server := stack.RedisForTest(t, stack.RedisOptions{Users: []string{"default off", "gatehouse on >secret ~gatehouse:* &* +@all"}})
	client := redis.NewClient(&redis.Options{Addr: server.Addr, Username: "gatehouse", Password: "secret"})
	defer client.Close()
	if err := client.Set(t.Context(), "gatehouse:key", "value", 0).Err(); err != nil {
		t.Error(err)
	}
	if err := client.Set(t.Context(), "other", "value", 0).Err(); err == nil {
		t.Error("the user wrote outside its keys")
	}
}

func TestRedisClusterServesEverySlot(t *testing.T) {
	t.Parallel()
	cluster := stack.RedisClusterForTest(t, stack.RedisClusterOptions{Password: "a password"})
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: cluster.Addrs, Password: "a password"})
	defer client.Close()
	for _, key := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		if err := client.Set(t.Context(), key, "value", 0).Err(); err != nil {
			t.Errorf("set %s: %v", key, err)
		}
	}
}

func TestSentinelPromotesTheReplica(t *testing.T) {
	t.Parallel()
	sentinel := stack.SentinelForTest(t, stack.SentinelOptions{Password: "a password"})
	client := redis.NewFailoverClient(&redis.FailoverOptions{
		MasterName: sentinel.MasterName, SentinelAddrs: sentinel.Addrs, Password: "a password",
	})
	defer client.Close()
	if err := client.Set(t.Context(), "key", "value", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if n, err := client.Wait(t.Context(), 1, 5*time.Second).Result(); n != 1 || err != nil {
		t.Fatalf("the replica did not follow: %d, %v", n, err)
	}
	sentinel.Master.Kill()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	patience := time.After(30 * time.Second)
	for client.Set(t.Context(), "key", "new", 0).Err() != nil {
		select {
		case <-patience:
			t.Fatal("no new master within 30 seconds")
		case <-ticker.C:
		}
	}
}
