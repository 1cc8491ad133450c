package doctor

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"gatehouse/e2e/mailbox"
	"gatehouse/e2e/stack"
)

// world is a Directus that gatehouse setup has prepared, with no more than it
// needs, and the binary to look at it.
type world struct {
	directus *stack.Directus
	issuer   string
	dir      string
	binary   string
	// healthy are Directus's variables as they should be.
	healthy map[string]string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	port, err := stack.FreePort(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w := &world{issuer: "http://localhost:" + strconv.Itoa(port), dir: t.TempDir()}
	w.healthy = map[string]string{
		"EMAIL_VERIFY_SETUP": "true", "WEBSOCKETS_ENABLED": "true",
		"PASSWORD_RESET_URL_ALLOW_LIST": w.issuer + "/reset-password",
		"USER_REGISTER_URL_ALLOW_LIST":  w.issuer + "/verify-email",
		"USER_INVITE_URL_ALLOW_LIST":    w.issuer + "/accept-invite",
		"IP_TRUST_PROXY":                "127.0.0.1",
		"CACHE_ENABLED":                 "false", "CACHE_AUTO_PURGE": "false",
		// A provider that Directus 12 does not offer without a licence.
		"AUTH_PROVIDERS": "corporate", "AUTH_CORPORATE_DRIVER": "oauth2", "AUTH_CORPORATE_CLIENT_ID": "directus",
		"AUTH_CORPORATE_CLIENT_SECRET": "secret-of-directus", "AUTH_CORPORATE_AUTHORIZE_URL": "http://127.0.0.1:9/authorize",
		"AUTH_CORPORATE_ACCESS_URL": "http://127.0.0.1:9/token", "AUTH_CORPORATE_PROFILE_URL": "http://127.0.0.1:9/userinfo",
	}
	mails, err := mailbox.Start(t.Context(), mailbox.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(mails.Stop)
	_, w.healthy["EMAIL_SMTP_PORT"], err = net.SplitHostPort(mails.SMTPAddr)
	if err != nil {
		t.Fatal(err)
	}
	w.directus = stack.DirectusForTest(t, stack.DirectusOptions{Env: w.healthy})
	w.binary = filepath.Join(w.dir, "gatehouse")
	if err := stack.BuildGatehouse(t.Context(), w.binary); err != nil {
		t.Fatal(err)
	}
	gatehouse, err := stack.NewGatehouse(stack.GatehouseOptions{Binary: w.binary, Dir: w.dir, Config: map[string]any{
		"issuer":   w.issuer,
		"listen":   "127.0.0.1:" + strconv.Itoa(port),
		"directus": map[string]any{"url": w.directus.URL, "token_file": filepath.Join(w.dir, "token")},
		"store":    map[string]any{"bolt": map[string]any{"path": filepath.Join(w.dir, "gatehouse.db")}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := gatehouse.Setup(t.Context(), w.directus, "--registration", "open"); err != nil {
		t.Fatal(err)
	}
	return w
}

// finding is one, as gatehouse doctor --json prints it.
type finding struct {
	Severity, Subject, Detail, Fix string
}

// doctor runs gatehouse doctor with more variables, as administrator if that is
// wanted.
func (w *world) doctor(t *testing.T, administrator bool, variables ...string) []finding {
	t.Helper()
	arguments := []string{"doctor", "--json", "--config", filepath.Join(w.dir, "gatehouse.yaml")}
	if administrator {
		arguments = append(arguments, "--administrator")
		variables = append(variables,
			"GATEHOUSE_SETUP_ADMIN_EMAIL="+w.directus.AdminEmail, "GATEHOUSE_SETUP_ADMIN_PASSWORD="+w.directus.AdminPassword)
	}
	return run(t.Context(), t, w.binary, w.dir, arguments, variables)
}

func run(ctx context.Context, t *testing.T, binary, dir string, arguments, variables []string) []finding {
	t.Helper()
	var output, problems bytes.Buffer
	command := exec.CommandContext(ctx, binary, arguments...) //nolint:gosec // our own binary
	command.Dir, command.Stdout, command.Stderr = dir, &output, &problems
	command.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir}, variables...)
	err := command.Run() // an error of the doctor's is one finding, and exits with 1
	var findings []finding
	if json.Unmarshal(output.Bytes(), &findings) != nil {
		t.Fatalf("gatehouse doctor: %v\n%s%s", err, output.String(), problems.String())
	}
	return findings
}

// setup runs gatehouse setup once more, with more variables.
func (w *world) setup(t *testing.T, variables ...string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), w.binary, "setup", "--config", filepath.Join(w.dir, "gatehouse.yaml")) //nolint:gosec // our own binary
	command.Dir = w.dir
	command.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + w.dir,
		"GATEHOUSE_SETUP_ADMIN_EMAIL=" + w.directus.AdminEmail, "GATEHOUSE_SETUP_ADMIN_PASSWORD=" + w.directus.AdminPassword,
	}, variables...)
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("gatehouse setup: %v\n%s", err, output)
	}
}

// seed starts Directus again with the healthy variables and those that are wrong.
func (w *world) seed(t *testing.T, wrong map[string]string) {
	t.Helper()
	variables := maps.Clone(w.healthy)
	maps.Copy(variables, wrong)
	if err := w.directus.Restart(t.Context(), variables); err != nil {
		t.Fatal(err)
	}
}

func (w *world) call(t *testing.T, method, path string, body, result any) {
	t.Helper()
	if err := w.directus.Call(t.Context(), method, path, body, result); err != nil {
		t.Fatal(err)
	}
}

// the is the one row that a filter finds.
func (w *world) the(t *testing.T, path, filter string) string {
	t.Helper()
	var rows []struct {
		ID any `json:"id"`
	}
	w.call(t, http.MethodGet, path+"?fields=id&"+filter, nil, &rows)
	if len(rows) != 1 {
		t.Fatalf("%s has %d rows for %s, want 1", path, len(rows), filter)
	}
	switch id := rows[0].ID.(type) {
	case string:
		return id
	case float64:
		return strconv.Itoa(int(id))
	}
	return ""
}

func (w *world) isCore() bool { return strings.HasPrefix(w.directus.Version, "12.") }

// wanted is what the doctor must say, or must not.
type wanted struct {
	severity, subject string
	words, fix        string
}

func (want wanted) among(findings []finding) bool {
	for _, f := range findings {
		if f.Severity == want.severity && f.Subject == want.subject && strings.Contains(f.Detail, want.words) && strings.Contains(f.Fix, want.fix) {
			return true
		}
	}
	return false
}

func (want wanted) found(t *testing.T, findings []finding) {
	t.Helper()
	if !want.among(findings) {
		t.Errorf("not found: %+v\namong %s", want, listed(findings))
	}
}

func (want wanted) notFound(t *testing.T, findings []finding) {
	t.Helper()
	if want.among(findings) {
		t.Errorf("found where nothing is wrong: %+v", want)
	}
}

func listed(findings []finding) string {
	var lines []string
	for _, f := range findings {
		lines = append(lines, f.Severity+"  "+f.Subject+": "+f.Detail+" → "+f.Fix)
	}
	return strings.Join(lines, "\n")
}
