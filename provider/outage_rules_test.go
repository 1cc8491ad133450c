package provider_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"

	"gatehouse/provider/claims"
	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
	"gatehouse/storage/directus"
	"gatehouse/storage/directus/directustest"
)

const (
	deskID       = "desk"
	deskCallback = "https://desk.example/callback"
	editor       = "editor@example.com"
)

// TestRulesWhileDirectusIsAway is about clients that ask for more than that
// somebody may go on: docs/operations.md, "When Directus is away".
func TestRulesWhileDirectusIsAway(t *testing.T) {
	t.Parallel()
	inAccessTokens := map[string]claims.Rule{"roles": {Scope: "profile", In: []claims.Destination{claims.AccessToken}}}
	for _, row := range []struct {
		name   string
		client storage.Client
		rules  map[string]claims.Rule
		// elsewhere says that this node does not remember the user.
		elsewhere bool
		// What goes on.
		silent, tokens, introspection, userInfo bool
	}{
		{
			name: "a rule about roles that was judged at the last look", client: storage.Client{Allow: storage.ClientAllow{Roles: []string{"Editor"}}},
			silent: true, tokens: true, introspection: true, userInfo: true,
		},
		{
			name: "a filter that was judged at the last look", client: storage.Client{Allow: storage.ClientAllow{Filter: json.RawMessage(`{"title":{"_eq":"Editor"}}`)}},
			silent: true, tokens: true, introspection: true, userInfo: true,
		},
		{
			name: "a rule, at a node that did not see the user", client: storage.Client{Allow: storage.ClientAllow{Roles: []string{"Editor"}}}, elsewhere: true,
		},
		{name: "scopes by role", client: storage.Client{ScopeRoles: map[string][]string{"phone": {"Editor"}}}},
		{name: "roles in access tokens", rules: inAccessTokens, silent: true, userInfo: true},
		{name: "roles in access tokens, at a node that did not see the user", rules: inAccessTokens, elsewhere: true, silent: true},
		{
			name: "roles at userinfo", rules: map[string]claims.Rule{"roles": {Scope: "profile", In: []claims.Destination{claims.UserInfo}}},
			silent: true, tokens: true, introspection: true,
		},
		{
			name: "tokens of Directus besides ours, at a node that did not see the user", client: storage.Client{DirectusExchange: storage.ExchangeUsers},
			elsewhere: true, silent: true, tokens: true, introspection: true,
		},
		{
			name: "a field in access tokens", rules: map[string]claims.Rule{"title": {From: "title", Scope: "profile", In: []claims.Destination{claims.AccessToken}}},
			silent: true, tokens: true, introspection: true, userInfo: true,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			row.client.ID, row.client.SecretDigests, row.client.FirstParty = deskID, providertest.Digests(providertest.WebSecret), true
			row.client.RedirectURIs, row.client.GrantTypes = []string{deskCallback}, []string{"authorization_code", "refresh_token"}
			row.client.Scope = "openid profile email phone"
			options := providertest.Options{Staleness: 30 * time.Second, Clients: []storage.Client{row.client}, Rules: row.rules}
			if row.elsewhere {
				options.CacheSize = 1
			}
			o := newOutage(t, options)
			role := o.Directus.AddRole(directustest.Role{Name: "Editor"})
			o.Directus.AddUser(directustest.User{
				Email: editor, Password: providertest.Password, FirstName: "Grace", LastName: "Hopper", Fields: map[string]any{"role": role, "title": "Editor"},
			})
			rp, browser := o.RelyingParty(t, deskID, providertest.WebSecret, deskCallback), o.NewBrowser(t)
			tokens := rp.Exchange(browser.SignIn(rp, editor, nil)).WantOK(t)
			silent := rp.AuthorizationURL(map[string]string{"prompt": "none"})
			code := browser.Get(silent).Code(t)
			if err := o.Provider.Looks().Flush(t.Context()); err != nil {
				t.Fatal(err)
			}
			if row.elsewhere {
				o.waiting.SignIn(o.rp, grace, nil)
			}
			o.Clock.Advance(35 * time.Second) // every look is due
			o.Directus.Inject(directustest.Fault{Status: http.StatusServiceUnavailable, Code: "SERVICE_UNAVAILABLE"})

			if page := browser.Get(silent); row.silent {
				page.Code(t)
			} else {
				page.WantError(t, oauth.TemporarilyUnavailable)
			}
			introspect := func() providertest.Answer {
				return rp.Post("/introspect", url.Values{"token": {tokens.Text("access_token")}})
			}
			answers(t, "introspection", introspect(), row.introspection)
			answers(t, "userinfo", o.UserInfo(t, tokens.Text("access_token")), row.userInfo)
			if bought := rp.Exchange(code); answers(t, "code exchange", bought, row.tokens) {
				tokens = bought
			}
			if refreshed := rp.Refresh(tokens.Text("refresh_token")); answers(t, "refresh", refreshed, row.tokens) {
				tokens = refreshed
			}

			// Nothing was spent in vain.
			o.Directus.ClearFaults()
			o.Clock.Advance(directus.DefaultBreakerPause)
			if !row.tokens {
				tokens = rp.Exchange(code).WantOK(t)
			}
			tokens = rp.Refresh(tokens.Text("refresh_token")).WantOK(t)
			if introspect().WantOK(t).JSON["active"] != true {
				t.Error("the token is not active when Directus is back")
			}
			o.UserInfo(t, tokens.Text("access_token")).WantOK(t)
			browser.Get(silent).Code(t)
		})
	}
}

// answers fails the test unless the answer is a 200, or the 503 that says when to
// come again, as wanted, and returns what was wanted.
func answers(t *testing.T, what string, answer providertest.Answer, want bool) bool {
	t.Helper()
	if want {
		if answer.Status != http.StatusOK || answer.JSON["active"] == false {
			t.Errorf("%s: %d %s", what, answer.Status, answer.Raw)
		}
		return true
	}
	answer.WantError(t, http.StatusServiceUnavailable, oauth.TemporarilyUnavailable)
	if answer.Header.Get("Retry-After") == "" {
		t.Errorf("%s: the refusal does not say when to come again", what)
	}
	return false
}
