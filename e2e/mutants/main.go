package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"gatehouse/e2e/conformance"
)

// directusVariable hands a running Directus on to the tests.
const directusVariable = "GATEHOUSE_CONFORMANCE_DIRECTUS"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1) //nolint:gocritic // the signals need no farewell
	}
}

func run(ctx context.Context, arguments []string, out io.Writer) error {
	flags := flag.NewFlagSet("mutants", flag.ContinueOnError)
	only := flags.String("run", "", "only the mutants whose rule matches the `pattern`")
	list := flags.Bool("list", false, "print the rules, and run nothing")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	chosen, err := choose(*only)
	if err != nil {
		return err
	}
	if *list {
		for _, mutant := range chosen {
			fmt.Fprintf(out, "%s (%s)\n", mutant.Rule, mutant.File)
		}
		return nil
	}
	b, clean, err := prepare(ctx)
	if err != nil {
		return err
	}
	defer clean()
	began := time.Now()
	fmt.Fprintf(out, "%d mutants; first the modules without any\n", len(chosen))
	if err := b.baseline(ctx, chosen); err != nil {
		return err
	}
	s := &summary{out: out, total: len(chosen), last: time.Now()}
	b.try(ctx, chosen, s.add)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return s.end(time.Since(began))
}

// choose returns the mutants whose rule matches.
func choose(only string) ([]Mutant, error) {
	expression, err := regexp.Compile(only)
	if err != nil {
		return nil, err
	}
	var chosen []Mutant
	for _, mutant := range mutants() {
		if expression.MatchString(mutant.Rule) {
			chosen = append(chosen, mutant)
		}
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("no rule matches %q", only)
	}
	return chosen, nil
}

// prepare makes a bench with a Directus that the tests share.
func prepare(ctx context.Context) (*bench, func(), error) {
	b := &bench{command: cmp.Or(os.Getenv("GO"), "go"), environment: os.Environ()}
	found, err := exec.CommandContext(ctx, b.command, "list", "-m", "-f", "{{.Dir}}").Output() //nolint:gosec // the go command
	if err != nil {
		return nil, nil, fmt.Errorf("find the module: %w", err)
	}
	b.root = strings.TrimSpace(string(found))
	if b.folder, err = os.MkdirTemp("", "mutants"); err != nil {
		return nil, nil, err
	}
	// Overlays name files by the path that the go command sees.
	if b.folder, err = filepath.EvalSymlinks(b.folder); err != nil {
		return nil, nil, err
	}
	clean := func() { _ = os.RemoveAll(b.folder) }
	if os.Getenv(directusVariable) != "" {
		return b, clean, nil
	}
	directus, stop, err := conformance.StartDirectus(ctx)
	if err != nil {
		clean()
		return nil, nil, err
	}
	line, err := json.Marshal(directus)
	if err != nil {
		stop()
		clean()
		return nil, nil, err
	}
	b.environment = append(b.environment, directusVariable+"="+string(line))
	return b, func() { stop(); clean() }, nil
}

// errSurvived says that the tests let a broken provider pass.
var errSurvived = errors.New("mutants survived, or could not be tried")

// summary tells what became of the mutants.
type summary struct {
	out         io.Writer
	total, done int
	last        time.Time
	survivors   []string
	failed      []string
	elsewhere   []string
}

func (s *summary) add(r result) {
	s.done++
	verdict := "caught by " + r.by
	switch {
	case r.err != nil:
		verdict = "could not be tried: " + r.err.Error()
		s.failed = append(s.failed, r.mutant.Rule)
	case !r.caught():
		verdict = "SURVIVED"
		s.survivors = append(s.survivors, r.mutant.Rule)
	case !r.expected():
		verdict += ", which the table does not name"
		s.elsewhere = append(s.elsewhere, r.mutant.Rule)
	}
	now := time.Now()
	fmt.Fprintf(s.out, "[%d/%d] %s: %s (%.1fs)\n", s.done, s.total, r.mutant.Rule, verdict, now.Sub(s.last).Seconds())
	s.last = now
}

func (s *summary) end(took time.Duration) error {
	caught := s.total - len(s.survivors) - len(s.failed)
	fmt.Fprintf(s.out, "\n%d of %d mutants caught in %s\n", caught, s.total, took.Round(time.Second))
	for _, group := range []struct {
		title string
		rules []string
	}{
		{"survived", s.survivors},
		{"could not be tried", s.failed},
		{"caught by modules that the table does not name", s.elsewhere},
	} {
		if len(group.rules) > 0 {
			fmt.Fprintf(s.out, "%s: %s\n", group.title, strings.Join(group.rules, "; "))
		}
	}
	if caught < s.total {
		return errSurvived
	}
	return nil
}
