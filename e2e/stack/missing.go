package stack

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
)

// MissingError says that a program is not installed.
type MissingError struct {
	Program string
	Package string // the Debian package that brings it
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("%s is not installed (on Debian: apt-get install %s)", e.Program, e.Package)
}

// program finds an executable in PATH or else in the first of the folders that
// match the patterns, the last by name first (the newest release).
func program(name, debianPackage string, folders ...string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	for _, pattern := range folders {
		found, err := filepath.Glob(filepath.Join(pattern, name))
		if err != nil {
			return "", fmt.Errorf("find %s: %w", name, err)
		}
		if len(found) > 0 {
			return slices.Max(found), nil
		}
	}
	return "", &MissingError{Program: name, Package: debianPackage}
}
