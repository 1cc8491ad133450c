package grant_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
	"gatehouse/storage/directus/directustest"
)

// exchanging is a portal that may have tokens of Directus, and Ada's tokens there.
type exchanging struct {
	*providertest.Server
	rp      *providertest.RelyingParty
	browser *providertest.Browser
	user    string
	tokens  providertest.Answer
}

func newExchanging(t *testing.T, change func(*storage.Client)) *exchanging {
	t.Helper()
	client := providertest.DirectusClient(storage.ExchangeUsers)
	if change != nil {
		change(&client)
	}
	e := &exchanging{Server: providertest.New(t, providertest.Options{
		Clients: []storage.Client{client}, PairwiseSecret: []byte("pairwise-secret-0123456789abcdef0123456789"),
	})}
	e.user = e.AddUser(ada)
	e.rp, e.browser = e.Portal(t), e.NewBrowser(t)
	if client.Public() {
		e.rp.Secret = ""
	}
	e.tokens = e.rp.Exchange(e.browser.SignIn(e.rp, ada, nil)).WantOK(t)
	return e
}

func (e *exchanging) token() string { return e.tokens.Text("access_token") }

// offline is another sign-in of Ada, whose grant outlives its session.
func (e *exchanging) offline(t *testing.T) (*providertest.Browser, providertest.Answer) {
	t.Helper()
	browser := e.NewBrowser(t)
	scope := map[string]string{"scope": "openid offline_access", "prompt": "consent"}
	return browser, e.rp.Exchange(browser.SignIn(e.rp, ada, scope)).WantOK(t)
}

func (e *exchanging) wantSessions(t *testing.T, want int) {
	t.Helper()
	if got := e.Directus.Sessions(e.user); got != want {
		t.Errorf("%d sessions at Directus, want %d", got, want)
	}
}

// whose is the user that a token of Directus is of.
func (e *exchanging) whose(t *testing.T, answer providertest.Answer) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, e.Directus.URL+"/users/me", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+answer.Text("access_token"))
	me := e.Do(t, r).WantOK(t)
	data, _ := me.JSON["data"].(map[string]any)
	id, _ := data["id"].(string)
	return id
}

func TestTokenExchange(t *testing.T) {
	for name, change := range map[string]func(*storage.Client){
		"of an opaque access token": nil,
		"of a JWT access token":     func(c *storage.Client) { c.AccessTokenFormat = "jwt" },
		"by a public client": func(c *storage.Client) {
			c.TokenEndpointAuthMethod, c.SecretDigests = "none", nil
		},
		"with pairwise subjects": func(c *storage.Client) { c.SubjectType = "pairwise" },
	} {
		t.Run(name, func(t *testing.T) {
			e := newExchanging(t, change)
			answer := e.rp.DirectusToken(e.token(), nil).WantOK(t)
			if got := e.whose(t, answer); got != e.user {
				t.Errorf("the token is that of %q", got)
			}
			left := directustest.AccessTokenTTL - 10*time.Second
			for name, want := range map[string]any{
				"issued_token_type": providertest.AccessTokenType, "token_type": "Bearer", "expires_in": left.Seconds(),
			} {
				if answer.JSON[name] != want {
					t.Errorf("%s is %v, want %v", name, answer.JSON[name], want)
				}
			}
			if len(answer.JSON) != 4 {
				t.Errorf("the answer has %d members, want 4", len(answer.JSON))
			}
			if got := answer.Header.Get("Cache-Control"); got != "no-store" {
				t.Errorf("Cache-Control is %q", got)
			}
			if e.Events.Count(event.TokenExchanged) != 1 {
				t.Error("no event tells of it")
			}
		})
	}
}

func TestTokenExchangeParameters(t *testing.T) {
	e := newExchanging(t, nil)
	other := e.rp.Exchange(e.browser.SignIn(e.rp, ada, nil)).WantOK(t)
	e.rp.Post("/revoke", url.Values{"token": {other.Text("access_token")}}).WantOK(t)
	web := e.Web(t)
	foreign := web.Exchange(e.browser.SignIn(web, ada, nil)).WantOK(t)
	for _, test := range []struct {
		name   string
		change map[string]string
		code   string // empty: it is taken
	}{
		{"audience", nil, ""},
		{"audience with a slash", map[string]string{"audience": e.Directus.URL + "/"}, ""},
		{"resource", map[string]string{"audience": "", "resource": e.Directus.URL}, ""},
		{"both", map[string]string{"resource": e.Directus.URL}, ""},
		{"requested_token_type", map[string]string{"requested_token_type": providertest.AccessTokenType}, ""},
		{"empty scope", map[string]string{"scope": ""}, ""},
		{"no target", map[string]string{"audience": ""}, oauth.InvalidTarget},
		{"another target", map[string]string{"audience": "https://directus.example"}, oauth.InvalidTarget},
		{"a path of Directus", map[string]string{"audience": e.Directus.URL + "/items"}, oauth.InvalidTarget},
		{"our issuer", map[string]string{"audience": e.Issuer}, oauth.InvalidTarget},
		{"one target of two", map[string]string{"resource": "https://directus.example"}, oauth.InvalidTarget},
		{"no subject token", map[string]string{"subject_token": ""}, oauth.InvalidRequest},
		{"no subject token type", map[string]string{"subject_token_type": ""}, oauth.InvalidRequest},
		{"a refresh token type", map[string]string{"subject_token_type": "urn:ietf:params:oauth:token-type:refresh_token"}, oauth.InvalidRequest},
		{"an ID token", map[string]string{"subject_token": e.tokens.Text("id_token")}, oauth.InvalidRequest},
		{"a refresh token", map[string]string{"subject_token": e.tokens.Text("refresh_token")}, oauth.InvalidRequest},
		{"nonsense", map[string]string{"subject_token": "nonsense"}, oauth.InvalidRequest},
		{"a revoked token", map[string]string{"subject_token": other.Text("access_token")}, oauth.InvalidRequest},
		{"a token of another client", map[string]string{"subject_token": foreign.Text("access_token")}, oauth.InvalidRequest},
		{"a refresh token is asked for", map[string]string{"requested_token_type": "urn:ietf:params:oauth:token-type:refresh_token"}, oauth.InvalidRequest},
		{"actor_token", map[string]string{"actor_token": e.token(), "actor_token_type": providertest.AccessTokenType}, oauth.InvalidRequest},
		{"actor_token_type alone", map[string]string{"actor_token_type": providertest.AccessTokenType}, oauth.InvalidRequest},
		{"scope", map[string]string{"scope": "openid"}, oauth.InvalidScope},
	} {
		t.Run(test.name, func(t *testing.T) {
			answer := e.rp.DirectusToken(e.token(), test.change)
			if test.code == "" {
				answer.WantOK(t)
				return
			}
			answer.WantError(t, http.StatusBadRequest, test.code)
		})
	}
	t.Run("expired", func(t *testing.T) {
		e.Clock.Advance(providertest.AccessTokenLifetime)
		e.rp.DirectusToken(e.token(), nil).WantError(t, http.StatusBadRequest, oauth.InvalidRequest)
	})
}

func TestTokenExchangeIsForWhoMay(t *testing.T) {
	e := newExchanging(t, func(c *storage.Client) { c.GrantTypes = append(c.GrantTypes, "client_credentials") })
	web := e.Web(t)
	foreign := web.Exchange(e.browser.SignIn(web, ada, nil)).WantOK(t)
	web.DirectusToken(foreign.Text("access_token"), nil).WantError(t, http.StatusBadRequest, oauth.UnauthorizedClient)
	own := e.rp.Token(url.Values{"grant_type": {"client_credentials"}}).WantOK(t)
	e.rp.DirectusToken(own.Text("access_token"), nil).WantError(t, http.StatusBadRequest, oauth.InvalidRequest)
	e.Send(t, http.MethodGet, "/token?grant_type="+url.QueryEscape(providertest.TokenExchange), nil, nil).
		WantError(t, http.StatusMethodNotAllowed, oauth.InvalidRequest)

	t.Run("not where no client has the right", func(t *testing.T) {
		s := start(t)
		rp := s.Web(t)
		tokens := signedIn(t, s, rp, nil)
		rp.DirectusToken(tokens.Text("access_token"), nil).WantError(t, http.StatusBadRequest, oauth.UnsupportedGrantType)
	})
	t.Run("not by the grant type alone", func(t *testing.T) {
		client := providertest.DirectusClient("")
		client.ID, client.RedirectURIs = "eager", []string{"https://eager.example/callback"}
		s := start(t, providertest.DirectusClient(storage.ExchangeUsers), client)
		rp := s.RelyingParty(t, "eager", providertest.ExchangeSecret, "https://eager.example/callback")
		tokens := signedIn(t, s, rp, nil)
		rp.DirectusToken(tokens.Text("access_token"), nil).WantError(t, http.StatusBadRequest, oauth.UnauthorizedClient)
	})
}

// An API that a public client sends its tokens to knows all that such a client shows:
// it would get the whole user for a token that was meant for one purpose.
func TestTokenForAnAPIIsNotExchangedWithoutProof(t *testing.T) {
	for _, format := range []string{"", "jwt"} {
		change := func(c *storage.Client) { c.Audience, c.AccessTokenFormat = []string{"https://api.example"}, format }
		e := newExchanging(t, func(c *storage.Client) {
			change(c)
			c.TokenEndpointAuthMethod, c.SecretDigests = "none", nil
		})
		e.rp.DirectusToken(e.token(), nil).WantError(t, http.StatusBadRequest, oauth.InvalidRequest)
		e = newExchanging(t, change)
		e.rp.DirectusToken(e.token(), nil).WantOK(t)
	}
}

func TestTokenExchangeOfAdministrators(t *testing.T) {
	admin := func(u *directustest.User) { u.Admin = true }
	t.Run("no pair of one is kept", func(t *testing.T) {
		e := newExchanging(t, nil)
		e.Directus.Update(e.user, admin)
		tokens := e.rp.Exchange(e.NewBrowser(t).SignIn(e.rp, ada, nil)).WantOK(t)
		e.rp.DirectusToken(tokens.Text("access_token"), nil).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
		e.wantSessions(t, 1)
	})
	t.Run("who becomes one has no more tokens", func(t *testing.T) {
		e := newExchanging(t, nil)
		e.rp.DirectusToken(e.token(), nil).WantOK(t)
		e.Directus.Update(e.user, admin)
		e.Clock.Advance(directustest.AccessTokenTTL)
		e.tokens = e.rp.Refresh(e.tokens.Text("refresh_token")).WantOK(t)
		e.rp.DirectusToken(e.token(), nil).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
		e.wantSessions(t, 0)
		e.UserInfo(t, e.token()).WantOK(t)
	})
	// The token itself says nothing: Directus makes it for the address of the
	// sign-in, and looks at the policies again where it is used.
	t.Run("who is one at some addresses only", func(t *testing.T) {
		e := newExchanging(t, nil)
		e.rp.DirectusToken(e.token(), nil).WantOK(t)
		e.Directus.AddPolicy(directustest.Policy{Name: "Office", Admin: true, Holders: []string{e.user}})
		e.Clock.Advance(providertest.Staleness + time.Second)
		e.rp.DirectusToken(e.token(), nil).WantError(t, http.StatusBadRequest, oauth.UnauthorizedClient)
	})
	t.Run("nobody where the service token may not read policies", func(t *testing.T) {
		e := newExchanging(t, nil)
		e.Directus.LetReadOnly()
		e.Clock.Advance(providertest.Staleness + time.Second)
		e.rp.DirectusToken(e.token(), nil).WantError(t, http.StatusServiceUnavailable, oauth.TemporarilyUnavailable)
	})
	t.Run("only a client that may have them", func(t *testing.T) {
		trusted, other := providertest.DirectusClient(storage.ExchangeAdministrators), providertest.DirectusClient(storage.ExchangeUsers)
		other.ID, other.RedirectURIs = "other", []string{"https://other.example/callback"}
		s := start(t, trusted, other)
		id, _ := s.Directus.FindUser(ada)
		s.Directus.Update(id, admin)
		browser := s.NewBrowser(t)
		portal, rp := s.Portal(t), s.RelyingParty(t, "other", providertest.ExchangeSecret, "https://other.example/callback")
		tokens := portal.Exchange(browser.SignIn(portal, ada, nil)).WantOK(t)
		portal.DirectusToken(tokens.Text("access_token"), nil).WantOK(t)
		tokens = rp.Exchange(browser.SignIn(rp, ada, nil)).WantOK(t)
		rp.DirectusToken(tokens.Text("access_token"), nil).WantError(t, http.StatusBadRequest, oauth.UnauthorizedClient)
	})
}

// Whoever asks at the same time gets the same token, and the pair is refreshed
// once.
func TestTokenExchangeInParallel(t *testing.T) {
	e := newExchanging(t, nil)
	e.Clock.Advance(directustest.AccessTokenTTL)
	e.tokens = e.rp.Refresh(e.tokens.Text("refresh_token")).WantOK(t)
	answers := make([]providertest.Answer, 64)
	var calls sync.WaitGroup
	for i := range answers {
		calls.Go(func() { answers[i] = e.rp.DirectusToken(e.token(), nil) })
	}
	calls.Wait()
	for _, answer := range answers {
		if answer.WantOK(t).Text("access_token") != answers[0].Text("access_token") {
			t.Error("two calls got different tokens")
		}
	}
	if calls := e.Directus.Calls("/auth/refresh"); calls != 1 {
		t.Errorf("%d refreshes, want 1", calls)
	}
	e.wantSessions(t, 1)
}

// Directus ending its session ends the sign-in here, with all that came of it.
func TestRevokedDirectusSessionEndsTheSignIn(t *testing.T) {
	listener := providertest.NewListener(t)
	e := newExchanging(t, func(c *storage.Client) { c.BackChannelLogoutURI = listener.URI })
	_, kept := e.offline(t)
	web := e.Web(t)
	beside := web.Exchange(e.browser.SignIn(web, ada, nil)).WantOK(t)
	e.Directus.Update(e.user, func(u *directustest.User) { u.Password = "another" })
	e.rp.DirectusToken(e.token(), nil).WantOK(t) // the token of before lives for its minutes

	e.Clock.Advance(directustest.AccessTokenTTL)
	tokens := e.rp.Refresh(e.tokens.Text("refresh_token")).WantOK(t)
	kept = e.rp.Refresh(kept.Text("refresh_token")).WantOK(t)
	e.rp.DirectusToken(tokens.Text("access_token"), nil).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
	dead(t, e.Server, e.rp, tokens)
	dead(t, e.Server, web, beside)
	e.Deliver(t)
	if got := len(listener.Heard()); got != 1 {
		t.Errorf("the app heard of %d endings, want 1", got)
	}
	// The other sign-in has a pair of its own, and ends when that is refused.
	e.UserInfo(t, kept.Text("access_token")).WantOK(t)
	e.rp.DirectusToken(kept.Text("access_token"), nil).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
	dead(t, e.Server, e.rp, kept)
}

func TestTokenExchangeWhileDirectusIsAway(t *testing.T) {
	for name, fault := range map[string]directustest.Fault{
		"away":       {Times: 1, Drop: true},
		"overloaded": {Times: 1, Status: 503, Code: "SERVICE_UNAVAILABLE"},
		"locked":     {Times: 1, Status: 403, Code: "RESOURCE_RESTRICTED"},
	} {
		t.Run(name, func(t *testing.T) {
			e := newExchanging(t, nil)
			e.Clock.Advance(directustest.AccessTokenTTL)
			e.tokens = e.rp.Refresh(e.tokens.Text("refresh_token")).WantOK(t)
			fault.Path = "/auth/refresh"
			e.Directus.Inject(fault)
			answer := e.rp.DirectusToken(e.token(), nil)
			answer.WantError(t, http.StatusServiceUnavailable, oauth.TemporarilyUnavailable)
			if answer.Header.Get("Retry-After") == "" {
				t.Error("the answer does not say when to come again")
			}
			e.rp.DirectusToken(e.token(), nil).WantOK(t)
		})
	}
}

// An answer of Directus that got lost takes the pair with it, and nothing else.
func TestLostPairAsksForAnotherSignIn(t *testing.T) {
	e := newExchanging(t, nil)
	e.Clock.Advance(directustest.AccessTokenTTL)
	e.tokens = e.rp.Refresh(e.tokens.Text("refresh_token")).WantOK(t)
	e.Directus.Inject(directustest.Fault{Path: "/auth/refresh", Times: 1, Drop: true, After: true})
	e.rp.DirectusToken(e.token(), nil).WantError(t, http.StatusServiceUnavailable, oauth.TemporarilyUnavailable)
	answer := e.rp.DirectusToken(e.token(), nil)
	answer.WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
	if !strings.Contains(answer.Text("error_description"), "sign in again") {
		t.Errorf("the client is told %q", answer.Text("error_description"))
	}
	e.UserInfo(t, e.token()).WantOK(t)
	e.browser.SignIn(e.rp, ada, map[string]string{"prompt": "login"})
	e.rp.DirectusToken(e.token(), nil).WantOK(t)
}

func TestSuspendedUserHasNoDirectusTokens(t *testing.T) {
	e := newExchanging(t, nil)
	e.Directus.SetStatus(e.user, "suspended")
	e.Clock.Advance(providertest.Staleness + time.Second)
	e.rp.DirectusToken(e.token(), nil).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
	dead(t, e.Server, e.rp, e.tokens)
}
