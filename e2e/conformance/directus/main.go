// Command directus starts a Directus that is prepared for the conformance
// tests, prints what they need of it as one line of JSON, and ends it when the
// standard input is closed:
//
//	export GATEHOUSE_CONFORMANCE_DIRECTUS=… # that line
//	go test ./e2e/conformance
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"gatehouse/e2e/conformance"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "directus:", err)
		os.Exit(1) //nolint:gocritic // nothing is left to be undone
	}
}

func run(ctx context.Context) error {
	prepared, end, err := conformance.StartDirectus(ctx)
	if err != nil {
		return err
	}
	defer end()
	if err := json.NewEncoder(os.Stdout).Encode(prepared); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		_, _ = io.Copy(io.Discard, os.Stdin)
	}()
	select {
	case <-ctx.Done():
	case <-closed:
	}
	return nil
}
