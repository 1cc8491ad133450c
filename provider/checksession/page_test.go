package checksession_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/dop251/goja"
	"github.com/dop251/goja/parser"

	"gatehouse/provider/checksession"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
)

const (
	ada    = "ada@example.com"
	grace  = "grace@example.com"
	cookie = "gatehouse_browser_state"
)

func start(t *testing.T) *providertest.Server {
	t.Helper()
	s := providertest.New(t, providertest.Options{SessionManagement: true, Clients: []storage.Client{{
		ID: "on a port", SecretDigests: providertest.Digests(providertest.WebSecret), FirstParty: true,
		RedirectURIs: []string{"https://Port.example:8443/callback"}, GrantTypes: []string{"authorization_code"},
	}}})
	s.AddUser(ada)
	s.AddUser(grace)
	return s
}

// ask runs the page's script as a browser with the cookies does, and returns its
// answer to a message, and where that went.
func ask(t *testing.T, cookies string, message any, origin string) (answer, to string) {
	t.Helper()
	vm := goja.New()
	var listener goja.Callable
	window, document, root := vm.NewObject(), vm.NewObject(), vm.NewObject()
	set := func(object *goja.Object, name string, value any) {
		if err := object.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	set(window, "addEventListener", func(kind string, call goja.Value) {
		if function, ok := goja.AssertFunction(call); ok && kind == "message" {
			listener = function
		}
	})
	set(root, "getAttribute", func(string) string { return cookie })
	set(document, "documentElement", root)
	set(document, "cookie", cookies)
	for name, value := range map[string]any{"window": window, "document": document} {
		if err := vm.Set(name, value); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := vm.RunString(checksession.Script()); err != nil {
		t.Fatal(err)
	}
	if listener == nil {
		t.Fatal("the script does not listen")
	}
	event, source := vm.NewObject(), vm.NewObject()
	set(source, "postMessage", func(text, target string) { answer, to = text, target })
	set(event, "data", message)
	set(event, "origin", origin)
	set(event, "source", source)
	if _, err := listener(goja.Undefined(), event); err != nil {
		t.Fatal(err)
	}
	return answer, to
}

func cookiesOf(browser *providertest.Browser) string {
	var all []string
	for _, c := range browser.Cookies() {
		all = append(all, c.Name+"="+c.Value)
	}
	return "other=1; " + strings.Join(all, "; ")
}

// sessionState signs a browser in at an app and returns the session_state.
func sessionState(t *testing.T, browser *providertest.Browser, rp *providertest.RelyingParty, change map[string]string) string {
	t.Helper()
	page := browser.Get(rp.AuthorizationURL(change))
	if page.Has("login-submit") {
		page = browser.Password(page, ada)
	}
	if page.Has("consent-allow") {
		page = browser.Press(page, "consent-allow", nil)
	}
	return page.Sent(t).Get("session_state")
}

// What Go computes the script computes too, for every client and its own origin.
func TestSessionState(t *testing.T) {
	s := start(t)
	browser := s.NewBrowser(t)
	port := s.RelyingParty(t, "on a port", providertest.WebSecret, "https://Port.example:8443/callback")
	for _, test := range []struct {
		rp     *providertest.RelyingParty
		origin string
	}{{s.Web(t), "https://web.example"}, {s.Second(t), "https://second.example"}, {port, "https://port.example:8443"}} {
		state := sessionState(t, browser, test.rp, nil)
		if answer, to := ask(t, cookiesOf(browser), test.rp.ID+" "+state, test.origin); answer != "unchanged" || to != test.origin {
			t.Errorf("%s: %q is %q to %q", test.rp.ID, state, answer, to)
		}
		for _, wrong := range []string{"https://evil.example", test.origin + ":444", strings.Replace(test.origin, "https", "http", 1)} {
			if answer, to := ask(t, cookiesOf(browser), test.rp.ID+" "+state, wrong); answer != "changed" || to != wrong {
				t.Errorf("%s asked from %s: %q to %q", test.rp.ID, wrong, answer, to)
			}
		}
		if answer, _ := ask(t, cookiesOf(browser), "another "+state, test.origin); answer != "changed" {
			t.Errorf("another client's: %q", answer)
		}
		again := sessionState(t, browser, test.rp, map[string]string{"prompt": "none"})
		if again == state {
			t.Error("the salt came twice")
		}
		if answer, _ := ask(t, cookiesOf(browser), test.rp.ID+" "+state, test.origin); answer != "unchanged" {
			t.Errorf("after an answer without questions the first is %q", answer)
		}
	}
	if got := sessionState(t, browser, s.Second(t), map[string]string{"scope": "email"}); got != "" {
		t.Errorf("without openid there is %q", got)
	}
}

// A sign-in, a sign-out and another account change it.
func TestSessionStateChanges(t *testing.T) {
	s := start(t)
	second, origin := s.Second(t), "https://second.example"
	for _, test := range []struct {
		name   string
		change func(browser *providertest.Browser)
	}{
		{"signed out", func(browser *providertest.Browser) {
			browser.Press(browser.Get(s.Issuer+"/logout"), "logout-confirm", nil)
		}},
		{"signed in anew", func(browser *providertest.Browser) {
			sessionState(t, browser, second, map[string]string{"prompt": "login"})
		}},
		{"another account", func(browser *providertest.Browser) {
			browser.SignIn(second, grace, map[string]string{"prompt": "login"})
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			browser := s.NewBrowser(t)
			state := sessionState(t, browser, second, nil)
			test.change(browser)
			if answer, _ := ask(t, cookiesOf(browser), second.ID+" "+state, origin); answer != "changed" {
				t.Errorf("it is %q", answer)
			}
		})
	}
}

// A browser that has lost the state is given it again with the next answer.
func TestLostStateComesBack(t *testing.T) {
	s := start(t)
	second, browser := s.Second(t), s.NewBrowser(t)
	sessionState(t, browser, second, nil)
	browser.SetCookies([]*http.Cookie{{Name: cookie, Value: "forged", Path: "/"}})
	state := sessionState(t, browser, second, map[string]string{"prompt": "none"})
	if answer, _ := ask(t, cookiesOf(browser), second.ID+" "+state, "https://second.example"); answer != "unchanged" {
		t.Errorf("it is %q", answer)
	}
}

func TestPageAnswers(t *testing.T) {
	hash := strings.Repeat("A", 43)
	for _, test := range []struct {
		name    string
		message any
		want    string
	}{
		{"nothing", "", "error"},
		{"no session_state", "client", "error"},
		{"no client", " " + hash + ".salt", "error"},
		{"no salt", "client " + hash + ".", "error"},
		{"no dot", "client " + hash, "error"},
		{"short hash", "client " + hash[1:] + ".salt", "error"},
		{"strange characters", "client " + hash[1:] + "=.salt", "error"},
		{"no text", 5, "error"},
		{"an object", map[string]any{"a": 1}, "error"},
		{"another state", "client " + hash + ".salt", "changed"},
		{"a client beyond ASCII", "clïent " + hash + ".salt", "changed"},
		{"a long client", strings.Repeat("client", 100) + " " + hash + ".salt", "changed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if answer, to := ask(t, cookie+"=state", test.message, "https://app.example"); answer != test.want || to != "https://app.example" {
				t.Errorf("%q to %q, want %q", answer, to, test.want)
			}
		})
	}
	if answer, _ := ask(t, "", "client "+hash+".salt", "null"); answer != "" {
		t.Errorf("a page without origin is answered %q", answer)
	}
}

func TestScriptIsES5(t *testing.T) {
	if _, err := parser.ParseFile(nil, "check_session.js", checksession.Script(), 0); err != nil {
		t.Fatal(err)
	}
	for _, newer := range []string{"=>", "let ", "const ", "`", "class ", "async ", "crypto.subtle", "Promise", "Uint8Array", "includes(", "startsWith("} {
		if strings.Contains(checksession.Script(), newer) {
			t.Errorf("the script has %q", newer)
		}
	}
	if !utf8.ValidString(checksession.Script()) {
		t.Error("the script is no UTF-8")
	}
}

func TestPageMayBeFramed(t *testing.T) {
	s := start(t)
	page := s.NewBrowser(t).Get(s.Issuer + "/check-session")
	if page.Status != http.StatusOK || page.Header.Get("X-Frame-Options") != "" || strings.Contains(page.Header.Get("Content-Security-Policy"), "frame-ancestors") {
		t.Errorf("%d, %v", page.Status, page.Header)
	}
	if policy := page.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'; script-src 'self'") || strings.Contains(page.Body, "<script>") {
		t.Errorf("policy %q", policy)
	}
	if !strings.Contains(page.Body, `data-cookie="`+cookie+`"`) {
		t.Errorf("the page does not name the cookie:\n%s", page.Body)
	}
	script := s.Send(t, http.MethodGet, "/check-session.js", nil, nil)
	if script.Raw != checksession.Script() || !strings.HasPrefix(script.Header.Get("Content-Type"), "text/javascript") {
		t.Errorf("the script is %d bytes of %s", len(script.Raw), script.Header.Get("Content-Type"))
	}
	metadata := s.Send(t, http.MethodGet, "/.well-known/openid-configuration", nil, nil).WantOK(t)
	if got := metadata.Text("check_session_iframe"); got != s.Issuer+"/check-session" {
		t.Errorf("check_session_iframe %q", got)
	}
}

// Other pages stay closed to frames, and the cookie is one that scripts and
// frames of other sites see, over https.
func TestStateCookie(t *testing.T) {
	s := providertest.New(t, providertest.Options{SessionManagement: true, TLS: true})
	s.AddUser(ada)
	browser := s.NewBrowser(t)
	page := browser.Get(s.Web(t).AuthorizationURL(nil))
	if page.Header.Get("X-Frame-Options") != "DENY" {
		t.Error("another page may be framed")
	}
	answer := browser.Step(http.MethodPost, page.URL.String(), url.Values{"username": {ada}, "password": {providertest.Password}})
	for _, c := range (&http.Response{Header: answer.Header}).Cookies() {
		switch c.Name {
		case "__Host-" + cookie:
			if c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteNoneMode || c.Path != "/" {
				t.Errorf("the cookie is %s", c)
			}
			return
		}
	}
	t.Errorf("no cookie among %v (%d)", answer.Header.Values("Set-Cookie"), answer.Status)
}

func TestSessionManagementIsOff(t *testing.T) {
	s := providertest.New(t, providertest.Options{})
	s.AddUser(ada)
	browser := s.NewBrowser(t)
	if state := sessionState(t, browser, s.Second(t), nil); state != "" {
		t.Errorf("session_state %q", state)
	}
	if strings.Contains(cookiesOf(browser), cookie) {
		t.Error("the browser has the cookie")
	}
	if page := browser.Get(s.Issuer + "/check-session"); page.Status != http.StatusNotFound {
		t.Errorf("the page answers %d", page.Status)
	}
	metadata := s.Send(t, http.MethodGet, "/.well-known/openid-configuration", nil, nil).WantOK(t)
	if _, ok := metadata.JSON["check_session_iframe"]; ok {
		t.Error("discovery names the page")
	}
}
