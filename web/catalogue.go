package web

import (
	"cmp"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
	"text/template"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"gatehouse/provider/session"
)

//go:embed locales/*.json
var localeFiles embed.FS

// catalogue is one file of words: <tag>.json, the tag as BCP 47 writes it
// (pt-BR, zh-Hans).
type catalogue struct {
	file  string
	tag   language.Tag
	words map[string]string
}

// readCatalogues reads the files of a folder. What is wrong names the file.
func readCatalogues(files fs.FS) ([]catalogue, error) {
	names, err := fs.Glob(files, "locales/*.json")
	if err != nil {
		return nil, err
	}
	var all []catalogue
	for _, name := range names {
		c, err := readCatalogue(files, name)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

func readCatalogue(files fs.FS, name string) (c catalogue, err error) {
	c.file = name
	if c.tag, err = language.Parse(strings.TrimSuffix(path.Base(name), ".json")); err != nil {
		return c, fmt.Errorf("%s: its name is no language tag (BCP 47): %w", name, err)
	}
	raw, err := fs.ReadFile(files, name)
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal(raw, &c.words); err != nil {
		return c, fmt.Errorf("%s: line %d: %w", name, lineOf(raw, err), err)
	}
	return c, nil
}

// readNames is readCatalogues for the names of languages alone, which is much
// quicker.
func readNames(files fs.FS) ([]catalogue, error) {
	names, err := fs.Glob(files, "locales/*.json")
	if err != nil {
		return nil, err
	}
	all := make([]catalogue, len(names))
	for i, name := range names {
		var own struct {
			Name string `json:"language.name"`
		}
		raw, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(raw, &own); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		tag, err := language.Parse(strings.TrimSuffix(path.Base(name), ".json"))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all[i] = catalogue{file: name, tag: tag, words: map[string]string{"language.name": own.Name}}
	}
	return all, nil
}

// lineOf is where JSON went wrong.
func lineOf(raw []byte, err error) int {
	offset := int64(0)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		offset = syntax.Offset
	} else if kind, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		offset = kind.Offset
	}
	return 1 + strings.Count(string(raw[:min(int(offset), len(raw))]), "\n")
}

var placeholders = regexp.MustCompile(`\{\{\.\w+\}\}`)

// check holds an operator's catalogue to ours: a key that no page asks for, or a
// placeholder that no page fills, is a mistake.
func (c catalogue) check(source map[string]string) error {
	for _, key := range slices.Sorted(maps.Keys(c.words)) {
		text := c.words[key]
		ours, ok := source[key]
		if !ok {
			return fmt.Errorf("%s: %s: unknown key%s", c.file, key, didYouMean(key, slices.Sorted(maps.Keys(source))))
		}
		if _, err := template.New(key).Parse(text); err != nil {
			return fmt.Errorf("%s: %w", c.file, err)
		}
		known := placeholders.FindAllString(ours, -1)
		for _, name := range placeholders.FindAllString(text, -1) {
			if !slices.Contains(known, name) {
				return fmt.Errorf("%s: %s: %s is not filled here%s", c.file, key, name, didYouMean(name, known))
			}
		}
		if strings.Contains(placeholders.ReplaceAllString(text, ""), "{{") {
			return fmt.Errorf("%s: %s: between {{ and }} may stand a placeholder only, such as {{.App}}", c.file, key)
		}
	}
	return nil
}

// newCatalogues reads the embedded catalogues, and lays those of the operator
// over them. English is the source: it has every key. Of the other languages no
// more than their names is kept until somebody reads them: all of them together
// are a tenth of the memory of an idle process.
func newCatalogues(fallback string, cookies session.Cookies, overlay []catalogue) (*catalogues, error) {
	c := &catalogues{
		cookies: cookies, fallback: language.English, names: map[language.Tag]string{}, loaded: map[language.Tag]func() (*i18n.Localizer, error){},
	}
	english, err := readCatalogue(localeFiles, "locales/en.json")
	if err != nil {
		return nil, fmt.Errorf("catalogue %w", err)
	}
	own, err := readNames(localeFiles)
	if err != nil {
		return nil, fmt.Errorf("catalogue %w", err)
	}
	for _, over := range overlay {
		if err := over.check(english.words); err != nil {
			return nil, fmt.Errorf("overlay: %w", err)
		}
	}
	c.source = english.words
	for _, words := range append(own, overlay...) {
		if err := c.name(words); err != nil {
			return nil, err
		}
	}
	for _, tag := range c.tags {
		c.loaded[tag] = sync.OnceValues(func() (*i18n.Localizer, error) { return load(tag, overlay) })
	}
	// In the order of their own names: ours are not the reader's.
	slices.SortFunc(c.tags, func(a, b language.Tag) int { return cmp.Compare(c.names[a], c.names[b]) })
	c.matcher = language.NewMatcher(c.tags)
	if fallback == "" {
		return c, nil
	}
	var ok bool
	if c.fallback, ok = c.match(fallback); !ok {
		return nil, fmt.Errorf("default language %q has no catalogue", fallback)
	}
	c.settled = true
	return c, nil
}

// name notes a language and what it calls itself.
func (c *catalogues) name(words catalogue) error {
	name := words.words["language.name"]
	if name == "" {
		if c.names[words.tag] == "" {
			return fmt.Errorf("%s: a new language needs language.name: what it calls itself", words.file)
		}
		return nil
	}
	if c.names[words.tag] == "" {
		c.tags = append(c.tags, words.tag)
	}
	c.names[words.tag] = name
	return nil
}

// load reads the words of one language.
func load(tag language.Tag, overlay []catalogue) (*i18n.Localizer, error) {
	own, err := readCatalogue(localeFiles, "locales/"+tag.String()+".json")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("catalogue %w", err)
	}
	bundle := i18n.NewBundle(tag)
	for _, c := range append([]catalogue{own}, overlay...) {
		if c.tag != tag {
			continue
		}
		for key, text := range c.words {
			if err := bundle.AddMessages(tag, &i18n.Message{ID: key, Other: text}); err != nil {
				return nil, fmt.Errorf("%s: %w", c.file, err)
			}
		}
	}
	return i18n.NewLocalizer(bundle, tag.String()), nil
}
