package provider_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestOutageTable reads docs/operations.md, "When Directus is away": each row of
// the table names the faults of situations or the tests by which it is proven, each
// fault stands in a row, and every test that the section names exists.
func TestOutageTable(t *testing.T) {
	text, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## When Directus is away\n")
	section, _, _ = strings.Cut(section, "\n## ")
	tests := testNames(t)
	for _, name := range regexp.MustCompile("`(Test[A-Za-z0-9]+)`").FindAllStringSubmatch(section, -1) {
		if !slices.Contains(tests, name[1]) {
			t.Errorf("there is no %s", name[1])
		}
	}
	var injected []string
	rows := 0
	for line := range strings.Lines(section) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| Directus |") {
			continue
		}
		rows++
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		names := regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[len(cells)-1], -1)
		if len(names) == 0 {
			t.Errorf("nothing proves the row%s", cells[0])
		}
		for _, name := range names {
			if !strings.HasPrefix(name[1], "Test") {
				injected = append(injected, name[1])
			}
		}
	}
	if rows < 9 {
		t.Errorf("only %d rows", rows)
	}
	var faults []string
	for _, one := range situations() {
		faults = append(faults, one.name)
	}
	slices.Sort(faults)
	slices.Sort(injected)
	if !slices.Equal(faults, injected) {
		t.Errorf("the table names the faults %q, and the tests inject %q", injected, faults)
	}
}

// testNames are those of all tests of the module.
func testNames(t *testing.T) (names []string) {
	t.Helper()
	function := regexp.MustCompile(`(?m)^func (Test[A-Za-z0-9]+)\(`)
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == "node_modules":
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		for _, found := range function.FindAllSubmatch(text, -1) {
			names = append(names, string(found[1]))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
