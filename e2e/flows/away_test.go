package flows

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage/directus"
)

// signedIn is somebody with a browser, an access token and a refresh token.
type signedIn struct {
	id, email, access, refresh string
	browser                    *providertest.Browser
}

func (w *world) signedIn(t *testing.T, s *providertest.Server, rp *providertest.RelyingParty) *signedIn {
	t.Helper()
	p := &signedIn{browser: s.NewBrowser(t)}
	p.id, p.email = w.user(t)
	tokens := rp.Exchange(p.browser.SignIn(rp, p.email, nil)).WantOK(t)
	p.access, p.refresh = tokens.Text("access_token"), tokens.Text("refresh_token")
	return p
}

// away: Directus is stopped and started again under people who are signed in. One
// of them is suspended meanwhile, past Directus, where the database can be reached.
func away(t *testing.T, w *world) {
	s := w.provider(t)
	rp, api := s.Web(t), s.API(t)
	stays, leaves := w.signedIn(t, s, rp), w.signedIn(t, s, rp)
	_, newcomer := w.user(t)
	silent := map[string]string{"prompt": "none"}
	code := stays.browser.Get(rp.AuthorizationURL(silent)).Code(t)
	active := func(token string) any {
		return api.Post("/introspect", url.Values{"token": {token}}).WantOK(t).JSON["active"]
	}

	w.directus.Kill()
	s.Clock.Advance(providertest.Staleness + time.Second) // every look is due
	code2 := leaves.browser.Get(rp.AuthorizationURL(silent)).Code(t)
	s.Send(t, http.MethodGet, "/.well-known/openid-configuration", nil, nil).WantOK(t)
	s.Send(t, http.MethodGet, "/jwks", nil, nil).WantOK(t)
	// The first code has expired by now; the second is bought without Directus.
	rp.Exchange(code).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
	rp.Exchange(code2).WantOK(t)
	for _, p := range []*signedIn{stays, leaves} {
		tokens := rp.Refresh(p.refresh).WantOK(t)
		p.access, p.refresh = tokens.Text("access_token"), tokens.Text("refresh_token")
		s.UserInfo(t, p.access).WantOK(t)
		if got := active(p.access); got != true {
			t.Errorf("introspection of a token of %s says active %v", p.email, got)
		}
		p.browser.Get(rp.AuthorizationURL(silent)).Code(t)
	}
	visitor := s.NewBrowser(t)
	page := visitor.Get(rp.AuthorizationURL(nil))
	if page.Has("login-submit") {
		page = visitor.Password(page, newcomer)
	}
	page.WantPage(t, http.StatusServiceUnavailable, oauth.TemporarilyUnavailable)
	if page.Header.Get("Retry-After") == "" || page.Link("retry") == "" {
		t.Errorf("the page does not say when and how to try again: %v\n%s", page.Header, page.Body)
	}

	// Beyond directus.outage_staleness nobody is refused, and nothing is spent.
	s.Clock.Advance(providertest.OutageStaleness)
	for range 2 {
		rp.Refresh(stays.refresh).WantError(t, http.StatusServiceUnavailable, oauth.TemporarilyUnavailable)
	}
	stays.browser.Get(rp.AuthorizationURL(silent)).WantError(t, oauth.TemporarilyUnavailable)

	suspended := w.suspendInDatabase(t, leaves.id)
	if err := w.directus.Restart(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if !suspended {
		w.change(t, leaves.id, map[string]any{"status": "suspended"})
	}
	s.Clock.Advance(directus.DefaultBreakerPause)
	// One request tries at first whether Directus is back; others are told to come again.
	until(t, "the newcomer signs in", func() bool {
		came := visitor.Through(visitor.Get(page.Link("retry")), newcomer)
		return came.Left != nil && came.Code(t) != ""
	})
	stays.browser.Get(rp.AuthorizationURL(silent)).Code(t)
	tokens := rp.Refresh(stays.refresh).WantOK(t)
	s.UserInfo(t, tokens.Text("access_token")).WantOK(t)
	if got := active(tokens.Text("access_token")); got != true {
		t.Errorf("introspection after the outage says active %v", got)
	}

	if got := active(leaves.refresh); got != false {
		t.Errorf("introspection of the token of a suspended user says active %v", got)
	}
	rp.Refresh(leaves.refresh).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
	leaves.browser.Get(rp.AuthorizationURL(silent)).WantError(t, "login_required")
	again := leaves.browser.Password(leaves.browser.Get(rp.AuthorizationURL(nil)), leaves.email)
	if again.Left != nil || !again.Has("login-submit") {
		t.Errorf("a suspended user is at %s (%d), left for %v", again.URL, again.Status, again.Left)
	}
}

// suspendInDatabase says whether there is a database to write to.
func (w *world) suspendInDatabase(t *testing.T, id string) bool {
	t.Helper()
	if w.directus.Postgres == nil {
		return false
	}
	if err := w.directus.Postgres.Exec(t.Context(), "directus", "UPDATE directus_users SET status = 'suspended' WHERE id = '"+id+"'"); err != nil {
		t.Fatal(err)
	}
	return true
}
