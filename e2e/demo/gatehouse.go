package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"path/filepath"

	"gatehouse/e2e/stack"
)

const clientID = "nextjs"

// clientSecret is made anew by every run.
var clientSecret = rand.Text() + rand.Text()

func (d *demo) buildGatehouse(ctx context.Context) error {
	done := d.progress.step("Build Gatehouse")
	var err error
	if d.binary, err = filepath.Abs(filepath.Join("bin", "gatehouse")); err != nil {
		return fmt.Errorf("build Gatehouse: %w", err)
	}
	err = stack.BuildGatehouse(ctx, d.binary)
	done(err)
	return err
}

// setUp prepares Directus as an operator would.
func (d *demo) setUp(ctx context.Context) error {
	done := d.progress.step("Run gatehouse setup")
	var err error
	d.gatehouse, err = stack.NewGatehouse(stack.GatehouseOptions{Binary: d.binary, Dir: d.dir, Config: d.config()})
	if err == nil {
		err = d.gatehouse.Setup(ctx, d.directus, "--gatehouse-address", "127.0.0.1", "--registration", "open")
	}
	done(err)
	return err
}

func (d *demo) startGatehouse(ctx context.Context) error {
	done := d.progress.step("Start Gatehouse")
	err := d.gatehouse.Start(ctx)
	done(err)
	return err
}

// config is gatehouse.yaml.
func (d *demo) config() map[string]any {
	app := url(d.address.nextjs)
	return map[string]any{
		"issuer": d.address.issuer(),
		"listen": loopback(d.address.gatehouse),
		"log":    map[string]any{"format": "text"},
		"directus": map[string]any{
			"url": d.directus.URL, "token_file": filepath.Join(d.dir, "directus-token"),
		},
		"store": map[string]any{"bolt": map[string]any{"path": filepath.Join(d.dir, "gatehouse.db")}},
		"clients": []map[string]any{{
			"client_id": clientID, "client_secret": clientSecret, "client_name": appName, "client_uri": app,
			"redirect_uris":             []string{app + "/api/auth/callback/gatehouse"},
			"post_logout_redirect_uris": []string{app + "/signed-out"},
			"grant_types":               []string{"authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:token-exchange"},
			"directus_exchange":         "users",
		}},
	}
}
