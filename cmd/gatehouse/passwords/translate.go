package passwords

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
)

// What JavaScript means by \s and \S (ECMA-262, 22.2.2.9) and by a dot, as
// members of a class. The library knows ASCII alone, and its $ stops before a
// last line feed: a password with such a character would be taken here and
// refused by Directus.
const (
	spaces    = `\t-\r\u0020\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff`
	notSpaces = `\u0000-\u0008\u000e-\u001f\u0021-\u009f\u00a1-\u167f\u1681-\u1fff\u200b-\u2027\u202a-\u202e\u2030-\u205e\u2060-\u2fff\u3001-\ufefe\uff00-\uffff`
	anything  = `\u0000-\uffff`
	lineEnds  = `\n\r\u2028\u2029`
)

// escapes are the letters that mean something behind a backslash. Without flags
// JavaScript takes the backslash away from others, such as that of \p{L}; the
// library has meanings of its own for some.
const escapes = "bBdDwWsSnrtvfcxuk"

// translate writes a pattern of JavaScript (without flags) so that the library
// reads it as JavaScript does.
func translate(pattern string) string {
	var b strings.Builder
	inClass, escaped := false, false
	for _, r := range pattern {
		switch {
		case escaped:
			b.WriteString(escape(r, inClass))
			escaped = false
		case r == '\\':
			escaped = true
		case r == '[' && !inClass:
			inClass = true
			b.WriteRune(r)
		case r == '[':
			b.WriteString(`\[`) // the library subtracts classes; JavaScript does not
		case r == ']':
			inClass = false
			b.WriteRune(r)
		case r == '.' && !inClass:
			b.WriteString("[^" + lineEnds + "]")
		case r == '$' && !inClass:
			b.WriteString("(?![" + anything + "])")
		default:
			b.WriteString(units(r))
		}
	}
	if escaped {
		b.WriteByte('\\') // which is an error, there and here
	}
	return b.String()
}

func escape(r rune, inClass bool) string {
	members := map[rune]string{'s': spaces, 'S': notSpaces}[r]
	switch {
	case unicode.IsLetter(r) && !strings.ContainsRune(escapes, r):
		return units(r)
	case members == "":
		return `\` + units(r)
	case inClass:
		return members
	}
	return "[" + members + "]"
}

// units writes a character beyond the basic plane as JavaScript sees it.
func units(r rune) string {
	if r <= 0xffff {
		return string(r)
	}
	high, low := utf16.EncodeRune(r)
	return fmt.Sprintf(`\u%04x\u%04x`, high, low)
}
