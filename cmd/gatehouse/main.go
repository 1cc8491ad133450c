package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

func main() {
	os.Exit(run())
}

// run is main with a result, so that deferred calls are made.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second signal ends the process at once, whatever it waits for.
	context.AfterFunc(ctx, stop)
	app := &app{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		environment: os.Environ(), now: time.Now, random: rand.Reader,
	}
	err := app.command().ExecuteContext(ctx)
	var silent *exitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &silent):
		return silent.code
	}
	fmt.Fprintf(os.Stderr, "%v\n", err)
	return 1
}

// exitError ends the process with a code after everything was said.
type exitError struct{ code int }

func (e *exitError) Error() string { return fmt.Sprintf("exit status %d", e.code) }

// app is what the commands have of the world.
type app struct {
	stdin          *os.File
	stdout, stderr io.Writer
	environment    []string
	now            func() time.Time
	random         io.Reader

	// configPath is the flag --config.
	configPath string
}

// group is a command that has only subcommands.
func group(use, short string, commands ...*cobra.Command) *cobra.Command {
	command := &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error { return command.Help() },
	}
	command.AddCommand(commands...)
	return command
}

func (a *app) command() *cobra.Command {
	root := &cobra.Command{
		Use:   "gatehouse",
		Short: "OpenID Connect provider for the users of a Directus",
		// No Args: cobra then suggests commands for one that is misspelt.
		SilenceErrors: true, SilenceUsage: true,
	}
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.PersistentFlags().StringVar(&a.configPath, "config", "", "configuration file (default: $GATEHOUSE_CONFIG, gatehouse.yaml, /etc/gatehouse/gatehouse.yaml)")
	root.AddGroup(&cobra.Group{ID: "run", Title: "Run:"}, &cobra.Group{ID: "manage", Title: "Manage:"})
	for group, commands := range map[string][]*cobra.Command{
		"run":    {a.serveCommand(), a.setupCommand(), a.doctorCommand(), a.healthcheckCommand()},
		"manage": {a.configCommand(), a.clientCommand(), a.keysCommand(), a.accountCommand(), a.sessionCommand(), a.userCommand()},
	} {
		for _, command := range commands {
			command.GroupID = group
			root.AddCommand(command)
		}
	}
	root.AddCommand(a.versionCommand())
	return root
}
