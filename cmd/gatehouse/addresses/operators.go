package addresses

import (
	"encoding/json"
	"slices"
	"strings"

	"gatehouse/cmd/gatehouse/passwords"
)

// textOperators take a text and compare it with the address as Directus does: in
// a pattern of JavaScript for the ends, by its own rules for _contains. A leading
// i is for letters of any size.
var textOperators = map[string]func(address, text string) bool{
	"_eq":            func(address, text string) bool { return address == text },
	"_neq":           func(address, text string) bool { return address != text },
	"_contains":      strings.Contains,
	"_ncontains":     not(strings.Contains),
	"_icontains":     small(strings.Contains),
	"_starts_with":   strings.HasPrefix,
	"_nstarts_with":  not(strings.HasPrefix),
	"_istarts_with":  small(strings.HasPrefix),
	"_nistarts_with": not(small(strings.HasPrefix)),
	"_ends_with":     strings.HasSuffix,
	"_nends_with":    not(strings.HasSuffix),
	"_iends_with":    small(strings.HasSuffix),
	"_niends_with":   not(small(strings.HasSuffix)),
}

// valueOperators say something of whether there is a value, whatever stands behind
// them. There always is an address.
var valueOperators = map[string]bool{
	"_empty": false, "_nempty": true, "_null": false, "_nnull": true, "_submitted": true,
}

// operation reads an operator and what it compares with.
func (f *Filter) operation(operator string, operand json.RawMessage) (test, error) {
	if passes, ok := valueOperators[operator]; ok {
		return func(string) bool { return passes }, nil
	}
	switch operator {
	case "_in", "_nin":
		return list(operator, operand)
	case "_regex":
		return f.pattern(operand)
	}
	compare, known := textOperators[operator]
	text, ok := operandText(operand)
	if !known || !ok {
		return nil, &undecidedError{operator}
	}
	return func(address string) bool { return compare(address, text) }, nil
}

func list(operator string, operand json.RawMessage) (test, error) {
	var values []json.RawMessage
	if json.Unmarshal(operand, &values) != nil || len(values) == 0 {
		return nil, &undecidedError{"what is in " + operator}
	}
	texts := make([]string, len(values))
	for i, value := range values {
		var ok bool
		if texts[i], ok = operandText(value); !ok {
			return nil, &undecidedError{"what is in " + operator}
		}
	}
	in := operator == "_in"
	return func(address string) bool { return slices.Contains(texts, address) == in }, nil
}

// pattern judges by a pattern that the operator wrote. One that cannot be decided
// in time refuses: Directus, which has no limit, would stand still for it.
func (f *Filter) pattern(operand json.RawMessage) (test, error) {
	var text string
	if json.Unmarshal(operand, &text) != nil {
		return nil, &undecidedError{"what is in _regex"}
	}
	pattern, err := passwords.Compile(text)
	if err != nil {
		return nil, &undecidedError{"the pattern in _regex"}
	}
	f.slow = true
	return pattern.Accepts, nil
}

// operandText refuses letters beyond ASCII, as Accepts does.
func operandText(operand json.RawMessage) (string, bool) {
	var text *string
	if json.Unmarshal(operand, &text) != nil || text == nil || !ascii(*text) {
		return "", false
	}
	return *text, true
}

func not(compare func(address, text string) bool) func(address, text string) bool {
	return func(address, text string) bool { return !compare(address, text) }
}

func small(compare func(address, text string) bool) func(address, text string) bool {
	return func(address, text string) bool { return compare(strings.ToLower(address), strings.ToLower(text)) }
}
