// Command world starts a world (package world), runs a command in it and ends
// with that command's result. The command finds the world as JSON in
// GATEHOUSE_WORLD, and in PATH a Node.js that can run it:
//
//	go run ./e2e/world/cmd/world -store redis -- npx playwright test
//
// Without a command it says where the world is, and waits for Ctrl-C.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"gatehouse/e2e/stack"
	"gatehouse/e2e/world"
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	store := flag.String("store", world.Bolt, "where Gatehouse keeps its records: bolt or redis")
	version := flag.String("directus", "", "version of Directus; the current one when empty")
	writes := flag.Bool("writes", false, "give Gatehouse a token that may write users")
	own := flag.Bool("own", false, "let people change their own row in Directus")
	flag.Parse()
	err := runIn(ctx, world.Options{Store: *store, Directus: *version, Writes: *writes, Own: *own}, flag.Args())
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil:
		return 130 // interrupted, as a shell says it
	case !errors.Is(err, errCommand):
		fmt.Fprintln(os.Stderr, err)
	}
	return 1
}

// errCommand says that the command failed, which has said why itself.
var errCommand = errors.New("the command failed")

func runIn(ctx context.Context, options world.Options, command []string) error {
	started := time.Now()
	w, err := world.Start(ctx, options)
	if err != nil {
		return err
	}
	defer w.Stop()
	description, err := json.Marshal(w)
	if err != nil {
		return fmt.Errorf("describe the world: %w", err)
	}
	fmt.Fprintf(os.Stderr, "The world on %s runs after %.1f s.\n", w.Store, time.Since(started).Seconds())
	if len(command) == 0 {
		fmt.Printf("export GATEHOUSE_WORLD='%s'\n", description)
		<-ctx.Done()
		return nil
	}
	if err := runCommand(ctx, command, string(description)); err != nil {
		fmt.Fprintf(os.Stderr, "%v\nThe end of Gatehouse's log:\n%s", err, w.Log())
		return errCommand
	}
	return nil
}

// runCommand runs the command to its end, with our own terminal.
func runCommand(ctx context.Context, command []string, description string) error {
	node, err := stack.FindNode(ctx, 22, 0)
	if err != nil {
		return err
	}
	// Ours, since that is where the command itself is looked for.
	if err := os.Setenv("PATH", filepath.Dir(node.Path)+string(os.PathListSeparator)+os.Getenv("PATH")); err != nil {
		return err
	}
	child := exec.CommandContext(ctx, command[0], command[1:]...) //nolint:gosec // what we were asked to run
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
	child.Env = append(os.Environ(), "GATEHOUSE_WORLD="+description)
	// Asked to end, not killed, so that it can end what it started.
	child.Cancel = func() error { return child.Process.Signal(syscall.SIGTERM) }
	child.WaitDelay = 10 * time.Second
	return child.Run()
}
