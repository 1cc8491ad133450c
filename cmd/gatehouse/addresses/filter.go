package addresses

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"unicode/utf8"
)

const (
	// maxSize is that of a filter, in bytes.
	maxSize = 16 << 10
	// maxDepth bounds how filters contain one another.
	maxDepth = 16
)

// None stands for no filter, in the configuration.
const None = "none"

// Filter says which addresses may register. The zero value takes any. It is safe
// for concurrent use.
type Filter struct {
	// accepts is nil where Directus decides alone.
	accepts test
	slow    bool
	left    string
}

// test says whether an address passes.
type test func(address string) bool

// undecidedError names what makes a filter one that Directus decides alone.
type undecidedError struct{ what string }

func (e *undecidedError) Error() string { return e.what + " is left to Directus" }

// Parse reads a filter: none, or the JSON of public_registration_email_filter. Its
// error says how to mend it. A filter that is sound and holds more than is known
// here is none: see Left.
func Parse(text string) (Filter, error) {
	if text == "" || text == None || text == "null" {
		return Filter{}, nil
	}
	if len(text) > maxSize {
		return Filter{}, fmt.Errorf("is longer than %d bytes; shorten it, here and in Directus", maxSize)
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &object); err != nil {
		return Filter{}, errors.New("is neither none nor a JSON object; copy public_registration_email_filter from Directus, between single quotes")
	}
	var f Filter
	accepts, err := f.read(json.RawMessage(text), 0)
	if undecided, ok := errors.AsType[*undecidedError](err); ok {
		return Filter{left: undecided.what}, nil
	}
	f.accepts = accepts
	return f, err
}

// Accepts says whether Directus would take the address, as far as that is known
// here. What Directus decides alone passes.
func (f Filter) Accepts(address string) bool {
	// Which letters beyond ASCII are the same, small and large, is a long story
	// that JavaScript tells differently from operator to operator.
	return f.accepts == nil || !ascii(address) || f.accepts(address)
}

// Slow says that a pattern in the filter may take up to passwords.Limit.
func (f Filter) Slow() bool { return f.slow }

// Left is what in the filter makes Directus decide alone, and empty otherwise.
func (f Filter) Left() string { return f.left }

// read reads one level. Directus looks at the first key of each object and at no
// other; such filters are left to it, since JSON gives keys no order.
func (f *Filter) read(raw json.RawMessage, depth int) (test, error) {
	key, value, err := single(raw)
	switch {
	case err != nil:
		return nil, err
	case depth == maxDepth:
		return nil, &undecidedError{"so deep a filter"}
	case key == "_and", key == "_or":
		return f.several(key, value, depth)
	case key != "email":
		return nil, &undecidedError{"the field " + key}
	}
	operator, operand, err := single(value)
	if err != nil {
		return nil, err
	}
	return f.operation(operator, operand)
}

// several reads the list of _and or _or. An empty one takes everything, as
// Directus does for both.
func (f *Filter) several(key string, value json.RawMessage, depth int) (test, error) {
	var list []json.RawMessage
	if json.Unmarshal(value, &list) != nil || list == nil {
		return nil, &undecidedError{"what is in " + key}
	}
	tests := make([]test, len(list))
	for i, item := range list {
		var err error
		if tests[i], err = f.read(item, depth+1); err != nil {
			return nil, err
		}
	}
	all := key == "_and"
	return func(address string) bool {
		for _, accepts := range tests {
			if accepts(address) != all {
				return !all
			}
		}
		return all || len(tests) == 0
	}, nil
}

// single returns the one member of an object.
func single(raw json.RawMessage) (key string, value json.RawMessage, err error) {
	var object map[string]json.RawMessage
	if json.Unmarshal(raw, &object) != nil || len(object) != 1 {
		return "", nil, &undecidedError{"an object with more or fewer members than one"}
	}
	for key, value = range object {
	}
	return key, value, nil
}

func ascii(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// Name is how a filter of Directus is written in the configuration: compact, or
// none.
func Name(filter string) string {
	var compact bytes.Buffer
	if filter == "" || filter == None || filter == "null" {
		return None
	}
	if json.Compact(&compact, []byte(filter)) != nil {
		return filter
	}
	return compact.String()
}

// Same says whether two filters are the same, however they are written.
func Same(a, b string) bool {
	a, b = Name(a), Name(b)
	var left, right any
	if json.Unmarshal([]byte(a), &left) != nil || json.Unmarshal([]byte(b), &right) != nil {
		return a == b
	}
	return reflect.DeepEqual(left, right)
}
