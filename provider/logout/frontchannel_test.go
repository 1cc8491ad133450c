package logout_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"gatehouse/provider/providertest"
	"gatehouse/storage"
)

// frontChannel has apps that hear of a sign-out by frames.
func frontChannel(t *testing.T) *providertest.Server {
	t.Helper()
	app := func(id, uri string) storage.Client {
		return storage.Client{
			ID: id, SecretDigests: providertest.Digests(providertest.WebSecret), FirstParty: true,
			RedirectURIs: []string{"https://" + id + ".example/callback"}, PostLogoutRedirectURIs: []string{"https://" + id + ".example/bye"},
			FrontChannelLogoutURI: uri,
		}
	}
	s := providertest.New(t, providertest.Options{Clients: []storage.Client{
		app("one", "https://one.example/logout"), app("two", "https://two.example/logout?tenant=a%20b"), app("three", "https://three.example/logout"),
	}})
	s.AddUser(ada)
	return s
}

func party(t *testing.T, s *providertest.Server, id string) *providertest.RelyingParty {
	t.Helper()
	return s.RelyingParty(t, id, providertest.WebSecret, "https://"+id+".example/callback")
}

// Each app that got an ID token in the session is loaded in a frame, with iss and
// sid and its own query; then the page leads on with the state (OpenID Connect
// Front-Channel Logout 1.0, sections 2 and 3).
func TestFrontChannelLogout(t *testing.T) {
	s := frontChannel(t)
	browser := s.NewBrowser(t)
	one, two := party(t, s, "one"), party(t, s, "two")
	right := hint(t, one, browser, ada)
	sids := map[string]any{"one": s.Verify(t, right).Claims["sid"]}
	other := two.Exchange(browser.Get(two.AuthorizationURL(nil)).Code(t)).WantOK(t)
	sids["two"] = s.Verify(t, other.Text("id_token")).Claims["sid"]

	page := browser.Get(address(s, "id_token_hint", right, "post_logout_redirect_uri", "https://one.example/bye", "state", "a b"))
	if page.Left != nil || page.Status != http.StatusOK {
		t.Fatalf("led to %s (%d), left %v", page.URL, page.Status, page.Left)
	}
	if got := page.Link("signing-out-continue"); got != "https://one.example/bye?state=a+b" {
		t.Errorf("it leads on to %s", got)
	}
	frames := page.Frames()
	if len(frames) != 2 || !strings.HasPrefix(frames[1], "https://two.example/logout?tenant=a%20b&") {
		t.Fatalf("frames %v", frames)
	}
	for i, id := range []string{"one", "two"} {
		where, err := url.Parse(frames[i])
		if err != nil {
			t.Fatal(err)
		}
		query := where.Query()
		if query.Get("iss") != s.Issuer || query.Get("sid") != sids[id] {
			t.Errorf("frame %s of session %v", frames[i], sids[id])
		}
		query.Del("iss")
		query.Del("sid")
		query.Del("tenant")
		if len(query) != 0 {
			t.Errorf("frame %s has %v besides", frames[i], query)
		}
	}
	policy := page.Header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "frame-src https://one.example https://two.example") || strings.Contains(policy, "unsafe-inline") {
		t.Errorf("policy %q", policy)
	}
	if strings.Contains(page.Body, "<script>") {
		t.Error("there is an inline script")
	}
	if signedIn(t, browser, one) {
		t.Error("the browser is still signed in")
	}
}

// Who confirms comes through the same page, and ends at one of ours.
func TestFrontChannelLogoutAfterConfirmation(t *testing.T) {
	s := frontChannel(t)
	browser := s.NewBrowser(t)
	browser.SignIn(party(t, s, "one"), ada, nil)
	page := browser.Press(browser.Get(address(s)), "logout-confirm", nil)
	if len(page.Frames()) != 1 {
		t.Fatalf("frames %v at %s", page.Frames(), page.URL)
	}
	page = browser.Get(page.Link("signing-out-continue"))
	if page.URL.Path != "/logged-out" || page.Status != http.StatusOK {
		t.Errorf("led to %s (%d)", page.URL, page.Status)
	}
}

// Neither another browser's apps are loaded, nor those that are gone, nor any for
// a session that is gone already.
func TestFramesAreOfThisSessionOnly(t *testing.T) {
	s := frontChannel(t)
	one, three := party(t, s, "one"), party(t, s, "three")
	s.NewBrowser(t).SignIn(three, ada, nil)
	browser := s.NewBrowser(t)
	right := hint(t, one, browser, ada)
	gone := storage.Client{
		ID: "gone", RedirectURIs: []string{"https://gone.example/callback"}, SecretDigests: providertest.Digests(providertest.WebSecret),
		FirstParty: true, GrantTypes: []string{"authorization_code"}, ResponseTypes: []string{"code"}, FrontChannelLogoutURI: "https://gone.example/logout",
	}
	if err := s.Store.Clients.Put(t.Context(), gone.ID, gone, storage.NoExpiry); err != nil {
		t.Fatal(err)
	}
	browser.Get(party(t, s, "gone").AuthorizationURL(nil)).Code(t)
	if err := s.Store.Clients.Delete(t.Context(), gone.ID); err != nil {
		t.Fatal(err)
	}
	s.Clock.Advance(providertest.Staleness * 10)
	request := address(s, "id_token_hint", right)
	frames := browser.Get(request).Frames()
	if len(frames) == 0 || slices.ContainsFunc(frames, func(f string) bool { return !strings.HasPrefix(f, "https://one.example/") }) {
		t.Errorf("frames %v", frames)
	}
	if again := browser.Get(request); len(again.Frames()) != 0 || again.URL.Path != "/logged-out" {
		t.Errorf("asked again it rests at %s with %v", again.URL, again.Frames())
	}
}
