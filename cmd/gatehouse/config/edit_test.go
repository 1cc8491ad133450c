package config_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/cmd/gatehouse/config"
)

// Each file is edited in the same way: the policy becomes strong.
func TestEdit(t *testing.T) {
	for name, test := range map[string]struct{ before, after string }{
		"empty file": {"", "directus:\n  password_policy: strong\n"},
		"no section": {"issuer: x # ours\n", "issuer: x # ours\ndirectus:\n  password_policy: strong\n"},
		"no line end": {
			"issuer: x",
			"issuer: x\ndirectus:\n  password_policy: strong\n",
		},
		"empty section": {
			"directus:\nissuer: x\n",
			"directus:\n  password_policy: strong\nissuer: x\n",
		},
		"new key": {
			"directus: # the store\n    url: http://directus\n    # its token\n    token_file: token\n\n# ours\nissuer: x\n",
			"directus: # the store\n    url: http://directus\n    # its token\n    token_file: token\n    password_policy: strong\n\n# ours\nissuer: x\n",
		},
		"new key in the last section": {
			"issuer: x\ndirectus:\n  url: http://directus\n# the end\n",
			"issuer: x\ndirectus:\n  url: http://directus\n  password_policy: strong\n# the end\n",
		},
		"changed, with a comment": {
			"directus:\n  password_policy: weak   # as in Directus\n  url: u\n",
			"directus:\n  password_policy: strong   # as in Directus\n  url: u\n",
		},
		"changed, quoted": {
			"directus:\n  url: u\n  password_policy: '/^it''s #1$/' # x\n",
			"directus:\n  url: u\n  password_policy: strong # x\n",
		},
		"changed, double quotes": {
			"directus: {password_policy: \"a\\\"}\", url: u} # all\n",
			"directus: {password_policy: strong, url: u} # all\n",
		},
		"changed, a block": {
			"directus:\n  password_policy: >-\n    /^.{12,}$/\n\n  # where\n  url: u\n",
			"directus:\n  password_policy: strong\n\n  # where\n  url: u\n",
		},
		"changed, on the next line": {
			"directus:\n  password_policy:\n    weak\n  url: u\n",
			"directus:\n  password_policy: strong\n  url: u\n",
		},
		"changed, a list": {
			"directus:\n  password_policy:\n  - a\n  - b\n  url: u\n",
			"directus:\n  password_policy: strong\n  url: u\n",
		},
		"flow":              {"directus: {url: u}\n", "directus: {password_policy: strong, url: u}\n"},
		"empty flow":        {"directus: {}\n", "directus: {password_policy: strong}\n"},
		"flow, changed":     {"directus: {url: u, password_policy: weak}\n", "directus: {url: u, password_policy: strong}\n"},
		"flow in two lines": {"directus: {url: u,\n  password_policy: weak }\n", "directus: {url: u,\n  password_policy: strong }\n"},
		"a dotted key":      {"directus.password_policy: weak\nissuer: x\n", "directus.password_policy: strong\nissuer: x\n"},
		"lines of Windows":  {"directus:\r\n  url: u\r\n", "directus:\r\n  url: u\r\n  password_policy: strong\r\n"},
		"letters before":    {"directus: {url: üü, password_policy: weak}\n", "directus: {url: üü, password_policy: strong}\n"},
	} {
		t.Run(name, func(t *testing.T) {
			edited, hunks, err := config.Edit([]byte(test.before), config.Change{Key: "directus.password_policy", Value: "strong"})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.after, string(edited)); diff != "" {
				t.Errorf("edited (-want +got):\n%s", diff)
			}
			if shared := strings.Contains(test.before, "directus: {"); len(hunks) == 1 && hunks[0].Shared != shared {
				t.Errorf("shared with other keys: %t", hunks[0].Shared)
			}
			if len(hunks) != 1 || !strings.Contains(strings.Join(hunks[0].Added, "\n"), "strong") || hunks[0].Line < 1 {
				t.Errorf("hunks %+v", hunks)
			}
		})
	}
}

func TestEditSeveral(t *testing.T) {
	file := "directus:\n  url: u\n  attempts_limit: 25 # there too\nissuer: x\n"
	edited, hunks, err := config.Edit([]byte(file),
		config.Change{Key: "directus.attempts_limit", Value: "10"},
		config.Change{Key: "directus.email_filter", Value: `'{"email":{"_ends_with":"@example.com"}}'`},
		config.Change{Key: "directus.enforce_tfa", Value: "['Staff, EU', Editors]"})
	if err != nil {
		t.Fatal(err)
	}
	want := "directus:\n  url: u\n  attempts_limit: 10 # there too\n  email_filter: '{\"email\":{\"_ends_with\":\"@example.com\"}}'\n  enforce_tfa: ['Staff, EU', Editors]\nissuer: x\n"
	if diff := cmp.Diff(want, string(edited)); diff != "" {
		t.Errorf("edited (-want +got):\n%s", diff)
	}
	first := config.Hunk{Key: "directus.attempts_limit", Line: 3, Removed: []string{"  attempts_limit: 25 # there too"}, Added: []string{"  attempts_limit: 10 # there too"}}
	if len(hunks) != 3 || cmp.Diff(first, hunks[0]) != "" {
		t.Errorf("hunks %+v", hunks)
	}
	edited, _, err = config.Edit(edited, config.Change{Key: "directus.enforce_tfa", Value: "[]"})
	if err != nil || !strings.Contains(string(edited), "  enforce_tfa: []\n") {
		t.Errorf("%v:\n%s", err, edited)
	}
}

func TestEditLeavesToPeople(t *testing.T) {
	for name, file := range map[string]string{
		"JSON":                       `{"directus": {"url": "u"}}`,
		"comments in the value":      "directus:\n  password_policy:\n  - a # why a\n  - b\n  url: u\n",
		"a comment before the value": "directus:\n  password_policy: # why\n    weak\n  url: u\n",
		"a comment after the value":  "directus:\n  password_policy: \"a\\\n    b\" # why\n  url: u\n",
		"an alias":                   "a: &a weak\ndirectus:\n  password_policy: *a\n",
		"an anchor on the value":     "directus: {password_policy: &a weak}\n",
		"a text for a section":       "directus: x\n",
		"no YAML":                    "directus:\n  url: {a: b\n",
	} {
		t.Run(name, func(t *testing.T) {
			if edited, _, err := config.Edit([]byte(file), config.Change{Key: "directus.password_policy", Value: "strong"}); err == nil {
				t.Errorf("edited to:\n%s", edited)
			}
		})
	}
	if _, _, err := config.Edit([]byte(`{"directus": {}}`), config.Change{Key: "directus.password_policy", Value: "strong"}); !errors.Is(err, config.ErrNotEditable) {
		t.Errorf("got %v", err)
	}
}

// Whatever the file: what comes out differs in the one key, or nothing comes out.
func FuzzEdit(f *testing.F) {
	for _, seed := range []string{"", "directus:\n  url: u\n", "directus: {url: u, password_policy: 'a'}\n", "directus.password_policy: x\n", "directus:\n  password_policy: |\n    a\n    # b\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		edited, _, err := config.Edit(file, config.Change{Key: "directus.password_policy", Value: "strong"})
		if err == nil && !strings.Contains(string(edited), "strong") {
			t.Errorf("%q became %q", file, edited)
		}
	})
}
