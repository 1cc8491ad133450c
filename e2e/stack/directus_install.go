package stack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"gatehouse/e2e/directus"
)

// The databases that Directus can be started on.
const (
	SQLite     = "sqlite"
	PostgreSQL = "postgres"
)

// DirectusInstall is an unpacked Directus in the cache, shared by all that run
// it: nothing may write there.
type DirectusInstall struct {
	Version string
	Dir     string // holds run.mjs and node_modules
	Node    Node
	key     string
}

// runner starts Directus as its own cli.js does, without first asking the
// registry for updates, which costs up to eight seconds at every start.
const runner = "import '@directus/api/cli/run.js';\n"

// InstallDirectus unpacks the given version from its lockfile, the first time
// in about a minute, and for SQLite compiles the one native module it needs, in
// about two more. Later calls return at once.
func InstallDirectus(ctx context.Context, version, database string) (*DirectusInstall, error) {
	fail := func(err error) (*DirectusInstall, error) {
		return nil, fmt.Errorf("install Directus %s: %w", version, err)
	}
	oldest, newest := 22, 0
	if strings.HasPrefix(version, "10.") {
		oldest, newest = 20, 20
		if database == SQLite {
			// Seen with 10.8.2: its bootstrap dies of a segmentation fault.
			return fail(errors.New("the 10 series is run on PostgreSQL only"))
		}
	}
	node, err := FindNode(ctx, oldest, newest)
	if err != nil {
		return fail(err)
	}
	key, err := npmTreeKey("directus/"+version, directus.Files, version, "stubs")
	if err != nil {
		return fail(err)
	}
	tree, err := npmTree(ctx, "directus/"+version, directus.Files, version, "stubs")
	if err != nil {
		return fail(err)
	}
	install := &DirectusInstall{Version: version, Dir: filepath.Join(tree, version), Node: node, key: key}
	if err := publish(filepath.Join(install.Dir, "run.mjs"), []byte(runner)); err != nil {
		return fail(err)
	}
	if database == SQLite {
		if err := install.addSQLite(ctx); err != nil {
			return fail(err)
		}
	}
	return install, nil
}

// directusIsInstalled reports whether InstallDirectus would return at once.
func directusIsInstalled(version string) bool {
	key, err := npmTreeKey("directus/"+version, directus.Files, version, "stubs")
	return err == nil && isCached(key)
}

// addSQLite puts the compiled binding where the sqlite3 package looks for it.
// It is compiled once per sqlite3 release, from source: no download that the
// lockfile does not vouch for.
func (d *DirectusInstall) addSQLite(ctx context.Context) error {
	modules := filepath.Join(d.Dir, "node_modules")
	target := filepath.Join(modules, "sqlite3", "build", "Release", "node_sqlite3.node")
	if exists(target) {
		return nil
	}
	description, err := os.ReadFile(filepath.Join(modules, "sqlite3", "package.json"))
	if err != nil {
		return fmt.Errorf("read sqlite3's version: %w", err)
	}
	var sqlite struct{ Version string }
	if err := json.Unmarshal(description, &sqlite); err != nil {
		return fmt.Errorf("read sqlite3's version: %w", err)
	}
	key := strings.Join([]string{"sqlite3/" + sqlite.Version, runtime.GOOS, runtime.GOARCH}, "-")
	built, err := Cached(ctx, key, func(ctx context.Context, dir string) error {
		return d.compileSQLite(ctx, modules, dir)
	})
	if err != nil {
		return fmt.Errorf("compile sqlite3 (needs make, g++ and python3; on Debian: apt-get install build-essential python3): %w", err)
	}
	binding, err := os.ReadFile(filepath.Join(built, "node_sqlite3.node"))
	if err != nil {
		return fmt.Errorf("read sqlite3: %w", err)
	}
	return publish(target, binding)
}

// compileSQLite leaves node_sqlite3.node in dir, and nothing else.
func (d *DirectusInstall) compileSQLite(ctx context.Context, modules, dir string) error {
	headers, err := d.Node.headers(ctx)
	if err != nil {
		return err
	}
	work := filepath.Join(dir, "node_modules")
	// node-addon-api too, since the build writes beside its files.
	for _, name := range []string{"sqlite3", "node-addon-api"} {
		if err := os.CopyFS(filepath.Join(work, name), os.DirFS(filepath.Join(modules, name))); err != nil {
			return fmt.Errorf("copy %s: %w", name, err)
		}
	}
	source := filepath.Join(work, "sqlite3")
	env := []string{
		"npm_config_nodedir=" + headers,
		"npm_config_build_from_source=true",
		"NODE_PATH=" + modules, // the rest of what the build requires
		"JOBS=max",
	}
	if err := NPM(ctx, source, env, "run", "install"); err != nil {
		return err
	}
	err = os.Rename(filepath.Join(source, "build", "Release", "node_sqlite3.node"), filepath.Join(dir, "node_sqlite3.node"))
	return errors.Join(err, os.RemoveAll(work))
}

// publish writes a file that other processes never see half-written.
func publish(path string, content []byte) error {
	if exists(path) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("publish %s: %w", path, err)
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), ".publish-*")
	if err != nil {
		return fmt.Errorf("publish %s: %w", path, err)
	}
	_, writeErr := temporary.Write(content)
	if err := errors.Join(writeErr, temporary.Close()); err != nil {
		return fmt.Errorf("publish %s: %w", path, errors.Join(err, os.Remove(temporary.Name())))
	}
	if err := os.Rename(temporary.Name(), path); err != nil {
		return fmt.Errorf("publish %s: %w", path, err)
	}
	return nil
}
