package setup_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatehouse/cmd/gatehouse/setup"
)

func TestCredentialsWithoutTerminal(t *testing.T) {
	folder := t.TempDir()
	password := filepath.Join(folder, "password")
	if err := os.WriteFile(password, []byte("from-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		environment map[string]string
		want        string
		words       string
	}{
		"by environment": {
			environment: map[string]string{"GATEHOUSE_SETUP_ADMIN_EMAIL": "a@example.com", "GATEHOUSE_SETUP_ADMIN_PASSWORD": "from-variable"},
			want:        "from-variable",
		},
		"password by file": {
			environment: map[string]string{"GATEHOUSE_SETUP_ADMIN_EMAIL": "a@example.com", "GATEHOUSE_SETUP_ADMIN_PASSWORD_FILE": password},
			want:        "from-file",
		},
		"two passwords": {
			environment: map[string]string{"GATEHOUSE_SETUP_ADMIN_EMAIL": "a@example.com", "GATEHOUSE_SETUP_ADMIN_PASSWORD": "from-variable", "GATEHOUSE_SETUP_ADMIN_PASSWORD_FILE": password},
			words:       "exclude each other",
		},
		"no file": {
			environment: map[string]string{"GATEHOUSE_SETUP_ADMIN_EMAIL": "a@example.com", "GATEHOUSE_SETUP_ADMIN_PASSWORD_FILE": password + ".none"},
			words:       "GATEHOUSE_SETUP_ADMIN_PASSWORD_FILE: ",
		},
		"no e-mail": {
			environment: map[string]string{"GATEHOUSE_SETUP_ADMIN_PASSWORD": "from-variable"},
			words:       "run it in a terminal, or set GATEHOUSE_SETUP_ADMIN_EMAIL",
		},
		"nothing": {words: "run it in a terminal"},
	} {
		t.Run(name, func(t *testing.T) {
			// A pipe is no terminal, so nobody is asked.
			input, output, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _, _ = input.Close(), output.Close() }()
			var prompts bytes.Buffer
			source := setup.Source{Lookup: func(name string) string { return test.environment[name] }, Terminal: input, Prompts: &prompts}
			credentials, err := source.Read()
			switch {
			case test.words == "" && err != nil:
				t.Fatal(err)
			case test.words != "" && (err == nil || !strings.Contains(err.Error(), test.words)):
				t.Errorf("got %v, want %q", err, test.words)
			case test.words != "" && strings.Contains(err.Error(), "from-variable"):
				t.Errorf("the error shows the password: %v", err)
			case test.words == "" && (credentials.Password.Reveal() != test.want || credentials.Email != "a@example.com"):
				t.Errorf("got %s with %q", credentials.Email, credentials.Password.Reveal())
			}
			if prompts.Len() > 0 {
				t.Errorf("somebody was asked: %s", prompts.String())
			}
		})
	}
}
