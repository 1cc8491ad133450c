package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
)

//go:embed static
var staticFiles embed.FS

const (
	cssType = "text/css; charset=utf-8"
	jsType  = "text/javascript; charset=utf-8"
	// olderStyles is how many stylesheets are kept that pages referred to
	// before the project changed its look: they may still be loading.
	olderStyles = 8
)

// asset is a file that pages refer to by a name that changes with its content.
type asset struct {
	name        string
	contentType string
	body        []byte
}

// assets are served as they are, for ever. It is safe for concurrent use.
type assets struct {
	prefix               string
	byName               map[string]asset
	script, icon, submit string
	leave                string
	rules                rules

	mu sync.Mutex
	// styles are the stylesheets of late, the present one last.
	styles []asset
}

// newAssets reads the embedded files. prefix is the path of the issuer.
func newAssets(prefix, custom string) (*assets, error) {
	a := &assets{prefix: prefix, byName: map[string]asset{}, rules: rules{custom: custom}}
	for name, into := range map[string]*string{
		"light.css": &a.rules.light, "dark.css": &a.rules.dark, "gatehouse.css": &a.rules.base, "background.css": &a.rules.background,
		"gatehouse.js": &a.script, "submit.js": &a.submit, "leave.js": &a.leave, "icon.svg": &a.icon,
	} {
		content, err := staticFiles.ReadFile("static/" + name)
		if err != nil {
			return nil, err
		}
		*into = string(content)
	}
	a.script = a.add("gatehouse.js", jsType, a.script)
	a.submit = a.add("submit.js", jsType, a.submit)
	a.leave = a.add("leave.js", jsType, a.leave)
	a.icon = a.add("icon.svg", "image/svg+xml", a.icon)
	return a, nil
}

// add keeps a file and returns its path.
func (a *assets) add(name, contentType, body string) string {
	file := newAsset(name, contentType, body)
	a.byName[file.name] = file
	return a.path(file)
}

func (a *assets) path(file asset) string { return a.prefix + "/static/" + file.name }

func newAsset(name, contentType, body string) asset {
	extension := path.Ext(name)
	hashed := strings.TrimSuffix(name, extension) + "." + short(body) + extension
	return asset{name: hashed, contentType: contentType, body: []byte(body)}
}

// short is a name for content.
func short(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:6])
}

// restyle generates a stylesheet, which is the present one from now on, and
// returns its path.
func (a *assets) restyle(s style) (string, error) {
	sheet, err := s.sheet(a.rules)
	if err != nil {
		return "", err
	}
	file := newAsset("gatehouse.css", cssType, sheet)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.styles = slices.DeleteFunc(a.styles, func(old asset) bool { return old.name == file.name })
	a.styles = append(a.styles[max(0, len(a.styles)-olderStyles):], file)
	return a.path(file), nil
}

// find returns the file of a name, and whether it is the one that was meant.
// Another node may have heard of a new look before this one, or run another
// release: a page of its own gets the present stylesheet rather than none.
func (a *assets) find(name string) (file asset, exact, ok bool) {
	if file, ok = a.byName[name]; ok {
		return file, true, true
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, file := range a.styles {
		if file.name == name {
			return file, true, true
		}
	}
	if len(a.styles) > 0 && strings.HasPrefix(name, "gatehouse.") && path.Ext(name) == ".css" {
		return a.styles[len(a.styles)-1], false, true
	}
	return asset{}, false, false
}

func (a *assets) serve(w http.ResponseWriter, r *http.Request) {
	file, exact, ok := a.find(path.Base(r.URL.Path))
	header := w.Header()
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-store")
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if exact {
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	header.Set("Content-Type", file.contentType)
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	_, _ = w.Write(file.body)
}
