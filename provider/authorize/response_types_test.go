package authorize_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
)

// orders are ways to write each response type: it is a set.
func orders() map[string][]string {
	return map[string][]string{
		"code":                {"code"},
		"id_token":            {"id_token"},
		"id_token token":      {"id_token token", "token id_token"},
		"code id_token":       {"code id_token", "id_token code"},
		"code token":          {"code token", "token code"},
		"code id_token token": {"code id_token token", "token id_token code", "id_token  code token"},
	}
}

// modesOf are the response modes of a response type, and how each is delivered.
func modesOf(responseType string) map[string]string {
	if responseType == "code" {
		return map[string]string{"": "query", "query": "query", "fragment": "fragment", "form_post": "form_post"}
	}
	return map[string]string{"": "fragment", "fragment": "fragment", "form_post": "form_post"}
}

// frontChannelTypes are those with tokens in the answer.
func frontChannelTypes() []string {
	return []string{"id_token", "id_token token", "code id_token", "code token", "code id_token token"}
}

func each(t *testing.T, run func(t *testing.T, responseType, asked, mode, by string)) {
	t.Helper()
	for responseType, written := range orders() {
		for _, asked := range written {
			for mode, by := range modesOf(responseType) {
				t.Run(asked+" by "+mode, func(t *testing.T) { run(t, responseType, asked, mode, by) })
			}
		}
	}
}

func has(responseType, value string) bool {
	return slices.Contains(strings.Fields(responseType), value)
}

// Multiple Response Types, sections 3 and 5; OpenID Connect Core 1.0, sections
// 3.2.2.5 and 3.3.2.5.
func TestResponseTypesAnswerExactlyThis(t *testing.T) {
	s := start(t)
	browser := s.NewBrowser(t)
	browser.SignIn(s.Hybrid(t, "code"), ada, nil)
	each(t, func(t *testing.T, responseType, asked, mode, by string) {
		rp := s.Hybrid(t, asked)
		page := browser.Get(rp.AuthorizationURL(map[string]string{"response_mode": mode, "prompt": "none"}))
		got := page.Delivered(t)
		if got.Mode != by || !strings.HasPrefix(got.Address, rp.RedirectURI) {
			t.Errorf("went by %s to %s, want %s", got.Mode, got.Address, by)
		}
		if page.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("an answer with tokens in it has the headers %v", page.Header)
		}
		want := []string{"iss", "state"}
		if has(responseType, "code") {
			want = append(want, "code")
		}
		if has(responseType, "token") {
			want = append(want, "access_token", "expires_in", "scope", "token_type")
		}
		if has(responseType, "id_token") {
			want = append(want, "id_token")
		}
		var names []string
		for name, values := range got.Parameters {
			if names = append(names, name); len(values) != 1 || values[0] == "" {
				t.Errorf("%s is %q", name, values)
			}
		}
		slices.Sort(names)
		slices.Sort(want)
		if !slices.Equal(names, want) {
			t.Errorf("the client got %v, want %v", names, want)
		}
		p := got.Parameters
		if p.Get("iss") != s.Issuer || p.Get("state") != "state-hybrid" {
			t.Errorf("the client got %v", p)
		}
		if has(responseType, "token") {
			if p.Get("token_type") != "Bearer" || p.Get("expires_in") != "600" || p.Get("scope") != "openid profile email" {
				t.Errorf("the client got %v", p)
			}
			if email := s.UserInfo(t, p.Get("access_token")).WantOK(t).Text("email"); email != ada {
				t.Errorf("userinfo knows %q", email)
			}
		}
		if has(responseType, "code") {
			rp.Exchange(p.Get("code")).WantOK(t)
		}
	})
}

func TestResponseTypesRefuseInTheirMode(t *testing.T) {
	s := start(t)
	each(t, func(t *testing.T, _, asked, mode, by string) {
		rp := s.Hybrid(t, asked)
		change := map[string]string{"response_mode": mode}
		browser := s.NewBrowser(t)
		denied := browser.Press(browser.Get(rp.AuthorizationURL(change)), "login-deny", nil).Delivered(t)
		wantRefusal(t, s, denied, by, rp, oauth.AccessDenied, "state-hybrid")
		change["prompt"] = "none"
		wantRefusal(t, s, s.NewBrowser(t).Get(rp.AuthorizationURL(change)).Delivered(t), by, rp, oauth.LoginRequired, "state-hybrid")
		change["max_age"] = "soon"
		wantRefusal(t, s, s.NewBrowser(t).Get(rp.AuthorizationURL(change)).Delivered(t), by, rp, oauth.InvalidRequest, "state-hybrid")
		change["response_mode"] = "nonsense"
		wantRefusal(t, s, s.NewBrowser(t).Get(rp.AuthorizationURL(change)).Delivered(t), modesOf(oauth.NormalResponseType(asked))[""], rp, oauth.InvalidRequest, "state-hybrid")
	})
}

// Multiple Response Types, section 5: not even where the client asks for it, nor
// for the refusal.
func TestTokensNeverGoByQuery(t *testing.T) {
	s := start(t)
	browser := s.NewBrowser(t)
	browser.SignIn(s.Hybrid(t, "code"), ada, nil)
	for _, responseType := range frontChannelTypes() {
		for _, prompt := range []string{"none", "", "login"} {
			rp := s.Hybrid(t, responseType)
			got := browser.Get(rp.AuthorizationURL(map[string]string{"response_mode": "query", "prompt": prompt})).Delivered(t)
			wantRefusal(t, s, got, "fragment", rp, oauth.InvalidRequest, "state-hybrid")
		}
	}
}

// OpenID Connect Core 1.0, sections 3.2.2.1 and 3.3.2.1: an ID token of the front
// channel carries the nonce of its request.
func TestNonceIsNeededForIDTokensOfTheFrontChannel(t *testing.T) {
	s := start(t)
	browser := s.NewBrowser(t)
	browser.SignIn(s.Hybrid(t, "code"), ada, nil)
	for responseType := range orders() {
		for mode, by := range modesOf(responseType) {
			rp := s.Hybrid(t, responseType)
			got := browser.Get(rp.AuthorizationURL(map[string]string{"nonce": "", "prompt": "none", "response_mode": mode})).Delivered(t)
			if has(responseType, "id_token") {
				wantRefusal(t, s, got, by, rp, oauth.InvalidRequest, "state-hybrid")
			} else if got.Parameters.Get("code") == "" {
				t.Errorf("%s without nonce: the client got %v", responseType, got.Parameters)
			}
		}
	}
}

func TestIDTokensOfTheFrontChannelNeedScopeOpenID(t *testing.T) {
	s := start(t)
	browser := s.NewBrowser(t)
	browser.SignIn(s.Hybrid(t, "code"), ada, nil)
	for responseType := range orders() {
		rp := s.Hybrid(t, responseType)
		got := browser.Get(rp.AuthorizationURL(map[string]string{"scope": "email", "prompt": "none"})).Delivered(t)
		if has(responseType, "id_token") {
			wantRefusal(t, s, got, "fragment", rp, oauth.InvalidScope, "state-hybrid")
		} else if got.Parameters.Get("code") == "" {
			t.Errorf("%s without openid: the client got %v", responseType, got.Parameters)
		}
	}
}

// RFC 9700, section 2.1.2: nobody gets tokens through the browser who has not
// asked for it at registration.
func TestResponseTypesNeedRegistration(t *testing.T) {
	client := func(id string, grants, types []string) storage.Client {
		return storage.Client{
			ID: id, FirstParty: true, TokenEndpointAuthMethod: "none", RedirectURIs: []string{providertest.SPARedirectURI},
			GrantTypes: grants, ResponseTypes: types,
		}
	}
	s := start(t,
		client("plain", nil, nil),
		client("grants alone", []string{"authorization_code", "implicit"}, []string{"code"}),
		client("no implicit", []string{"authorization_code"}, oauth.ResponseTypes()),
		client("no code", []string{"implicit"}, oauth.ResponseTypes()),
		client("one", []string{"implicit"}, []string{"id_token"}),
	)
	for _, test := range []struct {
		id      string
		allowed []string
	}{
		{"plain", []string{"code"}},
		{"grants alone", []string{"code"}},
		{"no implicit", []string{"code"}},
		{"no code", []string{"id_token", "id_token token"}},
		{"one", []string{"id_token"}},
	} {
		for responseType := range orders() {
			rp := s.RelyingParty(t, test.id, "", providertest.SPARedirectURI)
			rp.ResponseType = responseType
			want := oauth.UnauthorizedClient
			if slices.Contains(test.allowed, responseType) {
				want = oauth.LoginRequired
			}
			got := s.NewBrowser(t).Get(rp.AuthorizationURL(none())).Delivered(t)
			wantRefusal(t, s, got, modesOf(responseType)[""], rp, want, "state-"+test.id)
		}
	}
}

func TestUnknownResponseTypesAreRefused(t *testing.T) {
	s := start(t)
	for responseType, by := range map[string]string{
		"token": "fragment", "code token token": "fragment", "id_token id_token": "fragment", "code id_token none": "fragment",
		"ID_TOKEN": "query", "code,id_token": "query", "none": "query", "code code": "query", "codeid_token": "query",
	} {
		rp := s.Hybrid(t, responseType)
		got := s.NewBrowser(t).Get(rp.AuthorizationURL(nil)).Delivered(t)
		wantRefusal(t, s, got, by, rp, oauth.UnsupportedResponseType, "state-hybrid")
		got = s.NewBrowser(t).Get(rp.AuthorizationURL(map[string]string{"response_mode": "form_post"})).Delivered(t)
		wantRefusal(t, s, got, "form_post", rp, oauth.UnsupportedResponseType, "state-hybrid")
	}
}

func TestResponseTypeMissing(t *testing.T) {
	s := start(t)
	rp := s.Hybrid(t, "")
	for mode, by := range map[string]string{"": "query", "query": "query", "fragment": "fragment", "form_post": "form_post"} {
		got := s.NewBrowser(t).Get(rp.AuthorizationURL(map[string]string{"response_type": "", "response_mode": mode})).Delivered(t)
		wantRefusal(t, s, got, by, rp, oauth.InvalidRequest, "state-hybrid")
	}
}

// RFC 9700, section 2.1.1: a public client proves that the code is its own.
// Where there is no code there is nothing to prove.
func TestPublicClientsNeedPKCEForCodesOnly(t *testing.T) {
	s := start(t, storage.Client{
		ID: "public", FirstParty: true, TokenEndpointAuthMethod: "none", RedirectURIs: []string{providertest.SPARedirectURI},
		ResponseTypes: oauth.ResponseTypes(),
	})
	browser := s.NewBrowser(t)
	browser.SignIn(s.Hybrid(t, "code"), ada, nil)
	for responseType := range orders() {
		rp := s.RelyingParty(t, "public", "", providertest.SPARedirectURI)
		rp.ResponseType = responseType
		got := browser.Get(rp.AuthorizationURL(map[string]string{"code_challenge": "", "code_challenge_method": "", "prompt": "none"})).Delivered(t)
		if has(responseType, "code") {
			wantRefusal(t, s, got, modesOf(responseType)[""], rp, oauth.InvalidRequest, "state-public")
		} else if got.Parameters.Get("id_token") == "" {
			t.Errorf("%s: the client got %v", responseType, got.Parameters)
		}
		sent := browser.Get(rp.AuthorizationURL(none())).Sent(t)
		if !has(responseType, "code") {
			continue
		}
		rp.Token(url.Values{"grant_type": {"authorization_code"}, "code": {sent.Get("code")}, "redirect_uri": {rp.RedirectURI}}).
			WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
		rp.Exchange(sent.Get("code")).WantOK(t)
	}
}

// An app gets its tokens by a redirect to its own scheme, but never by a form.
func TestFrontChannelOfNativeApps(t *testing.T) {
	s := start(t, storage.Client{
		ID: "app", TokenEndpointAuthMethod: "none", ApplicationType: "native", ResponseTypes: oauth.ResponseTypes(),
		RedirectURIs: []string{providertest.NativeScheme},
	})
	for _, responseType := range frontChannelTypes() {
		rp, browser := s.RelyingParty(t, "app", "", providertest.NativeScheme), s.NewBrowser(t)
		rp.ResponseType = responseType
		got := browser.Through(browser.Get(rp.AuthorizationURL(nil)), ada).Delivered(t)
		if got.Mode != "fragment" || !strings.HasPrefix(got.Address, providertest.NativeScheme+"#") || got.Parameters.Has("error") {
			t.Errorf("%s: the app got %v at %s", responseType, got.Parameters, got.Address)
		}
		got = browser.Get(rp.AuthorizationURL(map[string]string{"response_mode": "form_post"})).Delivered(t)
		wantRefusal(t, s, got, "fragment", rp, oauth.InvalidRequest, "state-app")
	}
}

// RFC 6749, section 3.1.2: the query of a redirect_uri is kept before a fragment.
func TestFragmentKeepsTheQueryOfTheRedirectURI(t *testing.T) {
	s := start(t, storage.Client{
		ID: "app", FirstParty: true, TokenEndpointAuthMethod: "none", ResponseTypes: oauth.ResponseTypes(),
		RedirectURIs: []string{providertest.WebQueryURI},
	})
	for _, responseType := range frontChannelTypes() {
		rp, browser := s.RelyingParty(t, "app", "", providertest.WebQueryURI), s.NewBrowser(t)
		rp.ResponseType = responseType
		page := browser.Through(browser.Get(rp.AuthorizationURL(nil)), ada)
		if got := page.Delivered(t); !strings.HasPrefix(got.Address, providertest.WebQueryURI+"#") || got.Parameters.Has("error") {
			t.Errorf("%s went to %s", responseType, got.Address)
		}
		failed := s.NewBrowser(t).Get(rp.AuthorizationURL(none())).Delivered(t)
		if !strings.HasPrefix(failed.Address, providertest.WebQueryURI+"#error=") {
			t.Errorf("the refusal of %s went to %s", responseType, failed.Address)
		}
	}
}

// The answer of a cross-site POST goes out as that of a GET.
func TestFrontChannelByPost(t *testing.T) {
	s := start(t)
	browser := s.NewBrowser(t)
	browser.SignIn(s.Hybrid(t, "code"), ada, nil)
	for _, responseType := range frontChannelTypes() {
		for mode, by := range modesOf(responseType) {
			rp := s.Hybrid(t, responseType)
			got := browser.PostFromElsewhere(s.Issuer+"/authorize", rp.Parameters(map[string]string{"response_mode": mode})).Delivered(t)
			if got.Mode != by || got.Parameters.Has("error") {
				t.Errorf("%s: the client got %v by %s", responseType, got.Parameters, got.Mode)
			}
		}
	}
}

// Tokens leave for the browser that the request was started in, and no other.
func TestFrontChannelBelongsToItsBrowser(t *testing.T) {
	s := start(t)
	for _, responseType := range frontChannelTypes() {
		rp := s.Hybrid(t, responseType)
		attacker, victim := s.NewBrowser(t), s.NewBrowser(t)
		victim.SignIn(s.Hybrid(t, "code"), ada, nil)
		handle := handleOf(t, attacker.Get(rp.AuthorizationURL(nil)))
		victim.Get(s.Issuer+"/authorize/"+handle).WantPage(t, http.StatusBadRequest, oauth.InvalidRequest)
		handle = handleOf(t, victim.Get(rp.AuthorizationURL(map[string]string{"prompt": "login"})))
		attacker.Get(s.Issuer+"/authorize/"+handle).WantPage(t, http.StatusBadRequest, oauth.InvalidRequest)
		// Of two tabs each gets its own answer, once.
		one, two := victim.Get(rp.AuthorizationURL(map[string]string{"prompt": "login"})), victim.Get(rp.AuthorizationURL(map[string]string{"prompt": "login", "state": "two"}))
		for state, tab := range map[string]*providertest.Page{"state-hybrid": one, "two": two} {
			if sent := victim.Password(tab, ada).Sent(t); sent.Get("state") != state || sent.Has("error") {
				t.Errorf("%s: the tab of %s got %v", responseType, state, sent)
			}
			victim.Get(s.Issuer+"/authorize/"+handleOf(t, tab)).WantPage(t, http.StatusBadRequest, oauth.InvalidRequest)
		}
	}
}
