package redis_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"gatehouse/e2e/stack"
	"gatehouse/storage"
	"gatehouse/storage/redis"
	"gatehouse/storage/storagetest"
)

func TestSentinel(t *testing.T) {
	sentinel := stack.SentinelForTest(t, stack.SentinelOptions{Password: password})
	config := redis.Config{Addresses: sentinel.Addrs, MasterName: sentinel.MasterName, Password: password}
	storagetest.Run(t, fresh(config))
}

func TestSentinelFailOver(t *testing.T) {
	sentinel := stack.SentinelForTest(t, stack.SentinelOptions{Password: password, AppendOnly: true})
	backend := open(t, redis.Config{Addresses: sentinel.Addrs, MasterName: sentinel.MasterName, Password: password})
	put(t, backend, "code", "issued")
	put(t, backend, "counter", "0")
	if err := backend.Swap(t.Context(), "counter", []byte("0"), []byte("1"), storage.KeepExpiry); err != nil {
		t.Fatal(err)
	}
	// Replication is asynchronous: wait for what is to survive.
	command(t, &goredis.Options{Addr: sentinel.Master.Addr, Password: password}, "WAIT", 1, 10_000)

	sentinel.Master.Kill()
	eventually(t, "writes go on", func() error {
		return backend.Put(t.Context(), "after", []byte("1"), time.Hour)
	})
	if err := backend.Ping(t.Context()); err != nil {
		t.Errorf("ping: %v", err)
	}
	if got := get(t, backend, "code"); got != "issued" {
		t.Errorf("code is %q after the fail-over", got)
	}
	// The new master does not know the script.
	if err := backend.Swap(t.Context(), "counter", []byte("1"), []byte("2"), storage.KeepExpiry); err != nil {
		t.Errorf("swap: %v", err)
	}
	if value, err := backend.Take(t.Context(), "code"); err != nil || string(value) != "issued" {
		t.Errorf("take: %q, %v", value, err)
	}
	seen := map[string]bool{}
	for key, err := range backend.Keys(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		seen[key] = true
	}
	if len(seen) != 2 || !seen["after"] || !seen["counter"] {
		t.Errorf("listed %v", seen)
	}
}

// When an operator moves the master by hand, writers that still hold connections
// to the old one are told READONLY, and go on at the new one without an error
// that lies: nobody is told that a code was taken by another.
func TestSentinelPlannedFailOver(t *testing.T) {
	sentinel := stack.SentinelForTest(t, stack.SentinelOptions{})
	backend := open(t, redis.Config{Addresses: sentinel.Addrs, MasterName: sentinel.MasterName})
	ctx, stop := context.WithCancel(t.Context())
	var group sync.WaitGroup
	for writer := range 4 {
		group.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				key := strconv.Itoa(writer) + ":" + strconv.Itoa(i)
				err := backend.Add(context.WithoutCancel(ctx), key, []byte("1"), time.Minute)
				if errors.Is(err, storage.ErrExists) {
					t.Errorf("add of a new key: %v", err)
				}
			}
		})
	}
	command(t, &goredis.Options{Addr: sentinel.Addrs[0]}, "SENTINEL", "FAILOVER", sentinel.MasterName)
	replica := goredis.NewClient(&goredis.Options{Addr: sentinel.Replica.Addr})
	defer replica.Close()
	eventually(t, "the replica is master", func() error {
		role, err := replica.Do(t.Context(), "ROLE").Slice()
		if err == nil && role[0] != "master" {
			err = errors.New("it is not")
		}
		return err
	})
	// Until the old master is told, writes to it succeed and are lost.
	eventually(t, "writes go to the new master", func() error {
		if err := backend.Put(t.Context(), "after", []byte("1"), time.Hour); err != nil {
			return err
		}
		n, err := replica.Exists(t.Context(), redis.DefaultKeyPrefix+"after").Result()
		if err == nil && n != 1 {
			err = errors.New("it does not hold the key")
		}
		return err
	})
	stop()
	group.Wait()
}
