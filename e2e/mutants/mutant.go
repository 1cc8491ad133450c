package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Mutant is the provider with one rule switched off.
type Mutant struct {
	// Rule is what is switched off, in few words.
	Rule string
	// File is that of the rule, from the root of the module.
	File string
	// Text occurs once in the file; Replacement stands in its place.
	Text, Replacement string
	// Tests must notice: at least one of them fails. They are modules, unless
	// Package names another package's folder: then they are tests of that one, for
	// a rule that no module looks at.
	Tests   []string
	Package string
}

// conformancePackage is the folder of the modules.
const conformancePackage = "e2e/conformance"

// home is the folder of the tests.
func (m Mutant) home() string { return cmp.Or(m.Package, conformancePackage) }

// errText says that the table and the source have parted.
var errText = errors.New("the text is not in the file exactly once")

// source returns the file with the rule switched off.
func (m Mutant) source(root string) ([]byte, error) {
	content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(m.File)))
	if err != nil {
		return nil, err
	}
	if found := strings.Count(string(content), m.Text); m.Text == "" || found != 1 {
		return nil, fmt.Errorf("%w: %d times in %s", errText, found, m.File)
	}
	return []byte(strings.Replace(string(content), m.Text, m.Replacement, 1)), nil
}

// overlay writes the mutant's file and the overlay (go help build) that names it
// into the folder, and returns the overlay's path.
func (m Mutant) overlay(root, folder string) (string, error) {
	content, err := m.source(root)
	if err != nil {
		return "", err
	}
	changed := filepath.Join(folder, "mutant"+filepath.Ext(m.File))
	if err := os.WriteFile(changed, content, 0o600); err != nil {
		return "", err
	}
	original := filepath.Join(root, filepath.FromSlash(m.File))
	encoded, err := json.Marshal(map[string]map[string]string{"Replace": {original: changed}})
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, "overlay.json")
	return path, os.WriteFile(path, encoded, 0o600)
}
