package web

import (
	"regexp"
	"strings"
	"testing"
)

func TestRenderNote(t *testing.T) {
	for name, test := range map[string]struct{ markdown, want string }{
		"nothing":            {"", ""},
		"paragraphs":         {"one\ntwo\n\nthree", "<p>one\ntwo</p>\n<p>three</p>\n"},
		"emphasis":           {"**bold** and *leaning*", "<p><strong>bold</strong> and <em>leaning</em></p>\n"},
		"link":               {"[help](https://acme.example/?a=1&b=2)", `<p><a href="https://acme.example/?a=1&amp;b=2" rel="noopener">help</a></p>` + "\n"},
		"bare link":          {"see https://acme.example/x", `<p>see <a href="https://acme.example/x" rel="noopener">https://acme.example/x</a></p>` + "\n"},
		"address":            {"<desk@acme.example>", `<p><a href="mailto:desk@acme.example" rel="noopener">desk@acme.example</a></p>` + "\n"},
		"list":               {"- one\n- two", "<ul>\n<li>one</li>\n<li>two</li>\n</ul>\n"},
		"heading":            {"# Loud", "<p><strong>Loud</strong></p>\n"},
		"script":             {"<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n"},
		"markup in a line":   {`a <b onclick="x">b</b>`, "<p>a &lt;b onclick=&#34;x&#34;&gt;b&lt;/b&gt;</p>\n"},
		"script as a link":   {"[x](javascript:alert(1))", "<p>x</p>\n"},
		"data as a link":     {"[x](data:text/html,y)", "<p>x</p>\n"},
		"relative link":      {"[x](/logout)", "<p>x</p>\n"},
		"no scheme":          {"[x](//evil.example)", "<p>x</p>\n"},
		"quote in a link":    {`[x](https://a.example/"onclick=x)`, `<p><a href="https://a.example/%22onclick=x" rel="noopener">x</a></p>` + "\n"},
		"picture":            {"![words](https://a.example/track.png)", "<p>words</p>\n"},
		"code":               {"`<b>`", "<p>&lt;b&gt;</p>\n"},
		"link inside a link": {"[a <https://b.example> c](https://a.example)", `<p><a href="https://a.example" rel="noopener">a https://b.example c</a></p>` + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := string(renderNote(test.markdown)); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

// All that may stand in the HTML of a note.
var noteTag = regexp.MustCompile(`^(/?(p|strong|em|ul|ol|li|br)|/a|a href="(https?://|mailto:)[^"<>]*" rel="noopener")>`)

func FuzzRenderNote(f *testing.F) {
	for _, seed := range []string{"**a** [b](https://c.example)", "<script>", "[x](javascript:y)", "- a\n  - b\n\n> c", "![](x)", "<a@b.example>", "\x00\xff", "[a]: b\n[a]"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, markdown string) {
		html := string(renderNote(markdown))
		for _, tag := range strings.Split(html, "<")[1:] {
			if !noteTag.MatchString(strings.ToLower(tag)) {
				t.Fatalf("%q makes <%s", markdown, tag)
			}
		}
	})
}
