package flows

import (
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"gatehouse/e2e/stack"
	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
)

// TestExchange: apps that call a real Directus as their users.
func TestExchange(t *testing.T) {
	w := newWorld(t)
	for name, run := range map[string]func(*testing.T, *world){
		"an exchanged token is the user's and ends with the session": exchangedToken,
		"sixty-four exchanges at once leave one living pair":         exchangesAtOnce,
		"another password ends the sign-in":                          exchangeAfterPassword,
		"a password of one's own leaves a living pair":               exchangeAfterOwnPassword,
		"an app that stands in Directus":                             exchangeOfARow,
	} {
		t.Run(name, func(t *testing.T) { run(t, w) })
	}
}

// portal is an app that may have tokens of this Directus.
type portal struct {
	*providertest.Server
	rp      *providertest.RelyingParty
	browser *providertest.Browser
	tokens  providertest.Answer
	id      string
	email   string
	url     string
}

func (w *world) portal(t *testing.T, options ...func(*providertest.Options)) *portal {
	t.Helper()
	id, email := w.user(t)
	p := &portal{id: id, email: email, url: w.directus.URL, Server: w.provider(t, append(options, func(o *providertest.Options) {
		o.Clients = []storage.Client{providertest.DirectusClient(storage.ExchangeUsers)}
	})...)}
	p.rp, p.browser = p.Portal(t), p.NewBrowser(t)
	p.tokens = p.rp.Exchange(p.browser.SignIn(p.rp, email, nil)).WantOK(t)
	return p
}

func (p *portal) exchange() providertest.Answer {
	return p.rp.DirectusToken(p.tokens.Text("access_token"), map[string]string{"audience": p.url})
}

// expire lets the access token of Directus end by our clock, and has fresh ones of
// ours.
func (p *portal) expire(t *testing.T) {
	t.Helper()
	p.Clock.Advance(20 * time.Minute)
	p.tokens = p.rp.Refresh(p.tokens.Text("refresh_token")).WantOK(t)
}

// as calls Directus with an exchanged token.
func (p *portal) as(answer providertest.Answer) *stack.Directus {
	return &stack.Directus{URL: p.url, AdminToken: answer.Text("access_token")}
}

func (p *portal) kept(t *testing.T) storage.DirectusSession {
	t.Helper()
	for record, err := range p.Store.DirectusSessions.All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		return record.Value
	}
	t.Fatal("no pair is kept")
	return storage.DirectusSession{}
}

func (p *portal) refreshAtDirectus(t *testing.T, refreshToken string) error {
	t.Helper()
	nobody := &stack.Directus{URL: p.url}
	return nobody.Call(t.Context(), http.MethodPost, "/auth/refresh", map[string]any{"refresh_token": refreshToken, "mode": "json"}, nil)
}

// wantHis fails the test unless Directus takes the token for one of the user.
func (p *portal) wantHis(t *testing.T, answer providertest.Answer) {
	t.Helper()
	var me struct{ ID string }
	if err := p.as(answer.WantOK(t)).Call(t.Context(), http.MethodGet, "/users/me", nil, &me); err != nil || me.ID != p.id {
		t.Errorf("the token is that of %q (%v)", me.ID, err)
	}
}

func exchangedToken(t *testing.T, w *world) {
	p := w.portal(t)
	answer := p.exchange()
	p.wantHis(t, answer)
	// Exactly what his policies allow: this user may read one collection.
	w.mayRead(t, p.id, "notices", "secrets")
	if err := p.as(answer).Call(t.Context(), http.MethodGet, "/items/notices", nil, nil); err != nil {
		t.Errorf("what his policy allows is refused: %v", err)
	}
	if err := p.as(answer).Call(t.Context(), http.MethodGet, "/items/secrets", nil, nil); err == nil {
		t.Error("what no policy of his allows is given")
	}
	if err := p.as(answer).Call(t.Context(), http.MethodGet, "/settings", nil, nil); err == nil {
		t.Error("a user reads the settings")
	}

	refreshToken := p.kept(t).RefreshToken
	held, err := p.Provider.Desk().Browser(p.browser.Request())
	if err != nil {
		t.Fatal(err)
	}
	current, _ := held.Current()
	if err := p.Provider.Desk().EndSession(t.Context(), p.id, current.ID, "test"); err != nil {
		t.Fatal(err)
	}
	p.exchange().WantError(t, http.StatusBadRequest, oauth.InvalidRequest)
	p.KeepDirectusSessions(t)
	if err := p.refreshAtDirectus(t, refreshToken); err == nil {
		t.Error("the session lives on at Directus")
	}
}

// mayRead makes two collections, of which a policy of the user opens the first.
func (w *world) mayRead(t *testing.T, user, open, closed string) {
	t.Helper()
	call := func(path string, body, into any) {
		t.Helper()
		if err := w.directus.Call(t.Context(), http.MethodPost, path, body, into); err != nil {
			t.Fatalf("POST %s: %v", path, err)
		}
	}
	for _, name := range []string{open, closed} {
		call("/collections", map[string]any{
			"collection": name, "meta": map[string]any{}, "schema": map[string]any{},
			"fields": []map[string]any{{"field": "id", "type": "integer", "schema": map[string]any{"is_primary_key": true, "has_auto_increment": true}}},
		}, nil)
	}
	var policy struct{ ID string }
	call("/policies", map[string]any{"name": "Readers of notices", "app_access": false, "admin_access": false}, &policy)
	call("/permissions", map[string]any{"policy": policy.ID, "collection": open, "action": "read", "fields": []string{"*"}}, nil)
	call("/access", map[string]any{"policy": policy.ID, "user": user}, nil)
}

func exchangesAtOnce(t *testing.T, w *world) {
	p := w.portal(t)
	p.expire(t)
	answers := make([]providertest.Answer, 64)
	var calls sync.WaitGroup
	for i := range answers {
		calls.Go(func() { answers[i] = p.exchange() })
	}
	calls.Wait()
	for i, answer := range answers {
		if answer.WantOK(t).Text("access_token") != answers[0].Text("access_token") {
			t.Errorf("call %d got another token than the first", i)
		}
	}
	p.wantHis(t, answers[0])
	if generation := p.kept(t).Generation; generation != 2 {
		t.Errorf("the pair is in generation %d, want 2", generation)
	}
	p.expire(t)
	p.exchange().WantOK(t) // which takes a pair that lives
}

func exchangeAfterPassword(t *testing.T, w *world) {
	p := w.portal(t)
	p.exchange().WantOK(t)
	w.change(t, p.id, map[string]any{"password": fmt.Sprint("another-", providertest.Password)})
	p.expire(t)
	p.exchange().WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
	p.UserInfo(t, p.tokens.Text("access_token")).WantError(t, http.StatusUnauthorized, oauth.InvalidToken)
	p.rp.Token(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {p.tokens.Text("refresh_token")}}).
		WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
}
