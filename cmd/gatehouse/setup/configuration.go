package setup

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"gatehouse/cmd/gatehouse/config"
	"gatehouse/cmd/gatehouse/rules"
	"gatehouse/storage/directus/prepare"
)

// Configuration is what Gatehouse has of the rules of Directus, and where.
type Configuration struct {
	// Path is the file; empty where there is none.
	Path string
	// Keep leaves the file as it is.
	Keep  bool
	Rules prepare.Rules
	// Elsewhere names the variable that sets a key, which then wins over the file.
	Elsewhere map[string]string
	// Check says whether a file at another path, in the same folder, would do in
	// place of Path.
	Check func(path string) error
}

// repeat makes the configuration say what Directus says: in the file where that
// can be, in words otherwise.
func repeat(options Options, inDirectus prepare.Rules) {
	w, c := options.Output, options.Configuration
	var changes []config.Change
	var elsewhere []rules.Difference
	differences := rules.Compare(c.Rules, inDirectus)
	for _, difference := range differences {
		if c.Elsewhere[difference.Key] != "" {
			elsewhere = append(elsewhere, difference)
			continue
		}
		changes = append(changes, config.Change{Key: difference.Key, Value: difference.InDirectus})
	}
	if len(elsewhere) > 0 {
		fmt.Fprint(w, "\nDirectus says otherwise than a variable of the environment of Gatehouse; set it to:\n\n")
		for _, difference := range elsewhere {
			fmt.Fprintf(w, "  %s: %s (%s)\n", difference.Key, difference.InDirectus, c.Elsewhere[difference.Key])
		}
	}
	if len(changes) == 0 {
		return
	}
	hunks, err := c.write(changes, options.Prepare.DryRun)
	switch {
	case err != nil:
		where := "the configuration of Gatehouse"
		if c.Path != "" {
			where = c.Path
		}
		fmt.Fprintf(w, "\nSet this in %s, as it is in Directus (%v):\n\n", where, err)
		for _, change := range changes {
			fmt.Fprintf(w, "  %s: %s\n", change.Key, change.Value)
		}
		return
	case options.Prepare.DryRun:
		fmt.Fprintf(w, "\nWould be changed in %s, as it is in Directus:\n\n", c.Path)
	default:
		fmt.Fprintf(w, "\nChanged in %s, as it is in Directus; restart Gatehouse:\n\n", c.Path)
	}
	for _, hunk := range hunks {
		if hunk.Shared {
			at := slices.IndexFunc(differences, func(d rules.Difference) bool { return d.Key == hunk.Key })
			hunk.Removed, hunk.Added = []string{hunk.Key + ": " + differences[at].Here}, []string{hunk.Key + ": " + differences[at].InDirectus}
		}
		show(w, hunk)
	}
}

func show(w io.Writer, hunk config.Hunk) {
	fmt.Fprintf(w, "  line %d\n", hunk.Line)
	for _, line := range hunk.Removed {
		fmt.Fprintf(w, "  - %s\n", line)
	}
	for _, line := range hunk.Added {
		fmt.Fprintf(w, "  + %s\n", line)
	}
}

var (
	errNoFile = errors.New("there is no configuration file")
	errKept   = errors.New("--keep-configuration")
)

// write changes the file as a whole or not at all, and never to one that Gatehouse
// would refuse. In a dry run it does all but the last step.
func (c Configuration) write(changes []config.Change, dry bool) ([]config.Hunk, error) {
	switch {
	case c.Path == "":
		return nil, errNoFile
	case c.Keep:
		return nil, errKept
	}
	// Behind a link, not in its place.
	path, err := filepath.EvalSymlinks(c.Path)
	if err != nil {
		return nil, err
	}
	content, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, err
	}
	edited, hunks, err := config.Edit(content, changes...)
	if err != nil {
		return nil, err
	}
	beside, err := besideOf(path, edited)
	if err != nil {
		return nil, unwritable(err)
	}
	defer func() { _ = os.Remove(beside) }() // gone after it was renamed
	if err := c.Check(beside); err != nil {
		return nil, fmt.Errorf("it would keep Gatehouse from starting: %w", err)
	}
	// Somebody may have saved the file in an editor meanwhile.
	if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, content) { //nolint:gosec // the operator names the file
		return nil, errors.Join(errors.New("the file was changed meanwhile"), err)
	}
	if dry {
		return hunks, nil
	}
	if err := os.Rename(beside, path); err != nil {
		return nil, unwritable(err)
	}
	return hunks, nil
}

// unwritable says what became of the file, and nothing of the one beside it that a
// person never sees.
func unwritable(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		err = path.Err
	case errors.As(err, &link):
		err = link.Err
	}
	return fmt.Errorf("the file, or its folder, cannot be written: %w; it is as it was", err)
}

// besideOf writes a file next to another, with its mode and owner: it may hold
// secrets.
func besideOf(path string, content []byte) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	// Renaming asks nothing of the file itself.
	probe, err := os.OpenFile(path, os.O_WRONLY, 0) //nolint:gosec // the operator names the file
	if err != nil {
		return "", err
	}
	if err := probe.Close(); err != nil {
		return "", err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".gatehouse-*.yaml") // made 0600
	if err != nil {
		return "", err
	}
	_, err = file.Write(content)
	err = errors.Join(err, keepOwner(file, info), file.Chmod(info.Mode().Perm()), file.Sync(), file.Close())
	if err != nil {
		return "", errors.Join(err, os.Remove(file.Name()))
	}
	return file.Name(), nil
}
