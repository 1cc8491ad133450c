package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"gatehouse/e2e/stack"
	"gatehouse/storage/directus/directustest"
)

// The scripts in testdata/redis run on a real Redis, as an ACL user.
func TestScriptsOnRedis(t *testing.T) {
	redis := stack.RedisForTest(t, stack.RedisOptions{
		AppendOnly: true, Users: []string{"default off", "gatehouse on >redis-password ~gatehouse:* &* +@all -@dangerous +info +config|get"},
	})
	directus := directustest.New(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/redis",
		Setup: func(env *testscript.Env) error {
			for _, name := range []string{"PORT", "PORT2"} {
				port, err := freePort(t.Context())
				if err != nil {
					return err
				}
				env.Setenv(name, port)
			}
			env.Setenv("ISSUER", "http://localhost:"+env.Getenv("PORT"))
			env.Setenv("REDIS", redis.Addr)
			env.Setenv("DIRECTUS_URL", directus.URL)
			env.Setenv("SERVICE_TOKEN", directus.ServiceToken.Reveal())
			return nil
		},
		Cmds: scriptCommands(),
	})
}
