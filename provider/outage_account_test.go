package provider_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
	"gatehouse/storage/directus"
	"gatehouse/storage/directus/directustest"
)

// newRuledOutage is an outage in which ada also uses apps that are open by a rule,
// which nobody asked about since she was last seen.
func newRuledOutage(t *testing.T, filters ...string) *outage {
	t.Helper()
	options := providertest.Options{Staleness: 30 * time.Second}
	for _, filter := range filters {
		options.Clients = append(options.Clients, storage.Client{
			ID: deskID + filter, Name: "Desk", SecretDigests: providertest.Digests(providertest.WebSecret), FirstParty: true,
			RedirectURIs: []string{deskCallback}, GrantTypes: []string{"authorization_code", "refresh_token"}, Scope: "openid profile offline_access",
			InitiateLoginURI: "https://desk.example/start", Allow: storage.ClientAllow{Filter: json.RawMessage(filter)},
		})
	}
	o := newOutage(t, options)
	o.title("Editor")
	for _, filter := range filters {
		rp := o.RelyingParty(t, deskID+filter, providertest.WebSecret, deskCallback)
		rp.Exchange(o.browser.Get(rp.AuthorizationURL(nil)).Code(t)).WantOK(t)
	}
	o.Clock.Advance(35 * time.Second)
	o.age(t)
	return o
}

// title gives ada one, which the rule of newRuledOutage asks for.
func (o *outage) title(title string) {
	o.Directus.Update(o.userID, func(user *directustest.User) { user.Fields = map[string]any{"title": title} })
}

// TestAccountWhileDirectusIsAway: what Gatehouse itself keeps of a person is shown
// to him, and can be ended, while Directus does not answer.
func TestAccountWhileDirectusIsAway(t *testing.T) {
	t.Parallel()
	for _, row := range situations() {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			o := newRuledOutage(t, `{"title":{"_eq":"Editor"}}`)
			shown := func(path string) *providertest.Page {
				t.Helper()
				page := o.browser.Get(o.Issuer + path)
				if page.Status != http.StatusOK || page.Has("error-code") {
					t.Errorf("%s answered %d:\n%s", path, page.Status, page.Body)
				}
				return page
			}
			row.begin(t, o.Server, o.way)
			o.title("Guest")

			page := shown("/account/apps")
			if page.Text("app-1") != "Acme Shop" || page.Text("app-2") != "Desk" || page.Has("app-closed-2") {
				t.Errorf("the list of apps is\n%s", page.Body)
			}
			// Nobody knows whether the app is open: whoever opens it hears so, and may
			// try again.
			opened := o.browser.Get(page.Link("app-open-2"))
			opened.WantPage(t, http.StatusServiceUnavailable, oauth.TemporarilyUnavailable)
			if opened.Header.Get("Retry-After") == "" || opened.Link("start-again") != page.Link("app-open-2") {
				t.Errorf("the page does not say when and how to try again:\n%s", opened.Body)
			}
			if page := shown("/account/sessions"); !page.Has("session-here") {
				t.Errorf("the list of sessions is\n%s", page.Body)
			}
			if page := shown("/account/history"); !page.Has("history-heading") {
				t.Errorf("the history is\n%s", page.Body)
			}
			statusPage(t, o.browser.Get(o.Issuer+"/account"))
			o.browser.Press(o.browser.Get(page.Link("app-remove-1")), "app-remove-confirm", nil)
			if page := shown("/account/apps"); page.Text("app-1") != "Desk" || page.Has("app-2") {
				t.Errorf("the app was not removed:\n%s", page.Body)
			}
			o.rp.Refresh(o.chain).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)

			o.Clock.Advance(providertest.OutageStaleness)
			statusPage(t, o.browser.Get(o.Issuer+"/account/apps"))

			o.way.to.Store(nil)
			o.Directus.ClearFaults()
			o.Clock.Advance(directus.DefaultBreakerPause)
			if page := shown("/account/apps"); !page.Has("app-closed-1") || page.Has("app-open-1") {
				t.Errorf("the app is still open when Directus is back:\n%s", page.Body)
			}
		})
	}
}

// TestManyAppsWaitForDirectusOnce: a list of many apps takes no longer than one
// question to a Directus that does not answer.
func TestManyAppsWaitForDirectusOnce(t *testing.T) {
	o := newRuledOutage(t, `{"title":{"_eq":"Editor"}}`, `{"title":{"_in":["Editor"]}}`, `{"title":{"_nempty":true}}`)
	o.browser.Get(o.rp.AuthorizationURL(map[string]string{"prompt": "none"})).Code(t) // she is seen
	o.Directus.Inject(directustest.Fault{Path: "/users", Status: http.StatusInternalServerError, Code: "INTERNAL_SERVER_ERROR"})
	before := o.Directus.Calls("/users")
	if page := o.browser.Get(o.Issuer + "/account/apps"); page.Status != http.StatusOK || !page.Has("app-open-4") {
		t.Errorf("the list of apps answered %d:\n%s", page.Status, page.Body)
	}
	if asked := o.Directus.Calls("/users") - before; asked == 0 || asked > 2 {
		t.Errorf("Directus was asked %d times, want one question and its repetition", asked)
	}
}
