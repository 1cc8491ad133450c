package addresses_test

import (
	"strings"
	"testing"

	"gatehouse/cmd/gatehouse/addresses"
)

func TestAccepts(t *testing.T) {
	and := func(filters ...string) string { return `{"_and":[` + strings.Join(filters, ",") + `]}` }
	or := func(filters ...string) string { return `{"_or":[` + strings.Join(filters, ",") + `]}` }
	email := func(operator, operand string) string { return `{"email":{"` + operator + `":` + operand + `}}` }
	for name, test := range map[string]struct {
		filter, address string
		want            bool
	}{
		"no filter":               {"", "ada@example.com", true},
		"none":                    {"none", "ada@example.com", true},
		"null":                    {"null", "ada@example.com", true},
		"one domain":              {and(email("_ends_with", `"@example.com"`)), "ada@example.com", true},
		"another domain":          {and(email("_ends_with", `"@example.com"`)), "ada@example.org", false},
		"size matters":            {email("_ends_with", `"@example.com"`), "ada@EXAMPLE.com", false},
		"size does not matter":    {email("_iends_with", `"@example.com"`), "ada@EXAMPLE.com", true},
		"not ending":              {email("_nends_with", `"@example.com"`), "ada@example.com", false},
		"equal":                   {email("_eq", `"ada@example.com"`), "ada@example.com", true},
		"not equal":               {email("_neq", `"ada@example.com"`), "ada@example.com", false},
		"in":                      {email("_in", `["a@example.com","b@example.com"]`), "b@example.com", true},
		"not in":                  {email("_nin", `["a@example.com","b@example.com"]`), "b@example.com", false},
		"either":                  {or(email("_ends_with", `".org"`), email("_ends_with", `".com"`)), "ada@example.com", true},
		"neither":                 {or(email("_ends_with", `".org"`), email("_ends_with", `".net"`)), "ada@example.com", false},
		"both":                    {and(email("_contains", `"+"`), email("_ends_with", `".com"`)), "ada@example.com", false},
		"within":                  {and(or(email("_starts_with", `"a"`), email("_starts_with", `"b"`)), email("_ncontains", `"+"`)), "ada@example.com", true},
		"a pattern":               {email("_regex", `"/^[a-z]+@example\\.(com|org)$/"`), "ada@example.org", true},
		"a pattern, refused":      {email("_regex", `"^[a-z]+@example\\.(com|org)$"`), "ada1@example.org", false},
		"empty":                   {email("_empty", "true"), "ada@example.com", false},
		"not empty":               {email("_nempty", "true"), "ada@example.com", true},
		"an empty list of either": {or(), "ada@example.com", true},
		"an empty list of both":   {and(), "ada@example.com", true},
		"letters beyond ASCII":    {email("_iends_with", `"@example.com"`), "ada@exämple.com", true},
	} {
		t.Run(name, func(t *testing.T) {
			filter, err := addresses.Parse(test.filter)
			if err != nil || filter.Left() != "" {
				t.Fatalf("error %v, left to Directus: %q", err, filter.Left())
			}
			if got := filter.Accepts(test.address); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}

// What is not known for certain is not guessed: Directus decides, and nobody is
// refused here.
func TestLeftToDirectus(t *testing.T) {
	for name, filter := range map[string]string{
		"an operator":             `{"email":{"_sounds_like":"ada"}}`,
		"an operator in a list":   `{"_and":[{"email":{"_eq":"no@example.com"}},{"email":{"_sounds_like":"ada"}}]}`,
		"another field":           `{"first_name":{"_eq":"Ada"}}`,
		"two fields at once":      `{"email":{"_eq":"no@example.com"},"first_name":{"_eq":"Ada"}}`,
		"two operators at once":   `{"email":{"_eq":"no@example.com","_contains":"x"}}`,
		"nothing at all":          `{}`,
		"no list":                 `{"_and":{"email":{"_eq":"no@example.com"}}}`,
		"an empty list of values": `{"email":{"_in":[]}}`,
		"a text for a list":       `{"email":{"_in":"no@example.com"}}`,
		"a number":                `{"email":{"_eq":7}}`,
		"letters beyond ASCII":    `{"email":{"_ends_with":"@exämple.com"}}`,
		"a pattern that is none":  `{"email":{"_regex":"/[a/"}}`,
		"a pattern with flags":    `{"email":{"_regex":"/^no/i"}}`,
		"too deep":                strings.Repeat(`{"_and":[`, 17) + `{"email":{"_eq":"no@example.com"}}` + strings.Repeat(`]}`, 17),
	} {
		t.Run(name, func(t *testing.T) {
			read, err := addresses.Parse(filter)
			if err != nil {
				t.Fatal(err)
			}
			if read.Left() == "" || !read.Accepts("ada@example.com") {
				t.Errorf("left %q, accepts %t", read.Left(), read.Accepts("ada@example.com"))
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for name, test := range map[string]struct{ filter, words string }{
		"no JSON":   {"@example.com", "nor a JSON object"},
		"no object": {`["@example.com"]`, "nor a JSON object"},
		"too long":  {`{"email":{"_eq":"` + strings.Repeat("a", 20_000) + `"}}`, "longer than"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := addresses.Parse(test.filter); err == nil || !strings.Contains(err.Error(), test.words) {
				t.Errorf("got %v, want %q", err, test.words)
			}
		})
	}
}

// A pattern that backtracks for ages refuses, and says before that it may.
func TestSlowPatternGivesUp(t *testing.T) {
	filter, err := addresses.Parse(`{"email":{"_regex":"^(a+)+@$"}}`)
	if err != nil || !filter.Slow() {
		t.Fatalf("error %v, slow %t", err, filter.Slow())
	}
	if filter.Accepts(strings.Repeat("a", 60) + "!") {
		t.Error("what could not be decided was taken")
	}
	if quick, _ := addresses.Parse(`{"email":{"_eq":"a"}}`); quick.Slow() {
		t.Error("a comparison is called slow")
	}
}

func TestSame(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{"", "none", true},
		{"null", "", true},
		{`{"email": {"_eq": "a"}}`, `{"email":{"_eq":"a"}}`, true},
		{`{"email":{"_eq":"a"}}`, `{"email":{"_eq":"b"}}`, false},
		{`{"email":{"_eq":"a"}}`, "none", false},
	} {
		if got := addresses.Same(test.a, test.b); got != test.want {
			t.Errorf("%s and %s: got %t", test.a, test.b, got)
		}
	}
	if got := addresses.Name(`{"email": {"_eq": "a"}}`); got != `{"email":{"_eq":"a"}}` {
		t.Errorf("got %s", got)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"none", `{"_and":[{"email":{"_ends_with":"@example.com"}}]}`, `{"_or":[{"_and":[]}]}`, `{"email":{"_regex":"/^a/"}}`, `{"email":null}`} {
		f.Add(seed, "ada@example.com")
	}
	f.Fuzz(func(_ *testing.T, text, address string) {
		if filter, err := addresses.Parse(text); err == nil {
			filter.Accepts(address)
		}
	})
}
