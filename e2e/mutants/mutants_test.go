package main

import (
	"bytes"
	"errors"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gatehouse/e2e/conformance"
)

const root = "../.."

// The table must not rot: a mutant whose text is gone tries nothing.
func TestEveryMutantStillFits(t *testing.T) {
	if len(mutants()) < 40 {
		t.Errorf("%d mutants", len(mutants()))
	}
	rules := map[string]bool{}
	for _, mutant := range mutants() {
		t.Run(mutant.Rule, func(t *testing.T) {
			changed, err := mutant.source(root)
			if err != nil {
				t.Fatal(err)
			}
			if filepath.Ext(mutant.File) == ".go" {
				if _, err := parser.ParseFile(token.NewFileSet(), mutant.File, changed, parser.SkipObjectResolution); err != nil {
					t.Error(err)
				}
			}
			if mutant.Rule == "" || rules[mutant.Rule] || mutant.Text == mutant.Replacement {
				t.Error("the mutant has no name of its own, or changes nothing")
			}
			rules[mutant.Rule] = true
			if len(mutant.Tests) == 0 {
				t.Error("no test is expected to notice")
			}
			for _, name := range mutant.Tests {
				if !exists(t, mutant.home(), name) {
					t.Errorf("there is no %s in %s", name, mutant.home())
				}
			}
		})
	}
}

// exists says whether there is such a module, or such a test of another package.
func exists(t *testing.T, home, name string) bool {
	t.Helper()
	if home == conformancePackage {
		return slices.Contains(conformance.Modules(), name)
	}
	files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(home), "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(files, func(file string) bool {
		content, err := os.ReadFile(file)
		return err == nil && strings.Contains(string(content), "\nfunc "+name+"(")
	})
}

func TestTextsThatDoNotFit(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "rule.go"), []byte("if a {\n}\nif b {\n}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		text string
		fits bool
	}{"once": {"if a", true}, "never": {"if c", false}, "twice": {"if ", false}, "empty": {"", false}} {
		t.Run(name, func(t *testing.T) {
			mutant := Mutant{File: "rule.go", Text: test.text, Replacement: "if false"}
			overlay, err := mutant.overlay(folder, t.TempDir())
			if test.fits != (err == nil) || !test.fits && !errors.Is(err, errText) {
				t.Fatalf("error %v", err)
			}
			if content, _ := os.ReadFile(overlay); test.fits && !strings.Contains(string(content), filepath.Join(folder, "rule.go")) {
				t.Errorf("overlay %s", content)
			}
		})
	}
	if content, _ := os.ReadFile(filepath.Join(folder, "rule.go")); !strings.HasPrefix(string(content), "if a {") {
		t.Error("the source was changed")
	}
}

func TestWhoFailed(t *testing.T) {
	for output, want := range map[string]string{
		"--- FAIL: TestConformance (1.00s)\n    --- FAIL: TestConformance/oidcc-server (0.50s)\n        --- FAIL: TestConformance/oidcc-server/basic (0.5s)\nFAIL\n": "oidcc-server",
		"    --- FAIL: TestConformance/oidcc-server/hybrid/code_id_token (0.10s)\n":                                                                                  "oidcc-server",
		"--- FAIL: TestConformance (1.00s)\nFAIL\n":                             "",
		"--- FAIL: TestCodeExpires (1.00s)\n    --- FAIL: TestCodeExpires/late": "TestCodeExpires",
		"panic: test timed out after 5m0s\n":                                    "",
		"ok  \tgatehouse/e2e/conformance 1.0s\n":                                "",
	} {
		if got := failedTest(output); got != want {
			t.Errorf("%q: %q, want %q", output, got, want)
		}
	}
	if got, want := pattern("provider/grant", []string{"TestCodeExpires"}), "^(TestCodeExpires)$"; got != want {
		t.Errorf("pattern %s", got)
	}
	if got, want := pattern(conformancePackage, []string{"oidcc-server", "oidcc-3rd_party-init-login"}), "^TestConformance$/^(oidcc-server|oidcc-3rd_party-init-login)$"; got != want {
		t.Errorf("pattern %s", got)
	}
}

func TestSummary(t *testing.T) {
	kept := Mutant{Rule: "kept", Tests: []string{"oidcc-server"}}
	lost := Mutant{Rule: "lost", Tests: []string{"oidcc-server"}}
	for name, test := range map[string]struct {
		results []result
		err     error
		words   []string
	}{
		"all caught": {[]result{{mutant: kept, by: "oidcc-server"}}, nil, []string{"1 of 1 mutants caught", "caught by oidcc-server ("}},
		"caught by another": {
			[]result{{mutant: kept, by: "oidcc-codereuse"}},
			nil,
			[]string{"1 of 1 mutants caught", "caught by modules that the table does not name: kept"},
		},
		"one survived": {[]result{{mutant: kept, by: "oidcc-server"}, {mutant: lost}}, errSurvived, []string{"1 of 2 mutants caught", "\nsurvived: lost\n"}},
		"one broken":   {[]result{{mutant: lost, err: errText}}, errSurvived, []string{"0 of 1 mutants caught", "\ncould not be tried: lost\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			s := &summary{out: &out, total: len(test.results)}
			for _, one := range test.results {
				s.add(one)
			}
			if err := s.end(0); !errors.Is(err, test.err) {
				t.Errorf("error %v", err)
			}
			for _, words := range test.words {
				if !strings.Contains(out.String(), words) {
					t.Errorf("no %q in\n%s", words, out.String())
				}
			}
		})
	}
}
