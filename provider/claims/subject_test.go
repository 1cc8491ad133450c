package claims_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"gatehouse/provider/claims"
	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
)

const (
	ada   = "ada@example.com"
	grace = "grace@example.com"
)

var pairwiseSecret = []byte("a secret of pairwise subjects, as long as it has to be")

// pairwise is a client that knows its users by pairwise subjects.
func pairwise(id, redirectURI string) storage.Client {
	return storage.Client{
		ID: id, SecretDigests: providertest.Digests(providertest.WebSecret), RedirectURIs: []string{redirectURI},
		PostLogoutRedirectURIs: []string{redirectURI + "/signed-out"},
		GrantTypes:             []string{"authorization_code", "refresh_token"}, SubjectType: "pairwise", FirstParty: true,
	}
}

func withPairwise(t *testing.T) (s *providertest.Server, subjects map[string]string) {
	t.Helper()
	sector := pairwise("sector", "https://elsewhere.example/callback")
	sector.SectorIdentifierURI = "https://one.example/sector.json"
	jwt := pairwise("jwt", "https://one.example/jwt")
	jwt.AccessTokenFormat = "jwt"
	api := storage.Client{ID: "reader", SecretDigests: providertest.Digests(providertest.APISecret), GrantTypes: []string{"client_credentials"}, Introspects: []string{"*"}}
	s = providertest.New(t, providertest.Options{PairwiseSecret: pairwiseSecret, Clients: []storage.Client{
		pairwise("one", "https://one.example/callback"), pairwise("two", "https://two.example/callback"), sector, jwt, api,
	}})
	return s, map[string]string{ada: s.AddUser(ada), grace: s.AddUser(grace)}
}

func app(t *testing.T, s *providertest.Server, id string) *providertest.RelyingParty {
	t.Helper()
	uri := map[string]string{
		"one": "https://one.example/callback", "two": "https://two.example/callback",
		"sector": "https://elsewhere.example/callback", "jwt": "https://one.example/jwt",
	}[id]
	return s.RelyingParty(t, id, providertest.WebSecret, uri)
}

// OpenID Connect Core 1.0, section 8.1: the same within a sector, another in the
// next, and the same wherever the client sees it.
func TestPairwiseSubjects(t *testing.T) {
	s, ids := withPairwise(t)
	reader := s.RelyingParty(t, "reader", providertest.APISecret, "")
	subs := map[string]string{}
	for _, id := range []string{"one", "two", "sector", "jwt"} {
		rp := app(t, s, id)
		answer := rp.Exchange(s.NewBrowser(t).SignIn(rp, ada, nil)).WantOK(t)
		sub, _ := s.Verify(t, answer.Text("id_token")).Claims["sub"].(string)
		subs[id] = sub
		if sub == "" || len(sub) > 255 || strings.Contains(sub, ids[ada]) {
			t.Errorf("%s: the sub is %q", id, sub)
		}
		access, refresh := answer.Text("access_token"), answer.Text("refresh_token")
		for name, got := range map[string]string{
			"userinfo":                        s.UserInfo(t, access).WantOK(t).Text("sub"),
			"introspection":                   reader.Post("/introspect", url.Values{"token": {access}}).WantOK(t).Text("sub"),
			"introspection of the refresh":    reader.Post("/introspect", url.Values{"token": {refresh}}).WantOK(t).Text("sub"),
			"the ID token of the next tokens": verified(t, s, rp.Refresh(refresh).WantOK(t).Text("id_token")),
		} {
			if got != sub {
				t.Errorf("%s: %s says %q, the ID token %q", id, name, got, sub)
			}
		}
		if id == "jwt" && verified(t, s, access) != sub {
			t.Errorf("the access token says %q, the ID token %q", verified(t, s, access), sub)
		}
	}
	if subs["one"] == subs["two"] || subs["one"] != subs["sector"] || subs["one"] != subs["jwt"] {
		t.Errorf("the subjects are %v", subs)
	}
	web := s.Web(t)
	if got := verified(t, s, web.Exchange(s.NewBrowser(t).SignIn(web, ada, nil)).WantOK(t).Text("id_token")); got != ids[ada] {
		t.Errorf("a client with public subjects sees %q", got)
	}
	one := app(t, s, "one")
	if got := verified(t, s, one.Exchange(s.NewBrowser(t).SignIn(one, grace, nil)).WantOK(t).Text("id_token")); got == subs["one"] {
		t.Error("two users have one subject")
	}
}

func verified(t *testing.T, s *providertest.Server, token string) string {
	t.Helper()
	text, _ := s.Verify(t, token).Claims["sub"].(string)
	return text
}

// A hint names the user by the sub that its client knows.
func TestPairwiseHints(t *testing.T) {
	s, _ := withPairwise(t)
	one, browser := app(t, s, "one"), s.NewBrowser(t)
	adas := one.Exchange(browser.SignIn(one, ada, nil)).WantOK(t).Text("id_token")
	graces := one.Exchange(browser.SignIn(one, grace, map[string]string{"prompt": "login"})).WantOK(t).Text("id_token")
	lost := one.Exchange(s.NewBrowser(t).SignIn(one, ada, nil)).WantOK(t).Text("id_token")
	for name, hint := range map[string]string{"the current account": graces, "the other account": adas} {
		code := browser.Get(one.AuthorizationURL(map[string]string{"id_token_hint": hint, "prompt": "none"})).Code(t)
		got := verified(t, s, one.Exchange(code).WantOK(t).Text("id_token"))
		if want := verified(t, s, hint); got != want {
			t.Errorf("%s: answered for %q, want %q", name, got, want)
		}
	}
	stranger := s.NewBrowser(t)
	stranger.SignIn(one, grace, nil)
	page := stranger.Get(one.AuthorizationURL(map[string]string{"id_token_hint": adas, "prompt": "none"}))
	page.WantError(t, oauth.LoginRequired)
	page = stranger.Get(one.AuthorizationURL(map[string]string{"id_token_hint": adas}))
	if !page.Has("login-submit") {
		t.Fatalf("led to %s", page.URL)
	}
	stranger.Password(page, grace).WantError(t, oauth.LoginRequired)

	// Of two accounts the hint signs out the one that it names, and at once if
	// the session is the same.
	signOut := func(hint string) *providertest.Page {
		return browser.Get(s.Issuer + "/logout?" + url.Values{
			"id_token_hint": {hint}, "post_logout_redirect_uri": {one.RedirectURI + "/signed-out"},
		}.Encode())
	}
	if page := signOut(lost); page.Left != nil || !page.Has("logout-confirm") {
		t.Errorf("a hint of another session led to %v (%d)", page.Left, page.Status)
	}
	if page := signOut(adas); page.Left == nil || page.Has("logout-confirm") {
		t.Errorf("the right hint was answered by a page (%d)", page.Status)
	}
	browser.Get(one.AuthorizationURL(map[string]string{"id_token_hint": adas, "prompt": "none"})).WantError(t, oauth.LoginRequired)
	browser.Get(one.AuthorizationURL(map[string]string{"id_token_hint": graces, "prompt": "none"})).Code(t)
}

// Without the secret nobody gets a subject that came of something else.
func TestPairwiseWithoutSecret(t *testing.T) {
	s := providertest.New(t, providertest.Options{Clients: []storage.Client{pairwise("one", "https://one.example/callback")}})
	s.AddUser(ada)
	one := app(t, s, "one")
	answer := one.Exchange(s.NewBrowser(t).SignIn(one, ada, nil))
	answer.WantError(t, http.StatusInternalServerError, oauth.ServerError)
	for _, secret := range []string{"short", strings.Repeat("x", claims.MinPairwiseSecret-1)} {
		if _, err := claims.NewSubjects([]byte(secret)); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("a secret of %d bytes: %v", len(secret), err)
		}
	}
}

func TestSubjectTypesInDiscovery(t *testing.T) {
	for name, test := range map[string]struct {
		secret []byte
		want   int
	}{"without a secret": {nil, 1}, "with one": {pairwiseSecret, 2}} {
		s := providertest.New(t, providertest.Options{PairwiseSecret: test.secret})
		document := s.Send(t, http.MethodGet, "/.well-known/openid-configuration", nil, nil).WantOK(t)
		if types, _ := document.JSON["subject_types_supported"].([]any); len(types) != test.want || types[0] != "public" {
			t.Errorf("%s: %v", name, types)
		}
	}
}
