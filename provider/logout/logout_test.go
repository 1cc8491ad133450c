package logout_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/provider/registration"
	"gatehouse/storage"
)

const (
	ada   = "ada@example.com"
	grace = "grace@example.com"
)

func start(t *testing.T) *providertest.Server {
	t.Helper()
	s := providertest.New(t, providertest.Options{})
	s.AddUser(ada)
	s.AddUser(grace)
	return s
}

func hint(t *testing.T, rp *providertest.RelyingParty, browser *providertest.Browser, email string) string {
	t.Helper()
	return rp.Exchange(browser.SignIn(rp, email, nil)).WantOK(t).Text("id_token")
}

func address(s *providertest.Server, parameters ...string) string {
	values := url.Values{}
	for i := 0; i < len(parameters); i += 2 {
		values.Set(parameters[i], parameters[i+1])
	}
	return s.Issuer + "/logout?" + values.Encode()
}

func signedIn(t *testing.T, browser *providertest.Browser, rp *providertest.RelyingParty) bool {
	t.Helper()
	return browser.Get(rp.AuthorizationURL(map[string]string{"prompt": "none"})).Sent(t).Get("error") != oauth.LoginRequired
}

func TestRightHintSignsOutAtOnce(t *testing.T) {
	state := strings.Repeat("aZ0-", 32)
	for _, test := range []struct {
		name       string
		parameters []string
		want       string
	}{
		{"with redirect and state", []string{"post_logout_redirect_uri", providertest.WebLoggedOut, "state", state}, providertest.WebLoggedOut + "?state=" + state},
		{"with redirect and no state", []string{"post_logout_redirect_uri", providertest.WebLoggedOut}, providertest.WebLoggedOut},
		{"with client_id", []string{"post_logout_redirect_uri", providertest.WebLoggedOut, "client_id", providertest.WebID}, providertest.WebLoggedOut},
		{"without redirect", []string{"state", state}, ""},
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost, "POST from another site"} {
			t.Run(test.name+" by "+method, func(t *testing.T) {
				s := start(t)
				web, browser := s.Web(t), s.NewBrowser(t)
				parameters := append([]string{"id_token_hint", hint(t, web, browser, ada)}, test.parameters...)
				s.Clock.Advance(providertest.AccessTokenLifetime + time.Minute) // the hint may have expired
				target := address(s, parameters...)
				where, _ := url.Parse(target)
				var page *providertest.Page
				switch method {
				case http.MethodGet:
					page = browser.Get(target)
				case http.MethodPost:
					page = browser.Post(s.Issuer+"/logout", where.Query())
				default:
					page = browser.PostFromElsewhere(s.Issuer+"/logout", where.Query())
				}
				if test.want != "" && (page.Left == nil || page.Left.String() != test.want) {
					t.Errorf("led to %s, left %v, want %s", page.URL, page.Left, test.want)
				}
				if test.want == "" && (page.Left != nil || page.URL.Path != "/logged-out" || page.Status != http.StatusOK) {
					t.Errorf("led to %s, left %v", page.URL, page.Left)
				}
				if signedIn(t, browser, web) {
					t.Error("the browser is still signed in")
				}
				if s.Events.Count(event.SessionEnded) != 1 {
					t.Error("no event tells of it")
				}
			})
		}
	}
}

// Whoever is not sure to be meant is asked, and nothing redirects before that.
func TestDoubtfulRequestsAreConfirmed(t *testing.T) {
	s, elsewhere := start(t), start(t)
	web, browser := s.Web(t), s.NewBrowser(t)
	adas := hint(t, web, browser, ada)
	graces := hint(t, web, s.NewBrowser(t), grace)
	otherSession := hint(t, web, s.NewBrowser(t), ada)
	foreign := hint(t, elsewhere.Web(t), elsewhere.NewBrowser(t), ada)
	access := web.Exchange(browser.SignIn(web, ada, nil)).WantOK(t).Text("access_token")
	for _, test := range []struct {
		name       string
		parameters []string
	}{
		{"no parameters", nil},
		{"only state", []string{"state", "x"}},
		{"no hint", []string{"post_logout_redirect_uri", providertest.WebLoggedOut}},
		{"no hint with client_id", []string{"post_logout_redirect_uri", providertest.WebLoggedOut, "client_id", providertest.WebID}},
		{"hint nonsense", []string{"post_logout_redirect_uri", providertest.WebLoggedOut, "id_token_hint", "nonsense"}},
		{"hint with alg none", []string{"post_logout_redirect_uri", providertest.WebLoggedOut, "id_token_hint", unsigned(adas)}},
		{"hint of another issuer", []string{"post_logout_redirect_uri", providertest.WebLoggedOut, "id_token_hint", foreign}},
		{"hint of another user", []string{"post_logout_redirect_uri", providertest.WebLoggedOut, "id_token_hint", graces}},
		{"hint of another session of the user", []string{"post_logout_redirect_uri", providertest.WebLoggedOut, "id_token_hint", otherSession}},
		{"hint an access token", []string{"post_logout_redirect_uri", providertest.WebLoggedOut, "id_token_hint", access}},
		{"unknown client_id", []string{"client_id", "nobody"}},
		{"logout_hint and ui_locales", []string{"logout_hint", ada, "ui_locales", "de fr"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			page := browser.Get(address(s, test.parameters...))
			if page.Left != nil || page.Status != http.StatusOK || !page.Has("logout-confirm") || !page.Has("logout-cancel") {
				t.Errorf("answered %d at %s, left %v", page.Status, page.URL, page.Left)
			}
			where, _ := url.Parse(address(s, test.parameters...))
			page = browser.PostFromElsewhere(s.Issuer+"/logout", where.Query())
			if page.Left != nil || !page.Has("logout-confirm") {
				t.Errorf("a POST answered %d at %s, left %v", page.Status, page.URL, page.Left)
			}
			if !signedIn(t, browser, web) {
				t.Error("the browser was signed out without being asked")
			}
		})
	}
}

// A hint that cannot be verified leads to no app, whatever else is said and though
// the person confirms (RP-Initiated Logout 1.0, section 4); neither does a request
// that names no app.
func TestNoAppIsReturnedToOnDoubtfulWord(t *testing.T) {
	for _, test := range []struct {
		name       string
		parameters func(adas, foreign string) []string
	}{
		{"no hint", func(string, string) []string { return nil }},
		{"hint nonsense", func(string, string) []string { return []string{"id_token_hint", "nonsense"} }},
		{"hint nonsense with client_id", func(string, string) []string {
			return []string{"id_token_hint", "nonsense", "client_id", providertest.WebID}
		}},
		{"hint with alg none", func(adas, _ string) []string { return []string{"id_token_hint", unsigned(adas)} }},
		{"hint with alg none and client_id", func(adas, _ string) []string {
			return []string{"id_token_hint", unsigned(adas), "client_id", providertest.WebID}
		}},
		{"hint of another issuer", func(_, foreign string) []string { return []string{"id_token_hint", foreign} }},
		{"hint of another issuer with client_id", func(_, foreign string) []string {
			return []string{"id_token_hint", foreign, "client_id", providertest.WebID}
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, elsewhere := start(t), start(t)
			web, browser := s.Web(t), s.NewBrowser(t)
			adas, foreign := hint(t, web, browser, ada), hint(t, elsewhere.Web(t), elsewhere.NewBrowser(t), ada)
			parameters := append(test.parameters(adas, foreign), "post_logout_redirect_uri", providertest.WebLoggedOut, "state", "x")
			page := browser.Press(browser.Get(address(s, parameters...)), "logout-confirm", nil)
			if page.Left != nil || page.URL.Path != "/logged-out" || strings.Contains(page.Body, "web.example") {
				t.Errorf("confirming led to %s, left %v", page.URL, page.Left)
			}
			if signedIn(t, browser, web) {
				t.Error("the browser is still signed in")
			}
			// Nobody is signed in now, and still it leads nowhere.
			if page := browser.Get(address(s, parameters...)); page.Left != nil {
				t.Errorf("without a session it left for %v", page.Left)
			}
		})
	}
}

func unsigned(token string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + strings.Split(token, ".")[1] + "."
}

// What hung on the session ends with it.
func TestSignOutEndsBoundGrants(t *testing.T) {
	s := start(t)
	web, second, browser := s.Web(t), s.Second(t), s.NewBrowser(t)
	tokens := web.Exchange(browser.SignIn(web, ada, nil)).WantOK(t)
	others := second.Exchange(browser.SignIn(second, ada, nil)).WantOK(t)
	browser.Get(address(s, "id_token_hint", tokens.Text("id_token")))
	for rp, dead := range map[*providertest.RelyingParty]providertest.Answer{web: tokens, second: others} {
		s.UserInfo(t, dead.Text("access_token")).WantError(t, http.StatusUnauthorized, oauth.InvalidToken)
		rp.Refresh(dead.Text("refresh_token")).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
	}
}

// A pairwise sub names the session as a public one does.
func TestPairwiseHint(t *testing.T) {
	s := providertest.New(t, providertest.Options{PairwiseSecret: make([]byte, 32), Clients: []storage.Client{{
		ID: "pairwise", SecretDigests: providertest.Digests(providertest.WebSecret), FirstParty: true, SubjectType: "pairwise",
		RedirectURIs: []string{providertest.WebRedirectURI}, PostLogoutRedirectURIs: []string{providertest.WebLoggedOut},
	}}})
	user := s.AddUser(ada)
	rp, browser := s.RelyingParty(t, "pairwise", providertest.WebSecret, providertest.WebRedirectURI), s.NewBrowser(t)
	right := hint(t, rp, browser, ada)
	if s.Verify(t, right).Claims["sub"] == user {
		t.Fatal("the sub is not pairwise")
	}
	page := browser.Get(address(s, "id_token_hint", right, "post_logout_redirect_uri", providertest.WebLoggedOut))
	if page.Left == nil || page.Left.String() != providertest.WebLoggedOut || signedIn(t, browser, rp) {
		t.Errorf("led to %s, left %v", page.URL, page.Left)
	}
}

func TestBadRequestsAnswerByPage(t *testing.T) {
	s := start(t)
	web, browser := s.Web(t), s.NewBrowser(t)
	right := hint(t, web, browser, ada)
	for _, test := range []struct {
		name    string
		address string
	}{
		{"redirect not registered", address(s, "id_token_hint", right, "post_logout_redirect_uri", "https://evil.example/")},
		{"redirect with a query added", address(s, "id_token_hint", right, "post_logout_redirect_uri", providertest.WebLoggedOut+"?a=b")},
		{"redirect registered for sign-in only", address(s, "id_token_hint", right, "post_logout_redirect_uri", providertest.WebRedirectURI)},
		{"redirect not registered with client_id", address(s, "client_id", providertest.WebID, "post_logout_redirect_uri", "https://evil.example/")},
		{"client_id of another than the hint", address(s, "id_token_hint", right, "client_id", providertest.SecondID)},
		{"a parameter twice", address(s, "id_token_hint", right) + "&state=1&state=2"},
		{"a broken query", s.Issuer + "/logout?%zz"},
	} {
		t.Run(test.name, func(t *testing.T) {
			browser.Get(test.address).WantPage(t, http.StatusBadRequest, oauth.InvalidRequest)
			if !signedIn(t, browser, web) {
				t.Error("the browser was signed out all the same")
			}
		})
	}
}

func TestConfirmation(t *testing.T) {
	s := start(t)
	web, browser := s.Web(t), s.NewBrowser(t)
	browser.SignIn(web, ada, nil)
	request := address(s, "client_id", providertest.WebID, "post_logout_redirect_uri", providertest.WebLoggedOut, "state", "x")

	page := browser.Press(browser.Get(request), "logout-cancel", nil)
	if page.Left != nil || page.Status != http.StatusOK || !signedIn(t, browser, web) {
		t.Errorf("cancelling answered %d, left %v, signed in %t", page.Status, page.Left, signedIn(t, browser, web))
	}
	confirm := browser.Get(request)
	page = browser.Press(confirm, "logout-confirm", nil)
	if page.Left == nil || page.Left.String() != providertest.WebLoggedOut+"?state=x" || signedIn(t, browser, web) {
		t.Errorf("confirming led to %s, left %v", page.URL, page.Left)
	}
	// Back and again: what the person wants is so already.
	page = browser.Press(confirm, "logout-confirm", nil)
	if page.Left == nil || page.Left.String() != providertest.WebLoggedOut+"?state=x" {
		t.Errorf("confirming again led to %s, left %v", page.URL, page.Left)
	}
	// Without a redirect there is a page that says so.
	browser.SignIn(web, ada, nil)
	page = browser.Press(browser.Get(address(s)), "logout-confirm", nil)
	if page.Left != nil || page.URL.Path != "/logged-out" || page.Status != http.StatusOK || signedIn(t, browser, web) {
		t.Errorf("confirming led to %s (%d)", page.URL, page.Status)
	}
}

// Another site cannot answer for the person.
func TestConfirmationCannotBeForged(t *testing.T) {
	s := start(t)
	web, browser, attacker := s.Web(t), s.NewBrowser(t), s.NewBrowser(t)
	browser.SignIn(web, ada, nil)
	attacker.SignIn(web, grace, nil)
	theirs := attacker.Get(address(s)).Field("logout")
	own := browser.Get(address(s)).Field("logout")
	for _, test := range []struct {
		name, ticket string
		post         func(string, url.Values) *providertest.Page
	}{
		{"no ticket", "", browser.Post},
		{"a ticket of nonsense", "nonsense", browser.Post},
		{"the ticket of another session", theirs, browser.Post},
		{"the ticket of another session from another site", theirs, browser.PostFromElsewhere},
		{"the own ticket from another site", own, browser.PostFromElsewhere},
	} {
		t.Run(test.name, func(t *testing.T) {
			page := test.post(s.Issuer+"/logout", url.Values{"logout": {test.ticket}, "action": {"confirm"}})
			if page.Left != nil {
				t.Errorf("led to %s", page.Left)
			}
			if !signedIn(t, browser, web) {
				t.Error("the browser was signed out")
			}
		})
	}
}

func TestSignOutWithoutSession(t *testing.T) {
	s := start(t)
	web, browser := s.Web(t), s.NewBrowser(t)
	right := hint(t, web, s.NewBrowser(t), ada)
	page := browser.Get(address(s, "id_token_hint", right, "post_logout_redirect_uri", providertest.WebLoggedOut, "state", "x"))
	if page.Left == nil || page.Left.String() != providertest.WebLoggedOut+"?state=x" {
		t.Errorf("led to %s, left %v", page.URL, page.Left)
	}
	if page := browser.Get(address(s)); page.URL.Path != "/logged-out" || page.Status != http.StatusOK {
		t.Errorf("led to %s (%d)", page.URL, page.Status)
	}
}

// An app that anybody could register makes no link of ours lead to where it wants.
func TestStrangersLeadNobodyOn(t *testing.T) {
	s := providertest.New(t, providertest.Options{ClientRegistration: registration.Settings{Mode: registration.Open}})
	s.AddUser(ada)
	const callback, out = "https://stranger.example/callback", "https://stranger.example/out"
	registered := s.Register(t, providertest.Metadata{"redirect_uris": []string{callback}, "post_logout_redirect_uris": []string{out}})
	stranger := s.RelyingParty(t, registered.Text("client_id"), registered.Text("client_secret"), callback)
	page := s.NewBrowser(t).Get(address(s, "client_id", stranger.ID, "post_logout_redirect_uri", out))
	if page.Left != nil || page.URL.Path != "/logged-out" {
		t.Errorf("led to %s, left %v", page.URL, page.Left)
	}
	right := stranger.Exchange(s.NewBrowser(t).SignIn(stranger, ada, nil)).WantOK(t).Text("id_token")
	page = s.NewBrowser(t).Get(address(s, "id_token_hint", right, "post_logout_redirect_uri", out))
	if page.Left == nil || page.Left.String() != out {
		t.Errorf("with a hint led to %s, left %v", page.URL, page.Left)
	}
}

// Of two accounts in the browser the one that the hint names is signed out.
func TestHintPicksTheAccount(t *testing.T) {
	s := start(t)
	web, browser := s.Web(t), s.NewBrowser(t)
	adas := hint(t, web, browser, ada)
	graces := web.Exchange(browser.SignIn(web, grace, map[string]string{"prompt": "login"})).WantOK(t)
	browser.Get(address(s, "id_token_hint", adas))
	s.UserInfo(t, graces.Text("access_token")).WantOK(t)
	answer := web.Exchange(browser.Get(web.AuthorizationURL(map[string]string{"prompt": "none"})).Code(t)).WantOK(t)
	if got, want := s.UserInfo(t, answer.Text("access_token")).Text("sub"), s.UserInfo(t, graces.Text("access_token")).Text("sub"); got != want {
		t.Errorf("%s stayed signed in, want %s", got, want)
	}
	browser.Get(web.AuthorizationURL(map[string]string{"prompt": "none", "id_token_hint": adas})).WantError(t, oauth.LoginRequired)
}

func TestLoggedOutPageNamesOnlyRegisteredApps(t *testing.T) {
	s := start(t)
	browser := s.NewBrowser(t)
	if got := browser.Get(s.Issuer + "/logged-out?client_id=" + providertest.WebID).Link("return"); got != "https://web.example/" {
		t.Errorf("the way back is %q", got)
	}
	page := browser.Get(s.Issuer + "/logged-out?client_id=" + url.QueryEscape(`"><script>alert(1)</script>`))
	if page.Status != http.StatusOK || page.Link("return") != "" || strings.Contains(page.Body, "alert(1)") {
		t.Errorf("a strange client answers %d\n%s", page.Status, page.Body)
	}
}
