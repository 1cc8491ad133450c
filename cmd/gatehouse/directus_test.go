package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"gatehouse/e2e/stack"
)

// The scripts in testdata/directus run on a real Directus that nobody prepared.
func TestScriptsOnDirectus(t *testing.T) {
	port, err := freePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	issuer := "http://localhost:" + port
	directus := stack.DirectusForTest(t, stack.DirectusOptions{
		ResetURLs: []string{issuer + "/reset-password"}, RegisterURLs: []string{issuer + "/verify-email"}, InviteURLs: []string{issuer + "/accept-invite"},
	})
	testscript.Run(t, testscript.Params{
		Dir: "testdata/directus",
		Setup: func(env *testscript.Env) error {
			env.Setenv("DIRECTUS_URL", directus.URL)
			env.Setenv("ADMIN_EMAIL", directus.AdminEmail)
			env.Setenv("ADMIN_PASSWORD", directus.AdminPassword)
			env.Setenv("PORT", port)
			env.Setenv("ISSUER", issuer)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"await": await, "expand": expand},
	})
}
