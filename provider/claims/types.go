package claims

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Type is what a value is made into. What does not convert is left out.
type Type string

// The types. docs/claims.md says what converts into each.
const (
	String   Type = "string"
	Number   Type = "number"
	Boolean  Type = "boolean"
	Date     Type = "date"
	DateTime Type = "datetime"
	Seconds  Type = "seconds"
	List     Type = "list"
	JSON     Type = "json"
)

// Types lists them all.
func Types() []Type { return []Type{String, Number, Boolean, Date, DateTime, Seconds, List, JSON} }

// Bounds of a value. Tokens travel in headers.
const (
	maxText    = 4096
	maxEntries = 64
)

// convert returns the value as the type, or nil if there is none. It is not ok if the
// value is something else, or too large.
func convert(kind Type, value any) (converted any, ok bool) {
	if value == nil || value == "" {
		return nil, true
	}
	switch kind {
	case String:
		text, ok := plain(value)
		text = strings.TrimSpace(text)
		if text == "" {
			return nil, ok
		}
		return text, ok && len(text) <= maxText
	case Number:
		return number(value)
	case Boolean:
		return boolean(value)
	case Date:
		return day(value)
	case DateTime:
		t, ok := instant(value)
		return t.UTC().Format(time.RFC3339), ok
	case Seconds:
		t, ok := instant(value)
		return t.Unix(), ok
	case List:
		return list(value)
	case JSON:
		raw, err := json.Marshal(value)
		return value, err == nil && len(raw) <= maxText
	}
	return nil, false
}

// plain is the text of a single value, empty for none.
func plain(value any) (string, bool) {
	switch v := value.(type) {
	case nil:
		return "", true
	case string:
		return v, true
	case bool:
		return strconv.FormatBool(v), true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), true
	case int:
		return strconv.Itoa(v), true
	case int64:
		return strconv.FormatInt(v, 10), true
	}
	return "", false
}

// jsonNumber is a number of JSON (RFC 8259, section 6).
var jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,63})(\.[0-9]{1,64})?([eE][+-]?[0-9]{1,3})?$`)

// number keeps every digit of what Directus writes as text: decimals and big integers.
func number(value any) (any, bool) {
	switch v := value.(type) {
	case float64, int, int64:
		return v, true
	case string:
		if text := strings.TrimSpace(v); jsonNumber.MatchString(text) {
			return json.Number(text), true
		}
	}
	return nil, false
}

func boolean(value any) (any, bool) {
	text, ok := plain(value)
	switch {
	case !ok:
	case text == "true", text == "1":
		return true, true
	case text == "false", text == "0":
		return false, true
	}
	return nil, false
}

// partialDate is a birthdate of which the year is kept back, or of which only the year
// is known (OpenID Connect Core 1.0, section 5.1).
var partialDate = regexp.MustCompile(`^([0-9]{4}|0000-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]))$`)

// day leaves of a timestamp the day.
func day(value any) (any, bool) {
	text, ok := value.(string)
	if !ok {
		return nil, false
	}
	if date, _, _ := strings.Cut(text, "T"); partialDate.MatchString(date) {
		return date, true
	} else if _, err := time.Parse(time.DateOnly, date); err == nil {
		return date, true
	}
	return nil, false
}

// instant reads seconds since 1970, a timestamp, or a time without a zone, which is
// taken to be of UTC, as a day is taken to begin there.
func instant(value any) (time.Time, bool) {
	switch v := value.(type) {
	case float64:
		return time.Unix(int64(v), 0), v > -1e11 && v < 1e11
	case int:
		return time.Unix(int64(v), 0), true
	case int64:
		return time.Unix(v, 0), true
	case string:
		if seconds, err := strconv.ParseInt(v, 10, 64); err == nil {
			return time.Unix(seconds, 0), true // a column of big integers
		}
		for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateOnly} {
			if t, err := time.Parse(layout, v); err == nil {
				return t, true
			}
		}
	}
	return time.Time{}, false
}

// list makes a list of texts, each once, of whatever has single values in it: rows of
// relations within relations, too. What is no list is a list of one.
func list(value any) (any, bool) {
	texts, ok := gather(value, nil)
	if !ok || len(texts) > maxEntries {
		return nil, false
	}
	if len(texts) == 0 {
		return nil, true
	}
	size := 0
	for _, text := range texts {
		size += len(text)
	}
	return texts, size <= maxText
}

func gather(value any, into []string) ([]string, bool) {
	switch entries := value.(type) {
	case []any:
		for _, entry := range entries {
			var ok bool
			if into, ok = gather(entry, into); !ok || len(into) > maxEntries {
				return into, false
			}
		}
		return into, true
	case []string:
		for _, entry := range entries {
			into, _ = gather(entry, into)
		}
		return into, true
	}
	text, ok := plain(value)
	if text != "" && !slices.Contains(into, text) {
		into = append(into, text)
	}
	return into, ok
}
