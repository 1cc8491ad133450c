package providertest

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// Page is where the browser came to rest.
type Page struct {
	Status int
	Header http.Header
	// URL is the address of the page.
	URL *url.URL
	// Left is the address outside the provider that a redirect led to, if any.
	Left *url.URL
	Body string
	root *html.Node
}

// Delivered is an authorization response as the client gets it.
type Delivered struct {
	// Mode is query, fragment or form_post.
	Mode string
	// Address is what the browser was sent to, to the letter.
	Address    string
	Parameters url.Values
}

// Delivered is what left for the client; a browser that is still at the provider
// ends the test.
func (p *Page) Delivered(t testing.TB) Delivered {
	t.Helper()
	if form := find(p.root, func(n *html.Node) bool { return attribute(n, "id") == "form-post" }); form != nil {
		values := url.Values{}
		each(form, func(n *html.Node) {
			if n.Data == "input" {
				values.Add(attribute(n, "name"), attribute(n, "value"))
			}
		})
		return Delivered{Mode: "form_post", Address: attribute(form, "action"), Parameters: values}
	}
	if p.Left == nil {
		t.Fatalf("the browser did not leave the provider but rests at %s (%d):\n%s", p.URL.Path, p.Status, p.Body)
	}
	address := p.Header.Get("Location")
	mode, encoded := "query", p.Left.RawQuery
	if _, fragment, ok := strings.Cut(address, "#"); ok {
		mode, encoded = "fragment", fragment
	}
	values, err := url.ParseQuery(encoded)
	if err != nil {
		t.Fatalf("parse what was sent to the client: %v", err)
	}
	return Delivered{Mode: mode, Address: address, Parameters: values}
}

// Sent is the parameters that left for the client.
func (p *Page) Sent(t testing.TB) url.Values {
	t.Helper()
	return p.Delivered(t).Parameters
}

// Code is what the client was sent; anything else ends the test.
func (p *Page) Code(t testing.TB) string {
	t.Helper()
	code := p.Sent(t).Get("code")
	if code == "" {
		t.Fatalf("the client got no code but %v", p.Sent(t))
	}
	return code
}

// WantError fails the test unless the client was sent the OAuth error.
func (p *Page) WantError(t testing.TB, code string) {
	t.Helper()
	if sent := p.Sent(t); sent.Get("error") != code || sent.Has("code") {
		t.Errorf("the client got %v, want the error %s", sent, code)
	}
}

// WantPage fails the test unless the browser rests at a page of the provider
// with the status, which tells people the error code.
func (p *Page) WantPage(t testing.TB, status int, code string) {
	t.Helper()
	if p.Left != nil {
		t.Errorf("the browser was sent to %s, want an error page", p.Left)
		return
	}
	if p.Status != status || p.Text("error-code") != code {
		t.Errorf("%s answered %d with error %q, want %d %s\n%s", p.URL.Path, p.Status, p.Text("error-code"), status, code, p.Body)
	}
}

// Has says whether the page has an element with the id.
func (p *Page) Has(id string) bool {
	return find(p.root, func(n *html.Node) bool { return attribute(n, "id") == id }) != nil
}

// Language is the one the page is in.
func (p *Page) Language() string {
	return attribute(find(p.root, func(n *html.Node) bool { return n.Data == "html" }), "lang")
}

// Text returns the text inside the element with the id.
func (p *Page) Text(id string) string {
	element := find(p.root, func(n *html.Node) bool { return attribute(n, "id") == id })
	if element == nil {
		return ""
	}
	return strings.TrimSpace(text(element))
}

func text(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	var all strings.Builder
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		all.WriteString(text(c))
	}
	return all.String()
}

// Field returns the value of the form field with the name.
func (p *Page) Field(name string) string {
	field := find(p.root, func(n *html.Node) bool { return n.Data == "input" && attribute(n, "name") == name })
	if field == nil {
		return ""
	}
	return attribute(field, "value")
}

// Link returns the address of the link with the id.
func (p *Page) Link(id string) string {
	link := find(p.root, func(n *html.Node) bool { return n.Data == "a" && attribute(n, "id") == id })
	if link == nil {
		return ""
	}
	target, err := p.URL.Parse(attribute(link, "href"))
	if err != nil {
		return ""
	}
	return target.String()
}

// Frames returns the addresses of the frames that the page loads.
func (p *Page) Frames() []string {
	var addresses []string
	each(p.root, func(n *html.Node) {
		if n.Data != "iframe" {
			return
		}
		if target, err := p.URL.Parse(attribute(n, "src")); err == nil {
			addresses = append(addresses, target.String())
		}
	})
	return addresses
}

// Refresh returns where the page leads a browser on to without a script.
func (p *Page) Refresh() string {
	refresh := find(p.root, func(n *html.Node) bool {
		return n.Data == "meta" && strings.EqualFold(attribute(n, "http-equiv"), "refresh")
	})
	if refresh == nil {
		return ""
	}
	_, address, _ := strings.Cut(attribute(refresh, "content"), ";")
	_, address, _ = strings.Cut(address, "=")
	target, err := p.URL.Parse(strings.TrimSpace(address))
	if err != nil {
		return ""
	}
	return target.String()
}

func each(n *html.Node, visit func(*html.Node)) {
	if n.Type == html.ElementNode {
		visit(n)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		each(c, visit)
	}
}

func find(n *html.Node, match func(*html.Node) bool) *html.Node {
	var found *html.Node
	each(n, func(candidate *html.Node) {
		if found == nil && match(candidate) {
			found = candidate
		}
	})
	return found
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}
