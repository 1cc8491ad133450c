package token_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse/provider/providertest"
	"gatehouse/storage"
)

const ada = "ada@example.com"

func start(t *testing.T, clients ...storage.Client) (*providertest.Server, string) {
	t.Helper()
	s := providertest.New(t, providertest.Options{Clients: clients})
	return s, s.AddUser(ada)
}

func app(change func(*storage.Client)) storage.Client {
	client := storage.Client{
		ID: "app", SecretDigests: providertest.Digests(providertest.WebSecret), FirstParty: true,
		RedirectURIs: []string{providertest.WebRedirectURI}, GrantTypes: []string{"authorization_code", "refresh_token", "client_credentials"},
	}
	change(&client)
	return client
}

func rpOf(t *testing.T, s *providertest.Server) *providertest.RelyingParty {
	t.Helper()
	return s.RelyingParty(t, "app", providertest.WebSecret, providertest.WebRedirectURI)
}

func TestIDTokenHoldsExactlyThis(t *testing.T) {
	s, subject := start(t)
	web, browser := s.Web(t), s.NewBrowser(t)
	began := s.Clock.Now().Unix()
	code := browser.SignIn(web, ada, nil)
	s.Clock.Advance(10 * time.Second)
	answer := web.Exchange(code).WantOK(t)
	token := s.Verify(t, answer.Text("id_token"))
	sid, _ := token.Claims["sid"].(string)
	if sid == "" {
		t.Error("no sid")
	}
	want := map[string]any{
		"iss": s.Issuer, "sub": subject, "aud": []any{web.ID}, "exp": float64(began + 10 + int64(providertest.AccessTokenLifetime/time.Second)),
		"iat": float64(began + 10), "auth_time": float64(began), "nonce": "nonce-web", "acr": "urn:gatehouse:acr:password", "amr": []any{"pwd"},
		"at_hash": providertest.HalfHash(answer.Text("access_token")), "sid": sid,
	}
	if diff := cmp.Diff(want, token.Claims); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
	if token.Header.Algorithm != "RS256" || token.Header.KeyID == "" || token.Header.ExtraHeaders["typ"] != "JWT" {
		t.Errorf("header %v", token.Header)
	}
}

func TestIDTokenWithoutNonce(t *testing.T) {
	s, _ := start(t)
	web := s.Web(t)
	answer := web.Exchange(s.NewBrowser(t).SignIn(web, ada, map[string]string{"nonce": ""})).WantOK(t)
	if _, ok := s.Verify(t, answer.Text("id_token")).Claims["nonce"]; ok {
		t.Error("a nonce that nobody sent")
	}
}

// OpenID Connect Core 1.0, section 12.2.
func TestIDTokenOfARefresh(t *testing.T) {
	s, _ := start(t)
	web := s.Web(t)
	first := web.Exchange(s.NewBrowser(t).SignIn(web, ada, nil)).WantOK(t)
	s.Clock.Advance(time.Minute)
	second := web.Refresh(first.Text("refresh_token")).WantOK(t)
	before, after := s.Verify(t, first.Text("id_token")).Claims, s.Verify(t, second.Text("id_token")).Claims
	if after["iat"] != before["iat"].(float64)+60 || after["at_hash"] != providertest.HalfHash(second.Text("access_token")) {
		t.Errorf("claims %v", after)
	}
	for _, same := range []string{"iss", "sub", "aud", "auth_time", "acr", "amr", "sid"} {
		if !cmp.Equal(before[same], after[same]) {
			t.Errorf("%s was %v and is %v", same, before[same], after[same])
		}
	}
	if _, ok := after["nonce"]; ok {
		t.Error("the nonce came again")
	}
}

func TestSIDIsPerSessionAndClient(t *testing.T) {
	s, _ := start(t)
	web, second, browser := s.Web(t), s.Second(t), s.NewBrowser(t)
	sid := func(rp *providertest.RelyingParty, b *providertest.Browser) any {
		return s.Verify(t, rp.Exchange(b.SignIn(rp, ada, nil)).WantOK(t).Text("id_token")).Claims["sid"]
	}
	one, again, other := sid(web, browser), sid(web, browser), sid(second, browser)
	elsewhere := sid(web, s.NewBrowser(t))
	if one != again || one == other || one == elsewhere {
		t.Errorf("sids %v %v %v %v", one, again, other, elsewhere)
	}
}

func TestIDTokenAlgorithms(t *testing.T) {
	for _, algorithm := range []string{"RS256", "ES256"} {
		t.Run(algorithm, func(t *testing.T) {
			s, _ := start(t, app(func(c *storage.Client) { c.IDTokenSignedResponseAlg = algorithm }))
			rp := rpOf(t, s)
			answer := rp.Exchange(s.NewBrowser(t).SignIn(rp, ada, nil)).WantOK(t)
			if got := s.Verify(t, answer.Text("id_token")); got.Header.Algorithm != algorithm {
				t.Errorf("signed with %s", got.Header.Algorithm)
			}
		})
	}
}

// Claims of scopes come into the ID token only where the client's registration
// asks for it.
func TestIDTokenScopeClaims(t *testing.T) {
	s, _ := start(t, app(func(c *storage.Client) { c.IDTokenScopeClaims = true }))
	rp := rpOf(t, s)
	for scope, want := range map[string][]string{
		"openid": nil, "openid email": {"email", "email_verified"}, "openid profile": {"family_name", "given_name", "name"},
	} {
		claims := s.Verify(t, rp.Exchange(s.NewBrowser(t).SignIn(rp, ada, map[string]string{"scope": scope})).WantOK(t).Text("id_token")).Claims
		for _, protocol := range []string{"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "sid"} {
			delete(claims, protocol)
		}
		if got := slices.Sorted(maps.Keys(claims)); !slices.Equal(got, want) {
			t.Errorf("scope %q brings %v, want %v", scope, got, want)
		}
	}
}
