package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Origin says where a value comes from.
type Origin struct {
	// Kind orders the sources: the greater wins.
	Kind OriginKind
	// Name is the path of the file, the name of the variable or of the flag.
	Name string
	// Line is set for files.
	Line int
}

// OriginKind is a source of values.
type OriginKind int

// The sources, in rising precedence.
const (
	FromDefault OriginKind = iota
	FromFile
	FromEnvironment
	FromFlag
)

func (o Origin) String() string {
	switch o.Kind {
	case FromDefault:
		return "default"
	case FromFile:
		return fmt.Sprintf("%s:%d", o.Name, o.Line)
	case FromEnvironment, FromFlag:
	}
	return o.Name
}

// Problem is one thing that is wrong with the configuration.
type Problem struct {
	Origin Origin
	// Key is the dotted name of the setting, empty where none is meant.
	Key string
	// Message says what is wrong and how to mend it.
	Message string
}

func (p Problem) String() string {
	parts := []string{p.Message}
	if p.Key != "" {
		parts = slices.Insert(parts, 0, p.Key)
	}
	if p.Origin.Kind != FromDefault {
		parts = slices.Insert(parts, 0, p.Origin.String())
	}
	return strings.Join(parts, ": ")
}

// Problems is the error of a configuration that cannot be used: all there is to
// mend, in the order of the file, then the environment, then the flags.
type Problems []Problem //nolint:errname // it is a list that happens to be an error

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

func (ps *Problems) add(origin Origin, key, format string, args ...any) {
	*ps = append(*ps, Problem{Origin: origin, Key: key, Message: fmt.Sprintf(format, args...)})
}

func (ps Problems) err() error {
	if len(ps) == 0 {
		return nil
	}
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Origin.Line, b.Origin.Line))
	})
	return ps
}

// What is missing altogether comes last.
func rank(p Problem) int {
	if p.Origin.Kind == FromDefault {
		return int(FromFlag) + 1
	}
	return int(p.Origin.Kind)
}

// suggest returns the candidate that was probably meant, or nothing.
func suggest(given string, candidates []string) string {
	best, least := "", max(2, len(given)/3)+1
	for _, candidate := range candidates {
		if d := distance(strings.ToLower(given), strings.ToLower(candidate)); d < least {
			best, least = candidate, d
		}
	}
	return best
}

// distance is the number of letters to insert, delete, replace or swap
// (optimal string alignment).
func distance(a, b string) int {
	rows := [3][]int{make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)}
	for j := range rows[1] {
		rows[1][j] = j
	}
	for i := 1; i <= len(a); i++ {
		rows[2][0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			rows[2][j] = min(rows[1][j]+1, rows[2][j-1]+1, rows[1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[2][j] = min(rows[2][j], rows[0][j-2]+1)
			}
		}
		rows[0], rows[1], rows[2] = rows[1], rows[2], rows[0]
	}
	return rows[1][len(b)]
}
