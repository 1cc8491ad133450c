package flows

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
)

const (
	closedSecret   = "closed-secret-0123456789abcdef0123456"
	closedCallback = "https://closed.example/callback"
)

// closed is a client for those whom the rule picks.
func closed(rule storage.ClientAllow) storage.Client {
	return storage.Client{
		ID: "closed", SecretDigests: providertest.Digests(closedSecret), RedirectURIs: []string{closedCallback}, FirstParty: true,
		GrantTypes: []string{"authorization_code", "refresh_token"}, Allow: rule,
	}
}

// whoMayUse opens a client to some users by each of the ways there are: Ada has a
// role below the one that is named, a policy on that role, a field of her own and a
// related row; Grace has none of it.
func whoMayUse(t *testing.T, w *world) {
	ada, adaEmail := w.user(t)
	_, graceEmail := w.user(t)
	ten := strings.HasPrefix(w.directus.Version, "10.")
	desk := w.create(t, "/roles", map[string]any{"name": "Desk"})
	below := map[string]any{"name": "Below the desk"}
	if ten {
		below["admin_access"], below["app_access"] = false, false
	} else {
		below["parent"] = desk
	}
	role := w.create(t, "/roles", below)
	if err := w.directus.Call(t.Context(), http.MethodPost, "/collections", map[string]any{
		"collection": "rooms", "schema": map[string]any{}, "meta": map[string]any{},
		"fields": []map[string]any{
			{"field": "id", "type": "integer", "schema": map[string]any{"is_primary_key": true, "has_auto_increment": true}},
			{"field": "city", "type": "string", "schema": map[string]any{}},
		},
	}, nil); err != nil {
		t.Fatal(err)
	}
	for _, field := range []map[string]any{
		{"field": "desk_number", "type": "integer", "schema": map[string]any{}},
		{"field": "room", "type": "integer", "schema": map[string]any{}},
	} {
		if err := w.directus.Call(t.Context(), http.MethodPost, "/fields/directus_users", field, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.directus.Call(t.Context(), http.MethodPost, "/relations", map[string]any{
		"collection": "directus_users", "field": "room", "related_collection": "rooms",
	}, nil); err != nil {
		t.Fatal(err)
	}
	var room struct{ ID int }
	if err := w.directus.Call(t.Context(), http.MethodPost, "/items/rooms", map[string]any{"city": "Oslo"}, &room); err != nil {
		t.Fatal(err)
	}
	w.change(t, ada, map[string]any{"role": role, "desk_number": 7, "room": room.ID})
	w.create(t, "/collections", map[string]any{
		"collection": "keys", "schema": map[string]any{}, "meta": map[string]any{},
		"fields": []map[string]any{
			{"field": "id", "type": "integer", "schema": map[string]any{"is_primary_key": true, "has_auto_increment": true}},
			{"field": "opens", "type": "string", "schema": map[string]any{}},
			{"field": "holder", "type": "uuid", "schema": map[string]any{}},
		},
	})
	w.create(t, "/fields/directus_users", map[string]any{"field": "keys", "type": "alias", "meta": map[string]any{"special": []string{"o2m"}}})
	w.create(t, "/relations", map[string]any{
		"collection": "keys", "field": "holder", "related_collection": "directus_users", "meta": map[string]any{"one_field": "keys"},
	})
	w.create(t, "/items/keys", map[string]any{"opens": "Oslo", "holder": ada})

	rules := map[string]storage.ClientAllow{
		"own role":                    {Roles: []string{"Below the desk"}},
		"a filter on a field":         {Filter: json.RawMessage(`{"desk_number":{"_in":[6,7]}}`)},
		"a filter on a role":          {Filter: json.RawMessage(`{"role":{"name":{"_eq":"Below the desk"}}}`)},
		"a filter on a relation":      {Filter: json.RawMessage(`{"_and":[{"room":{"city":{"_eq":"Oslo"}}},{"desk_number":{"_nnull":true}}]}`)},
		"a filter on a list of rows":  {Filter: json.RawMessage(`{"keys":{"_some":{"opens":{"_eq":"Oslo"}}}}`)},
		"a filter on how many rows":   {Filter: json.RawMessage(`{"count(keys)":{"_gt":0}}`)},
		"a filter with alternatives":  {Filter: json.RawMessage(`{"_or":[{"desk_number":{"_eq":1}},{"email":{"_eq":"` + adaEmail + `"}}]}`)},
		"a field that does not exist": {Filter: json.RawMessage(`{"desk_nummer":{"_eq":7}}`)},
	}
	if !ten {
		policy := w.create(t, "/policies", map[string]any{"name": "Publishes", "admin_access": false, "app_access": false})
		w.create(t, "/access", map[string]any{"role": desk, "policy": policy})
		rules["a role above"] = storage.ClientAllow{Roles: []string{"Desk"}}
		rules["a policy of a role above"] = storage.ClientAllow{Policies: []string{"Publishes"}}
	}
	for name, rule := range rules {
		t.Run(name, func(t *testing.T) {
			s := w.provider(t, func(o *providertest.Options) { o.Clients = []storage.Client{closed(rule)} })
			rp, browser := s.RelyingParty(t, "closed", closedSecret, closedCallback), s.NewBrowser(t)
			if strings.Contains(name, "not exist") {
				browser.Through(browser.Get(rp.AuthorizationURL(nil)), adaEmail).WantError(t, oauth.ServerError)
				return
			}
			tokens := rp.Exchange(browser.SignIn(rp, adaEmail, nil)).WantOK(t)
			rp.Refresh(tokens.Text("refresh_token")).WantOK(t)

			stranger := s.NewBrowser(t)
			page := stranger.Through(stranger.Get(rp.AuthorizationURL(nil)), graceEmail)
			if !page.Has("denied-back") {
				t.Fatalf("somebody else is at %s, left for %v", page.URL, page.Left)
			}
			stranger.Press(page, "denied-back", nil).WantError(t, oauth.AccessDenied)
			stranger.Get(rp.AuthorizationURL(map[string]string{"prompt": "none"})).WantError(t, oauth.AccessDenied)
		})
	}
}
