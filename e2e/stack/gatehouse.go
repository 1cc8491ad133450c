package stack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// BuildGatehouse compiles the gatehouse of this module to the file target.
func BuildGatehouse(ctx context.Context, target string) error {
	target, err := filepath.Abs(target)
	if err != nil {
		return fmt.Errorf("build Gatehouse: %w", err)
	}
	build := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", target, "gatehouse/cmd/gatehouse") //nolint:gosec // our own tree
	if output, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build Gatehouse: %w\n%s", err, output)
	}
	return nil
}

// GatehouseOptions are all needed but Env.
type GatehouseOptions struct {
	Binary string         // as BuildGatehouse left it
	Dir    string         // its folder, for gatehouse.yaml, logs and what the configuration puts there
	Config map[string]any // the whole of gatehouse.yaml
	Env    []string       // variables beside PATH and HOME
}

// Gatehouse is a gatehouse binary with a configuration of its own.
type Gatehouse struct {
	Issuer string

	options GatehouseOptions
	process *Process // nil until Start
}

// NewGatehouse writes the configuration. Nothing runs yet.
func NewGatehouse(options GatehouseOptions) (*Gatehouse, error) {
	issuer, ok := options.Config["issuer"].(string)
	if !ok {
		return nil, errors.New("configure Gatehouse: no issuer")
	}
	if err := options.refuseTokens(); err != nil {
		return nil, err
	}
	g := &Gatehouse{Issuer: issuer, options: options}
	// JSON is YAML, and quotes what it must.
	content, err := json.MarshalIndent(options.Config, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("configure Gatehouse: %w", err)
	}
	if err := os.MkdirAll(options.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("configure Gatehouse: %w", err)
	}
	if err := os.WriteFile(g.ConfigFile(), content, 0o600); err != nil {
		return nil, fmt.Errorf("configure Gatehouse: %w", err)
	}
	return g, nil
}

// errToken keeps what is started here to the rights that an operator's Gatehouse has.
var errToken = errors.New("configure Gatehouse: it takes no token of Directus but from Setup, which gives it no more rights than its configuration needs: name directus.token_file and write_token_file")

func (o GatehouseOptions) refuseTokens() error {
	directus, _ := o.Config["directus"].(map[string]any)
	for _, key := range []string{"token", "write_token"} {
		variable := "GATEHOUSE_DIRECTUS_" + strings.ToUpper(key)
		_, configured := directus[key]
		_, flat := o.Config["directus."+key]
		if configured || flat || slices.ContainsFunc(o.Env, func(v string) bool { return strings.HasPrefix(v, variable) }) {
			return errToken
		}
	}
	return nil
}

// ConfigFile is the path of gatehouse.yaml.
func (g *Gatehouse) ConfigFile() string { return filepath.Join(g.options.Dir, "gatehouse.yaml") }

// Setup prepares Directus as an operator would: gatehouse setup gets the
// administrator's credentials by its environment, and leaves the service token
// in the file that directus.token_file names.
func (g *Gatehouse) Setup(ctx context.Context, directus *Directus, arguments ...string) error {
	return Run(ctx, g.command("setup", append([]string{"setup"}, arguments...),
		"GATEHOUSE_SETUP_ADMIN_EMAIL="+directus.AdminEmail, "GATEHOUSE_SETUP_ADMIN_PASSWORD="+directus.AdminPassword))
}

// Start runs gatehouse serve and returns when it answers. After Stop or Kill it
// starts it again, on the same data.
func (g *Gatehouse) Start(ctx context.Context) error {
	process, err := StartProcess(g.command("serve", []string{"serve"}))
	if err != nil {
		return err
	}
	g.process = process
	return process.WaitReady(ctx, answersAt(g.Issuer+"/.well-known/openid-configuration"))
}

// Stop ends it in order. The folder stays: it belongs to whoever named it.
func (g *Gatehouse) Stop() {
	if g.process != nil {
		g.process.Stop()
	}
}

// Kill ends it at once, as kill -9 does.
func (g *Gatehouse) Kill() { g.process.Kill() }

// Done is closed when it has ended, for whatever reason.
func (g *Gatehouse) Done() <-chan struct{} { return g.process.Done() }

// Log is the end of what gatehouse serve wrote.
func (g *Gatehouse) Log() string { return g.process.Log() }

// command has a small environment of its own: Gatehouse refuses variables with
// its prefix that it does not know, and ours has some.
func (g *Gatehouse) command(name string, arguments []string, variables ...string) Command {
	env := append([]string{"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=" + g.options.Dir}, g.options.Env...)
	return Command{
		Name: "gatehouse " + name, Path: g.options.Binary, Args: append(arguments, "--config", g.ConfigFile()), Dir: g.options.Dir,
		Env: append(env, variables...), Log: filepath.Join(g.options.Dir, "gatehouse-"+name+".log"),
	}
}

// answersAt makes a readiness check of an address.
func answersAt(address string) func(context.Context) bool {
	return func(ctx context.Context) bool {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return false
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return false
		}
		_ = response.Body.Close()
		return response.StatusCode == http.StatusOK
	}
}
