package provider_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestSpecMap reads docs/spec-map.md: the files and tests that it names exist.
func TestSpecMap(t *testing.T) {
	text, err := os.ReadFile("../docs/spec-map.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("\\| `([a-z0-9_/.]+\\.go)` \\| `([a-z0-9_/.]+_test\\.go)` `((?:Test|Fuzz)[A-Za-z0-9]+)` \\|")
	rows := 0
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|---") || !strings.Contains(line, "`") {
			continue
		}
		found := row.FindStringSubmatch(line)
		if found == nil {
			t.Errorf("no file and test in %s", line)
			continue
		}
		rows++
		if _, err := os.Stat(found[1]); err != nil {
			t.Errorf("%s does not exist", found[1])
		}
		tests, err := os.ReadFile(found[2])
		if err != nil || !strings.Contains(string(tests), "\nfunc "+found[3]+"(") {
			t.Errorf("%s has no %s", found[2], found[3])
		}
	}
	if rows < 40 {
		t.Errorf("only %d rows", rows)
	}
}
