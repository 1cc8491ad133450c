package allow

import (
	"encoding/json"
	"slices"
	"strings"
)

// Paths lists the fields beyond relations that a filter asks about, from a user on,
// such as customer.plan: the service token must be let read what they lead to.
func Paths(filter json.RawMessage) []string {
	var tree map[string]any
	if json.Unmarshal(filter, &tree) != nil {
		return nil
	}
	var paths []string
	walk(tree, nil, &paths)
	slices.Sort(paths)
	return slices.Compact(paths)
}

func walk(tree map[string]any, path []string, paths *[]string) {
	for name, behind := range tree {
		list, _ := behind.([]any)
		object, isObject := behind.(map[string]any)
		if list == nil {
			list = []any{behind}
		}
		switch {
		case slices.Contains(logical, name), slices.Contains(related, name):
			for _, one := range list {
				if one, ok := one.(map[string]any); ok {
					walk(one, path, paths)
				}
			}
		case strings.HasPrefix(name, "_"):
			// A value: the path ends here.
			if len(path) > 1 {
				*paths = append(*paths, strings.Join(path, "."))
			}
		case isObject:
			counted, isCount := strings.CutPrefix(strings.TrimSuffix(name, ")"), "count(")
			if isCount {
				*paths = append(*paths, strings.Join(append(slices.Clone(path), counted), "."))
			}
			walk(object, append(slices.Clone(path), bare(name)), paths)
		}
	}
}

// bare is the field of a name that has a function or a collection with it.
func bare(name string) string {
	if open := strings.IndexByte(name, '('); open >= 0 {
		name = strings.TrimSuffix(name[open+1:], ")")
	}
	name, _, _ = strings.Cut(name, ":")
	return name
}
