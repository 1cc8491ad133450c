package setup

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"gatehouse/storage/directus/prepare"
)

// A configuration file that cannot be written, as in a container, is said to be as it
// was, and it is: neither half of a new one nor anything else is left beside it.
func TestUnwritableConfiguration(t *testing.T) {
	t.Parallel()
	for name, modes := range map[string]struct{ folder, file os.FileMode }{
		"file":             {0o777, 0o444},
		"folder":           {0o555, 0o666},
		"file and folder":  {0o555, 0o444},
		"nobody may enter": {0o444, 0o444},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := filepath.Join(openFolder(t), "etc")
			path := filepath.Join(folder, "gatehouse.yaml")
			const before = "# Ours.\nissuer: https://id.example.com\n"
			if err := os.Mkdir(folder, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(before), modes.file); err != nil {
				t.Fatal(err)
			}
			for at, mode := range map[string]os.FileMode{path: modes.file, folder: modes.folder} {
				if err := os.Chmod(at, mode); err != nil { //nolint:gosec // the subject of the test
					t.Fatal(err)
				}
			}
			t.Cleanup(func() { _ = os.Chmod(folder, 0o700) })
			for _, dry := range []bool{true, false} {
				var output bytes.Buffer
				asNobody(func() {
					repeat(Options{
						Output: &output, Prepare: prepare.Options{DryRun: dry},
						Configuration: Configuration{Path: path, Check: func(string) error { return nil }},
					}, prepare.Rules{AttemptsLimit: 12})
				})
				said := output.String()
				if !strings.Contains(said, "Set this in "+path) || !strings.Contains(said, "permission denied") || !strings.Contains(said, "directus.attempts_limit: 12") ||
					strings.Contains(said, ".gatehouse-") || strings.Contains(said, "hanged in") {
					t.Errorf("dry %t: said %q", dry, said)
				}
			}
			if err := os.Chmod(folder, 0o700); err != nil {
				t.Fatal(err)
			}
			after, err := os.ReadFile(path)
			if err != nil || string(after) != before {
				t.Errorf("the file holds %q (%v)", after, err)
			}
			left, err := os.ReadDir(folder)
			if err != nil || len(left) != 1 {
				t.Errorf("in the folder are %v (%v)", left, err)
			}
		})
	}
}

// openFolder is one that nobody may enter, unlike those of a test.
func openFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "gatehouse-setup-")
	if err == nil {
		err = os.Chmod(folder, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	return folder
}

// asNobody does something without the power of root over files, for which modes
// mean nothing.
func asNobody(do func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		if os.Geteuid() == 0 {
			runtime.LockOSThread() // and never unlocked: the thread ends with its user
			if syscall.Setfsuid(65534) != nil {
				return
			}
		}
		do()
	}()
	<-done
}
