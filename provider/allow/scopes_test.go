package allow_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
	"gatehouse/storage/directus/directustest"
)

// ceilings keep phone and offline_access from everybody but editors.
func ceilings() storage.Client {
	return storage.Client{ScopeRoles: map[string][]string{"phone": {"Editor"}, "offline_access": {editors}}}
}

var everything = map[string]string{"scope": "openid email phone offline_access", "prompt": "consent"}

func scopesOf(answer providertest.Answer) []string {
	return strings.Fields(answer.Text("scope"))
}

func TestScopesThatRolesPermit(t *testing.T) {
	w := newWorld(t, ceilings(), providertest.Options{})
	tokens := w.rp.Exchange(w.browser.SignIn(w.rp, ada, everything)).WantOK(t)
	if got, want := scopesOf(tokens), []string{"openid", "email", "phone", "offline_access"}; !slices.Equal(got, want) {
		t.Errorf("an editor got %v", got)
	}
	stranger := w.NewBrowser(t)
	page := stranger.Password(stranger.Get(w.rp.AuthorizationURL(everything)), grace)
	if gets := page.Text("consent-gets"); strings.Contains(gets, "phone") || strings.Contains(gets, "away") {
		t.Errorf("the screen says that the app gets %q", gets)
	}
	if withheld := page.Text("consent-withheld"); !strings.Contains(withheld, "phone") {
		t.Errorf("the screen says that the app does not get %q", withheld)
	}
	tokens = w.rp.Exchange(stranger.Press(page, "consent-allow", nil).Code(t)).WantOK(t)
	if got, want := scopesOf(tokens), []string{"openid", "email"}; !slices.Equal(got, want) {
		t.Errorf("somebody else got %v", got)
	}
}

// In the answer of the authorization endpoint, too.
func TestScopesThatRolesPermitThroughTheBrowser(t *testing.T) {
	w := newWorld(t, ceilings(), providertest.Options{})
	page := w.browser.Through(w.browser.Get(w.rp.AuthorizationURL(map[string]string{
		"response_type": "code id_token token", "nonce": "n-0S6_WzA2Mj", "scope": "openid phone",
	})), grace)
	if scope := page.Delivered(t).Parameters.Get("scope"); scope != "openid" {
		t.Errorf("the answer has the scope %q", scope)
	}
}

// What a scope releases cannot be had by name instead.
func TestClaimsThatRolesPermit(t *testing.T) {
	w := newWorld(t, ceilings(), providertest.Options{Mapping: map[string]string{"phone_number": "title", "email": "email"}})
	asking := map[string]string{"scope": "openid", "claims": `{"userinfo":{"phone_number":null,"email":null},"id_token":{"phone_number":{"essential":true}}}`}
	for email, want := range map[string]any{ada: "Editor", grace: nil} {
		tokens := w.rp.Exchange(w.NewBrowser(t).SignIn(w.rp, email, asking)).WantOK(t)
		info := w.UserInfo(t, tokens.Text("access_token")).WantOK(t)
		if info.JSON["phone_number"] != want || info.JSON["email"] != email {
			t.Errorf("%s: userinfo says %s", email, info.Raw)
		}
		if got := w.Verify(t, tokens.Text("id_token")).Claims["phone_number"]; got != want {
			t.Errorf("%s: the ID token says %v", email, got)
		}
	}
}

func TestNoScopeIsLeft(t *testing.T) {
	w := newWorld(t, ceilings(), providertest.Options{})
	w.browser.SignIn(w.rp, grace, nil)
	w.browser.Get(w.rp.AuthorizationURL(map[string]string{"scope": "phone", "prompt": "none"})).WantError(t, oauth.InvalidScope)
}

// A refresh gives what the roles permit by then; the grant itself stays, and what was
// lost comes back with the role.
func TestScopesFollowTheRoles(t *testing.T) {
	w := newWorld(t, ceilings(), providertest.Options{Mapping: map[string]string{"phone_number": "title"}})
	asking := map[string]string{"scope": "openid phone"}
	tokens := w.rp.Exchange(w.browser.SignIn(w.rp, ada, asking)).WantOK(t)
	w.set(w.ada, map[string]any{"title": "Editor", "role": nil})
	w.later()
	// The access token says phone, and gets it no more.
	if info := w.UserInfo(t, tokens.Text("access_token")).WantOK(t); info.JSON["phone_number"] != nil {
		t.Errorf("userinfo says %s", info.Raw)
	}
	if answer := w.rp.Post("/introspect", url.Values{"token": {tokens.Text("access_token")}}); answer.Text("scope") != "openid" {
		t.Errorf("introspection says %s", answer.Raw)
	}
	asked := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {tokens.Text("refresh_token")}, "scope": {"phone"}}
	w.rp.Token(asked).WantError(t, http.StatusBadRequest, oauth.InvalidScope)
	tokens = w.rp.Refresh(tokens.Text("refresh_token")).WantOK(t)
	if got := scopesOf(tokens); !slices.Equal(got, []string{"openid"}) {
		t.Errorf("the refresh gave %v", got)
	}
	w.set(w.ada, map[string]any{"title": "Editor", "role": writers})
	w.later()
	tokens = w.rp.Refresh(tokens.Text("refresh_token")).WantOK(t)
	if got := scopesOf(tokens); !slices.Equal(got, []string{"openid", "phone"}) {
		t.Errorf("then the refresh gave %v", got)
	}
}

// A grant that outlives its session does so as long as the roles permit it.
func TestOfflineAccessFollowsTheRoles(t *testing.T) {
	w := newWorld(t, ceilings(), providertest.Options{})
	tokens := w.rp.Exchange(w.browser.SignIn(w.rp, ada, everything)).WantOK(t)
	role := func(role any) {
		w.set(w.ada, map[string]any{"role": role})
		w.later()
	}
	role(nil)
	tokens = w.rp.Refresh(tokens.Text("refresh_token")).WantOK(t) // she is still signed in
	if got := scopesOf(tokens); slices.Contains(got, "offline_access") {
		t.Errorf("the refresh gave %v", got)
	}
	sessions, err := w.Provider.Desk().Sessions(t.Context(), w.ada)
	if err != nil || len(sessions) != 1 {
		t.Fatalf("%d sessions, error %v", len(sessions), err)
	}
	if err := w.Provider.Desk().EndSession(t.Context(), w.ada, sessions[0].ID, "signed out"); err != nil {
		t.Fatal(err)
	}
	w.rp.Refresh(tokens.Text("refresh_token")).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
	role(writers)
	w.rp.Refresh(tokens.Text("refresh_token")).WantOK(t)
}

// A code that was granted with more gives no more than the roles permit.
func TestRoleThatIsLostBeforeTheCode(t *testing.T) {
	w := newWorld(t, ceilings(), providertest.Options{Staleness: -1})
	code := w.browser.SignIn(w.rp, ada, map[string]string{"scope": "openid phone"})
	w.set(w.ada, nil)
	if got := scopesOf(w.rp.Exchange(code).WantOK(t)); !slices.Equal(got, []string{"openid"}) {
		t.Errorf("the code gave %v", got)
	}
}

func TestOutageGrantsNoScope(t *testing.T) {
	w := newWorld(t, ceilings(), providertest.Options{})
	w.browser.SignIn(w.Second(t), ada, nil)
	w.Directus.Inject(directustest.Fault{Path: "/roles", Status: http.StatusServiceUnavailable, Code: "SERVICE_UNAVAILABLE"})
	w.browser.Get(w.rp.AuthorizationURL(map[string]string{"scope": "openid phone", "prompt": "none"})).WantError(t, oauth.TemporarilyUnavailable)
}
