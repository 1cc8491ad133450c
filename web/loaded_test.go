package web

import (
	"testing"

	"gatehouse/provider/session"
)

// What is read when it is first shown must be in order before.
func TestEverythingThatIsReadLateCanBeRead(t *testing.T) {
	t.Parallel()
	catalogues, err := newCatalogues("", session.Cookies{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range catalogues.tags {
		if name, err := catalogues.words(tag).T("language.name"); err != nil || name != catalogues.names[tag] {
			t.Errorf("%s calls itself %q, %v; want %q", tag, name, err, catalogues.names[tag])
		}
	}
	templates, err := parseTemplates(nil, catalogues.source)
	if err != nil {
		t.Fatal(err)
	}
	for name, parsed := range templates.shown {
		screen, err := parsed()
		if err == nil {
			err = checkEscaping(screen)
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
