package stack_test

import (
	"maps"
	"path/filepath"
	"testing"

	"gatehouse/e2e/stack"
)

// Whoever started Gatehouse with more rights than gatehouse setup gives it would
// not notice what is missing there.
func TestGatehouseTakesNoTokenButThatOfSetup(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		directus, flat map[string]any
		env            []string
		taken          bool
	}{
		"by setup":                        {directus: map[string]any{"token_file": "token", "write_token_file": "write-token"}, taken: true},
		"in the configuration":            {directus: map[string]any{"token": stack.AdminToken}},
		"in the configuration, flat":      {flat: map[string]any{"directus.token": stack.AdminToken}},
		"a write token":                   {directus: map[string]any{"token_file": "token", "write_token": stack.AdminToken}},
		"in the environment":              {env: []string{"GATEHOUSE_DIRECTUS_TOKEN=" + stack.AdminToken}},
		"in a file of the environment's":  {env: []string{"GATEHOUSE_DIRECTUS_TOKEN_FILE=/run/token"}},
		"a write token, by environment's": {env: []string{"GATEHOUSE_DIRECTUS_WRITE_TOKEN=" + stack.AdminToken}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := map[string]any{"issuer": "http://localhost:1", "directus": test.directus}
			maps.Copy(config, test.flat)
			_, err := stack.NewGatehouse(stack.GatehouseOptions{Binary: "gatehouse", Dir: filepath.Join(t.TempDir(), "gatehouse"), Config: config, Env: test.env})
			if (err == nil) != test.taken {
				t.Errorf("got %v, want it taken: %t", err, test.taken)
			}
		})
	}
}
