package allow_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
	"gatehouse/storage/directus/directustest"
)

func TestWhoMayUseAClient(t *testing.T) {
	for _, test := range []struct {
		name  string
		allow storage.ClientAllow
	}{
		{"role by name, above the own one", storage.ClientAllow{Roles: []string{"Nobody", "Editor"}}},
		{"role by id, above the own one", storage.ClientAllow{Roles: []string{editors}}},
		{"own role by name", storage.ClientAllow{Roles: []string{"Writer"}}},
		{"policy by name", storage.ClientAllow{Policies: []string{"Publishes"}}},
		{"filter", filtered(`{"title":{"_eq":"Editor"}}`).Allow},
		{"all of them", storage.ClientAllow{Roles: []string{"Editor"}, Policies: []string{"Publishes"}, Filter: filtered(`{"title":{"_eq":"Editor"}}`).Allow.Filter}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, storage.Client{Allow: test.allow}, providertest.Options{})
			w.Directus.AddPolicy(directustest.Policy{Name: "Publishes", Holders: []string{editors}})
			w.Directus.LetRead("directus_policies", "directus_access")
			w.rp.Exchange(w.browser.SignIn(w.rp, ada, nil)).WantOK(t)

			stranger := w.NewBrowser(t)
			page := stranger.Through(stranger.Get(w.rp.AuthorizationURL(nil)), grace)
			if page.Status != http.StatusForbidden || !page.Has("denied-back") || !strings.Contains(page.Text("denied-account"), grace) {
				t.Fatalf("turned away with %d at %s:\n%s", page.Status, page.URL, page.Body)
			}
			for _, hidden := range []string{"Publishes", editors, "Nobody", "Guest", "allow."} {
				if strings.Contains(page.Body, hidden) {
					t.Errorf("the page tells %q of the rule", hidden)
				}
			}
			stranger.Press(page, "denied-back", nil).WantError(t, oauth.AccessDenied)
		})
	}
}

// Each part must be met: the others do not make up for it.
func TestEveryPartOfTheRuleCounts(t *testing.T) {
	for name, allow := range map[string]storage.ClientAllow{
		"role":   {Roles: []string{"Nobody"}, Filter: filtered(`{"title":{"_eq":"Editor"}}`).Allow.Filter},
		"policy": {Roles: []string{"Editor"}, Policies: []string{"Nobody"}},
		"filter": {Roles: []string{"Editor"}, Filter: filtered(`{"title":{"_eq":"Guest"}}`).Allow.Filter},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, storage.Client{Allow: allow}, providertest.Options{})
			w.Directus.LetRead("directus_policies", "directus_access")
			page := w.browser.Through(w.browser.Get(w.rp.AuthorizationURL(nil)), ada)
			if !page.Has("denied-back") {
				t.Errorf("answered at %s, left for %v", page.URL, page.Left)
			}
		})
	}
}

// Whatever is asked for, somebody who is signed in already gets nothing.
func TestDeniedWithoutAPage(t *testing.T) {
	w := newWorld(t, editorsOnly(), providertest.Options{})
	w.browser.SignIn(w.Second(t), grace, nil)
	for _, responseType := range oauth.ResponseTypes() {
		for _, mode := range []string{"", "form_post"} {
			change := map[string]string{"response_type": responseType, "response_mode": mode, "prompt": "none", "nonce": "n-0S6_WzA2Mj"}
			page := w.browser.Get(w.rp.AuthorizationURL(change))
			sent := page.Delivered(t).Parameters
			if sent.Get("error") != oauth.AccessDenied || sent.Get("code")+sent.Get("id_token")+sent.Get("access_token") != "" {
				t.Errorf("%s, %s: sent %v", responseType, mode, sent)
			}
		}
	}
	for _, refused := range w.refusals() {
		if refused.Err == nil || !strings.Contains(refused.Err.Error(), "allow.roles") || refused.ClientID != closedID {
			t.Errorf("the log says %+v", refused)
		}
	}
	// Without prompt=none the page comes at once, and so it does each time.
	for range 2 {
		if page := w.browser.Get(w.rp.AuthorizationURL(nil)); !page.Has("denied-back") {
			t.Errorf("answered at %s, left for %v", page.URL, page.Left)
		}
	}
}

func TestDeniedIsLogged(t *testing.T) {
	w := newWorld(t, editorsOnly(), providertest.Options{})
	page := w.browser.Through(w.browser.Get(w.rp.AuthorizationURL(nil)), grace)
	want := func() {
		t.Helper()
		refusals := w.refusals()
		if len(refusals) != 1 || refusals[0].Subject != w.grace || refusals[0].SessionID == "" || refusals[0].ClientID != closedID ||
			!strings.Contains(refusals[0].Reason, "allow.roles") {
			t.Errorf("the log says %+v", refusals)
		}
	}
	want()
	// Going back to the app is no second refusal, and nothing that the person
	// decided.
	w.browser.Press(page, "denied-back", nil).WantError(t, oauth.AccessDenied)
	want()
	if w.Events.Count(event.ConsentDenied) != 0 {
		t.Error("the log says that consent was denied")
	}
}

func TestDeniedGoesOnAsAnother(t *testing.T) {
	w := newWorld(t, editorsOnly(), providertest.Options{})
	page := w.browser.Through(w.browser.Get(w.rp.AuthorizationURL(nil)), grace)
	target, err := page.URL.Parse(page.Link("use-other"))
	if err != nil {
		t.Fatal(err)
	}
	tokens := w.rp.Exchange(w.browser.Password(w.browser.Get(target.String()), ada).Code(t)).WantOK(t)
	if sub := w.Verify(t, tokens.Text("id_token")).Claims["sub"]; sub != w.ada {
		t.Errorf("the token is about %v", sub)
	}
	// The account page is not the app's: it is open.
	if own := w.browser.Get(w.Issuer + "/account"); own.Status != http.StatusOK {
		t.Errorf("the account page answers %d", own.Status)
	}
}

// The page belongs to the browser of the request, and its button works for nobody
// else.
func TestDeniedPageOfAnotherBrowser(t *testing.T) {
	w := newWorld(t, editorsOnly(), providertest.Options{})
	page := w.browser.Through(w.browser.Get(w.rp.AuthorizationURL(nil)), grace)
	w.NewBrowser(t).Get(page.URL.String()).WantPage(t, http.StatusForbidden, "other_browser")
	if page := w.NewBrowser(t).Press(page, "denied-back", nil); page.Left != nil {
		t.Errorf("another browser was sent to %v", page.Left)
	}
}

// Who lost the role is out at the next look at him, wherever that is, and what he
// granted is gone for good.
func TestRoleThatIsLost(t *testing.T) {
	type step struct {
		name string
		ask  func(*testing.T, *world, providertest.Answer)
	}
	for _, test := range []step{
		{"refresh", func(t *testing.T, w *world, tokens providertest.Answer) {
			w.rp.Refresh(tokens.Text("refresh_token")).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
		}},
		{"introspection", func(t *testing.T, w *world, tokens providertest.Answer) {
			if answer := w.rp.Post("/introspect", url.Values{"token": {tokens.Text("access_token")}}); answer.JSON["active"] != false {
				t.Errorf("introspection says %s", answer.Raw)
			}
		}},
		{"userinfo", func(t *testing.T, w *world, tokens providertest.Answer) {
			w.UserInfo(t, tokens.Text("access_token")).WantError(t, http.StatusUnauthorized, oauth.InvalidToken)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorld(t, editorsOnly(), providertest.Options{})
			code := w.browser.SignIn(w.rp, ada, nil)
			tokens := w.rp.Exchange(code).WantOK(t)
			w.set(w.ada, nil)
			// The last look is fresh: nobody asks yet.
			w.UserInfo(t, tokens.Text("access_token")).WantOK(t)
			w.later()
			test.ask(t, w, tokens)
			w.set(w.ada, map[string]any{"role": writers})
			w.later()
			w.dead(t, tokens)
			// The person is signed in all the same.
			w.browser.Get(w.rp.AuthorizationURL(map[string]string{"prompt": "none"})).Code(t)
		})
	}
}

func TestRoleThatIsLostBeforeTheCodeIsRedeemed(t *testing.T) {
	w := newWorld(t, editorsOnly(), providertest.Options{Staleness: -1})
	code := w.browser.SignIn(w.rp, ada, nil)
	w.set(w.ada, nil)
	w.rp.Exchange(code).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
	w.set(w.ada, map[string]any{"role": writers})
	w.rp.Exchange(code).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
}

// What a filter says is remembered for as long as the look at the user, and asked
// once for all clients with the same rule.
func TestVerdictIsRemembered(t *testing.T) {
	w := newWorld(t, filtered(`{"title":{"_eq":"Editor"}}`), providertest.Options{})
	tokens := w.rp.Exchange(w.browser.SignIn(w.rp, ada, nil)).WantOK(t)
	calls := w.Directus.Calls("/users")
	for range 3 {
		w.UserInfo(t, tokens.Text("access_token")).WantOK(t)
		tokens = w.rp.Refresh(tokens.Text("refresh_token")).WantOK(t)
	}
	if again := w.Directus.Calls("/users"); again != calls {
		t.Errorf("Directus was asked %d times more", again-calls)
	}
	w.set(w.ada, map[string]any{"title": "Guest"})
	w.UserInfo(t, tokens.Text("access_token")).WantOK(t)
	w.later()
	w.rp.Refresh(tokens.Text("refresh_token")).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
}

// A filter at fault opens nothing and costs nobody anything: the operator mends it.
func TestFilterThatDirectusRefuses(t *testing.T) {
	w := newWorld(t, filtered(`{"title":{"_eq":"Editor"}}`), providertest.Options{})
	tokens := w.rp.Exchange(w.browser.SignIn(w.rp, ada, nil)).WantOK(t)
	w.later()
	for status, name := range map[int]string{http.StatusForbidden: "FORBIDDEN", http.StatusBadRequest: "INVALID_QUERY"} {
		// The first question is about the user, the second about the filter.
		at := func() {
			w.Directus.ClearFaults()
			w.Directus.Inject(directustest.Fault{Path: "/users", Times: 1})
			w.Directus.Inject(directustest.Fault{Path: "/users", Status: status, Code: name})
			w.later()
		}
		at()
		w.browser.Get(w.rp.AuthorizationURL(map[string]string{"prompt": "none"})).WantError(t, oauth.ServerError)
		at()
		w.rp.Refresh(tokens.Text("refresh_token")).WantError(t, http.StatusInternalServerError, oauth.ServerError)
		at()
		w.UserInfo(t, tokens.Text("access_token")).WantError(t, http.StatusInternalServerError, oauth.ServerError)
	}
	w.Directus.ClearFaults()
	if w.Events.Count(event.InternalError) == 0 {
		t.Error("the log says nothing")
	}
	w.later()
	tokens = w.rp.Refresh(tokens.Text("refresh_token")).WantOK(t)
	w.UserInfo(t, tokens.Text("access_token")).WantOK(t)
}

func TestOutageAllowsNobody(t *testing.T) {
	w := newWorld(t, filtered(`{"title":{"_eq":"Editor"}}`), providertest.Options{})
	tokens := w.rp.Exchange(w.browser.SignIn(w.rp, ada, nil)).WantOK(t)
	w.later()
	w.Directus.Inject(directustest.Fault{Path: "/users", Times: 1})
	w.Directus.Inject(directustest.Fault{Path: "/users", Status: http.StatusServiceUnavailable, Code: "SERVICE_UNAVAILABLE"})
	w.rp.Refresh(tokens.Text("refresh_token")).WantError(t, http.StatusServiceUnavailable, oauth.TemporarilyUnavailable)
	w.Directus.ClearFaults()
	w.rp.Refresh(tokens.Text("refresh_token")).WantOK(t)
}

// Without a rule nothing is asked.
func TestNoRuleAsksNothing(t *testing.T) {
	w := newWorld(t, storage.Client{}, providertest.Options{})
	w.rp.Exchange(w.browser.SignIn(w.rp, grace, nil)).WantOK(t)
	if n := w.Directus.Calls("/roles") + w.Directus.Calls("/access"); n != 0 {
		t.Errorf("roles and policies were asked for %d times", n)
	}
}
