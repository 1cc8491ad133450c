// Command demo runs everything on this machine until it is interrupted: a real
// Directus, Gatehouse in front of it, a Next.js app that signs people in
// through Gatehouse, and a mailbox for the mail that Directus sends.
//
// It is started by make demo, in the root of the repository.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx)
	if errors.Is(err, context.Canceled) {
		fmt.Println("\nStopped.")
		return
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "\nThe demo cannot go on: %v\n", err)
		os.Exit(1)
	}
}
