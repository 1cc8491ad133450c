package providertest

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/html"
)

// DefaultUserAgent is what browsers say of themselves unless told otherwise.
const DefaultUserAgent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"

// Browser is a person's browser: it keeps cookies, follows redirects within the
// provider, and stops where one leads elsewhere.
type Browser struct {
	// UserAgent is what the browser says of itself.
	UserAgent string

	t      testing.TB
	server *Server
	client *http.Client
	// set is how each cookie was last set, which a jar does not tell.
	mu  sync.Mutex
	set map[string]*http.Cookie
}

// NewBrowser returns a browser without cookies.
func (s *Server) NewBrowser(t testing.TB) *Browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatalf("make cookie jar: %v", err)
	}
	return &Browser{UserAgent: DefaultUserAgent, t: t, server: s, set: map[string]*http.Cookie{}, client: &http.Client{
		Transport:     s.Transport,
		Jar:           jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Cookies returns what the browser would send to the provider.
func (b *Browser) Cookies() []*http.Cookie {
	u, err := url.Parse(b.server.Issuer)
	if err != nil {
		b.t.Fatalf("parse issuer: %v", err)
	}
	return b.client.Jar.Cookies(u)
}

// ScriptCookies returns the cookies that scripts of the provider's pages may
// read, as they were set.
func (b *Browser) ScriptCookies() []*http.Cookie {
	sent := b.Cookies()
	b.mu.Lock()
	defer b.mu.Unlock()
	var readable []*http.Cookie
	for _, cookie := range sent {
		if set := b.set[cookie.Name]; set != nil && !set.HttpOnly {
			readable = append(readable, set)
		}
	}
	return readable
}

// SetCookies puts cookies into the browser.
func (b *Browser) SetCookies(cookies []*http.Cookie) {
	u, err := url.Parse(b.server.Issuer)
	if err != nil {
		b.t.Fatalf("parse issuer: %v", err)
	}
	b.client.Jar.SetCookies(u, cookies)
}

// Get opens an address.
func (b *Browser) Get(address string) *Page {
	b.t.Helper()
	return b.follow(b.Step(http.MethodGet, address, nil))
}

// Post sends a form, as a page of the provider does.
func (b *Browser) Post(address string, form url.Values) *Page {
	b.t.Helper()
	return b.follow(b.Step(http.MethodPost, address, form))
}

// PostFromElsewhere sends a form as a page of another site does: cookies that
// are SameSite=Lax stay behind, but go with the redirects that follow.
func (b *Browser) PostFromElsewhere(address string, form url.Values) *Page {
	b.t.Helper()
	page := b.step(&http.Client{Transport: b.client.Transport, CheckRedirect: b.client.CheckRedirect}, http.MethodPost, address, form)
	b.SetCookies((&http.Response{Header: page.Header}).Cookies())
	return b.follow(page)
}

// Step sends one request and follows no redirect.
func (b *Browser) Step(method, address string, form url.Values) *Page {
	b.t.Helper()
	return b.step(b.client, method, address, form)
}

func (b *Browser) follow(page *Page) *Page {
	b.t.Helper()
	for range 12 {
		location := page.Header.Get("Location")
		if location == "" {
			return page
		}
		target, err := page.URL.Parse(location)
		if err != nil {
			b.t.Fatalf("redirect to %q: %v", location, err)
		}
		if !b.server.owns(target) {
			page.Left = target
			return page
		}
		page = b.step(b.client, http.MethodGet, target.String(), nil)
	}
	b.t.Fatalf("%s redirects without end", page.URL)
	return nil
}

// owns says whether an address is the provider's.
func (s *Server) owns(u *url.URL) bool {
	return u.Scheme+"://"+u.Host+u.Path == s.Issuer || strings.HasPrefix(u.Scheme+"://"+u.Host+u.Path, s.Issuer+"/")
}

func (b *Browser) step(client *http.Client, method, address string, form url.Values) *Page {
	b.t.Helper()
	var body io.Reader
	if method == http.MethodPost {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(b.t.Context(), method, address, body)
	if err != nil {
		b.t.Fatalf("request %s: %v", address, err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("User-Agent", b.UserAgent)
	answer, err := client.Do(r)
	if err != nil {
		b.t.Fatalf("%s %s: %v", method, address, err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		b.t.Fatalf("read %s: %v", address, err)
	}
	b.remember(answer.Cookies())
	page := &Page{Status: answer.StatusCode, Header: answer.Header, URL: r.URL, Body: string(text)}
	// The browser runs no scripts, so that it sees what is said to those.
	if page.root, err = html.ParseWithOptions(strings.NewReader(page.Body), html.ParseOptionEnableScripting(false)); err != nil {
		b.t.Fatalf("parse %s: %v", address, err)
	}
	return page
}

func (b *Browser) remember(cookies []*http.Cookie) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, cookie := range cookies {
		b.set[cookie.Name] = cookie
	}
}

// Press fills the form that the button with the id is in, and presses it.
func (b *Browser) Press(page *Page, button string, fill map[string]string) *Page {
	b.t.Helper()
	pressed := find(page.root, func(n *html.Node) bool { return attribute(n, "id") == button })
	if pressed == nil {
		b.t.Fatalf("no button %s on %s:\n%s", button, page.URL, page.Body)
	}
	form := pressed
	for form != nil && form.Data != "form" {
		form = form.Parent
	}
	if form == nil {
		b.t.Fatalf("button %s is in no form", button)
	}
	values := filled(form)
	if name := attribute(pressed, "name"); name != "" {
		values.Set(name, attribute(pressed, "value"))
	}
	for name, value := range fill {
		values.Set(name, value)
	}
	action, err := page.URL.Parse(attribute(form, "action"))
	if err != nil {
		b.t.Fatalf("form action: %v", err)
	}
	if !strings.EqualFold(attribute(form, "method"), http.MethodPost) {
		b.t.Fatalf("form of %s does not post", button)
	}
	return b.Post(action.String(), values)
}

// Request is a request that carries the browser's cookies, for what is not
// asked over the network.
func (b *Browser) Request() *http.Request {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.server.Issuer, nil)
	if err != nil {
		b.t.Fatalf("make request: %v", err)
	}
	for _, cookie := range b.Cookies() {
		r.AddCookie(cookie)
	}
	return r
}
