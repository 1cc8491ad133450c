package allow_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"gatehouse/provider/account"
	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
	"gatehouse/storage/directus/directustest"
)

const (
	ada    = "ada@example.com"
	grace  = "grace@example.com"
	secret = "closed-secret-0123456789abcdef0123456"
	// closedID is the client of each test, with the rule of that test.
	closedID = "closed"
	callback = "https://closed.example/callback"
)

// Roles of the fake Directus: a writer is an editor.
const (
	editors = "00000000-0000-4000-8000-0000000000e0"
	writers = "00000000-0000-4000-8000-0000000000e1"
)

type world struct {
	*providertest.Server
	rp      *providertest.RelyingParty
	browser *providertest.Browser
	// ada has the role of writers, grace none.
	ada, grace string
}

func newWorld(t *testing.T, client storage.Client, options providertest.Options) *world {
	t.Helper()
	client.ID, client.SecretDigests, client.RedirectURIs = closedID, providertest.Digests(secret), []string{callback}
	client.Name, client.FirstParty = "Acme Desk of Editors", true
	client.ResponseTypes, client.GrantTypes = oauth.ResponseTypes(), []string{"authorization_code", "implicit", "refresh_token"}
	options.Clients = append(options.Clients, client)
	if options.EndOn == nil {
		// What a rule does is seen where a lost role does not end everything.
		options.EndOn = []account.Cause{}
	}
	w := &world{Server: providertest.New(t, options)}
	w.Directus.AddRole(directustest.Role{ID: editors, Name: "Editor"})
	w.Directus.AddRole(directustest.Role{ID: writers, Name: "Writer", Parent: editors})
	w.ada, w.grace = w.AddUser(ada), w.AddUser(grace)
	w.set(w.ada, map[string]any{"role": writers, "title": "Editor"})
	w.set(w.grace, map[string]any{"title": "Guest"})
	w.rp, w.browser = w.RelyingParty(t, closedID, secret, callback), w.NewBrowser(t)
	return w
}

func (w *world) set(id string, fields map[string]any) {
	w.Directus.Update(id, func(user *directustest.User) { user.Fields = fields })
}

// later lets every look at a user grow old.
func (w *world) later() { w.Clock.Advance(providertest.Staleness + time.Second) }

// refusals are the reasons that the log has.
func (w *world) refusals() (reasons []event.Event) {
	for _, e := range w.Events.All() {
		if e.Name == event.AuthorizationRefused && e.Kind == oauth.AccessDenied {
			reasons = append(reasons, e)
		}
	}
	return reasons
}

func editorsOnly() storage.Client {
	return storage.Client{Allow: storage.ClientAllow{Roles: []string{"Editor"}}}
}

func filtered(filter string) storage.Client {
	return storage.Client{Allow: storage.ClientAllow{Filter: json.RawMessage(filter)}}
}

func (w *world) dead(t *testing.T, tokens providertest.Answer) {
	t.Helper()
	w.UserInfo(t, tokens.Text("access_token")).WantError(t, http.StatusUnauthorized, oauth.InvalidToken)
	w.rp.Refresh(tokens.Text("refresh_token")).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
	answer := w.rp.Post("/introspect", url.Values{"token": {tokens.Text("access_token")}})
	if answer.JSON["active"] != false {
		t.Errorf("the access token lives: %s", answer.Raw)
	}
}
