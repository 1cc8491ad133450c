package stack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"gatehouse/e2e/directus"
)

// The administrator of every Directus started here. These are no secrets: the
// server lives on loopback, for as long as a test or a demo.
const (
	AdminEmail    = "admin@example.com"
	AdminPassword = "gatehouse-admin-password"           //nolint:gosec // see above
	AdminToken    = "gatehouse-admin-token-for-loopback" //nolint:gosec // see above
)

// DirectusOptions are all optional.
type DirectusOptions struct {
	Version  string // directus.Current when empty
	Database string // PostgreSQL (the default) or SQLite
	Dir      string // its working folder; a temporary one, removed by Stop, when empty
	Port     int    // a free one when 0

	SMTP         string   // host:port of the mail server; mail goes nowhere when empty
	ResetURLs    []string // PASSWORD_RESET_URL_ALLOW_LIST
	InviteURLs   []string // USER_INVITE_URL_ALLOW_LIST
	RegisterURLs []string // USER_REGISTER_URL_ALLOW_LIST
	TrustProxy   string   // IP_TRUST_PROXY; 127.0.0.1 when empty

	// Env sets or overrides any of Directus's variables. The stall times are 0
	// and the registration and pressure limiters off unless set here.
	Env map[string]string
}

// Directus is a running Directus with one administrator and nothing else in it.
type Directus struct {
	URL           string // without a slash at the end
	Version       string
	Dir           string
	AdminEmail    string
	AdminPassword string
	AdminToken    string    // a static token of the administrator
	Postgres      *Postgres // nil on SQLite

	install *DirectusInstall
	env     map[string]string
	owned   bool // whether Dir is ours to remove
	process *Process
	service service
}

// StartDirectus installs Directus if needed and starts it on a database that
// was bootstrapped before, or is now. A Dir that holds an SQLite database from
// an earlier start is continued.
func StartDirectus(ctx context.Context, options DirectusOptions) (*Directus, error) {
	options.Version = cmp.Or(options.Version, directus.Current)
	options.Database = cmp.Or(options.Database, PostgreSQL)
	install, err := InstallDirectus(ctx, options.Version, options.Database)
	if err != nil {
		return nil, err
	}
	d := &Directus{
		Version: options.Version, Dir: options.Dir, install: install,
		AdminEmail: AdminEmail, AdminPassword: AdminPassword, AdminToken: AdminToken,
	}
	if err := d.start(ctx, options); err != nil {
		d.Stop()
		return nil, fmt.Errorf("start Directus %s: %w", options.Version, err)
	}
	return d, nil
}

func (d *Directus) start(ctx context.Context, options DirectusOptions) error {
	if err := d.makeDir(); err != nil {
		return err
	}
	port := options.Port
	if port == 0 {
		var err error
		if port, err = FreePort(ctx); err != nil {
			return err
		}
	}
	d.URL = "http://" + loopback(port)
	d.env = directusEnv(options, d.URL, port)
	database, err := d.openDatabase(ctx, options.Database)
	if err != nil {
		return err
	}
	maps.Copy(d.env, database)
	maps.Copy(d.env, options.Env)
	return d.boot(ctx)
}

func (d *Directus) boot(ctx context.Context) error {
	process, err := d.install.run(d.Dir, d.env, "start")
	if err != nil {
		return err
	}
	d.process = process
	if err := process.WaitReady(ctx, d.answers); err != nil {
		return err
	}
	return d.ensureAdminToken(ctx)
}

func (d *Directus) answers(ctx context.Context) bool {
	response, err := d.get(ctx, "/server/ping", "")
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

// Stop ends Directus and its database, and removes the working folder if it was
// a temporary one.
func (d *Directus) Stop() {
	if d.process != nil {
		d.process.Stop()
	}
	if d.Postgres != nil {
		d.Postgres.Stop()
	}
	if d.owned {
		_ = os.RemoveAll(d.Dir)
	}
}

// Kill ends Directus at once, as kill -9 does; its database stays. Restart
// brings it back, and Stop is still needed.
func (d *Directus) Kill() { d.process.Kill() }

// Restart stops Directus if it still runs and starts it again at the same
// address on the same data, with the given variables changed.
func (d *Directus) Restart(ctx context.Context, env map[string]string) error {
	d.process.Stop()
	maps.Copy(d.env, env)
	if err := d.boot(ctx); err != nil {
		return fmt.Errorf("restart Directus %s: %w", d.Version, err)
	}
	return nil
}

// Done is closed when Directus has ended, for whatever reason.
func (d *Directus) Done() <-chan struct{} { return d.process.Done() }

// Log is the end of what Directus wrote.
func (d *Directus) Log() string { return d.process.Log() }

// makeDir prepares the working folder. Directus 12 loads no extensions where
// there is no package.json.
func (d *Directus) makeDir() error {
	if d.Dir == "" {
		dir, err := os.MkdirTemp("", "gatehouse-directus-")
		if err != nil {
			return fmt.Errorf("working folder: %w", err)
		}
		d.Dir, d.owned = dir, true
	}
	for _, folder := range []string{"uploads", "extensions", "templates"} {
		if err := os.MkdirAll(filepath.Join(d.Dir, folder), 0o700); err != nil {
			return fmt.Errorf("working folder: %w", err)
		}
	}
	return publish(filepath.Join(d.Dir, "package.json"), []byte("{\"private\": true}\n"))
}

// run starts one command of Directus's command line.
func (i *DirectusInstall) run(dir string, env map[string]string, command string) (*Process, error) {
	variables := i.Node.Env(dir)
	for _, name := range slices.Sorted(maps.Keys(env)) {
		variables = append(variables, name+"="+env[name])
	}
	return StartProcess(Command{
		Name: "Directus (" + command + ")", Path: i.Node.Path, Args: []string{filepath.Join(i.Dir, "run.mjs"), command},
		Dir: dir, Env: variables, Log: filepath.Join(dir, "directus.log"),
	})
}

func directusEnv(options DirectusOptions, url string, port int) map[string]string {
	env := map[string]string{
		"HOST": "127.0.0.1", "PORT": strconv.Itoa(port), "PUBLIC_URL": url,
		"SECRET": "gatehouse-directus-secret-for-loopback-only", "KEY": "gatehouse", // KEY: before 10.11
		"ADMIN_EMAIL": AdminEmail, "ADMIN_PASSWORD": AdminPassword, "ADMIN_TOKEN": AdminToken,
		"TELEMETRY": "false", "WEBSOCKETS_ENABLED": "true", "LOG_STYLE": "raw",
		"IMPORT_IP_DENY_LIST":               "169.254.169.254", // flows may call back to loopback
		"LOGIN_STALL_TIME":                  "0",
		"REGISTER_STALL_TIME":               "0",
		"RATE_LIMITER_REGISTRATION_ENABLED": "false",
		"PRESSURE_LIMITER_ENABLED":          "false", // a busy test machine is no reason for 503
		"IP_TRUST_PROXY":                    cmp.Or(options.TrustProxy, "127.0.0.1"),
		"EMAIL_VERIFY_SETUP":                "false", "EMAIL_FROM": "no-reply@example.com",
		"EMAIL_TRANSPORT": "smtp", "EMAIL_SMTP_HOST": "127.0.0.1", "EMAIL_SMTP_PORT": "9", "EMAIL_SMTP_IGNORE_TLS": "true",
	}
	if host, port, err := net.SplitHostPort(options.SMTP); err == nil {
		env["EMAIL_SMTP_HOST"], env["EMAIL_SMTP_PORT"] = host, port
	}
	for name, urls := range map[string][]string{
		"PASSWORD_RESET_URL_ALLOW_LIST": options.ResetURLs,
		"USER_INVITE_URL_ALLOW_LIST":    options.InviteURLs,
		"USER_REGISTER_URL_ALLOW_LIST":  options.RegisterURLs,
	} {
		if len(urls) > 0 {
			env[name] = strings.Join(urls, ",")
		}
	}
	return env
}

var errUnknownDatabase = errors.New("the database must be " + SQLite + " or " + PostgreSQL)
