package passwords

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf16"

	"github.com/dlclark/regexp2"
)

// Names of the policies that Directus Studio offers, and of none.
const (
	None   = "none"
	Weak   = "weak"
	Strong = "strong"
)

// Limit bounds one match. A pattern that backtracks without end would let
// anybody who can type a password keep a processor busy.
const Limit = 50 * time.Millisecond

// precisely makes the library look at the clock often enough for Limit: by itself
// it does every 100 milliseconds, and lets a match take that much longer.
var precisely = sync.OnceFunc(func() { regexp2.SetTimeoutCheckPeriod(Limit / 5) })

// maxLength is that of a pattern, in bytes.
const maxLength = 4096

// presets are the policies as the Studio writes them.
func presets() map[string]string {
	return map[string]string{
		Weak:   `/^.{8,}$/`,
		Strong: `/(?=^.{8,}$)(?=.*\d)(?=.*[a-z])(?=.*[A-Z])(?=.*[!@#$%^&*()_+}{';'?>.<,])(?!.*\s).*$/`,
	}
}

// Policy is a pattern that passwords have to match. The zero value takes any.
// It is safe for concurrent use.
type Policy struct {
	pattern *regexp2.Regexp
}

// Parse reads a policy: none, weak, strong, or the value of auth_password_policy
// of Directus. Its error says how to mend it.
func Parse(text string) (Policy, error) {
	if preset, ok := presets()[text]; ok {
		text = preset
	}
	if text == "" || text == None {
		return Policy{}, nil
	}
	return Compile(text)
}

// Compile reads a pattern as Directus keeps it, also the operand of _regex in a
// filter. Its error says how to mend it.
func Compile(text string) (Policy, error) {
	if len(text) > maxLength {
		return Policy{}, fmt.Errorf("is longer than %d characters; shorten it, here and in Directus", maxLength)
	}
	if flags := flagsOf(text); flags != "" {
		return Policy{}, fmt.Errorf("ends in the flags %q, which Directus takes for a part of the pattern; write it without, here and in Directus", flags)
	}
	// As Directus does; a single slash it takes for both, and keeps nothing.
	if inner, wrapped := strings.CutPrefix(text, "/"); wrapped && strings.HasSuffix(text, "/") {
		text = strings.TrimSuffix(inner, "/")
	}
	precisely()
	pattern, err := regexp2.Compile(translate(text), regexp2.ECMAScript)
	if err != nil {
		return Policy{}, errors.New("is neither none, weak or strong nor a regular expression; copy auth_password_policy from Directus")
	}
	pattern.MatchTimeout = Limit
	return Policy{pattern: pattern}, nil
}

// Accepts says whether Directus would take the password. What cannot be decided
// in time is refused.
func (p Policy) Accepts(password string) bool {
	if p.pattern == nil {
		return true
	}
	// JavaScript counts UTF-16 units: an emoji is two characters.
	encoded := utf16.Encode([]rune(password))
	characters := make([]rune, len(encoded))
	for i, unit := range encoded {
		characters[i] = rune(unit)
	}
	matches, err := p.pattern.MatchRunes(characters)
	return err == nil && matches
}

// Name is how a policy of Directus is best written in the configuration: by its
// name, or else as it is.
func Name(policy string) string {
	for name, preset := range presets() {
		if policy == preset {
			return name
		}
	}
	if policy == "" {
		return None
	}
	return policy
}

// Same says whether two policies are the same, however they are written.
func Same(a, b string) bool { return Name(a) == Name(b) }

// flagsOf returns the flags behind a pattern between slashes.
func flagsOf(text string) string {
	end := strings.LastIndexByte(text, '/')
	if !strings.HasPrefix(text, "/") || end < 1 {
		return ""
	}
	flags := text[end+1:]
	if strings.Trim(flags, "dgimsuvy") != "" {
		return ""
	}
	return flags
}
