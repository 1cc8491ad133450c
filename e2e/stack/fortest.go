package stack

import (
	"cmp"
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"gatehouse/e2e/directus"
	"gatehouse/e2e/mailbox"
)

// requireVariable makes what is not installed a failure instead of a skip.
const requireVariable = "GATEHOUSE_TEST_REQUIRE"

// versionVariable runs the tests on another Directus than the current one.
const versionVariable = "GATEHOUSE_TEST_DIRECTUS"

// startPatience bounds one start, with an install from a cold cache in it.
const startPatience = 10 * time.Minute

func required() bool { return os.Getenv(requireVariable) == "1" }

// DirectusForTest starts a Directus that is stopped when the test ends. It
// skips when PostgreSQL is missing or when this version was never installed,
// since that takes minutes; with GATEHOUSE_TEST_REQUIRE=1 it installs it.
func DirectusForTest(t testing.TB, options DirectusOptions) *Directus {
	t.Helper()
	options.Version = cmp.Or(options.Version, os.Getenv(versionVariable), directus.Current)
	if !required() && !directusIsInstalled(options.Version) {
		t.Skipf("Directus %s is not installed; set %s=1 to install it", options.Version, requireVariable)
	}
	d := startForTest(t, func(ctx context.Context) (*Directus, error) { return StartDirectus(ctx, options) })
	t.Cleanup(func() { // before the one that stops it
		if t.Failed() {
			t.Logf("the end of Directus's log:\n%s", d.Log())
		}
	})
	return d
}

// PostgresForTest starts a PostgreSQL that is stopped when the test ends.
func PostgresForTest(t testing.TB, options PostgresOptions) *Postgres {
	t.Helper()
	return startForTest(t, func(ctx context.Context) (*Postgres, error) { return StartPostgres(ctx, options) })
}

// RedisForTest starts a Redis that is stopped when the test ends.
func RedisForTest(t testing.TB, options RedisOptions) *Redis {
	t.Helper()
	return startForTest(t, func(ctx context.Context) (*Redis, error) { return StartRedis(ctx, options) })
}

// RedisClusterForTest starts a Redis Cluster that is stopped when the test ends.
func RedisClusterForTest(t testing.TB, options RedisClusterOptions) *RedisCluster {
	t.Helper()
	return startForTest(t, func(ctx context.Context) (*RedisCluster, error) { return StartRedisCluster(ctx, options) })
}

// SentinelForTest starts a Sentinel set-up that is stopped when the test ends.
func SentinelForTest(t testing.TB, options SentinelOptions) *Sentinel {
	t.Helper()
	return startForTest(t, func(ctx context.Context) (*Sentinel, error) { return StartSentinel(ctx, options) })
}

// MailboxForTest starts a mailbox that is stopped when the test ends.
func MailboxForTest(t testing.TB) *mailbox.Mailbox {
	t.Helper()
	return startForTest(t, func(ctx context.Context) (*mailbox.Mailbox, error) { return mailbox.Start(ctx, mailbox.Config{}) })
}

func startForTest[T interface{ Stop() }](t testing.TB, start func(context.Context) (T, error)) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startPatience)
	defer cancel()
	component, err := start(ctx)
	var missing *MissingError
	switch {
	case errors.As(err, &missing) && !required():
		t.Skipf("%v; set %s=1 to make this a failure", missing, requireVariable)
	case err != nil:
		t.Fatal(err)
	}
	t.Cleanup(component.Stop)
	return component
}
