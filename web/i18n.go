package web

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"gatehouse/provider/session"
)

const (
	// localesParameter is the name that OpenID Connect Core 1.0, section
	// 3.1.2.1, gives to languages in an address; our language links use it too.
	localesParameter = "ui_locales"
	languageCookie   = "lang"
	languageLifetime = 365 * 24 * time.Hour
	// Anybody can send lists of languages, and each tag costs a search: no
	// more of a list is looked at.
	mostLanguages    = 10
	longestLanguages = 1000
)

// catalogues are the words of all screens, by language.
type catalogues struct {
	cookies session.Cookies
	// loaded reads the words of a language, once.
	loaded map[language.Tag]func() (*i18n.Localizer, error)
	// fallback is used where nothing better is known. settled says that the
	// operator named it, so that the project is not asked.
	fallback language.Tag
	settled  bool
	// tags are the languages there are, in the order they are offered.
	tags    []language.Tag
	names   map[language.Tag]string
	matcher language.Matcher
	// source is the English catalogue.
	source map[string]string
}

// reader is what is known of the languages of whoever reads a page.
type reader struct {
	// requested are the languages that the app asked for (OpenID Connect Core
	// 1.0, section 3.1.2.1, ui_locales).
	requested []string
	// account is the language that the signed-in user has in Directus, or
	// empty.
	account string
}

// choose picks the language of a page: what the person chose here, what the app
// asked for, what the signed-in user chose in Directus, what the browser
// prefers, the default of the operator or else of the project.
func (c *catalogues) choose(r *http.Request, reader reader, project string) language.Tag {
	wanted := firstLanguages(r.URL.Query().Get(localesParameter), " ")
	wanted = append(wanted, c.cookies.Read(r, languageCookie))
	wanted = append(wanted, reader.requested[:min(len(reader.requested), mostLanguages)]...)
	wanted = append(wanted, reader.account)
	for _, name := range wanted {
		if tag, ok := c.match(name); ok {
			return tag
		}
	}
	accepted, _, err := language.ParseAcceptLanguage(strings.Join(firstLanguages(r.Header.Get("Accept-Language"), ","), ","))
	if err != nil {
		accepted = nil
	}
	for _, tag := range accepted {
		if tag, ok := c.closest(tag); ok {
			return tag
		}
	}
	if tag, ok := c.match(project); ok && !c.settled {
		return tag
	}
	return c.fallback
}

// firstLanguages is what is looked at of a list. An entry that the bound cuts
// through is left out.
func firstLanguages(list, separator string) []string {
	if len(list) > longestLanguages {
		list = list[:longestLanguages]
		list = list[:max(0, strings.LastIndex(list, separator))]
	}
	entries := strings.SplitN(list, separator, mostLanguages+1)
	return entries[:min(len(entries), mostLanguages)]
}

// keep remembers the language that a person chose by a link of ours.
func (c *catalogues) keep(w http.ResponseWriter, r *http.Request) {
	if tag, ok := c.match(r.URL.Query().Get(localesParameter)); ok {
		c.cookies.Set(w, languageCookie, tag.String(), languageLifetime)
	}
}

func (c *catalogues) match(name string) (language.Tag, bool) {
	if name == "" || len(name) > 35 { // RFC 5646, section 4.4.1
		return language.Und, false
	}
	tag, err := language.Parse(name)
	if err != nil {
		return language.Und, false
	}
	return c.closest(tag)
}

func (c *catalogues) closest(wanted language.Tag) (language.Tag, bool) {
	_, i, confidence := c.matcher.Match(wanted)
	return c.tags[i], confidence > language.No
}

// words are one language's catalogue.
type words struct {
	tag        language.Tag
	catalogues *catalogues
}

func (c *catalogues) words(tag language.Tag) words { return words{tag: tag, catalogues: c} }

// T returns the words of a key; pairs name and fill its placeholders. A key
// that this language lacks is taken from English; one that English lacks is an
// error of ours.
func (w words) T(key string, pairs ...any) (string, error) {
	if len(pairs)%2 != 0 {
		return "", fmt.Errorf("words of %q: a placeholder without value", key)
	}
	data := map[string]any{}
	for pair := range slices.Chunk(pairs, 2) {
		name, ok := pair[0].(string)
		if !ok {
			return "", fmt.Errorf("words of %q: a placeholder is named by a string", key)
		}
		data[name] = w.isolate(pair[1])
	}
	config := i18n.LocalizeConfig{MessageID: key, TemplateData: data}
	text, err := w.catalogues.localize(w.tag, config)
	var missing *i18n.MessageNotFoundErr
	if errors.As(err, &missing) && w.tag != language.English {
		text, err = w.catalogues.localize(language.English, config)
	}
	if err != nil {
		return "", fmt.Errorf("words of %q: %w", key, err)
	}
	return text, nil
}

func (c *catalogues) localize(tag language.Tag, config i18n.LocalizeConfig) (string, error) {
	localizer, err := c.loaded[tag]()
	if err != nil {
		return "", err
	}
	return localizer.Localize(&config)
}

// isolate keeps what fills a placeholder from turning the sentence around it
// round, where writing runs from the right: an address or the name of an app
// may be written from the left (Unicode Standard Annex 9, FSI and PDI).
func (w words) isolate(value any) any {
	if text, ok := value.(string); ok && text != "" && w.direction() == "rtl" {
		return "\u2068" + text + "\u2069"
	}
	return value
}

// direction is the HTML attribute dir of the language.
func (w words) direction() string {
	script, _ := w.tag.Script()
	switch script.String() {
	case "Arab", "Hebr", "Thaa", "Syrc", "Nkoo", "Adlm", "Rohg":
		return "rtl"
	}
	return "ltr"
}
