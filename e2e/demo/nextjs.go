package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"gatehouse/e2e/stack"
)

const example = "examples/nextjs"

// buildNextJS makes a built copy of the example in the cache, keyed by all of
// its files, so that only a changed example is built again and the working
// tree stays clean.
func (d *demo) buildNextJS(ctx context.Context) error {
	done := d.progress.step("Build the Next.js app (the first time: a minute)")
	source := filepath.Join(d.dir, "nextjs")
	if err := copyExample(source); err != nil {
		return fmt.Errorf("build the Next.js app: %w", err)
	}
	digest, err := stack.Digest(os.DirFS(source), ".")
	if err != nil {
		return fmt.Errorf("build the Next.js app: %w", err)
	}
	node, err := stack.FindNode(ctx, 22, 0)
	if err != nil {
		return fmt.Errorf("build the Next.js app: %w", err)
	}
	d.app, err = stack.Cached(ctx, "nextjs/"+digest+"-node"+strconv.Itoa(node.Major), func(ctx context.Context, dir string) error {
		if err := os.CopyFS(dir, os.DirFS(source)); err != nil {
			return fmt.Errorf("copy the example: %w", err)
		}
		if err := stack.NPM(ctx, dir, nil, "ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"); err != nil {
			return err
		}
		return stack.Run(ctx, stack.Command{
			Name: "next build", Path: node.Path, Args: []string{nextProgram(dir), "build"}, Dir: dir,
			Env: append(node.Env(d.dir), "NODE_ENV=production", "NEXT_TELEMETRY_DISABLED=1"), Log: filepath.Join(d.dir, "next-build.log"),
		})
	})
	done(err)
	return err
}

func (d *demo) startNextJS(ctx context.Context) error {
	done := d.progress.step("Start the Next.js app")
	node, err := stack.FindNode(ctx, 22, 0)
	if err != nil {
		return err
	}
	d.nextjs, err = stack.StartProcess(stack.Command{
		// Not by npm start: npm would stand between us and the server.
		Name: "the Next.js app", Path: node.Path, Dir: d.app, Log: filepath.Join(d.dir, "nextjs.log"),
		Args: []string{nextProgram(d.app), "start", "--hostname", "127.0.0.1", "--port", strconv.Itoa(d.address.nextjs)},
		Env: append(node.Env(d.dir), "NODE_ENV=production", "NEXT_TELEMETRY_DISABLED=1",
			"NEXTAUTH_URL="+url(d.address.nextjs), "NEXTAUTH_SECRET="+rand.Text(), "APP_NAME=Acme Shop",
			"GATEHOUSE_ISSUER="+d.address.issuer(), "GATEHOUSE_CLIENT_ID="+clientID, "GATEHOUSE_CLIENT_SECRET="+clientSecret),
	})
	if err == nil {
		err = d.nextjs.WaitReady(ctx, answers(url(d.address.nextjs)+"/"))
	}
	done(err)
	return err
}

func nextProgram(dir string) string {
	return filepath.Join(dir, "node_modules", "next", "dist", "bin", "next")
}

// copyExample copies the example's own files: not what a build or an editor of
// it left there, and no .env of somebody's.
func copyExample(target string) error {
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
