package doctor

import (
	"path/filepath"
	"testing"

	"gatehouse/e2e/stack"
	"gatehouse/storage/directus/directustest"
)

// TestMisconfigurationsOfRedis looks at a real one; its Directus answers nothing
// that matters here.
func TestMisconfigurationsOfRedis(t *testing.T) {
	fake := directustest.New(t)
	dir := t.TempDir()
	binary := filepath.Join(dir, "gatehouse")
	if err := stack.BuildGatehouse(t.Context(), binary); err != nil {
		t.Fatal(err)
	}
	nothing := wanted{"error", "Redis", "keeps nothing on disk", "CONFIG SET appendonly yes"}
	snapshots := wanted{"warning", "Redis", "keeps snapshots only (save 3600 1)", "CONFIG SET appendonly yes"}
	eviction := wanted{"error", "Redis", "deletes records when its memory is full (maxmemory-policy allkeys-lru)", "CONFIG SET maxmemory-policy noeviction"}
	for _, test := range []struct {
		name    string
		options stack.RedisOptions
		found   []wanted
	}{
		{"healthy", stack.RedisOptions{AppendOnly: true}, nil},
		{"no persistence", stack.RedisOptions{}, []wanted{nothing}},
		{"snapshots", stack.RedisOptions{Config: []string{"save 3600 1"}}, []wanted{snapshots}},
		{"eviction", stack.RedisOptions{AppendOnly: true, Config: []string{"maxmemory-policy allkeys-lru"}}, []wanted{eviction}},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := stack.RedisForTest(t, test.options)
			findings := run(t.Context(), t, binary, dir, []string{"doctor", "--json"}, []string{
				"GATEHOUSE_ISSUER=http://localhost:9", "GATEHOUSE_DIRECTUS_URL=" + fake.URL,
				"GATEHOUSE_DIRECTUS_TOKEN=" + fake.ServiceToken.Reveal(), "GATEHOUSE_STORE_REDIS_ADDRESSES=" + server.Addr,
				"GATEHOUSE_STORE_SEALING_KEYS=MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
			})
			for _, want := range test.found {
				want.found(t, findings)
			}
			bad := 0
			for _, f := range findings {
				if f.Subject == "Redis" && f.Severity != "ok" {
					bad++
				}
			}
			if bad != len(test.found) {
				t.Errorf("%d findings of Redis, want %d:\n%s", bad, len(test.found), listed(findings))
			}
		})
	}
}
