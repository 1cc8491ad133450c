package discovery_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/language"

	"gatehouse/provider/discovery"
)

// reviewed reads docs/discovery.md: the members of the document, with when they
// are there, and those that it has not.
func reviewed(t *testing.T) (said map[string]string, unsaid []string) {
	t.Helper()
	text, err := os.ReadFile("../../docs/discovery.md")
	if err != nil {
		t.Fatal(err)
	}
	says, saysNot, found := strings.Cut(string(text), "## What it does not say")
	if !found {
		t.Fatal("the page has no second table")
	}
	said = map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| [^|]+ \\| ([^|]+) \\| [^|]+ \\|$").FindAllStringSubmatch(says, -1) {
		if said[row[1]] != "" {
			t.Errorf("%s is there twice", row[1])
		}
		said[row[1]] = row[2]
	}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| [^|]+ \\| [^|]+ \\|$").FindAllStringSubmatch(saysNot, -1) {
		unsaid = append(unsaid, row[1])
	}
	return said, unsaid
}

// members are those of the document that a configuration comes to.
func members(t *testing.T, config discovery.Config) []string {
	t.Helper()
	document, err := discovery.New(config)
	if err != nil {
		t.Fatal(err)
	}
	recorder := httptest.NewRecorder()
	document.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	var all map[string]any
	if err := json.Unmarshal(recorder.Body.Bytes(), &all); err != nil {
		t.Fatal(err)
	}
	var names []string
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// fill gives every field a value, those that are yet to come included: what they
// add to the document must be reviewed.
func fill(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.String:
		v.SetString("https://id.example/x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(t, v.Index(0))
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[language.Tag]() {
			v.Set(reflect.ValueOf(language.English))
			return
		}
		for _, field := range v.Fields() {
			fill(t, field)
		}
	default:
		t.Fatalf("a field of kind %s: say here how to fill it", v.Kind())
	}
}

func TestEveryMemberIsReviewed(t *testing.T) {
	said, unsaid := reviewed(t)
	var full discovery.Config
	fill(t, reflect.ValueOf(&full).Elem())
	published := members(t, full)
	for _, name := range published {
		if said[name] == "" {
			t.Errorf("%s is not reviewed: add it to docs/discovery.md with why it is true", name)
		}
		if slices.Contains(unsaid, name) {
			t.Errorf("%s is said not to be there", name)
		}
	}
	for name := range said {
		if !slices.Contains(published, name) {
			t.Errorf("%s is reviewed and not there", name)
		}
	}
	if len(unsaid) < 10 {
		t.Errorf("%d members are left out for a reason", len(unsaid))
	}
}
