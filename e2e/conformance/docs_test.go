package conformance

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestDocumentedModules compares docs/conformance.md with the plans.
func TestDocumentedModules(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/conformance.md")
	if err != nil {
		t.Fatal(err)
	}
	letters := documentedPlans(t, string(text))
	want := map[string][]string{}
	for _, plan := range Plans() {
		for _, module := range plan.Modules {
			if letter := letters[plan.Name]; !slices.Contains(want[module.Name], letter) {
				want[module.Name] = append(want[module.Name], letter)
			}
		}
	}
	got := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(oidcc-[^`]+)` \\| ([A-Z0-9 ]+) \\| [^|]+ \\|$").FindAllStringSubmatch(string(text), -1) {
		name := row[1]
		if got[name] {
			t.Errorf("%s is there twice", name)
		}
		got[name] = true
		if documented := strings.Fields(row[2]); !slices.Equal(documented, want[name]) {
			t.Errorf("%s is said to be in the plans %v, it is in %v", name, documented, want[name])
		}
	}
	for _, name := range Modules() {
		if !got[name] {
			t.Errorf("%s is not in docs/conformance.md", name)
		}
	}
}

// documentedPlans checks the counts of the plans, and returns their letters.
func documentedPlans(t *testing.T, text string) map[string]string {
	t.Helper()
	letters := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(oidcc-[^`]+)` \\| ([A-Z0-9]) \\| ([0-9–]+) \\| ([0-9]+) \\|$").FindAllStringSubmatch(text, -1) {
		letters[row[1]] = row[2]
		i := slices.IndexFunc(Plans(), func(plan Plan) bool { return plan.Name == row[1] })
		if i < 0 {
			t.Errorf("there is no plan %s", row[1])
			continue
		}
		plan, registers := Plans()[i], len(Plans()[i].Of(false))
		if plan.Short == "dynamic" {
			registers = len(plan.Of(false, Code))
		}
		static := "–"
		if count := len(plan.Of(true)); count > 0 {
			static = strconv.Itoa(count)
		}
		if row[3] != static || row[4] != strconv.Itoa(registers) {
			t.Errorf("%s is said to take %s and %s runs, it takes %s and %d", plan.Name, row[3], row[4], static, registers)
		}
	}
	for _, plan := range Plans() {
		if letters[plan.Name] == "" {
			t.Errorf("%s is not in docs/conformance.md", plan.Name)
		}
	}
	for _, number := range []int{len(Certification()), len(Modules()), len(Runs())} {
		if !strings.Contains(text, " "+strconv.Itoa(number)+" ") {
			t.Errorf("docs/conformance.md does not say the number %d", number)
		}
	}
	return letters
}
