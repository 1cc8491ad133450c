package passwords_test

import (
	"strings"
	"testing"
	"time"

	"gatehouse/cmd/gatehouse/passwords"
)

func TestAccepts(t *testing.T) {
	for name, test := range map[string]struct {
		policy, password string
		want             bool
	}{
		"no policy":                              {"", "x", true},
		"none":                                   {"none", "", true},
		"weak, eight":                            {"weak", "12345678", true},
		"weak, seven":                            {"weak", "1234567", false},
		"weak as Directus writes it":             {"/^.{8,}$/", "1234567", false},
		"without slashes":                        {"^.{8,}$", "12345678", true},
		"anywhere in the password":               {"/[0-9]{3}/", "abc123def", true},
		"strong":                                 {"strong", "Passw0rd!", true},
		"strong, no digit":                       {"strong", "Password!", false},
		"strong, no capital":                     {"strong", "passw0rd!", false},
		"strong, no sign":                        {"strong", "Passw0rdd", false},
		"strong, a space":                        {"strong", "Passw0rd !", false},
		"digits are ASCII, as in JavaScript":     {`/^\d+$/`, "٣٣٣", false},
		"an emoji counts twice, as there":        {"weak", "😀😀😀😀", true},
		"an emoji counts twice, and no more":     {"weak", "😀😀😀", false},
		"an emoji in the pattern":                {"/😀/", "a😀b", true},
		"a dot is no line separator":             {"weak", "1234\u20285678", false},
		"a dot is no carriage return":            {"weak", "1234\r5678", false},
		"the end is the end":                     {"weak", "12345678\n", false},
		"strong, a space that does not break":    {"strong", "Passw0rd!\u00a0", false},
		"no spaces, in a class":                  {`/^[\S]+$/`, "a\u00a0b", false},
		"spaces, in a class":                     {`/^[a\s]+$/`, "a\u3000a", true},
		"a dollar sign and a dot in a class":     {`/^[$.]+$/`, "$.", true},
		"no subtraction of classes":              {`/^[a-z-[x]+$/`, "[x-a", true},
		"escapes stay":                           {`/^\$\.\\$/`, `$.\`, true},
		"no classes of Unicode":                  {`/^\p{L}+$/`, "abc", false},
		"which are letters and braces":           {`/^\p{L}+$/`, "p{L}", true},
		"no anchors of other languages":          {`/^\A\z$/`, "Az", true},
		"case matters":                           {"/^[a-z]+$/", "ABC", false},
		"a single slash is no pattern, as there": {"/", "ab", true},
		"slashes in the middle are characters":   {"a/b", "a/b", true},
		"a path between slashes keeps the inner": {"/a/b/", "a/b", true},
	} {
		t.Run(name, func(t *testing.T) {
			policy, err := passwords.Parse(test.policy)
			if err != nil {
				t.Fatal(err)
			}
			if got := policy.Accepts(test.password); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for name, test := range map[string]struct{ policy, words string }{
		"open bracket":    {"/[a/", "nor a regular expression"},
		"misspelt preset": {"/(?<weak/", "none, weak or strong"},
		"flags":           {"/^.{8,}$/i", `flags "i"`},
		"too long":        {strings.Repeat("a", 5000), "longer than"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := passwords.Parse(test.policy); err == nil || !strings.Contains(err.Error(), test.words) {
				t.Errorf("got %v, want %q", err, test.words)
			}
		})
	}
}

// A pattern that backtracks for ages refuses, and comes back.
func TestAcceptsGivesUp(t *testing.T) {
	if passwords.Limit != 50*time.Millisecond {
		t.Errorf("a match may take %s", passwords.Limit)
	}
	policy, err := passwords.Parse(`/^(a+)+$/`)
	if err != nil {
		t.Fatal(err)
	}
	if policy.Accepts(strings.Repeat("a", 60) + "!") {
		t.Error("what could not be decided was taken")
	}
}

func TestName(t *testing.T) {
	for policy, want := range map[string]string{
		"": "none", "none": "none", "/^.{8,}$/": "weak", "weak": "weak", "/^.{12,}$/": "/^.{12,}$/",
		`/(?=^.{8,}$)(?=.*\d)(?=.*[a-z])(?=.*[A-Z])(?=.*[!@#$%^&*()_+}{';'?>.<,])(?!.*\s).*$/`: "strong",
	} {
		if got := passwords.Name(policy); got != want {
			t.Errorf("%q: got %q, want %q", policy, got, want)
		}
	}
	if !passwords.Same("weak", "/^.{8,}$/") || passwords.Same("weak", "strong") {
		t.Error("policies are not compared by what they mean")
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"weak", "/^.{8,}$/", "/[a/", "(?=x)", "/😀/", `/(?<a>.)\k<a>/`} {
		f.Add(seed, "Passw0rd!")
	}
	f.Fuzz(func(_ *testing.T, text, password string) {
		if policy, err := passwords.Parse(text); err == nil {
			policy.Accepts(password)
		}
	})
}
