package config_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"gatehouse/cmd/gatehouse/config"
)

// Whatever the file holds, the loader ends, and either names what is wrong or
// returns a configuration that can be shown.
func FuzzLoad(f *testing.F) {
	for _, seed := range []string{minimal, everything, "", "a: &a [*a]", "? [x]: y", "clients: [[]]", "issuer: !!binary x", "{", "\x00", "clients:\n- jwks: {a: *b}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		path := filepath.Join(t.TempDir(), "gatehouse.yaml")
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		loaded, err := config.Load(config.Options{Path: path, Rules: rules()})
		var problems config.Problems
		if err != nil && !errors.As(err, &problems) {
			t.Fatalf("got %v, want Problems", err)
		}
		if err == nil {
			if err := loaded.Show(new(bytes.Buffer)); err != nil {
				t.Fatal(err)
			}
		}
	})
}
