package web_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/provider/authorize"
	"gatehouse/storage"
	"gatehouse/web"
)

func catalogue(t *testing.T, file string) map[string]string {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	words := map[string]string{}
	if err := json.Unmarshal(raw, &words); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return words
}

func files(t *testing.T, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) == 0 {
		t.Fatalf("%s: %v, %v", pattern, found, err)
	}
	return found
}

var placeholder = regexp.MustCompile(`\{\{\.(\w+)\}\}`)

func TestCataloguesAgree(t *testing.T) {
	source := catalogue(t, "locales/en.json")
	for _, file := range files(t, "locales/*.json") {
		words := catalogue(t, file)
		if diff := cmp.Diff(slices.Sorted(maps.Keys(source)), slices.Sorted(maps.Keys(words))); diff != "" {
			t.Errorf("keys of %s (-en +it):\n%s", file, diff)
		}
		for key, text := range words {
			names := func(text string) []string {
				found := placeholder.FindAllString(text, -1)
				slices.Sort(found)
				return slices.Compact(found)
			}
			if diff := cmp.Diff(names(source[key]), names(text)); diff != "" {
				t.Errorf("placeholders of %s in %s (-en +it):\n%s", key, file, diff)
			}
			if strings.TrimSpace(text) == "" {
				t.Errorf("%s of %s is empty", key, file)
			}
		}
	}
}

var (
	keyInTemplate = regexp.MustCompile(`\.T "([a-z0-9_.]+)"`)
	keyInCode     = regexp.MustCompile(`"([a-z_]+\.[a-z0-9_.]+)"`)
	kindInCode    = regexp.MustCompile(`(?:name: |kind\.name = )"([a-z_]+)"`)
)

func TestKeysAreAllThereAndAllUsed(t *testing.T) {
	source := catalogue(t, "locales/en.json")
	screens := map[string]bool{}
	for key := range source {
		screen, _, _ := strings.Cut(key, ".")
		screens[screen] = true
	}
	used := map[string]bool{"language.name": true}
	note := func(file string, pattern *regexp.Regexp) {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range pattern.FindAllStringSubmatch(string(raw), -1) {
			if pattern == kindInCode {
				used["error."+match[1]+".heading"], used["error."+match[1]+".words"] = true, true
				if retry := "error." + match[1] + ".retry"; source[retry] != "" {
					used[retry] = true
				}
				continue
			}
			// Other texts with a dot in them are the names of no screen.
			if screen, _, _ := strings.Cut(match[1], "."); screens[screen] {
				used[match[1]] = true
			}
		}
	}
	for _, file := range files(t, "templates/*.html") {
		note(file, keyInTemplate)
	}
	for _, file := range files(t, "*.go") {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		note(file, keyInCode)
		note(file, kindInCode)
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(used)), slices.Sorted(maps.Keys(source))); diff != "" {
		t.Errorf("keys (-used +in the catalogue):\n%s", diff)
	}
}

var (
	action      = regexp.MustCompile(`(?s)\{\{.*?\}\}`)
	tag         = regexp.MustCompile(`(?s)<[^>]*>`)
	spokenValue = regexp.MustCompile(`\s(?:alt|title|placeholder|aria-label|data-hide|value)="([^"]*)"`)
	letter      = regexp.MustCompile(`\pL`)
	// forPrograms is what a button sends: nobody reads it.
	forPrograms = regexp.MustCompile(`\svalue="[a-z-]+"`)
)

func TestTemplatesHaveNoWordsOfTheirOwn(t *testing.T) {
	for _, file := range files(t, "templates/*.html") {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		markup := action.ReplaceAllString(string(raw), "")
		for _, match := range spokenValue.FindAllStringSubmatch(markup, -1) {
			if letter.MatchString(match[1]) && !forPrograms.MatchString(match[0]) {
				t.Errorf("%s: words in an attribute: %s", file, match[0])
			}
		}
		if text := tag.ReplaceAllString(markup, ""); letter.MatchString(text) {
			t.Errorf("%s: words: %s", file, strings.Join(strings.Fields(text), " "))
		}
	}
}

func TestLanguage(t *testing.T) {
	for name, test := range map[string]struct {
		query, accept string
		requested     []string
		account       string
		want          string
	}{
		"default":                 {want: "en"},
		"of the browser":          {accept: "de-AT,de;q=0.9,en;q=0.8", want: "de"},
		"first that there is":     {accept: "fi,de;q=0.5", want: "de"},
		"of the app":              {accept: "en", requested: []string{"fi-FI", "de"}, want: "de"},
		"chosen here":             {query: "&ui_locales=de", requested: []string{"en"}, want: "de"},
		"of the account":          {accept: "en", account: "de-DE", want: "de"},
		"of the app, not account": {requested: []string{"en"}, account: "de-DE", want: "en"},
		"chosen, not of account":  {query: "&ui_locales=en", account: "de-DE", want: "en"},
		"account of none":         {accept: "de", account: "!", want: "de"},
		"none that there is":      {accept: "fi", requested: []string{"is"}, want: "en"},
		"nonsense":                {query: "&ui_locales=%00", accept: ";;q=x", requested: []string{"!"}, want: "en"},
		"several in the address":  {query: "&ui_locales=fi+de+en", want: "de"},
		"tenth":                   {query: "&ui_locales=" + strings.Repeat("fi+", 9) + "de", want: "de"},
		// Whoever sends thousands only wants us busy.
		"eleventh":                {query: "&ui_locales=" + strings.Repeat("fi+", 10) + "de", want: "en"},
		"eleventh of the app":     {requested: append(slices.Repeat([]string{"fi"}, 10), "de"), want: "en"},
		"eleventh of the browser": {accept: strings.Repeat("fi,", 10) + "de", want: "en"},
		"after long ones":         {query: "&ui_locales=" + strings.Repeat("x", 2000) + "+de", want: "en"},
		"after long ones, too":    {accept: "fi;q=0.5, " + strings.Repeat("x", 2000) + ",de", want: "en"},
		"before long ones":        {accept: "de;q=0.5,fi, " + strings.Repeat("x", 2000), want: "de"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			interaction := h.wait("r1", authorize.PromptLogin)
			interaction.Request.UILocales = test.requested
			if interaction.Session = (storage.Session{}); test.account != "" {
				interaction.Browser.Sessions = []storage.Session{{ID: "session-ada", Subject: "ada"}}
				h.accounts.users[email].account.Language = test.account
			}
			h.wantPage(h.get("/login?request=r1"+test.query, "Accept-Language", test.accept), http.StatusOK, `<html lang="`+test.want+`" dir="ltr">`)
		})
	}
}

func TestLanguageChosenStays(t *testing.T) {
	h := newHouse(t)
	h.wantPage(h.get("/login?request=r1&ui_locales=de"), http.StatusOK, "Bei Shop anmelden", `href="?request=r1&amp;ui_locales=en"`)
	h.wantPage(h.get("/login?request=r1"), http.StatusOK, "Bei Shop anmelden")
	h.wantPage(h.get("/login?request=r1&ui_locales=en"), http.StatusOK, "Sign in to Shop")
	h.wantPage(h.signIn(email, "wrong"), http.StatusOK, "We could not sign you in")
}

func TestLanguageOfTheOperator(t *testing.T) {
	h := newHouse(t, func(c *web.Config) { c.DefaultLanguage = "de" })
	h.wantPage(h.get("/login?request=r1"), http.StatusOK, "Bei Shop anmelden")
	var config web.Config
	newHouse(t, func(c *web.Config) { config = *c })
	config.DefaultLanguage = "fi"
	if _, err := web.New(config); err == nil {
		t.Error("a default language without catalogue was taken")
	}
}

func TestGermanGoldens(t *testing.T) {
	h := newHouse(t)
	h.golden("login_de", h.get("/login?request=r1&ui_locales=de"))
	h.wait("r1", authorize.PromptConsent)
	h.golden("consent_de", h.get("/consent?request=r1"))
}
