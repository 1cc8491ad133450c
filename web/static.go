package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"path"
	"strings"
)

//go:embed static
var staticFiles embed.FS

// asset is a file that pages refer to by a name that changes with its content.
type asset struct {
	name        string
	contentType string
	body        []byte
}

// assets are served as they are, for ever.
type assets struct {
	byName              map[string]asset
	style, script, icon string
	submit              string
}

// newAssets reads the embedded files and generates the stylesheet of the theme.
// prefix is the path of the issuer.
func newAssets(prefix string, theme Theme) (*assets, error) {
	text := map[string]string{}
	for _, name := range []string{"light.css", "dark.css", "gatehouse.css", "gatehouse.js", "submit.js", "icon.svg"} {
		content, err := staticFiles.ReadFile("static/" + name)
		if err != nil {
			return nil, err
		}
		text[name] = string(content)
	}
	style, err := theme.stylesheet(text["light.css"], text["dark.css"], text["gatehouse.css"])
	if err != nil {
		return nil, fmt.Errorf("theme: %w", err)
	}
	a := &assets{byName: map[string]asset{}}
	add := func(name, contentType, body string) string {
		sum := sha256.Sum256([]byte(body))
		extension := path.Ext(name)
		hashed := strings.TrimSuffix(name, extension) + "." + hex.EncodeToString(sum[:6]) + extension
		a.byName[hashed] = asset{name: hashed, contentType: contentType, body: []byte(body)}
		return prefix + "/static/" + hashed
	}
	a.style = add("gatehouse.css", "text/css; charset=utf-8", style)
	a.script = add("gatehouse.js", "text/javascript; charset=utf-8", text["gatehouse.js"])
	a.submit = add("submit.js", "text/javascript; charset=utf-8", text["submit.js"])
	a.icon = add("icon.svg", "image/svg+xml", text["icon.svg"])
	return a, nil
}

func (a *assets) serve(w http.ResponseWriter, r *http.Request) {
	file, ok := a.byName[path.Base(r.URL.Path)]
	header := w.Header()
	header.Set("X-Content-Type-Options", "nosniff")
	if !ok {
		header.Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusNotFound)
		return
	}
	header.Set("Content-Type", file.contentType)
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	_, _ = w.Write(file.body)
}
