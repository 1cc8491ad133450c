package checksession

import (
	_ "embed" // the script
	"html"
	"net/http"

	"github.com/go-chi/chi/v5"
)

const (
	// Path is where the page is below the issuer.
	Path       = "/check-session"
	scriptPath = Path + ".js"
)

//go:embed check_session.js
var script string

// Script is what the page runs. It is plain ES5 and brings its own SHA-256: apps
// run it in whatever browser their people have.
func Script() string { return script }

// Page serves the page and its script.
type Page struct {
	// Cookie is the full name of the cookie with the browser state.
	Cookie string
}

// Mount adds the routes.
func (p Page) Mount(router chi.Router) {
	router.Get(Path, p.page)
	router.Get(scriptPath, p.script)
}

func (p Page) page(w http.ResponseWriter, _ *http.Request) {
	header := w.Header()
	// No frame-ancestors and no X-Frame-Options: frames are what it is for. There
	// is nothing on it that somebody could be made to press.
	header.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; base-uri 'none'")
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Cache-Control", "no-cache")
	_, _ = w.Write([]byte(`<!doctype html>
<html lang="en" data-cookie="` + html.EscapeString(p.Cookie) + `">
<head>
<meta charset="utf-8">
<meta name="robots" content="noindex">
<title>Session</title>
<script src="check-session.js"></script>
</head>
<body></body>
</html>
`))
}

func (p Page) script(w http.ResponseWriter, _ *http.Request) {
	header := w.Header()
	header.Set("Content-Type", "text/javascript; charset=utf-8")
	header.Set("Cache-Control", "no-cache")
	_, _ = w.Write([]byte(script))
}
