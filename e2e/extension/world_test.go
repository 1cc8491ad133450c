package extension

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatehouse/e2e/stack"
	"gatehouse/provider/clients"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
)

const (
	// note is what customers may read, by a policy of the role above theirs.
	note = "What customers read"
	// resource is how apps name Directus when they ask for a token.
	resource = "https://directus.example.com"
)

// world is a Directus with the extension, and a provider that its people sign
// in at.
type world struct {
	directus *stack.Directus
	provider *providertest.Server
	customer string // a role
}

func newWorld(t *testing.T) *world {
	t.Helper()
	dir := t.TempDir()
	install(t, filepath.Join(dir, "extensions", "directus-extension-gatehouse"))
	w := &world{directus: stack.DirectusForTest(t, stack.DirectusOptions{Dir: dir})}
	w.furnish(t)
	w.provider = providertest.New(t, providertest.Options{
		Clients: apps(), PairwiseSecret: []byte("a secret of pairwise subjects, as long as it has to be"),
		Directus: providertest.RealDirectus{URL: w.directus.URL, Prepare: w.directus.Prepare},
	})
	return w
}

// install copies what the README says to copy.
func install(t *testing.T, folder string) {
	t.Helper()
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	sources, err := filepath.Glob("../../examples/directus-extension/*.js*")
	if err != nil || len(sources) == 0 {
		t.Fatalf("the extension: %v %v", sources, err)
	}
	for _, source := range sources {
		content, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, filepath.Base(source)), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// switchOn starts Directus again with the variables of the extension: the
// provider's address is known only now.
func (w *world) switchOn(t *testing.T) {
	t.Helper()
	err := w.directus.Restart(t.Context(), map[string]string{
		"GATEHOUSE_ISSUER": w.provider.Issuer, "GATEHOUSE_AUDIENCE": resource, "CACHE_ENABLED": "true", "CACHE_AUTO_PURGE": "false",
		"LOG_LEVEL": "debug", // which says why a token was refused
	})
	if err != nil {
		t.Fatal(err)
	}
}

// apps are those of the README, one that is not for Directus, and one that
// knows people by other subjects.
func apps() []storage.Client {
	app := storage.Client{
		ID: "app", Name: "App", SecretDigests: providertest.Digests(secret), FirstParty: true,
		RedirectURIs: []string{redirectURI}, GrantTypes: []string{"authorization_code", "refresh_token", "client_credentials"},
		Scope: "openid profile offline_access directus", AccessTokenFormat: "jwt", Audience: []string{resource},
	}
	elsewhere, pairwise := app, app
	elsewhere.ID, elsewhere.Audience = "elsewhere", []string{"https://other.example.com"}
	pairwise.ID, pairwise.SubjectType = "pairwise", "pairwise"
	return []storage.Client{clients.WithDefaults(app), clients.WithDefaults(elsewhere), clients.WithDefaults(pairwise)}
}

const (
	secret      = "app-secret-0123456789abcdef0123456789" //nolint:gosec // of a provider that lives for a test
	redirectURI = "https://app.example/callback"
)

func (w *world) app(t *testing.T, id, scope string) *providertest.RelyingParty {
	t.Helper()
	rp := w.provider.RelyingParty(t, id, secret, redirectURI)
	rp.Scope = scope
	return rp
}

// furnish makes a collection with a note, which people below one role may read.
func (w *world) furnish(t *testing.T) {
	t.Helper()
	w.create(t, "/collections", map[string]any{
		"collection": "notes", "schema": map[string]any{}, "meta": map[string]any{},
		"fields": []map[string]any{
			{"field": "id", "type": "integer", "schema": map[string]any{"is_primary_key": true, "has_auto_increment": true}},
			{"field": "title", "type": "string", "schema": map[string]any{}},
		},
	})
	w.create(t, "/items/notes", map[string]any{"title": note})
	read := map[string]any{"collection": "notes", "action": "read", "fields": []string{"*"}}
	if w.isTen() { // roles hold the rights, and none is above another
		w.customer = w.create(t, "/roles", map[string]any{"name": "Customers of the house", "app_access": false, "admin_access": false})
		read["role"] = w.customer
		w.create(t, "/permissions", read)
		return
	}
	read["policy"] = w.create(t, "/policies", map[string]any{"name": "Read notes", "app_access": false, "admin_access": false})
	w.create(t, "/permissions", read)
	people := w.create(t, "/roles", map[string]any{"name": "People"})
	w.create(t, "/access", map[string]any{"role": people, "policy": read["policy"]})
	w.customer = w.create(t, "/roles", map[string]any{"name": "Customers of the house", "parent": people})
}

func (w *world) isTen() bool { return strings.HasPrefix(w.directus.Version, "10.") }

// letIntoStudio gives a user, or in Directus 10 a role of his own, Studio access.
func (w *world) letIntoStudio(t *testing.T, user string) {
	t.Helper()
	if w.isTen() {
		w.change(t, user, map[string]any{"role": w.create(t, "/roles", map[string]any{"name": "Editors", "app_access": true, "admin_access": false})})
		return
	}
	policy := w.create(t, "/policies", map[string]any{"name": "Studio", "app_access": true, "admin_access": false})
	w.create(t, "/access", map[string]any{"user": user, "policy": policy})
}

func (w *world) create(t *testing.T, path string, row map[string]any) string {
	t.Helper()
	var created struct {
		ID any `json:"id"`
	}
	if err := w.directus.Call(t.Context(), http.MethodPost, path, row, &created); err != nil {
		t.Fatal(err)
	}
	id, _ := created.ID.(string)
	return id
}

// user makes somebody with providertest's password, and returns id and address.
func (w *world) user(t *testing.T, role string) (id, email string) {
	t.Helper()
	email = strings.ToLower(rand.Text()) + "@example.com"
	id, err := w.directus.CreateUser(t.Context(), stack.NewUser{Email: email, Password: providertest.Password, Role: role})
	if err != nil {
		t.Fatal(err)
	}
	return id, email
}

func (w *world) change(t *testing.T, id string, row map[string]any) {
	t.Helper()
	if err := w.directus.Call(t.Context(), http.MethodPatch, "/users/"+id, row, nil); err != nil {
		t.Fatal(err)
	}
}

// token signs somebody in at the provider.
func (w *world) token(t *testing.T, rp *providertest.RelyingParty, email string) string {
	t.Helper()
	answer := rp.Exchange(w.provider.NewBrowser(t).SignIn(rp, email, nil))
	if answer.Status != http.StatusOK {
		t.Fatalf("token endpoint: %d %s", answer.Status, answer.Raw)
	}
	return answer.Text("access_token")
}

// rest reads the notes, and returns the status and the answer.
func (w *world) rest(ctx context.Context, t *testing.T, token string) (int, string) {
	t.Helper()
	return w.send(ctx, t, http.MethodGet, "/items/notes?fields=title", token, nil)
}

func (w *world) graphQL(t *testing.T, token string) (int, string) {
	t.Helper()
	return w.send(t.Context(), t, http.MethodPost, "/graphql", token, map[string]any{"query": "{ notes { title } }"})
}

func (w *world) send(ctx context.Context, t *testing.T, method, path, token string, body any) (int, string) {
	t.Helper()
	content, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(ctx, method, w.directus.URL+path, bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	if body == nil {
		request.Body = http.NoBody
	}
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(answer)
}
