package web_test

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"gatehouse/provider/event"
	"gatehouse/provider/logout"
	"gatehouse/web"
)

func folder(files map[string]string) fstest.MapFS {
	all := fstest.MapFS{}
	for name, content := range files {
		all[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return all
}

func overlaid(t *testing.T, files map[string]string) *house {
	t.Helper()
	return newHouse(t, func(c *web.Config) { c.Overlay = folder(files) })
}

func TestOverlayOfTemplates(t *testing.T) {
	h := overlaid(t, map[string]string{
		"templates/parts.html":  `{{define "app-picture"}}{{end}}{{define "icon-error"}}!{{end}}{{define "icon-language"}}{{end}}{{define "icon-yes"}}+{{end}}{{define "icon-no"}}-{{end}}{{define "app-links"}}<p id="ours">Only at {{.Project}}</p>{{end}}`,
		"templates/error.html":  `{{define "title"}}Oh{{end}}{{define "content"}}<h1>Oh: {{.Code}}</h1>{{end}}`,
		".git/config":           "not ours to read",
		"README.md":             "neither",
		"templates/.keep":       "",
		"locales/..data/x.json": "",
	})
	h.wantPage(h.get("/login?request=r1"), http.StatusOK, `<p id="ours">Only at Acme</p>`, `id="login-submit"`)
	h.wantPage(h.get("/nowhere"), http.StatusNotFound, "<h1>Oh: not_found</h1>")
}

// What shows with some data only must not take a page away.
func TestOverlayTemplateThatFailsLater(t *testing.T) {
	h := overlaid(t, map[string]string{"templates/login.html": `{{define "title"}}x{{end}}{{define "content"}}<h1>{{.Nonsense}}</h1>{{end}}`})
	h.wantPage(h.get("/login?request=r1"), http.StatusOK, "Sign in to Shop")
	if names := h.events.names(); len(names) != 1 || names[0] != event.InternalError {
		t.Errorf("events %v", names)
	}
}

func TestOverlayOfStyles(t *testing.T) {
	h := overlaid(t, map[string]string{"static/custom.css": "/* url(https://a.example) */\n.card { border-radius: 0; background: url(/brand/background) }\n"})
	if css := h.stylesheet(); !strings.HasSuffix(css, ".card { border-radius: 0; background: url(/brand/background) }\n") {
		t.Errorf("the stylesheet ends in %q", css[len(css)-80:])
	}
}

func TestOverlayOfWords(t *testing.T) {
	h := overlaid(t, map[string]string{
		"locales/en.json":  `{"login.heading": "Welcome to {{.App}}"}`,
		"locales/gsw.json": `{"language.name": "Schwyzerdütsch", "login.submit": "Iilogge"}`,
		"locales/ckb.json": `{"language.name": "کوردی", "login.submit": "چوونەژوورەوە"}`,
	})
	h.wantPage(h.get("/login?request=r1"), http.StatusOK, "Welcome to Shop", "Keep me signed in")
	// What a new language lacks is taken from English.
	h.wantPage(h.get("/login?request=r1&ui_locales=gsw-CH"), http.StatusOK, `<html lang="gsw" dir="ltr">`, "Iilogge", "Welcome to Shop", `lang="gsw" hreflang="gsw" aria-current="true">Schwyzerdütsch`)
	h.wantPage(h.get("/login?request=r1&ui_locales=ckb"), http.StatusOK, `<html lang="ckb" dir="rtl">`, "چوونەژوورەوە")
	h.wantPage(h.get("/login?request=r1&ui_locales=de"), http.StatusOK, "Bei Shop anmelden")
}

func TestOverlayRefused(t *testing.T) {
	var config web.Config
	newHouse(t, func(c *web.Config) { config = *c })
	for name, test := range map[string]struct{ file, content, words string }{
		"template that does not parse": {"templates/login.html", "{{define \"title\"}}\n{{.Foo}\n{{end}}", "templates/login.html:2"},
		"unknown function":             {"templates/login.html", "{{define \"content\"}}\n\n{{shout .Project}}{{end}}", "templates/login.html:3"},
		"text where none can be safe":  {"templates/login.html", "{{define \"title\"}}{{end}}{{define \"content\"}}\n<a href={{.Project}}'x>\n{{end}}", "templates/login.html: html/template"},
		"tag that ends in one case":    {"templates/login.html", "{{define \"title\"}}{{end}}{{define \"content\"}}\n{{if .Project}}<a href=\"{{end}}\n{{end}}", "templates/login.html:2"},
		"template of no screen":        {"templates/logni.html", "", "unknown file; did you mean templates/login.html?"},
		"key of no catalogue":          {"templates/login.html", "{{define \"content\"}}\n{{.T \"login.hedding\"}}{{end}}", "templates/login.html:2: no catalogue has the key login.hedding; did you mean login.heading?"},
		"folder":                       {"template/login.html", "", "template: unknown folder; did you mean templates?"},
		"other file":                   {"static/logo.png", "", "static/logo.png: unknown file"},
		"import":                       {"static/custom.css", "\n@import 'x.css';", "line 2: @import"},
		"other origin":                 {"static/custom.css", "a{}\n\nb{background:url( 'https://a.example/x.png')}", "line 3: url()"},
		"other origin, same scheme":    {"static/custom.css", "/*\n*/b{background:URL(//a.example/x.png)}", "line 2: url()"},
		"too many styles":              {"static/custom.css", strings.Repeat("a{}\n", 20_000), "65536 are the most"},
		"unknown key":                  {"locales/en.json", `{"login.hedding": "x"}`, "locales/en.json: login.hedding: unknown key; did you mean login.heading?"},
		"unknown placeholder":          {"locales/en.json", `{"login.heading": "{{.Ap}}"}`, "{{.Ap}} is not filled here; did you mean {{.App}}?"},
		"action":                       {"locales/en.json", `{"login.heading": "{{printf .App}}"}`, "a placeholder only"},
		"action that does not parse":   {"locales/en.json", `{"login.heading": "{{.App"}`, "login.heading:1"},
		"not text":                     {"locales/en.json", "{\n\"login.heading\": [1]}", "locales/en.json: line 2"},
		"not JSON":                     {"locales/en.json", "{\n\n\"login.heading\"", "locales/en.json: line 3"},
		"no language":                  {"locales/klingon_.json", `{}`, "its name is no language tag"},
		"language without name":        {"locales/gsw.json", `{"login.submit": "Iilogge"}`, "a new language needs language.name"},
	} {
		t.Run(name, func(t *testing.T) {
			config.Overlay = folder(map[string]string{test.file: test.content})
			if _, err := web.New(config); err == nil || !strings.Contains(err.Error(), test.words) {
				t.Errorf("error %v, want %q", err, test.words)
			}
		})
	}
}

// The example of docs/branding.md.
func TestOverlayOfTheExample(t *testing.T) {
	h := newHouse(t, func(c *web.Config) { c.Overlay = os.DirFS("../examples/overlay") })
	h.wantPage(h.get("/login?request=r1"), http.StatusOK, "Use the email address of your customer account at Acme.")
	h.wantPage(h.get("/login?request=r1&ui_locales=gsw"), http.StatusOK, "Bi Shop aamälde", "Keep me signed in")
	if !strings.Contains(h.stylesheet(), "--radius: 0") {
		t.Error("the stylesheet has no custom.css")
	}
	h.wantPage(h.page(func(w http.ResponseWriter, r *http.Request) {
		h.web.LogoutPages().LoggedOut(w, r, logout.Done{ClientName: "Shop", ReturnURL: "https://shop.example/"})
	}), http.StatusOK, `id="home"`, "Back to Shop")
}
