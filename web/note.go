package web

import (
	"html/template"
	"net/url"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"
)

// longestNote is what is read of a note. Whoever writes more writes no note.
const longestNote = 8 << 10

// renderNote turns the Markdown of an administrator into HTML. It knows
// paragraphs, lists, emphasis and links, and writes everything else as plain
// text: a note must not take the page's heading, show pictures or carry markup.
func renderNote(markdown string) template.HTML {
	if len(markdown) > longestNote {
		markdown = markdown[:longestNote]
	}
	source := []byte(strings.ToValidUTF8(markdown, ""))
	note := &noteWriter{source: source}
	// It fails only where our own function does.
	_ = ast.Walk(goldmark.New(goldmark.WithExtensions(extension.Linkify)).Parser().Parse(text.NewReader(source)), note.visit)
	return template.HTML(note.html.String()) //nolint:gosec // made of our own tags and escaped text
}

// noteWriter writes the HTML of a note.
type noteWriter struct {
	source []byte
	html   strings.Builder
}

func (n *noteWriter) visit(node ast.Node, entering bool) (ast.WalkStatus, error) {
	if open, end, ok := n.tags(node); ok {
		if entering {
			n.html.WriteString(open)
		} else {
			n.html.WriteString(end)
		}
		return ast.WalkContinue, nil
	}
	if !entering {
		return ast.WalkContinue, nil
	}
	switch node := node.(type) {
	case *ast.Text:
		n.escape(node.Segment.Value(n.source))
		if node.HardLineBreak() {
			n.html.WriteString("<br>")
		}
		if node.SoftLineBreak() {
			n.html.WriteString("\n")
		}
	case *ast.String:
		n.escape(node.Value)
	case *ast.AutoLink:
		open, end := "", ""
		if !insideLink(node) {
			open, end = linkTags(autoAddress(node, n.source))
		}
		n.html.WriteString(open)
		n.escape(node.Label(n.source))
		n.html.WriteString(end)
	case *ast.RawHTML:
		n.lines(node.Segments)
	case *ast.HTMLBlock, *ast.CodeBlock, *ast.FencedCodeBlock:
		n.html.WriteString("<p>")
		n.lines(node.Lines())
		n.html.WriteString("</p>\n")
	}
	return ast.WalkContinue, nil
}

// tags are those of a node that may have some.
func (n *noteWriter) tags(node ast.Node) (open, end string, ok bool) {
	switch node := node.(type) {
	case *ast.Paragraph:
		return "<p>", "</p>\n", true
	case *ast.Heading:
		return "<p><strong>", "</strong></p>\n", true
	case *ast.List:
		if node.IsOrdered() {
			return "<ol>\n", "</ol>\n", true
		}
		return "<ul>\n", "</ul>\n", true
	case *ast.ListItem:
		return "<li>", "</li>\n", true
	case *ast.Emphasis:
		if node.Level == 1 {
			return "<em>", "</em>", true
		}
		return "<strong>", "</strong>", true
	case *ast.Link:
		open, end = linkTags(string(node.Destination))
		return open, end, true
	}
	return "", "", false
}

// linkTags are empty where an address must not be followed: a script, data, or
// something that depends on where the page is.
func linkTags(address string) (open, end string) {
	u, err := url.Parse(address)
	if err != nil || (webAddress(address) == "" && (u.Scheme != "mailto" || u.Opaque == "")) {
		return "", ""
	}
	return `<a href="` + template.HTMLEscapeString(u.String()) + `" rel="noopener">`, "</a>"
}

// insideLink says that a node stands in the words of a link already.
func insideLink(node ast.Node) bool {
	for parent := node.Parent(); parent != nil; parent = parent.Parent() {
		if _, ok := parent.(*ast.Link); ok {
			return true
		}
	}
	return false
}

// autoAddress is what a link leads to that was written as its bare address.
func autoAddress(link *ast.AutoLink, source []byte) string {
	address := string(link.URL(source))
	if link.AutoLinkType == ast.AutoLinkEmail && !strings.HasPrefix(strings.ToLower(address), "mailto:") {
		return "mailto:" + address
	}
	return address
}

func (n *noteWriter) lines(segments *text.Segments) {
	for _, segment := range segments.Sliced(0, segments.Len()) {
		n.escape(segment.Value(n.source))
	}
}

func (n *noteWriter) escape(raw []byte) {
	n.html.WriteString(template.HTMLEscapeString(string(raw)))
}
