package authorize_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"gatehouse/provider/clients"
	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
)

// opening is a client that may be opened at an address.
func opening(id, initiateLoginURI string) storage.Client {
	return storage.Client{
		ID: id, Name: "Acme Desk", TokenEndpointAuthMethod: "none", InitiateLoginURI: initiateLoginURI,
		RedirectURIs: []string{"https://desk.example/callback"}, GrantTypes: []string{"authorization_code"},
	}
}

func openAddress(s *providertest.Server, parameters url.Values) string {
	return s.Issuer + "/apps/open?" + parameters.Encode()
}

func TestOpeningAnApp(t *testing.T) {
	for name, test := range map[string]struct{ id, registered, want string }{
		"plain":            {"desk", "https://desk.example/start", "https://desk.example/start?"},
		"with a query":     {"desk", "https://desk.example/start?tenant=a%20b&x", "https://desk.example/start?tenant=a%20b&x&"},
		"id is an address": {"https://desk.example/?a&b=c", "https://desk.example/start", "https://desk.example/start?"},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, opening(test.id, test.registered))
			signedIn := s.NewBrowser(t)
			signedIn.SignIn(s.Web(t), ada, nil)
			for who, browser := range map[string]*providertest.Browser{"stranger": s.NewBrowser(t), "signed in": signedIn} {
				page := browser.Get(openAddress(s, url.Values{"client_id": {test.id}}))
				location := page.Header.Get("Location")
				want := test.want + url.Values{"iss": {s.Issuer}}.Encode()
				if page.Status != http.StatusSeeOther || location != want {
					t.Errorf("%s: answer %d to %q, want 303 to %q", who, page.Status, location, want)
				}
				if page.Header.Get("Referrer-Policy") != "no-referrer" || page.Header.Get("Cache-Control") != "no-store" {
					t.Errorf("%s: headers %v", who, page.Header)
				}
			}
		})
	}
}

// A link to us leads to the registered address, whatever else is in it.
func TestOpeningAnAppLeadsNowhereElse(t *testing.T) {
	s := start(t, opening("desk", "https://desk.example/start"))
	page := s.NewBrowser(t).Get(openAddress(s, url.Values{
		"client_id": {"desk"}, "target_link_uri": {"https://evil.example/"}, "initiate_login_uri": {"https://evil.example/"},
		"redirect_uri": {"https://evil.example/"}, "iss": {"https://evil.example/"}, "login_hint": {ada}, "state": {"x"},
	}))
	if want := "https://desk.example/start?" + (url.Values{"iss": {s.Issuer}}).Encode(); page.Header.Get("Location") != want {
		t.Errorf("the browser was sent to %q, want %q", page.Header.Get("Location"), want)
	}
}

func TestAppsThatCannotBeOpened(t *testing.T) {
	quiet := opening("quiet", "")
	quiet.ClientURI = "https://quiet.example/"
	s := start(t, quiet, opening("desk", "https://desk.example/start"))
	for name, test := range map[string]struct {
		query, code, way string
	}{
		"unknown client":      {"client_id=nobody", oauth.InvalidClient, s.Issuer + "/account"},
		"no client":           {"", oauth.InvalidRequest, s.Issuer + "/account"},
		"two clients":         {"client_id=desk&client_id=desk", oauth.InvalidRequest, s.Issuer + "/account"},
		"malformed query":     {"client_id=desk&x=%zz", oauth.InvalidRequest, s.Issuer + "/account"},
		"no address for that": {"client_id=quiet", oauth.InvalidRequest, "https://quiet.example/"},
	} {
		t.Run(name, func(t *testing.T) {
			page := s.NewBrowser(t).Get(s.Issuer + "/apps/open?" + test.query)
			page.WantPage(t, http.StatusBadRequest, test.code)
			if got := page.Link("start-again"); got != test.way {
				t.Errorf("the way on is %q, want %q", got, test.way)
			}
		})
	}
}

// Anybody could register an address openly, and then send people there by a link
// that begins with ours.
func TestAppsOfAnybodyAreOpenedFromOurPagesOnly(t *testing.T) {
	byAnybody, byToken := opening("anybody", "https://desk.example/start"), opening("vouched", "https://desk.example/start")
	byAnybody.Registered, byToken.Registered = storage.RegisteredOpenly, storage.RegisteredByToken
	s := start(t, byAnybody, byToken)
	for _, test := range []struct {
		client, from string
		opens        bool
	}{
		{"anybody", "same-origin", true},
		{"anybody", "", true}, // an old browser does not say
		{"anybody", "cross-site", false},
		{"anybody", "same-site", false},
		{"anybody", "none", false},
		{"vouched", "cross-site", true},
		{"vouched", "none", true},
	} {
		t.Run(test.client+" "+test.from, func(t *testing.T) {
			header := http.Header{}
			if test.from != "" {
				header.Set("Sec-Fetch-Site", test.from)
			}
			address := clients.OpenPath + "?client_id=" + test.client
			answer := s.Send(t, http.MethodGet, address, nil, header)
			if test.opens {
				if answer.Status != http.StatusSeeOther || !strings.HasPrefix(answer.Header.Get("Location"), "https://desk.example/start?") {
					t.Errorf("answer %d to %q", answer.Status, answer.Header.Get("Location"))
				}
				return
			}
			if answer.Status != http.StatusBadRequest || answer.Header.Get("Location") != "" {
				t.Errorf("answer %d to %q", answer.Status, answer.Header.Get("Location"))
			}
			// The person may go on from our page.
			if !strings.Contains(answer.Raw, s.Issuer+address) {
				t.Error("the page has no link to go on")
			}
		})
	}
}

func TestAnAppIsOpenedByGetOnly(t *testing.T) {
	s := start(t, opening("desk", "https://desk.example/start"))
	path := "/apps/open?client_id=desk"
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete} {
		answer := s.Send(t, method, path, nil, nil)
		if answer.Status != http.StatusMethodNotAllowed || answer.Header.Get("Location") != "" || answer.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: %d %v", method, answer.Status, answer.Header)
		}
	}
}

// Whoever cannot go on here starts again at the app, by the address that it
// named for that.
func TestTheWayBackStartsASignIn(t *testing.T) {
	s := start(t, opening("desk", "https://desk.example/start"))
	rp, browser := s.RelyingParty(t, "desk", "", "https://desk.example/callback"), s.NewBrowser(t)
	login := browser.Get(rp.AuthorizationURL(nil))
	want := openAddress(s, url.Values{"client_id": {"desk"}})
	for name, page := range map[string]*providertest.Page{
		"refused before the redirect_uri is known": browser.Get(rp.AuthorizationURL(map[string]string{"redirect_uri": "https://evil.example/"})),
		"opened in another browser":                s.NewBrowser(t).Get(login.URL.String()),
		"signed out":                               browser.Get(s.Issuer + "/logged-out?client_id=desk"),
	} {
		got := page.Link("start-again") + page.Link("return")
		if got != want {
			t.Errorf("%s: the way back is %q, want %q", name, got, want)
			continue
		}
		if left := browser.Get(got).Left; left == nil || !strings.HasPrefix(left.String(), "https://desk.example/start?iss=") {
			t.Errorf("%s: it leads to %v", name, left)
		}
	}
	s.Clock.Advance(2 * providertest.RequestLifetime)
	if got := browser.Get(login.URL.String()).Link("start-again"); got != want {
		t.Errorf("expired: the way back is %q, want %q", got, want)
	}
}
