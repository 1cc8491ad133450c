package conformance

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/dop251/goja"
	"golang.org/x/net/html"

	"gatehouse/provider/providertest"
)

// frame is the check_session_iframe as a browser without anything newer than
// ECMAScript 5 runs it (OpenID Connect Session Management 1.0, section 3.2).
type frame struct {
	module    *module
	vm        *goja.Runtime
	listeners []goja.Callable
}

// modern finds what an ECMAScript 5 engine cannot read, and what the suite's
// browser does not have.
var modern = regexp.MustCompile("=>|`|\\b(let|const|class|async|await|Promise|fetch|TextEncoder|Uint8Array)\\b|crypto\\.")

// openFrame loads the page into a frame of the client's page and runs its scripts.
func (m *module) openFrame() *frame {
	m.Helper()
	page := m.browser.Get(m.metadata.text("check_session_iframe"))
	if page.Status != http.StatusOK || page.Header.Get("X-Frame-Options") != "" {
		m.Fatalf("the frame: %d, X-Frame-Options %q", page.Status, page.Header.Get("X-Frame-Options"))
	}
	client, err := url.Parse(site)
	if err != nil {
		m.Fatal(err)
	}
	if !allows(page, client, "frame-ancestors") {
		m.Errorf("the client must not frame the page: %s", page.Header.Get("Content-Security-Policy"))
	}
	root, err := html.Parse(strings.NewReader(page.Body))
	if err != nil {
		m.Fatalf("parse the frame: %v", err)
	}
	f := &frame{module: m, vm: goja.New()}
	f.define(root)
	scripts := m.scripts(page, root)
	if len(scripts) == 0 {
		m.Fatalf("the frame has no script:\n%s", page.Body)
	}
	for _, script := range scripts {
		if found := modern.FindString(script); found != "" {
			m.Errorf("the script is not plain ES5: %s", found)
		}
		if _, err := f.vm.RunString(script); err != nil {
			m.Fatalf("the script of the frame: %v", err)
		}
	}
	if len(f.listeners) == 0 {
		m.Fatal("the frame listens to nobody")
	}
	return f
}

// define gives the scripts the little of a window that they may need.
func (f *frame) define(root *html.Node) {
	must := func(err error) {
		if err != nil {
			f.module.Fatalf("make window: %v", err)
		}
	}
	window := f.vm.GlobalObject()
	must(window.Set("window", window))
	must(window.Set("addEventListener", func(call goja.FunctionCall) goja.Value {
		if listener, ok := goja.AssertFunction(call.Argument(1)); ok && call.Argument(0).String() == "message" {
			f.listeners = append(f.listeners, listener)
		}
		return goja.Undefined()
	}))
	document := f.vm.NewObject()
	must(document.DefineAccessorProperty("cookie", f.vm.ToValue(func(goja.FunctionCall) goja.Value {
		return f.vm.ToValue(f.module.scriptCookies())
	}), nil, goja.FLAG_FALSE, goja.FLAG_TRUE))
	element := f.vm.NewObject()
	must(element.Set("getAttribute", func(call goja.FunctionCall) goja.Value {
		for n := range root.Descendants() {
			if n.Type == html.ElementNode && n.Data == "html" {
				return f.vm.ToValue(attribute(n, call.Argument(0).String()))
			}
		}
		return goja.Null()
	}))
	must(document.Set("documentElement", element))
	must(window.Set("document", document))
}

// scriptCookies is document.cookie. What a frame on another site may read must
// have been set for that.
func (m *module) scriptCookies() string {
	var pairs []string
	for _, cookie := range m.browser.ScriptCookies() {
		if cookie.SameSite != http.SameSiteNoneMode || !cookie.Secure {
			continue
		}
		pairs = append(pairs, cookie.Name+"="+cookie.Value)
	}
	return strings.Join(pairs, "; ")
}

// ask posts a message to the frame from the client's page, and returns the one
// that comes back.
func (f *frame) ask(message string) string {
	f.module.Helper()
	var answers []string
	source := f.vm.NewObject()
	err := source.Set("postMessage", func(call goja.FunctionCall) goja.Value {
		if target := call.Argument(1).String(); target != site {
			f.module.Errorf("the frame answers to %s, want %s", target, site)
		}
		answers = append(answers, call.Argument(0).String())
		return goja.Undefined()
	})
	if err != nil {
		f.module.Fatalf("make source: %v", err)
	}
	event := f.vm.NewObject()
	for name, value := range map[string]any{"data": message, "origin": site, "source": source} {
		if err := event.Set(name, value); err != nil {
			f.module.Fatalf("make event: %v", err)
		}
	}
	for _, listener := range f.listeners {
		if _, err := listener(goja.Undefined(), event); err != nil {
			f.module.Fatalf("the frame at %q: %v", message, err)
		}
	}
	if len(answers) != 1 {
		f.module.Fatalf("the frame answered %q to one message", answers)
	}
	return answers[0]
}

// scripts are those of the page, inline or from the provider.
func (m *module) scripts(page *providertest.Page, root *html.Node) []string {
	m.Helper()
	var scripts []string
	for n := range root.Descendants() {
		if n.Type != html.ElementNode || n.Data != "script" {
			continue
		}
		if n.FirstChild != nil {
			scripts = append(scripts, n.FirstChild.Data)
		}
		source := attribute(n, "src")
		if source == "" {
			continue
		}
		address, err := page.URL.Parse(source)
		if err != nil {
			m.Fatalf("script at %q: %v", source, err)
		}
		scripts = append(scripts, m.get(address.String(), nil).WantOK(m).Raw)
	}
	return scripts
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// sessionManagement asks the frame before and after signing out.
func sessionManagement(m *module) {
	a := m.signedIn(nil)
	state := a.response.Get("session_state")
	if state == "" || strings.Contains(state, " ") {
		m.Fatalf("session_state is %q", state)
	}
	f := m.openFrame()
	message := m.client.id + " " + state
	if got := f.ask(message); got != "unchanged" {
		m.Errorf("the frame says %q, want unchanged", got)
	}
	if got := f.ask("this is no message"); got != "error" {
		m.Errorf("the frame says %q to nonsense, want error", got)
	}
	if got := f.ask("another-client " + state); got != "changed" {
		m.Errorf("the frame says %q to another client, want changed", got)
	}
	after := random(m, 64)
	m.checkReturned(m.logOut(url.Values{
		"id_token_hint": {a.idToken().Raw}, "post_logout_redirect_uri": {m.afterLogout()}, "state": {after},
	}), after)
	if got := f.ask(message); got != "changed" {
		m.Errorf("after signing out the frame says %q, want changed", got)
	}
	if got := m.openFrame().ask(message); got != "changed" {
		m.Errorf("after signing out a new frame says %q, want changed", got)
	}
	m.checkLoginRequired()
}
