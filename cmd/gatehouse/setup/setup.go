package setup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"gatehouse/storage"
	"gatehouse/storage/directus/prepare"
)

// Options say what to do.
type Options struct {
	// Prepare is handed on, after Token was read from TokenFile.
	Prepare prepare.Options
	// TokenFile is read for the token in use, and written if there is a new one.
	TokenFile string
	// WriteTokenFile is the same for the writer's token. It is left alone unless
	// Prepare.Writer is set.
	WriteTokenFile string
	// Configuration repeats rules of Directus.
	Configuration Configuration
	// ClientsCollection is clients_collection as it is.
	ClientsCollection string
	Output            io.Writer
}

// Run prepares Directus and reports.
func Run(ctx context.Context, options Options) error {
	files := map[string]*storage.Secret{options.TokenFile: &options.Prepare.Token}
	if options.Prepare.Writer {
		files[options.WriteTokenFile] = &options.Prepare.WriteToken
	}
	for file, token := range files {
		var err error
		if *token, err = readToken(file); err != nil {
			return err
		}
		if options.Prepare.DryRun {
			continue
		}
		// A token that could not be written would be lost; so this is tried
		// before Directus makes one.
		if err := writable(file); err != nil {
			return err
		}
	}
	report, err := prepare.Prepare(ctx, options.Prepare)
	// The token of an interrupted run is valid too, and must not be lost.
	if report.TokenIsNew && !options.Prepare.DryRun {
		err = errors.Join(err, writeToken(options.TokenFile, report.Token))
	}
	if report.WriteTokenIsNew && !options.Prepare.DryRun {
		err = errors.Join(err, writeToken(options.WriteTokenFile, report.WriteToken))
	}
	describe(options, report)
	if err == nil {
		advise(options, report)
	}
	return err
}

func describe(options Options, report prepare.Report) {
	w := options.Output
	version := report.Version
	if version == "" {
		version = "of a version that it does not tell"
	}
	fmt.Fprintf(w, "Directus %s\n\n", version)
	for _, step := range report.Steps {
		fmt.Fprintf(w, "  %-9s  %s", step.State, step.Name)
		if step.Detail != "" {
			fmt.Fprintf(w, ": %s", step.Detail)
		}
		fmt.Fprintln(w)
	}
	if report.TokenIsNew && !options.Prepare.DryRun {
		fmt.Fprintf(w, "\nThe service token is in %s. Point directus.token_file at it.\n", options.TokenFile)
	}
	if report.WriteTokenIsNew && !options.Prepare.DryRun {
		fmt.Fprintf(w, "\nThe write token is in %s. Point directus.write_token_file at it.\n"+
			"Whoever has it can make himself an administrator. In the Studio, restrict the policy %q to the\n"+
			"address of Gatehouse (IP Access).\n", options.WriteTokenFile, prepare.WriterName)
	}
	if len(report.Environment) > 0 {
		fmt.Fprint(w, "\nSet this in the environment of Directus, beside what is there, and restart it:\n\n")
		for _, variable := range report.Environment {
			fmt.Fprintf(w, "  %s=%s\n", variable.Name, variable.Value)
		}
	}
	if options.Prepare.DryRun {
		fmt.Fprint(w, "\nThis was a dry run: nothing was changed.\n")
	}
}

// readToken returns the token of an earlier run, or nothing.
func readToken(path string) (storage.Secret, error) {
	content, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read token file: %w", err)
	}
	return storage.Secret(strings.TrimSpace(string(content))), nil
}

// writable finds out whether the token file could be written.
func writable(path string) error {
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("make folder of the token file: %w", err)
	}
	probe, err := os.CreateTemp(folder, ".gatehouse-*")
	if err != nil {
		return fmt.Errorf("the token file could not be written: %w", err)
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// writeToken replaces the file as a whole, readable by its owner only.
func writeToken(path string, token storage.Secret) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".gatehouse-*") // made 0600
	if err != nil {
		return fmt.Errorf("write token file: %w", err)
	}
	_, err = file.WriteString(token.Reveal() + "\n")
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write token file: %w", err), os.Remove(file.Name()))
	}
	return nil
}
