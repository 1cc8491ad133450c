package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// timeout of one run of the tests.
const timeout = "5m"

// errNoVerdict says that the tests ended without saying which of them failed.
var errNoVerdict = errors.New("the tests came to no verdict")

// bench builds and runs the conformance tests.
type bench struct {
	// root is that of the module, and folder where binaries are put.
	root, folder string
	command      string
	environment  []string
}

// build compiles the tests, of the provider as it is where mutant is nil, and
// returns the binary. The caller removes it.
func (b *bench) build(ctx context.Context, name string, mutant *Mutant) (string, error) {
	folder := filepath.Join(b.folder, name)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	binary := filepath.Join(folder, "mutant.test")
	// Without debugging information linking takes half the time, and our own
	// packages compile sooner than they would be optimised.
	arguments := []string{"test", "-c", "-vet=off", "-ldflags=-s -w", "-gcflags=gatehouse/...=-N -l", "-o", binary}
	home := conformancePackage
	if mutant != nil {
		home = mutant.home()
		overlay, err := mutant.overlay(b.root, folder)
		if err != nil {
			return "", err
		}
		arguments = append(arguments, "-overlay", overlay)
	}
	build := exec.CommandContext(ctx, b.command, append(arguments, "./"+home)...) //nolint:gosec // the go command
	build.Dir, build.Env = b.root, b.environment
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("does not compile: %w\n%s", err, output)
	}
	return binary, nil
}

// run runs the tests that match the pattern, of the package in the folder, until
// the first fails. It returns the name of that one, empty if every one passed.
func (b *bench) run(ctx context.Context, binary, home, pattern string) (failed string, err error) {
	test := exec.CommandContext(ctx, binary, "-test.run", pattern, "-test.failfast", "-test.timeout", timeout) //nolint:gosec // what was just built
	// As go test does: some read files beside their source.
	test.Dir, test.Env = filepath.Join(b.root, filepath.FromSlash(home)), b.environment
	var output bytes.Buffer
	test.Stdout, test.Stderr = &output, &output
	err = test.Run()
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if failed = failedTest(output.String()); failed != "" {
		return failed, nil
	}
	if err != nil {
		return "", fmt.Errorf("%w: %w\n%s", errNoVerdict, err, tail(output.String()))
	}
	return "", nil
}

// everyModule matches them all.
const everyModule = "^TestConformance$"

// pattern selects tests of the package in the folder.
func pattern(home string, names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = regexp.QuoteMeta(name)
	}
	some := "^(" + strings.Join(quoted, "|") + ")$"
	if home == conformancePackage {
		return everyModule + "/" + some
	}
	return some
}

var failure = regexp.MustCompile(`(?m)^\s*--- FAIL: (?:TestConformance/([^/\s]+)|(Test\S+))`)

// failedTest is the first that failed, by what the tests said: a module, or
// another test.
func failedTest(output string) string {
	first := ""
	for _, found := range failure.FindAllStringSubmatch(output, -1) {
		if found[1] != "" {
			return found[1]
		}
		if first == "" && found[2] != "TestConformance" {
			first, _, _ = strings.Cut(found[2], "/")
		}
	}
	return first
}

// tail is the end of what was said.
func tail(output string) string {
	lines := strings.Split(strings.TrimSpace(output), "\n")
	return strings.Join(lines[max(0, len(lines)-20):], "\n")
}

// result is what became of a mutant.
type result struct {
	mutant Mutant
	// by is the module that noticed.
	by string
	// err is set where there is no saying.
	err error
}

// caught says that some module failed, and expected that it is one of those that
// the table names.
func (r result) caught() bool   { return r.err == nil && r.by != "" }
func (r result) expected() bool { return slices.Contains(r.mutant.Tests, r.by) }

// built is a mutant that is ready to be run.
type built struct {
	mutant Mutant
	binary string
	err    error
}

// try builds and runs the mutants, each built while the one before is run, and
// tells report of each.
func (b *bench) try(ctx context.Context, mutants []Mutant, report func(result)) {
	ready := make(chan built)
	go func() {
		defer close(ready)
		for i, mutant := range mutants {
			binary, err := b.build(ctx, strconv.Itoa(i), &mutant)
			select {
			case ready <- built{mutant, binary, err}:
			case <-ctx.Done():
				return
			}
		}
	}()
	for one := range ready {
		outcome := result{mutant: one.mutant, err: one.err}
		if one.err == nil {
			outcome.by, outcome.err = b.hunt(ctx, one)
			_ = os.RemoveAll(filepath.Dir(one.binary))
		}
		report(outcome)
	}
}

// hunt runs the tests that must notice, and then all modules.
func (b *bench) hunt(ctx context.Context, one built) (by string, err error) {
	home := one.mutant.home()
	by, err = b.run(ctx, one.binary, home, pattern(home, one.mutant.Tests))
	if err != nil || by != "" || home != conformancePackage {
		return by, err
	}
	return b.run(ctx, one.binary, home, everyModule)
}

// baseline sees to it that the modules pass while no rule is switched off.
func (b *bench) baseline(ctx context.Context, mutants []Mutant) error {
	var modules []string
	for _, mutant := range mutants {
		if mutant.home() == conformancePackage {
			modules = append(modules, mutant.Tests...)
		}
	}
	if len(modules) == 0 {
		return nil
	}
	binary, err := b.build(ctx, "baseline", nil)
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(filepath.Dir(binary)) }()
	slices.Sort(modules)
	failed, err := b.run(ctx, binary, conformancePackage, pattern(conformancePackage, slices.Compact(modules)))
	if err != nil {
		return err
	}
	if failed != "" {
		return fmt.Errorf("%s fails although no rule is switched off", failed)
	}
	return nil
}
