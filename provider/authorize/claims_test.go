package authorize_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/provider/session"
	"gatehouse/storage"
	"gatehouse/storage/directus/directustest"
)

// asking is a change of parameters that asks for claims.
func asking(claims string, more ...string) map[string]string {
	change := map[string]string{"claims": claims}
	for i := 0; i < len(more); i += 2 {
		change[more[i]] = more[i+1]
	}
	return change
}

// OpenID Connect Core 1.0, section 5.5: each claim goes where it was asked for.
func TestClaimsParameter(t *testing.T) {
	s := start(t)
	second, browser := s.Second(t), s.NewBrowser(t)
	browser.SignIn(second, ada, nil)
	for _, test := range []struct {
		name, scope, claims string
		userInfo, idToken   string // the claims about the user, in order
	}{
		{"nothing", "openid", `{}`, "", ""},
		{"essential at userinfo", "openid", `{"userinfo":{"name":{"essential":true}}}`, "name", ""},
		{"voluntary at userinfo", "openid", `{"userinfo":{"name":null,"email":null}}`, "email name", ""},
		{"in the ID token", "openid", `{"id_token":{"given_name":{"essential":true}}}`, "", "given_name"},
		{"both", "openid", `{"userinfo":{"name":null},"id_token":{"family_name":null}}`, "name", "family_name"},
		{"beside a scope", "openid email", `{"userinfo":{"name":null},"id_token":{"email":null}}`, "email email_verified name", "email"},
		{"what there is none of", "openid", `{"userinfo":{"birthdate":{"essential":true},"https://claims.example/x":null}}`, "", ""},
		{"auth_time", "openid", `{"id_token":{"auth_time":{"essential":true}}}`, "", ""},
		{"the right value", "openid", `{"userinfo":{"given_name":{"value":"Ada"}}}`, "given_name", ""},
		{"one of several values", "openid", `{"id_token":{"given_name":{"essential":true,"values":["Eve","Ada"]}}}`, "", "given_name"},
		{"another value", "openid", `{"userinfo":{"given_name":{"essential":true,"value":"Eve"}},"id_token":{"given_name":{"values":["Eve"]}}}`, "", ""},
		{"another value, but the scope", "openid profile", `{"userinfo":{"given_name":{"value":"Eve"}}}`, "family_name given_name name", ""},
		{"a value that is false", "openid", `{"userinfo":{"email_verified":{"value":false}}}`, "email_verified", ""},
		{"a value that is not true", "openid", `{"userinfo":{"email_verified":{"value":true}}}`, "", ""},
		{"without openid", "profile", `{"userinfo":{"email":null}}`, "-", "-"},
	} {
		t.Run(test.name, func(t *testing.T) {
			code := browser.Get(second.AuthorizationURL(asking(test.claims, "scope", test.scope, "prompt", "none"))).Code(t)
			answer := second.Exchange(code).WantOK(t)
			if test.userInfo == "-" {
				if answer.Text("id_token") != "" || s.UserInfo(t, answer.Text("access_token")).Status == 200 {
					t.Error("something is told without scope openid")
				}
				return
			}
			if got := aboutUser(s.UserInfo(t, answer.Text("access_token")).WantOK(t).JSON); got != test.userInfo {
				t.Errorf("userinfo says %q, want %q", got, test.userInfo)
			}
			verified := s.Verify(t, answer.Text("id_token")).Claims
			if got := aboutUser(verified); got != test.idToken {
				t.Errorf("the ID token says %q, want %q", got, test.idToken)
			}
			if verified["auth_time"] == nil || verified["acr"] != session.ACRPassword {
				t.Errorf("the ID token is %v", verified)
			}
			// What was asked for once holds for the tokens that follow.
			next := second.Refresh(answer.Text("refresh_token")).WantOK(t)
			if got := aboutUser(s.Verify(t, next.Text("id_token")).Claims); got != test.idToken {
				t.Errorf("the next ID token says %q, want %q", got, test.idToken)
			}
			if got := aboutUser(s.UserInfo(t, next.Text("access_token")).WantOK(t).JSON); got != test.userInfo {
				t.Errorf("userinfo then says %q, want %q", got, test.userInfo)
			}
		})
	}
}

// aboutUser names the claims that are not of the protocol.
func aboutUser(claims map[string]any) string {
	protocol := []string{"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "at_hash", "c_hash", "s_hash"}
	var names []string
	for name := range claims {
		if !slices.Contains(protocol, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func TestMalformedClaimsAreRefused(t *testing.T) {
	s := start(t)
	web, browser := s.Web(t), s.NewBrowser(t)
	for name, text := range map[string]string{
		"no JSON": "name", "no object": `["name"]`, "a member that is a list": `{"userinfo":[]}`, "a claim that is a truth": `{"id_token":{"name":true}}`,
		"a sub that is a number": `{"id_token":{"sub":{"value":1}}}`, "a claim twice": `{"userinfo":{"name":null,"name":null}}`,
		"too long": `{"userinfo":{"name":{"value":"` + strings.Repeat("x", 9000) + `"}}}`, "too deep": strings.Repeat(`{"userinfo":`, 20) + "1" + strings.Repeat("}", 20),
	} {
		t.Run(name, func(t *testing.T) {
			browser.Get(web.AuthorizationURL(asking(text))).WantError(t, oauth.InvalidRequest)
			// Also where nothing would be told.
			browser.Get(web.AuthorizationURL(asking(text, "scope", "profile"))).WantError(t, oauth.InvalidRequest)
		})
	}
}

// What a registration keeps from a client by scope, it cannot have by name.
func TestClaimsKeepToTheClientsScopes(t *testing.T) {
	s := start(t, storage.Client{
		ID: "narrow", SecretDigests: providertest.Digests(providertest.WebSecret), FirstParty: true, Scope: "openid email",
		RedirectURIs: []string{"https://narrow.example/callback"}, GrantTypes: []string{"authorization_code"},
	})
	narrow := s.RelyingParty(t, "narrow", providertest.WebSecret, "https://narrow.example/callback")
	claims := `{"userinfo":{"name":{"essential":true},"email":null},"id_token":{"name":{"essential":true},"email":null}}`
	answer := narrow.Exchange(s.NewBrowser(t).SignIn(narrow, ada, asking(claims, "scope", "openid"))).WantOK(t)
	if got := aboutUser(s.UserInfo(t, answer.Text("access_token")).WantOK(t).JSON); got != "email" {
		t.Errorf("userinfo says %q", got)
	}
	if got := aboutUser(s.Verify(t, answer.Text("id_token")).Claims); got != "email" {
		t.Errorf("the ID token says %q", got)
	}
}

// Section 5.5.1: nobody else than the user who was asked for may answer.
func TestClaimsSub(t *testing.T) {
	s := providertest.New(t, providertest.Options{PairwiseSecret: []byte(strings.Repeat("pairwise", 5)), Clients: []storage.Client{{
		ID: "pairwise", SecretDigests: providertest.Digests(providertest.WebSecret), FirstParty: true, SubjectType: "pairwise",
		RedirectURIs: []string{"https://pairwise.example/callback"}, GrantTypes: []string{"authorization_code"},
	}}})
	ids := map[string]string{ada: s.AddUser(ada), grace: s.AddUser(grace)}
	for _, rp := range []*providertest.RelyingParty{s.Second(t), s.RelyingParty(t, "pairwise", providertest.WebSecret, "https://pairwise.example/callback")} {
		browser := s.NewBrowser(t)
		adas := s.Verify(t, idToken(t, rp, browser.SignIn(rp, ada, nil))).Claims["sub"].(string)
		gracesToken := idToken(t, rp, browser.SignIn(rp, grace, map[string]string{"prompt": "login"}))
		graces := s.Verify(t, gracesToken).Claims["sub"].(string)
		for _, test := range []struct {
			name, claims, hint string
			want               string // a sub; nothing: login_required
		}{
			{"the current account", `{"id_token":{"sub":{"value":"` + graces + `"}}}`, "", graces},
			{"the other account", `{"id_token":{"sub":{"value":"` + adas + `"}}}`, "", adas},
			{"at userinfo", `{"userinfo":{"sub":{"value":"` + adas + `"}}}`, "", adas},
			{"one of several", `{"id_token":{"sub":{"values":["x","` + adas + `"]}}}`, "", adas},
			{"nobody", `{"id_token":{"sub":{"value":"x"}}}`, "", ""},
			{"nobody, voluntarily", `{"id_token":{"sub":{"essential":false,"value":"x"}}}`, "", ""},
			{"two at once", `{"id_token":{"sub":{"value":"` + adas + `"}},"userinfo":{"sub":{"value":"` + graces + `"}}}`, "", ""},
			{"another than the hint", `{"id_token":{"sub":{"value":"` + adas + `"}}}`, gracesToken, ""},
			{"the one of the hint", `{"id_token":{"sub":{"value":"` + graces + `"}}}`, gracesToken, graces},
			{"no value", `{"id_token":{"sub":{"essential":true}}}`, "", graces},
		} {
			t.Run(rp.ID+" "+test.name, func(t *testing.T) {
				page := browser.Get(rp.AuthorizationURL(asking(test.claims, "prompt", "none", "id_token_hint", test.hint)))
				if test.want == "" {
					page.WantError(t, oauth.LoginRequired)
					return
				}
				if got := s.Verify(t, idToken(t, rp, page.Code(t))).Claims["sub"]; got != test.want {
					t.Errorf("answered for %v, want %s", got, test.want)
				}
				browser.Get(rp.AuthorizationURL(map[string]string{"prompt": "none", "id_token_hint": gracesToken})).Code(t)
			})
		}
		// Whoever signs in as somebody else gets nothing.
		stranger := s.NewBrowser(t)
		page := stranger.Get(rp.AuthorizationURL(asking(`{"id_token":{"sub":{"value":"` + adas + `"}}}`)))
		stranger.Password(page, grace).WantError(t, oauth.LoginRequired)
		page = stranger.Get(rp.AuthorizationURL(asking(`{"id_token":{"sub":{"value":"` + adas + `"}}}`)))
		stranger.Through(page, ada).Code(t)
		if rp.ID == "pairwise" {
			// The user's id is not what this client knows.
			browser.Get(rp.AuthorizationURL(asking(`{"id_token":{"sub":{"value":"`+ids[ada]+`"}}}`, "prompt", "none"))).WantError(t, oauth.LoginRequired)
		}
	}
}

// Section 5.5.1.1: what is demanded of the authentication is met or refused.
func TestClaimsACR(t *testing.T) {
	const seed = "JBSWY3DPEHPK3PXP"
	s := start(t)
	s.Directus.AddUser(directustest.User{Email: ida, Password: providertest.Password, OTPSecret: seed})
	second := s.Second(t)
	demand := func(essential bool, values ...string) string {
		text, err := json.Marshal(map[string]any{"id_token": map[string]any{"acr": map[string]any{"essential": essential, "values": values}}})
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	acr := func(code string) any { return s.Verify(t, idToken(t, second, code)).Claims["acr"] }
	browser := s.NewBrowser(t)
	browser.SignIn(second, ada, nil)
	for _, wish := range []string{
		demand(true, session.ACRPassword), demand(true, "urn:x", session.ACRPassword), demand(false, session.ACROTP), demand(false, "urn:x"),
		`{"id_token":{"acr":{"essential":true}}}`, `{"id_token":{"acr":null}}`, `{"userinfo":{"acr":{"essential":true,"value":"urn:x"}}}`,
	} {
		if got := acr(browser.Get(second.AuthorizationURL(asking(wish, "prompt", "none"))).Code(t)); got != session.ACRPassword {
			t.Errorf("%s: the acr is %v", wish, got)
		}
	}
	browser.Get(second.AuthorizationURL(asking(demand(true, "urn:x")))).WantError(t, oauth.UnmetAuthenticationRequirements)
	browser.Get(second.AuthorizationURL(asking(`{"id_token":{"acr":{"essential":true,"value":"urn:x"}}}`))).WantError(t, oauth.UnmetAuthenticationRequirements)

	// Ada has no one-time password. She may set one up, or somebody else signs in.
	browser.Get(second.AuthorizationURL(asking(demand(true, session.ACROTP), "prompt", "none"))).WantError(t, oauth.UnmetAuthenticationRequirements)
	page := browser.Get(second.AuthorizationURL(asking(demand(true, session.ACROTP))))
	wantScreen(t, page, "/login/enrol")
	browser.Press(page, "login-deny", nil).WantError(t, oauth.UnmetAuthenticationRequirements)

	page = browser.Get(second.AuthorizationURL(asking(demand(true, session.ACROTP), "prompt", "login")))
	page = browser.Password(page, ida)
	page = browser.Press(page, "otp-submit", map[string]string{"otp": directustest.OTP(seed, s.Clock.Now())})
	if got := acr(page.Code(t)); got != session.ACROTP {
		t.Errorf("the acr is %v", got)
	}
	// That sign-in serves the next request.
	s.Clock.Advance(time.Minute)
	browser.Get(second.AuthorizationURL(asking(demand(true, session.ACROTP), "prompt", "none"))).Code(t)
}

// Consent covers what is asked for beyond the scopes, and is remembered with it.
func TestConsentCoversClaims(t *testing.T) {
	s := start(t)
	web, browser := s.Web(t), s.NewBrowser(t)
	name, email := `{"userinfo":{"name":null}}`, `{"id_token":{"email":{"essential":true}}}`
	page := browser.Password(browser.Get(web.AuthorizationURL(asking(name, "scope", "openid"))), ada)
	gets, withheld := page.Text("consent-gets"), page.Text("consent-withheld")
	if !strings.Contains(gets, "Your name") || strings.Contains(withheld, "Your name") || !strings.Contains(withheld, "Your email address") {
		t.Errorf("the screen says %q and withholds %q", gets, withheld)
	}
	browser.Press(page, "consent-allow", nil).Code(t)
	asked := func(claims, scope string) bool {
		page := browser.Get(web.AuthorizationURL(asking(claims, "scope", scope)))
		if page.Has("consent-allow") {
			browser.Get(web.AuthorizationURL(asking(claims, "scope", scope, "prompt", "none"))).WantError(t, oauth.ConsentRequired)
			browser.Press(page, "consent-allow", nil).Code(t)
			return true
		}
		browser.Get(web.AuthorizationURL(asking(claims, "scope", scope, "prompt", "none"))).Code(t)
		return false
	}
	for _, step := range []struct {
		name, claims, scope string
		asks                bool
	}{
		{"the same again", name, "openid", false},
		{"in the ID token", `{"id_token":{"name":null}}`, "openid", false},
		{"no claims", "", "openid", false},
		{"another claim", email, "openid", true},
		{"that claim again", email, "openid", false},
		{"both", `{"userinfo":{"name":null,"email":null}}`, "openid", false},
		{"a scope more", name, "openid email", true},
		{"a claim of an allowed scope", `{"userinfo":{"email_verified":null}}`, "openid", false},
		{"another part of the name", `{"userinfo":{"given_name":null}}`, "openid", true},
		{"what there is none of", `{"userinfo":{"birthdate":{"essential":true}}}`, "openid", false},
		{"sub and acr", `{"id_token":{"sub":null,"acr":null}}`, "openid", false},
	} {
		if asks := asked(step.claims, step.scope); asks != step.asks {
			t.Errorf("%s: asked %t, want %t", step.name, asks, step.asks)
		}
	}
	// The page of apps tells what this one has by name.
	apps := browser.Get(s.Issuer + "/account/apps")
	if !strings.Contains(apps.Body, "Your name") {
		t.Errorf("the apps are\n%s", apps.Body)
	}
}

// What anybody could have registered is remembered within the session alone.
func TestConsentOfOpenlyRegisteredClient(t *testing.T) {
	client := func(id string, by storage.RegisteredBy) storage.Client {
		return storage.Client{
			ID: id, SecretDigests: providertest.Digests(providertest.WebSecret), Registered: by,
			RedirectURIs: []string{"https://" + id + ".example/callback"}, GrantTypes: []string{"authorization_code"},
		}
	}
	s := start(t, client("openly", storage.RegisteredOpenly), client("vouched", storage.RegisteredByToken))
	for id, remembered := range map[string]bool{"openly": false, "vouched": true} {
		rp := s.RelyingParty(t, id, providertest.WebSecret, "https://"+id+".example/callback")
		here, there := s.NewBrowser(t), s.NewBrowser(t)
		here.Through(here.Get(rp.AuthorizationURL(nil)), ada).Code(t)
		here.Get(rp.AuthorizationURL(none())).Code(t)
		page := there.Password(there.Get(rp.AuthorizationURL(map[string]string{"scope": "openid"})), ada)
		if page.Has("consent-allow") == remembered {
			t.Errorf("%s: in another session led to %s", id, page.URL)
		}
		if remembered {
			continue
		}
		there.Get(rp.AuthorizationURL(none())).WantError(t, oauth.ConsentRequired)
		there.Press(page, "consent-allow", nil).Code(t)
		// Only what was allowed in this session counts there.
		there.Get(rp.AuthorizationURL(map[string]string{"prompt": "none", "scope": "openid"})).Code(t)
		there.Get(rp.AuthorizationURL(none())).WantError(t, oauth.ConsentRequired)
	}
}

// Sections 5.4 and 5.5: in the ID token of the answer only where it was asked for,
// or where there is no other place.
func TestClaimsByResponseType(t *testing.T) {
	s := start(t)
	browser := s.NewBrowser(t)
	browser.SignIn(s.Hybrid(t, "code"), ada, nil)
	const wish = `{"userinfo":{"name":{"essential":true}},"id_token":{"given_name":null}}`
	for responseType, want := range map[string]struct{ front, back, userInfo string }{
		"id_token":            {"email email_verified given_name name", "", ""},
		"id_token token":      {"given_name", "", "email email_verified name"},
		"code id_token":       {"", "given_name", "email email_verified name"},
		"code token":          {"", "given_name", "email email_verified name"},
		"code id_token token": {"", "given_name", "email email_verified name"},
	} {
		t.Run(responseType, func(t *testing.T) {
			rp := s.Hybrid(t, responseType)
			sent := browser.Get(rp.AuthorizationURL(asking(wish, "scope", "openid email", "prompt", "none"))).Delivered(t).Parameters
			if sent.Has("id_token") {
				if got := aboutUser(s.Verify(t, sent.Get("id_token")).Claims); got != want.front {
					t.Errorf("the answer says %q, want %q", got, want.front)
				}
			}
			access := sent.Get("access_token")
			if sent.Has("code") {
				answer := rp.Exchange(sent.Get("code")).WantOK(t)
				if got := aboutUser(s.Verify(t, answer.Text("id_token")).Claims); got != want.back {
					t.Errorf("the ID token of the code says %q, want %q", got, want.back)
				}
				access = answer.Text("access_token")
			}
			if access != "" {
				if got := aboutUser(s.UserInfo(t, access).WantOK(t).JSON); got != want.userInfo {
					t.Errorf("userinfo says %q, want %q", got, want.userInfo)
				}
			}
		})
	}
}

// acr_values is a wish, and so is what a client registered as its default: it never
// stops a sign-in, and the ID token says what was done.
func TestACRValuesAreAWish(t *testing.T) {
	s := start(t, storage.Client{
		ID: "wishing", SecretDigests: providertest.Digests(providertest.WebSecret), DefaultACRValues: []string{"urn:default"},
		RedirectURIs: []string{"https://wishing.example/callback"}, GrantTypes: []string{"authorization_code"},
	})
	wishing := s.RelyingParty(t, "wishing", providertest.WebSecret, "https://wishing.example/callback")
	for _, test := range []struct {
		name, asked string
		want        []string
	}{
		{"the default", "", []string{"urn:default"}},
		{"another", session.ACROTP + " " + session.ACRPassword, []string{session.ACROTP, session.ACRPassword}},
		{"nonsense", strings.Repeat("x", 300) + " urn:x", []string{"urn:x"}},
		{"many", strings.Repeat("a ", 50), slices.Repeat([]string{"a"}, 10)},
	} {
		t.Run(test.name, func(t *testing.T) {
			browser := s.NewBrowser(t)
			page := browser.Get(wishing.AuthorizationURL(map[string]string{"acr_values": test.asked}))
			for record, err := range s.Store.AuthorizationRequests.All(t.Context()) {
				if err != nil || !slices.Equal(record.Value.ACRValues, test.want) {
					t.Errorf("kept %v, %v, want %v", record.Value.ACRValues, err, test.want)
				}
			}
			token := s.Verify(t, idToken(t, wishing, browser.Through(page, ada).Code(t)))
			if token.Claims["acr"] != session.ACRPassword {
				t.Errorf("the acr is %v", token.Claims["acr"])
			}
		})
	}
}
