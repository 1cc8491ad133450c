package web_test

import (
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/provider/authorize"
	"gatehouse/storage"
)

// supported are the languages that there is a catalogue of, with the ways in
// which browsers, apps and Directus write them.
func supported() map[string][]string {
	return map[string][]string{
		"ar":      {"ar-SA", "ar-EG"},
		"de":      {"de-DE", "de-AT", "de-CH"},
		"en":      {"en-US", "en-GB"},
		"es":      {"es-ES", "es-419", "es-CL"},
		"fr":      {"fr-FR", "fr-CA"},
		"he":      {"he-IL", "iw", "iw-IL"},
		"it":      {"it-IT"},
		"ja":      {"ja-JP"},
		"ko":      {"ko-KR"},
		"nl":      {"nl-NL", "nl-BE"},
		"pl":      {"pl-PL"},
		"pt-BR":   {"pt", "pt-PT", "pt-br"},
		"tr":      {"tr-TR"},
		"uk":      {"uk-UA"},
		"zh-Hans": {"zh", "zh-CN", "zh-SG", "zh-Hans-CN", "zh-cn"},
	}
}

// everyLanguage is a house that speaks all of them, and calls each by its tag.
func everyLanguage(t *testing.T) *house {
	t.Helper()
	files := map[string]string{}
	for tag := range supported() {
		files["locales/"+tag+".json"] = fmt.Sprintf(`{"language.name": "name of %s"}`, tag)
	}
	return overlaid(t, files)
}

func TestLanguagesAreThoseThatWereAskedFor(t *testing.T) {
	var there []string
	for _, file := range files(t, "locales/*.json") {
		there = append(there, strings.TrimSuffix(filepath.Base(file), ".json"))
	}
	slices.Sort(there)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(supported())), there); diff != "" {
		t.Errorf("languages (-asked for +there):\n%s", diff)
	}
}

func TestLanguagesAreFoundByEveryName(t *testing.T) {
	h := everyLanguage(t)
	for tag, names := range supported() {
		dir := "ltr"
		if tag == "ar" || tag == "he" {
			dir = "rtl"
		}
		want := fmt.Sprintf(`<html lang="%s" dir="%s">`, tag, dir)
		for _, name := range append(names, tag) {
			h.wait("r1", authorize.PromptLogin).Session = storage.Session{}
			h.wantPage(h.get("/login?request=r1", "Accept-Language", name+",en;q=0.1"), http.StatusOK, want)
			interaction := h.wait("r2", authorize.PromptLogin)
			interaction.Request.UILocales = []string{name}
			h.wantPage(h.get("/login?request=r2"), http.StatusOK, want)
			interaction = h.wait("r3", authorize.PromptLogin)
			interaction.Session = storage.Session{Subject: "ada"}
			h.accounts.users[email].account.Language = name
			h.wantPage(h.get("/login?request=r3"), http.StatusOK, want)
		}
	}
}

// A name of another script inside a sentence must not turn the sentence round.
func TestNamesAreIsolatedWhereWritingRunsFromTheRight(t *testing.T) {
	h := everyLanguage(t)
	h.wait("r1", authorize.PromptLogin).Client.Name = "Shop!"
	h.wantPage(h.get("/login?request=r1&ui_locales=ar"), http.StatusOK, "<h1>تسجيل الدخول إلى \u2068Shop!\u2069</h1>")
	h.wantPage(h.get("/login?request=r1&ui_locales=en"), http.StatusOK, "<h1>Sign in to Shop!</h1>")
}

func TestLanguageMenu(t *testing.T) {
	h := everyLanguage(t)
	page := h.get("/login?request=r1&ui_locales=fr")
	h.wantPage(page, http.StatusOK, `<nav aria-label="Langue">`, `<summary id="language-menu">`, `href="?request=r1&amp;ui_locales=pt-BR" lang="pt-BR" hreflang="pt-BR">name of pt-BR</a>`,
		`lang="fr" hreflang="fr" aria-current="true">name of fr</a>`)
	if got := strings.Count(page.body, `hreflang="`); got != len(supported()) {
		t.Errorf("%d languages are offered", got)
	}
	// A page that cannot be called again offers none.
	if strings.Contains(h.get("/nowhere").body, `id="language-menu"`) {
		t.Error("the error page offers languages")
	}
}
