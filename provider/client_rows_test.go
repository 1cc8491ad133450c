package provider_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/provider/providertest"
	"gatehouse/storage"
	"gatehouse/storage/directus/directustest"
)

const rowID = "board"

// startWithRow has one client in Directus, and a user.
func startWithRow(t *testing.T, options providertest.Options) (*providertest.Server, *providertest.RelyingParty) {
	t.Helper()
	options.ClientRows = true
	s := providertest.New(t, options)
	s.AddUser("ada@example.com")
	s.ClientRows.Put(rowID, providertest.WebRow(rowID))
	s.Refresh(t)
	s.Clock.Advance(time.Second)
	return s, s.WebOfRow(t, rowID)
}

func TestClientInDirectusSignsPeopleIn(t *testing.T) {
	s, rp := startWithRow(t, providertest.Options{})
	tokens := rp.Exchange(s.NewBrowser(t).SignIn(rp, "ada@example.com", nil)).WantOK(t)
	s.UserInfo(t, tokens.Text("access_token")).WantOK(t)
	rp.Refresh(tokens.Text("refresh_token")).WantOK(t)
	wrong := s.RelyingParty(t, rowID, "another-secret-0123456789abcdef012345", rp.RedirectURI)
	wrong.Refresh("x").WantError(t, http.StatusUnauthorized, "invalid_client")
	// Nobody asks Directus about the client while people wait.
	before := s.Directus.Calls("/items/gatehouse_clients")
	s.NewBrowser(t).SignIn(rp, "ada@example.com", nil)
	if asked := s.Directus.Calls("/items/gatehouse_clients") - before; asked != 0 {
		t.Errorf("Directus was asked %d times for clients by a sign-in", asked)
	}
}

// What becomes of tokens when a row changes: off pauses the client, removal ends
// what it was given for good.
func TestClientInDirectusThatIsTakenAway(t *testing.T) {
	off := func(s *providertest.Server) { s.ClientRows.Put(rowID, map[string]any{"status": "off"}) }
	on := func(s *providertest.Server) { s.ClientRows.Put(rowID, map[string]any{"status": "active"}) }
	remove := func(s *providertest.Server) { s.ClientRows.Delete(rowID) }
	again := func(s *providertest.Server) { s.ClientRows.Put(rowID, providertest.WebRow(rowID)) }
	spoil := func(s *providertest.Server) {
		s.ClientRows.Put(rowID, map[string]any{"redirect_uris": "not a list"})
	}
	mend := func(s *providertest.Server) { s.ClientRows.Put(rowID, providertest.WebRow(rowID)) }
	for name, test := range map[string]struct {
		away, back func(*providertest.Server)
		survives   bool
	}{
		"switched off and on":    {off, on, true},
		"spoilt and mended":      {spoil, mend, true},
		"removed and made again": {remove, again, false},
		"made again between two looks": {func(s *providertest.Server) {
			remove(s)
			s.Clock.Advance(time.Second)
			again(s)
		}, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			watch := storage.Client{
				ID: "watch", SecretDigests: providertest.Digests(providertest.WebSecret), GrantTypes: []string{"client_credentials"}, Introspects: []string{"*"},
			}
			s, rp := startWithRow(t, providertest.Options{Clients: []storage.Client{watch}})
			browser := s.NewBrowser(t)
			active := func(token string) bool {
				answer := s.RelyingParty(t, "watch", providertest.WebSecret, "").Post("/introspect", url.Values{"token": {token}})
				return answer.WantOK(t).JSON["active"] == true
			}
			tokens := rp.Exchange(browser.SignIn(rp, "ada@example.com", nil)).WantOK(t)
			access, refresh := tokens.Text("access_token"), tokens.Text("refresh_token")
			s.Clock.Advance(5 * time.Second)
			test.away(s)
			s.Refresh(t)
			s.UserInfo(t, access).WantError(t, http.StatusUnauthorized, "invalid_token")
			if active(access) || active(refresh) {
				t.Error("introspection calls its tokens active")
			}
			if test.back != nil {
				rp.Refresh(refresh).WantError(t, http.StatusUnauthorized, "invalid_client")
				rp.Token(url.Values{"grant_type": {"client_credentials"}}).WantError(t, http.StatusUnauthorized, "invalid_client")
				browser.Get(rp.AuthorizationURL(nil)).WantPage(t, http.StatusBadRequest, "invalid_client")
				s.Clock.Advance(5 * time.Second)
				test.back(s)
				s.Refresh(t)
			}
			info, refreshed := s.UserInfo(t, access), rp.Refresh(refresh)
			if test.survives {
				info.WantOK(t)
				refreshed.WantOK(t)
				return
			}
			info.WantError(t, http.StatusUnauthorized, "invalid_token")
			refreshed.WantError(t, http.StatusBadRequest, "invalid_grant")
			if page := browser.Get(rp.AuthorizationURL(map[string]string{"prompt": "none"})); page.Sent(t).Get("error") != "consent_required" {
				t.Errorf("what people allowed the earlier client holds: %v", page.Left)
			}
		})
	}
}

// A request that waits for its person is not answered where the row no longer says.
func TestClientInDirectusThatMovesWhileAPersonSignsIn(t *testing.T) {
	s, rp := startWithRow(t, providertest.Options{})
	browser := s.NewBrowser(t)
	login := browser.Get(rp.AuthorizationURL(nil))
	s.ClientRows.Put(rowID, map[string]any{"redirect_uris": []any{"https://else.example/callback"}})
	s.Refresh(t)
	browser.Password(login, "ada@example.com").WantPage(t, http.StatusGone, "request_expired")
}

func TestClientInDirectusThatPeopleWouldNotKnowAgain(t *testing.T) {
	for name, test := range map[string]struct {
		change map[string]any
		asks   bool
	}{
		"its secret's end": {map[string]any{"client_secret_expires_at": "2099-01-01T00:00:00.000Z"}, false},
		"its contacts":     {map[string]any{"contacts": []any{"team@board.example"}}, false},
		"its name":         {map[string]any{"client_name": "Your Bank"}, true},
		"its logo":         {map[string]any{"logo_uri": "https://bank.example/logo.png"}, true},
		"where it lives":   {map[string]any{"redirect_uris": []any{"https://board.example/callback", "https://bank.example/callback"}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			s, rp := startWithRow(t, providertest.Options{})
			browser := s.NewBrowser(t)
			browser.SignIn(rp, "ada@example.com", nil)
			silent := map[string]string{"prompt": "none"}
			browser.Get(rp.AuthorizationURL(silent)).Code(t)
			s.Clock.Advance(time.Second)
			s.ClientRows.Put(rowID, test.change)
			s.Refresh(t)
			page := browser.Get(rp.AuthorizationURL(silent))
			if asks := page.Sent(t).Get("error") == "consent_required"; asks != test.asks {
				t.Errorf("asks again: %t, want %t (%v)", asks, test.asks, page.Left)
			}
		})
	}
}

func TestClientInDirectusHasRightsByConfigurationOnly(t *testing.T) {
	s, rp := startWithRow(t, providertest.Options{ClientRights: []storage.Client{{ID: rowID, FirstParty: true, IDTokenScopeClaims: true}}})
	browser := s.NewBrowser(t)
	page := browser.Password(browser.Get(rp.AuthorizationURL(nil)), "ada@example.com")
	if page.Has("consent-allow") || page.Left == nil {
		t.Error("a first-party client asks for consent")
	}
	// The same words in the row are no right.
	s.ClientRows.Put("other", providertest.WebRow("other"))
	s.ClientRows.Put("other", map[string]any{"first_party": true})
	s.Refresh(t)
	browser.Get(s.WebOfRow(t, "other").AuthorizationURL(nil)).WantPage(t, http.StatusBadRequest, "invalid_client")
}

// Tokens of Directus are the account itself: who edits apps in Directus must not be
// able to give them to one.
func TestClientInDirectusExchangesByConfigurationOnly(t *testing.T) {
	s, rp := startWithRow(t, providertest.Options{ClientRights: []storage.Client{{ID: rowID, DirectusExchange: storage.ExchangeUsers}}})
	grantTypes := map[string]any{"grant_types": []any{"authorization_code", "refresh_token", providertest.TokenExchange}}
	browser := s.NewBrowser(t)
	// The right is of no use without the grant type, and the other way round.
	browser.Get(rp.AuthorizationURL(nil)).WantPage(t, http.StatusBadRequest, "invalid_client")
	s.ClientRows.Put(rowID, grantTypes)
	s.ClientRows.Put("other", providertest.WebRow("other"))
	s.ClientRows.Put("other", grantTypes)
	s.Refresh(t)
	s.Clock.Advance(time.Second)
	browser.Get(s.WebOfRow(t, "other").AuthorizationURL(nil)).WantPage(t, http.StatusBadRequest, "invalid_client")
	page := browser.Password(browser.Get(rp.AuthorizationURL(nil)), "ada@example.com")
	if gets := page.Text("consent-gets"); !strings.Contains(gets, "Everything that this account can see and change") {
		t.Errorf("the screen says that the app gets %q", gets)
	}
	tokens := rp.Exchange(browser.Press(page, "consent-allow", nil).Code(t)).WantOK(t)
	rp.DirectusToken(tokens.Text("access_token"), nil).WantOK(t)

	for _, row := range []map[string]any{{"directus_exchange": "administrators"}, {"directus_exchange": "users"}} {
		s.ClientRows.Put(rowID, row)
		s.Clock.Advance(time.Second)
		s.Refresh(t)
		rp.DirectusToken(tokens.Text("access_token"), nil).WantError(t, http.StatusUnauthorized, "invalid_client")
	}
	s.ClientRows.Put(rowID, map[string]any{"directus_exchange": nil})
	s.Clock.Advance(time.Second)
	s.Refresh(t)
	rp.DirectusToken(tokens.Text("access_token"), nil).WantOK(t)
}

func TestClientsInDirectusWhileItIsDown(t *testing.T) {
	s, rp := startWithRow(t, providertest.Options{})
	browser := s.NewBrowser(t)
	tokens := rp.Exchange(browser.SignIn(rp, "ada@example.com", nil)).WantOK(t)
	s.Directus.Inject(directustest.Fault{Path: "/items/gatehouse_clients", Drop: true})
	if err := s.Collection.Refresh(t.Context()); err == nil {
		t.Fatal("Directus answered")
	}
	rp.Refresh(tokens.Text("refresh_token")).WantOK(t)
	browser.Get(rp.AuthorizationURL(map[string]string{"prompt": "none"})).Code(t)
}

// A node that starts while Directus is down must not tell apps that they do not
// exist: they would sign their people out.
func TestClientsInDirectusThatWereNotReadYet(t *testing.T) {
	s := providertest.New(t, providertest.Options{ClientRows: true})
	s.AddUser("ada@example.com")
	rp := s.WebOfRow(t, rowID)
	s.ClientRows.Put(rowID, providertest.WebRow(rowID))
	s.Directus.Inject(directustest.Fault{Path: "/items/gatehouse_clients", Drop: true})
	if err := s.Collection.Refresh(t.Context()); err == nil {
		t.Fatal("Directus answered")
	}
	rp.Refresh("any").WantError(t, http.StatusServiceUnavailable, "temporarily_unavailable")
	if page := s.NewBrowser(t).Get(rp.AuthorizationURL(nil)); page.Status != http.StatusServiceUnavailable {
		t.Errorf("authorization: status %d", page.Status)
	}
	// The clients of the configuration are served meanwhile.
	s.NewBrowser(t).SignIn(s.Web(t), "ada@example.com", nil)
	s.Directus.ClearFaults()
	s.Refresh(t)
	s.Clock.Advance(time.Second)
	s.NewBrowser(t).SignIn(rp, "ada@example.com", nil)
}
