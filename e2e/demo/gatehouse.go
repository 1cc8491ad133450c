package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"

	"gatehouse/e2e/stack"
)

const clientID = "nextjs"

// clientSecret is made anew by every run.
var clientSecret = rand.Text() + rand.Text()

func (d *demo) buildGatehouse(ctx context.Context) error {
	done := d.progress.step("Build Gatehouse")
	binary, err := filepath.Abs(filepath.Join("bin", "gatehouse"))
	if err != nil {
		return fmt.Errorf("build Gatehouse: %w", err)
	}
	d.binary = binary
	build := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", binary, "./cmd/gatehouse") //nolint:gosec // our own tree
	if output, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build Gatehouse: %w\n%s", err, output)
	}
	done(nil)
	return nil
}

// setUp prepares Directus as an operator would: gatehouse setup gets the
// administrator's credentials by its environment and leaves a token file.
func (d *demo) setUp(ctx context.Context) error {
	done := d.progress.step("Run gatehouse setup")
	if err := d.writeConfig(); err != nil {
		return err
	}
	err := stack.Run(ctx, d.gatehouseCommand("setup", setupArguments(d),
		"GATEHOUSE_SETUP_ADMIN_EMAIL="+d.directus.AdminEmail, "GATEHOUSE_SETUP_ADMIN_PASSWORD="+d.directus.AdminPassword))
	done(err)
	return err
}

func setupArguments(d *demo) []string {
	return []string{"setup", "--config", d.configFile(), "--token-file", d.tokenFile(), "--gatehouse-address", "127.0.0.1"}
}

func (d *demo) startGatehouse(ctx context.Context) error {
	done := d.progress.step("Start Gatehouse")
	var err error
	d.gatehouse, err = stack.StartProcess(d.gatehouseCommand("serve", []string{"serve", "--config", d.configFile()}))
	if err == nil {
		err = d.gatehouse.WaitReady(ctx, answers(d.address.issuer()+"/.well-known/openid-configuration"))
	}
	done(err)
	return err
}

// gatehouseCommand has a small environment of its own: Gatehouse refuses
// variables with its prefix that it does not know, and ours has some.
func (d *demo) gatehouseCommand(name string, arguments []string, variables ...string) stack.Command {
	return stack.Command{
		Name: "gatehouse " + name, Path: d.binary, Args: arguments, Dir: d.dir,
		Env: append([]string{"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=" + d.dir}, variables...),
		Log: filepath.Join(d.dir, "gatehouse-"+name+".log"),
	}
}

func (d *demo) configFile() string { return filepath.Join(d.dir, "gatehouse.yaml") }
func (d *demo) tokenFile() string  { return filepath.Join(d.dir, "directus-token") }

// writeConfig writes gatehouse.yaml. JSON is YAML, and quotes what it must.
func (d *demo) writeConfig() error {
	app := url(d.address.nextjs)
	content, err := json.MarshalIndent(map[string]any{
		"issuer": d.address.issuer(),
		"listen": loopback(d.address.gatehouse),
		"log":    map[string]any{"format": "text"},
		"directus": map[string]any{
			"url": d.directus.URL, "token_file": d.tokenFile(),
		},
		"store": map[string]any{"bolt": map[string]any{"path": filepath.Join(d.dir, "gatehouse.db")}},
		"theme": map[string]any{"project_name": "Acme"},
		"clients": []map[string]any{{
			"client_id": clientID, "client_secret": clientSecret, "client_name": "Acme Shop", "client_uri": app,
			"redirect_uris":             []string{app + "/api/auth/callback/gatehouse"},
			"post_logout_redirect_uris": []string{app + "/signed-out"},
			"grant_types":               []string{"authorization_code", "refresh_token"},
		}},
	}, "", "  ")
	if err != nil {
		return fmt.Errorf("write gatehouse.yaml: %w", err)
	}
	if err := os.WriteFile(d.configFile(), content, 0o600); err != nil {
		return fmt.Errorf("write gatehouse.yaml: %w", err)
	}
	return nil
}

// answers makes a readiness check of an address.
func answers(address string) func(context.Context) bool {
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
