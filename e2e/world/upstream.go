package world

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"strconv"

	"gatehouse/e2e/stack"
)

// provider is the name by which Directus knows the other OpenID provider.
const provider = "upstream"

// upstream is an OpenID provider of somebody else, where people have accounts of
// their own: another Gatehouse with another Directus behind it.
type upstream struct {
	issuer   string
	secret   string
	person   Person
	directus *stack.Directus
	house    *stack.Gatehouse
}

func (u *upstream) stop() {
	if u.house != nil {
		u.house.Stop()
	}
	if u.directus != nil {
		u.directus.Stop()
	}
}

// startUpstream starts the other provider. Its only client is our Directus.
func (w *World) startUpstream(ctx context.Context) error {
	if !w.Own {
		return nil
	}
	port, err := stack.FreePort(ctx)
	if err != nil {
		return err
	}
	w.upstream = &upstream{issuer: local(port), secret: rand.Text() + rand.Text()}
	if w.upstream.directus, err = stack.StartDirectus(ctx, stack.DirectusOptions{}); err != nil {
		return err
	}
	dir := filepath.Join(w.dir, "upstream")
	w.upstream.house, err = stack.NewGatehouse(stack.GatehouseOptions{Binary: w.binary(), Dir: dir, Config: map[string]any{
		"issuer":   w.upstream.issuer,
		"listen":   "127.0.0.1:" + strconv.Itoa(port),
		"log":      map[string]any{"format": "text"},
		"directus": map[string]any{"url": w.upstream.directus.URL, "token_file": filepath.Join(dir, "directus-token"), "email_verified": "always"},
		"store":    map[string]any{"bolt": map[string]any{"path": filepath.Join(dir, "gatehouse.db")}},
		"theme":    map[string]any{"project_name": "Elsewhere"},
		"clients": []map[string]any{{
			"client_id": "directus", "client_secret": w.upstream.secret, "client_name": "Acme", "first_party": true,
			"redirect_uris":              []string{w.directusAddress() + "/auth/login/" + provider + "/callback"},
			"token_endpoint_auth_method": "client_secret_basic",
		}},
	}})
	if err != nil {
		return err
	}
	if err := w.upstream.house.Setup(ctx, w.upstream.directus); err != nil {
		return err
	}
	w.upstream.person = Person{Email: "edsger@elsewhere.example.com", Password: password, FirstName: "Edsger", LastName: "Dijkstra"}
	w.upstream.person.ID, err = w.upstream.directus.CreateUser(ctx, stack.NewUser{
		Email: w.upstream.person.Email, Password: password, FirstName: "Edsger", LastName: "Dijkstra",
	})
	if err != nil {
		return err
	}
	w.People.Elsewhere = w.upstream.person
	return w.upstream.house.Start(ctx)
}

// directusAddress is where browsers find our Directus: on the host of the
// issuer, so that its cookie reaches Gatehouse.
func (w *World) directusAddress() string { return local(w.ports.directus) }

// providerSettings make our Directus a client of the other provider.
func (w *World) providerSettings() map[string]string {
	if w.upstream == nil {
		return nil
	}
	return map[string]string{
		"PUBLIC_URL":                              w.directusAddress(),
		"AUTH_PROVIDERS":                          provider,
		"AUTH_UPSTREAM_DRIVER":                    "openid",
		"AUTH_UPSTREAM_CLIENT_ID":                 "directus",
		"AUTH_UPSTREAM_CLIENT_SECRET":             w.upstream.secret,
		"AUTH_UPSTREAM_ISSUER_URL":                w.upstream.issuer + "/.well-known/openid-configuration",
		"AUTH_UPSTREAM_IDENTIFIER_KEY":            "sub",
		"AUTH_UPSTREAM_ALLOW_PUBLIC_REGISTRATION": "true",
		"AUTH_UPSTREAM_LABEL":                     "Elsewhere",
		"AUTH_UPSTREAM_MODE":                      "cookie",
		"AUTH_UPSTREAM_REDIRECT_ALLOW_LIST":       w.Issuer + "/login/external/callback",
	}
}
