package registration_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
)

// managed is a client that registered itself, with its token.
type managed struct {
	*providertest.Server
	id, secret, token string
}

func manage(t *testing.T, s *providertest.Server, given providertest.Metadata) managed {
	t.Helper()
	answer := register(t, s, given)
	return managed{s, answer.Text("client_id"), answer.Text("client_secret"), answer.Text("registration_access_token")}
}

func (m managed) send(t *testing.T, method string, body any) providertest.Answer {
	t.Helper()
	return m.SendJSON(t, method, "/clients/"+m.id, m.token, body)
}

func (m managed) relyingParty(t *testing.T) *providertest.RelyingParty {
	t.Helper()
	return m.RelyingParty(t, m.id, m.secret, redirectURI)
}

// TestRead is RFC 7592, section 2.1. The secret is not kept, so it is not shown.
func TestRead(t *testing.T) {
	m := manage(t, open(t), metadata())
	answer := m.send(t, http.MethodGet, "").WantOK(t)
	if answer.Text("client_id") != m.id || answer.Text("registration_access_token") != m.token ||
		answer.Text("registration_client_uri") != m.Issuer+"/clients/"+m.id || answer.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("answer %v %s", answer.Header, answer.Raw)
	}
	if strings.Contains(answer.Raw, m.secret) || answer.JSON["client_secret_expires_at"] != nil {
		t.Errorf("secret in %s", answer.Raw)
	}
}

// TestManagementNeedsTheToken: that of this client and of no other (RFC 7592,
// section 2; RFC 6750, section 3).
func TestManagementNeedsTheToken(t *testing.T) {
	s := open(t)
	m, other := manage(t, s, metadata()), manage(t, s, metadata())
	_, initial, err := s.RegistrationTokens.Make(t.Context(), 1, time.Hour, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
		for name, token := range map[string]string{
			"none": "", "nonsense": "x", "another client's": other.token, "the secret": m.secret, "an initial access token": initial.Reveal(),
			"truncated": m.token[:len(m.token)-2],
		} {
			t.Run(method+" "+name, func(t *testing.T) {
				answer := s.SendJSON(t, method, "/clients/"+m.id, token, metadata().With("client_id", m.id))
				answer.WantError(t, http.StatusUnauthorized, oauth.InvalidToken)
				if challenge := answer.Header.Get("WWW-Authenticate"); !strings.HasPrefix(challenge, "Bearer") ||
					strings.Contains(challenge, "error=") != (token != "") {
					t.Errorf("WWW-Authenticate %q", challenge)
				}
			})
		}
	}
	m.send(t, http.MethodGet, "").WantOK(t)
}

func TestManagementOfOtherClients(t *testing.T) {
	s := open(t)
	m := manage(t, s, metadata())
	for _, id := range []string{providertest.WebID, "nobody", "..", m.id + "x"} {
		s.SendJSON(t, http.MethodGet, "/clients/"+url.PathEscape(id), m.token, "").WantError(t, http.StatusUnauthorized, oauth.InvalidToken)
	}
}

func TestManagementMethods(t *testing.T) {
	m := manage(t, open(t), metadata())
	for _, method := range []string{http.MethodPost, http.MethodPatch} {
		m.send(t, method, metadata()).WantError(t, http.StatusMethodNotAllowed, oauth.InvalidRequest)
	}
}

// TestChange is RFC 7592, section 2.2: what is left out is gone, what is not the
// client's stays.
func TestChange(t *testing.T) {
	m := manage(t, open(t), metadata().With("logo_uri", "https://app.example/logo.png"))
	answer := m.send(t, http.MethodPut, metadata().With("client_id", m.id).With("client_secret", m.secret).
		With("client_name", "Known").With("logo_uri", "ignored").With("logo_uri", nil).With("tos_uri", "https://app.example/tos")).WantOK(t)
	if answer.Text("client_name") != "Known" || answer.Text("tos_uri") == "" || answer.JSON["logo_uri"] != nil {
		t.Errorf("answer %s", answer.Raw)
	}
	if answer.Text("registration_access_token") != m.token || answer.JSON["client_secret"] != nil {
		t.Errorf("answer %s", answer.Raw)
	}
	if read := m.send(t, http.MethodGet, "").WantOK(t); read.Text("client_name") != "Known" || read.JSON["logo_uri"] != nil {
		t.Errorf("read %s", read.Raw)
	}
	if m.Events.Count(event.ClientChanged) != 1 {
		t.Error("no event")
	}
	form := url.Values{"grant_type": {"authorization_code"}, "code": {"x"}}
	m.relyingParty(t).Token(form).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
}

func TestChangeRefuses(t *testing.T) {
	m := manage(t, open(t), metadata())
	good := metadata().With("client_id", m.id)
	for name, test := range map[string]struct {
		given providertest.Metadata
		field string
	}{
		"no client_id":          {metadata(), "client_id"},
		"another client_id":     {good.With("client_id", providertest.WebID), "client_id"},
		"client_id a number":    {good.With("client_id", 1), "client_id"},
		"a chosen secret":       {good.With("client_secret", strings.Repeat("x", 43)), "client_secret"},
		"a secret of no type":   {good.With("client_secret", true), "client_secret"},
		"the token":             {good.With("registration_access_token", m.token), "registration_access_token"},
		"the address":           {good.With("registration_client_uri", "https://x.example"), "registration_client_uri"},
		"the time of issue":     {good.With("client_id_issued_at", 1), "client_id_issued_at"},
		"the end of the secret": {good.With("client_secret_expires_at", 0), "client_secret_expires_at"},
		"bad metadata":          {good.With("default_max_age", "1"), "default_max_age"},
		"no redirect URI":       {good.With("redirect_uris", nil), "redirect_uris"},
	} {
		t.Run(name, func(t *testing.T) {
			answer := m.send(t, http.MethodPut, test.given)
			code := oauth.InvalidClientMetadata
			if test.field == "redirect_uris" {
				code = oauth.InvalidRedirectURI
			}
			answer.WantError(t, http.StatusBadRequest, code)
			if !strings.HasPrefix(answer.Text("error_description"), test.field+": ") {
				t.Errorf("description %q", answer.Text("error_description"))
			}
		})
	}
	if read := m.send(t, http.MethodGet, "").WantOK(t); read.Text("client_name") != "Stranger" {
		t.Errorf("a refused change changed: %s", read.Raw)
	}
}

// TestChangeKeepsWhatOperatorsSet: a client cannot drop it either.
func TestChangeKeepsWhatOperatorsSet(t *testing.T) {
	m := manage(t, open(t), metadata())
	record, err := m.Store.Clients.Get(t.Context(), m.id)
	if err != nil {
		t.Fatal(err)
	}
	client := record.Value
	client.AccessTokenFormat, client.RefreshTokenRotation = "jwt", "always"
	if err := m.Store.Clients.Swap(t.Context(), record, client); err != nil {
		t.Fatal(err)
	}
	m.send(t, http.MethodPut, metadata().With("client_id", m.id).With("access_token_format", "opaque").With("first_party", true)).WantOK(t)
	record, err = m.Store.Clients.Get(t.Context(), m.id)
	if err != nil || record.Value.AccessTokenFormat != "jwt" || record.Value.RefreshTokenRotation != "always" || record.Value.FirstParty {
		t.Errorf("client %+v, %v", record, err)
	}
}

// TestChangeOfAuthentication: a secret that is needed anew is made and shown once,
// one that is needed no more is gone.
func TestChangeOfAuthentication(t *testing.T) {
	m := manage(t, open(t), metadata())
	change := metadata().With("client_id", m.id)
	m.send(t, http.MethodPut, change.With("token_endpoint_auth_method", "none")).WantOK(t)
	form := url.Values{"grant_type": {"authorization_code"}, "code": {"x"}}
	m.relyingParty(t).Token(form).WantError(t, http.StatusUnauthorized, oauth.InvalidClient)
	answer := m.send(t, http.MethodPut, change).WantOK(t)
	fresh := answer.Text("client_secret")
	if fresh == "" || fresh == m.secret || answer.JSON["client_secret_expires_at"] != float64(0) {
		t.Fatalf("answer %s", answer.Raw)
	}
	m.relyingParty(t).Token(form).WantError(t, http.StatusUnauthorized, oauth.InvalidClient)
	m.secret = fresh
	m.relyingParty(t).Token(form).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
}

// TestChangeKeepsTokens: a change is no end of what was granted.
func TestChangeKeepsTokens(t *testing.T) {
	m := manage(t, open(t), metadata())
	m.AddUser("ada@example.com")
	rp := m.relyingParty(t)
	tokens := rp.Exchange(m.NewBrowser(t).SignIn(rp, "ada@example.com", nil)).WantOK(t)
	m.Clock.Advance(time.Second)
	m.send(t, http.MethodPut, metadata().With("client_id", m.id).With("client_name", "Other")).WantOK(t)
	m.UserInfo(t, tokens.Text("access_token")).WantOK(t)
}

// TestChangedClientAsksAgain: what people allowed the client under another name or
// for other addresses, they did not allow this one.
func TestChangedClientAsksAgain(t *testing.T) {
	for name, test := range map[string]struct {
		member string
		value  any
		again  bool
	}{
		"nothing":       {"contacts", []string{"ops@app.example"}, false},
		"name":          {"client_name", "Your Bank", true},
		"logo":          {"logo_uri", "https://app.example/bank.png", true},
		"redirect URIs": {"redirect_uris", []string{redirectURI, "https://evil.example/callback"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			m := manage(t, open(t), metadata())
			m.AddUser("ada@example.com")
			rp, browser := m.relyingParty(t), m.NewBrowser(t)
			browser.SignIn(rp, "ada@example.com", nil)
			silent := map[string]string{"prompt": "none"}
			browser.Get(rp.AuthorizationURL(silent)).Code(t)
			m.Clock.Advance(time.Second)
			m.send(t, http.MethodPut, metadata().With("client_id", m.id).With(test.member, test.value)).WantOK(t)
			page := browser.Get(rp.AuthorizationURL(silent))
			if test.again {
				page.WantError(t, oauth.ConsentRequired)
			} else {
				page.Code(t)
			}
		})
	}
}

// TestDelete is RFC 7592, section 2.3: the client, its token, its sign-ins and its
// tokens are worth nothing from then on.
func TestDelete(t *testing.T) {
	m := manage(t, open(t), metadata().With("grant_types", []string{"authorization_code", "refresh_token"}))
	m.AddUser("ada@example.com")
	rp, browser := m.relyingParty(t), m.NewBrowser(t)
	tokens := rp.Exchange(browser.SignIn(rp, "ada@example.com", nil)).WantOK(t)
	answer := m.send(t, http.MethodDelete, "")
	if answer.Status != http.StatusNoContent || answer.Raw != "" || answer.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("answer %d %q %v", answer.Status, answer.Raw, answer.Header)
	}
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
		m.send(t, method, metadata().With("client_id", m.id)).WantError(t, http.StatusUnauthorized, oauth.InvalidToken)
	}
	m.UserInfo(t, tokens.Text("access_token")).WantError(t, http.StatusUnauthorized, oauth.InvalidToken)
	rp.Refresh(tokens.Text("refresh_token")).WantError(t, http.StatusUnauthorized, oauth.InvalidClient)
	browser.Get(rp.AuthorizationURL(nil)).WantPage(t, http.StatusBadRequest, oauth.InvalidClient)
	if m.Events.Count(event.ClientDeleted) != 1 {
		t.Error("no event")
	}
	list, err := m.Store.RegisteredClients.Get(t.Context(), "clients")
	if err != nil || len(list.Value.Clients) != 0 {
		t.Errorf("list %+v, %v", list, err)
	}
}
