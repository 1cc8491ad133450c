package flows

import (
	"maps"
	"net/http"
	"testing"
	"time"

	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
	"gatehouse/storage/directus/prepare"
)

// offline opens a grant that outlives its session.
func offline() map[string]string {
	return map[string]string{"scope": "openid offline_access", "prompt": "consent"}
}

// exchangeAfterOwnPassword: a password that is changed on our account page ends all
// sessions at Directus. The one that changed it goes on with a pair of its own, and
// the others end here as well.
func exchangeAfterOwnPassword(t *testing.T, w *world) {
	// Without a licence nobody may change his own row.
	p := w.portal(t, func(o *providertest.Options) { o.WriteToken = true })
	p.exchange().WantOK(t)
	lasting := p.rp.Exchange(p.browser.SignIn(p.rp, p.email, offline())).WantOK(t)
	before := p.kept(t)
	there := p.NewBrowser(t)
	other := p.rp.Exchange(there.SignIn(p.rp, p.email, offline())).WantOK(t)
	exchange := func(tokens providertest.Answer) providertest.Answer {
		t.Helper()
		return p.rp.DirectusToken(tokens.Text("access_token"), map[string]string{"audience": p.url})
	}
	p.wantHis(t, exchange(other))

	const chosen = "a password that is new"
	page := p.browser.Get(p.Issuer + "/account/password")
	page = p.browser.Press(page, "password-submit", map[string]string{"current-password": providertest.Password, "new-password": chosen})
	if page.URL.Path != "/account/password" || !page.Has("notice") {
		t.Fatalf("the password was not changed: %d at %s:\n%s", page.Status, page.URL, page.Body)
	}
	if _, err := w.directus.Login(t.Context(), p.email, chosen); err != nil {
		t.Errorf("Directus does not know the new password: %v", err)
	}

	// This session: at once, and when the first token is used up.
	p.wantHis(t, p.exchange())
	p.KeepDirectusSessions(t)
	if err := p.refreshAtDirectus(t, before.RefreshToken); err == nil {
		t.Error("the session of before the change lives on at Directus")
	}
	p.expire(t)
	p.wantHis(t, p.exchange())
	held, err := p.Provider.Desk().Browser(p.browser.Request())
	if err != nil {
		t.Fatal(err)
	}
	current, ok := held.Current()
	if !ok || current.DirectusSession == before.ID {
		t.Fatalf("signed in: %t, with the pair of before: %t", ok, current.DirectusSession == before.ID)
	}
	record, err := p.Store.DirectusSessions.Get(t.Context(), current.DirectusSession)
	if err != nil {
		t.Fatal(err)
	}
	if record.Value.Generation != 2 {
		t.Errorf("the new pair is of generation %d, want 2: the first, and the one refresh", record.Value.Generation)
	}

	// What outlives a session, whichever, could not be told from a thief's.
	p.rp.Refresh(lasting.Text("refresh_token")).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
	exchange(lasting).WantError(t, http.StatusBadRequest, oauth.InvalidRequest)
	// The other session.
	p.UserInfo(t, other.Text("access_token")).WantError(t, http.StatusUnauthorized, oauth.InvalidToken)
	p.rp.Refresh(other.Text("refresh_token")).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
	exchange(other).WantError(t, http.StatusBadRequest, oauth.InvalidRequest)
	there.Get(p.rp.AuthorizationURL(map[string]string{"prompt": "none"})).WantError(t, oauth.LoginRequired)
	p.KeepDirectusSessions(t)
	kept := 0
	for _, err := range p.Store.DirectusSessions.All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		kept++
	}
	if kept != 1 {
		t.Errorf("%d pairs are kept, want that of the session that goes on", kept)
	}
}

// exchangeOfARow: an app that an editor added in Directus has tokens of Directus if
// the configuration says so, whatever its row says.
func exchangeOfARow(t *testing.T, w *world) {
	id, email := w.user(t)
	const board, greedy, sly = "board", "greedy", "sly"
	s := w.provider(t, func(o *providertest.Options) {
		o.Directus.ClientsCollection = prepare.DefaultClientsCollection
		o.ClientRights = []storage.Client{{ID: board, DirectusExchange: storage.ExchangeUsers}}
	})
	// An editor of the data model adds a column of this name.
	err := w.directus.Call(t.Context(), http.MethodPost, "/fields/"+prepare.DefaultClientsCollection, map[string]any{
		"field": "directus_exchange", "type": "string", "schema": map[string]any{}, "meta": map[string]any{},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	editor := w.editor(t)
	row := func(id string, change map[string]any) map[string]any {
		made := providertest.WebRow(id)
		made["client_id"], made["grant_types"] = id, []any{"authorization_code", "refresh_token", providertest.TokenExchange}
		maps.Copy(made, change)
		return made
	}
	editor.write(t, http.MethodPost, "", row(board, nil))
	editor.write(t, http.MethodPost, "", row(greedy, nil))
	editor.write(t, http.MethodPost, "", row(sly, map[string]any{"directus_exchange": "users"}))
	s.Refresh(t)
	if !known(s, board) || known(s, greedy) || known(s, sly) {
		t.Fatalf("known: the one with the right %t, one without it %t, one that gives it to itself %t", known(s, board), known(s, greedy), known(s, sly))
	}
	s.Clock.Advance(time.Minute)

	p := &portal{Server: s, rp: s.WebOfRow(t, board), browser: s.NewBrowser(t), id: id, email: email, url: w.directus.URL}
	page := p.browser.Password(p.browser.Get(p.rp.AuthorizationURL(nil)), email)
	if gets := page.Text("consent-gets"); page.Has("consent-allow") && gets == "" {
		t.Errorf("the screen does not say what the app gets:\n%s", page.Body)
	}
	p.tokens = p.rp.Exchange(p.browser.Press(page, "consent-allow", nil).Code(t)).WantOK(t)
	p.wantHis(t, p.exchange())
	p.expire(t)
	p.wantHis(t, p.exchange())
	if generation := p.kept(t).Generation; generation != 2 {
		t.Errorf("the pair is in generation %d, want 2", generation)
	}

	// What the row says of administrators counts as little as what it says of users.
	editor.write(t, http.MethodPatch, "/"+board, map[string]any{"directus_exchange": "administrators"})
	s.Refresh(t)
	if known(s, board) {
		t.Error("a row that sets its own rights is taken")
	}
	p.exchange().WantError(t, http.StatusUnauthorized, oauth.InvalidClient)
	editor.write(t, http.MethodPatch, "/"+board, map[string]any{"directus_exchange": nil})
	s.Clock.Advance(time.Minute)
	s.Refresh(t)
	p.tokens = p.rp.Refresh(p.tokens.Text("refresh_token")).WantOK(t)
	p.wantHis(t, p.exchange())
	w.change(t, id, map[string]any{"role": w.administrators(t)})
	s.Clock.Advance(providertest.Staleness + time.Second)
	if answer := p.exchange(); answer.Status == http.StatusOK {
		t.Error("an app that may have tokens of users got one of an administrator")
	}
	w.change(t, id, map[string]any{"role": nil})
}

// administrators is the role of the first user.
func (w *world) administrators(t *testing.T) string {
	t.Helper()
	var me struct{ Role string }
	if err := w.directus.Call(t.Context(), http.MethodGet, "/users/me?fields=role", nil, &me); err != nil {
		t.Fatal(err)
	}
	return me.Role
}
