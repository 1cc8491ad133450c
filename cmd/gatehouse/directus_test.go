package main

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"gatehouse/e2e/stack"
)

// settingsOf changes the settings of Directus, in scripts.
func settingsOf(directus *stack.Directus) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, _ bool, arguments []string) {
		if len(arguments) != 1 {
			ts.Fatalf("usage: settings json")
		}
		ts.Check(directus.Call(context.Background(), http.MethodPatch, "/settings", json.RawMessage(arguments[0]), nil))
	}
}

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
	previewed := addPreviewed(t, directus)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/directus",
		Setup: func(env *testscript.Env) error {
			env.Setenv("DIRECTUS_URL", directus.URL)
			env.Setenv("ADMIN_EMAIL", directus.AdminEmail)
			env.Setenv("ADMIN_TOKEN", directus.AdminToken)
			env.Setenv("ADMIN_PASSWORD", directus.AdminPassword)
			env.Setenv("PORT", port)
			env.Setenv("ISSUER", issuer)
			for name, value := range previewed {
				env.Setenv(name, value)
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"await": await, "expand": expand, "settings": settingsOf(directus)},
	})
}
