package claims

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// source is where a value comes from: one of these.
type source struct {
	// constant is the same for everybody.
	constant string
	// held is what the user holds in Directus: roles, groups or policies, by their
	// ids or else by their names.
	held    string
	heldIDs bool
	// parts are literal text and fields in turn; one field alone keeps its type.
	parts []part
}

// part is a field or else text.
type part struct {
	field, text string
}

// Bounds of a source. A path is as long as Directus is asked for.
const (
	maxSource   = 1024
	maxParts    = 32
	maxSegments = 5
	maxSegment  = 64
)

// forbiddenFields are never released, whatever the configuration says and by whatever
// path: a relation may lead back to a user.
func forbiddenFields() []string {
	return []string{"password", "token", "tfa_secret", "auth_data"}
}

func parseSource(text string) (source, error) {
	if len(text) > maxSource {
		return source{}, fmt.Errorf("the source is longer than %d bytes", maxSource)
	}
	if constant, ok := strings.CutPrefix(text, "="); ok {
		if strings.TrimSpace(constant) == "" {
			return source{}, errors.New("nothing stands behind the equals sign")
		}
		return source{constant: strings.TrimSpace(constant)}, nil
	}
	if strings.HasSuffix(text, ")") && !strings.Contains(text, "{") {
		return parseHeld(text)
	}
	if !strings.Contains(text, "{") {
		return source{parts: []part{{field: text}}}, checkField(text)
	}
	return parseTemplate(text)
}

func parseHeld(text string) (source, error) {
	name, argument, _ := strings.Cut(strings.TrimSuffix(text, ")"), "(")
	if slices.Contains(ownSources(), name) {
		switch argument {
		case "", "name":
			return source{held: name}, nil
		case "id":
			return source{held: name, heldIDs: true}, nil
		}
	}
	return source{}, fmt.Errorf("%q is no source; there are roles(), groups() and policies(), for names, and roles(id), groups(id) and policies(id)", text)
}

func parseTemplate(text string) (source, error) {
	var s source
	whole := text
	for text != "" {
		if len(s.parts) >= maxParts {
			return source{}, fmt.Errorf("the template has more than %d parts", maxParts)
		}
		before, rest, found := strings.Cut(text, "{")
		if before != "" {
			s.parts = append(s.parts, part{text: before})
		}
		if !found {
			break
		}
		field, after, closed := strings.Cut(rest, "}")
		if !closed {
			return source{}, fmt.Errorf("the template %q has no closing brace", whole)
		}
		if err := checkField(field); err != nil {
			return source{}, err
		}
		s.parts = append(s.parts, part{field: field})
		text = after
	}
	return s, nil
}

func checkField(path string) error {
	segments := strings.Split(path, ".")
	if len(segments) > maxSegments {
		return fmt.Errorf("%q leads through more than %d fields", path, maxSegments)
	}
	for _, segment := range segments {
		if segment == "" || len(segment) > maxSegment || strings.ContainsFunc(segment, func(r rune) bool {
			return r != '_' && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
		}) {
			return fmt.Errorf("%q is not the name of a Directus field, nor a path of such names with dots between", path)
		}
		if slices.Contains(forbiddenFields(), strings.ToLower(segment)) {
			return fmt.Errorf("the field %s is never released", segment)
		}
	}
	return nil
}

// fields are those that the source reads.
func (s source) fields() []string {
	var fields []string
	for _, p := range s.parts {
		if p.field != "" {
			fields = append(fields, p.field)
		}
	}
	return fields
}

// isField says that the source is one field, whose value keeps its type.
func (s source) isField() bool { return len(s.parts) == 1 && s.parts[0].field != "" }

// value is what the source gives for a person, before it is converted; nil is none. It
// is not ok if a template has a field that is no text.
func (s source) value(p Person) (any, bool) {
	switch {
	case s.constant != "":
		return s.constant, true
	case s.held != "":
		return p.held(s), true
	case s.isField():
		return p.account.Fields[s.parts[0].field], true
	}
	var text strings.Builder
	filled := false
	for _, part := range s.parts {
		if part.field == "" {
			text.WriteString(part.text)
			continue
		}
		value, ok := plain(p.account.Fields[part.field])
		if !ok {
			return nil, false
		}
		filled = filled || value != ""
		text.WriteString(value)
	}
	// Without any field filled there is no value.
	if !filled {
		return nil, true
	}
	return text.String(), true
}
