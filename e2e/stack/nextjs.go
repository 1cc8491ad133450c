package stack

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// BuildNextJS returns a built copy of examples/nextjs in the cache. Its key is
// made of all of the example's files, so that only a changed example is built
// again, and the working tree stays clean.
func BuildNextJS(ctx context.Context) (dir string, err error) {
	dir, err = buildNextJS(ctx)
	if err != nil {
		return "", fmt.Errorf("build the Next.js app: %w", err)
	}
	return dir, nil
}

func buildNextJS(ctx context.Context) (string, error) {
	root, err := moduleRoot()
	if err != nil {
		return "", err
	}
	work, err := os.MkdirTemp("", "gatehouse-nextjs-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	source := filepath.Join(work, "source")
	if err := copyExample(filepath.Join(root, "examples", "nextjs"), source); err != nil {
		return "", err
	}
	digest, err := Digest(os.DirFS(source), ".")
	if err != nil {
		return "", err
	}
	node, err := FindNode(ctx, 22, 0)
	if err != nil {
		return "", err
	}
	return Cached(ctx, "nextjs/"+digest+"-node"+strconv.Itoa(node.Major), func(ctx context.Context, dir string) error {
		if err := os.CopyFS(dir, os.DirFS(source)); err != nil {
			return fmt.Errorf("copy the example: %w", err)
		}
		if err := NPM(ctx, dir, nil, "ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"); err != nil {
			return err
		}
		return Run(ctx, Command{
			Name: "next build", Path: node.Path, Args: []string{nextProgram(dir), "build"}, Dir: dir,
			Env: nextEnv(node, work), Log: filepath.Join(work, "next-build.log"),
		})
	})
}

// NextJSOptions say which client of which provider the app is. Port and Dir are
// optional.
type NextJSOptions struct {
	App  string // as BuildNextJS left it
	Port int    // a free one when 0
	Dir  string // for its log; a temporary one, removed by Stop, when empty

	Name         string // what the app calls itself
	Issuer       string
	ClientID     string
	ClientSecret string
	// Directus is its address, for a client that may exchange tokens. Without
	// it the app has no notes.
	Directus string
}

// NextJS is a running examples/nextjs.
type NextJS struct {
	URL string // without a slash at the end

	dir     string
	owned   bool
	process *Process
}

// StartNextJS starts the app and returns when it answers. Several may run from
// one build.
func StartNextJS(ctx context.Context, options NextJSOptions) (*NextJS, error) {
	app := &NextJS{dir: options.Dir}
	if err := app.start(ctx, options); err != nil {
		app.Stop()
		return nil, fmt.Errorf("start the Next.js app: %w", err)
	}
	return app, nil
}

func (a *NextJS) start(ctx context.Context, options NextJSOptions) error {
	if options.Port == 0 {
		port, err := FreePort(ctx)
		if err != nil {
			return err
		}
		options.Port = port
	}
	a.URL = "http://localhost:" + strconv.Itoa(options.Port)
	if a.dir == "" {
		dir, err := os.MkdirTemp("", "gatehouse-nextjs-")
		if err != nil {
			return err
		}
		a.dir, a.owned = dir, true
	}
	node, err := FindNode(ctx, 22, 0)
	if err != nil {
		return err
	}
	a.process, err = StartProcess(Command{
		// Not by npm start: npm would stand between us and the server.
		Name: "the Next.js app", Path: node.Path, Dir: options.App, Log: filepath.Join(a.dir, options.ClientID+".log"),
		Args: []string{nextProgram(options.App), "start", "--hostname", "127.0.0.1", "--port", strconv.Itoa(options.Port)},
		Env: append(nextEnv(node, a.dir),
			"NEXTAUTH_URL="+a.URL, "NEXTAUTH_SECRET="+rand.Text(), "APP_NAME="+options.Name,
			"GATEHOUSE_ISSUER="+options.Issuer, "GATEHOUSE_CLIENT_ID="+options.ClientID, "GATEHOUSE_CLIENT_SECRET="+options.ClientSecret,
			"DIRECTUS_URL="+options.Directus),
	})
	if err != nil {
		return err
	}
	return a.process.WaitReady(ctx, answersAt(a.URL+"/"))
}

// Stop ends the app.
func (a *NextJS) Stop() {
	if a.process != nil {
		a.process.Stop()
	}
	if a.owned {
		_ = os.RemoveAll(a.dir)
	}
}

// Done is closed when the app has ended, for whatever reason.
func (a *NextJS) Done() <-chan struct{} { return a.process.Done() }

// Log is the end of what the app wrote.
func (a *NextJS) Log() string { return a.process.Log() }

func nextEnv(node Node, home string) []string {
	return append(node.Env(home), "NODE_ENV=production", "NEXT_TELEMETRY_DISABLED=1")
}

func nextProgram(dir string) string {
	return filepath.Join(dir, "node_modules", "next", "dist", "bin", "next")
}

// copyExample copies the example's own files: not what a build or an editor of
// it left there, and no .env of somebody's.
func copyExample(example, target string) error {
	return filepath.WalkDir(example, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() && (name == "node_modules" || name == ".next") {
			return filepath.SkipDir
		}
		if !entry.Type().IsRegular() || strings.HasPrefix(name, ".env") || strings.HasSuffix(name, ".tsbuildinfo") {
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(example, path)
		if err != nil {
			return err
		}
		to := filepath.Join(target, relative)
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return err
		}
		return os.WriteFile(to, content, 0o600)
	})
}

// moduleRoot is the folder of go.mod, at or above the working folder.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for !exists(filepath.Join(dir, "go.mod")) {
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("start it inside the repository")
		}
		dir = parent
	}
	return dir, nil
}
