package main

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
)

// mailTemplates copies the example's, with the issuer of this run in them.
func (d *demo) mailTemplates() (folder string, err error) {
	folder = filepath.Join(d.dir, "templates")
	return folder, errors.Join(
		os.CopyFS(folder, os.DirFS(filepath.Join("examples", "directus-templates"))),
		os.WriteFile(filepath.Join(folder, "gatehouse-issuer.liquid"), []byte(d.address.issuer()), 0o600),
	)
}

// dressDirectus gives the project a look, which the pages of Gatehouse take over.
func (d *demo) dressDirectus(ctx context.Context) error {
	return d.directus.Call(ctx, http.MethodPatch, "/settings", map[string]any{
		"project_name": "Acme", "project_color": "#0f766e", "project_descriptor": "Everything a coyote needs",
		"public_note": "A demo: people and mails stay on this machine.",
	}, nil)
}
