package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxFileSize bounds the configuration file and the files of secrets.
const maxFileSize = 4 << 20

// given is what one source says of one key.
type given struct {
	texts  []string
	origin Origin
	// node is set for the settings that are trees.
	node *yaml.Node
	// fromFile says that texts name a file that holds the value.
	fromFile bool
}

// keys tells the reader of a mapping what may stand there.
type keys struct {
	// settings are scalars and lists; the value says whether it is a list.
	settings map[string]bool
	secrets  map[string]bool
	trees    map[string]bool
}

func keysOf[T any](table []setting[T], trees ...string) keys {
	k := keys{settings: map[string]bool{}, secrets: map[string]bool{}, trees: map[string]bool{}}
	var zero T
	for _, s := range table {
		k.settings[s.key] = s.value(&zero).list
		if s.secret {
			k.secrets[s.key] = true
		}
	}
	for _, tree := range trees {
		k.trees[tree] = true
	}
	return k
}

func (k keys) all() []string {
	var all []string
	for key := range k.settings {
		all = append(all, key)
	}
	for key := range k.secrets {
		all = append(all, key+fileSuffix)
	}
	for key := range k.trees {
		all = append(all, key)
	}
	slices.Sort(all)
	return all
}

func (k keys) section(key string) bool {
	for known := range k.settings {
		if strings.HasPrefix(known, key+".") {
			return true
		}
	}
	return false
}

// parseDocument reads exactly one YAML document with a mapping at its root, or
// nothing at all.
func parseDocument(data []byte) (*yaml.Node, error) {
	if len(data) > maxFileSize {
		return nil, errors.New("is larger than 4 MiB, which no configuration is")
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document yaml.Node
	err := decoder.Decode(&document)
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("is not YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, errors.New("holds more than one document; keep what stands before the second ---")
	}
	return document.Content[0], nil
}

// reader turns the nodes of one file into what is given, and notes problems.
type reader struct {
	name     string
	problems *Problems
	// origin is used instead of the file's lines, for a variable that holds YAML.
	origin *Origin
}

func (r reader) at(node *yaml.Node) Origin {
	if r.origin != nil {
		return *r.origin
	}
	return Origin{Kind: FromFile, Name: r.name, Line: node.Line}
}

// mapping walks a mapping. The prefix is that of its keys in k, shown is what
// stands before them in messages.
func (r reader) mapping(node *yaml.Node, k keys, prefix, shown string, into map[string]given) {
	if node.Kind != yaml.MappingNode {
		r.problems.add(r.at(node), strings.TrimSuffix(shown+prefix, "."), "is %s; write a mapping of keys to values", kindOf(node))
		return
	}
	lines := map[string]int{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		name, child := node.Content[i], node.Content[i+1]
		key := prefix + name.Value
		if line, twice := lines[name.Value]; twice {
			r.problems.add(r.at(name), shown+key, "stands there twice, first in line %d; keep one", line)
			continue
		}
		lines[name.Value] = name.Line
		r.entry(name, child, k, key, shown, into)
	}
}

func (r reader) entry(name, child *yaml.Node, k keys, key, shown string, into map[string]given) {
	plain, isFile := strings.CutSuffix(key, fileSuffix)
	isFile = isFile && k.secrets[plain]
	isList, isSetting := k.settings[key]
	switch {
	case name.Kind != yaml.ScalarNode:
		r.problems.add(r.at(name), shown, "has a key that is no plain word")
	case k.trees[key]:
		if !isNull(child) || key == allowFilterKey {
			into[key] = given{node: child, origin: r.at(name)}
		}
	case isSetting || isFile:
		values, ok := r.values(child, shown+key, isList && !isFile)
		if !ok {
			return
		}
		if isFile {
			if other, both := into[plain]; both {
				r.problems.add(r.at(name), shown+key, "excludes %s in line %d; keep one", plain, other.origin.Line)
			}
			into[plain] = given{texts: values, origin: r.at(name), fromFile: true}
			return
		}
		if other, both := into[key]; both {
			r.problems.add(r.at(name), shown+key, "excludes %s in line %d; keep one", key+fileSuffix, other.origin.Line)
		}
		into[key] = given{texts: values, origin: r.at(name)}
	case k.section(key):
		if !isNull(child) {
			r.mapping(child, k, key+".", shown, into)
		}
	default:
		r.problems.add(r.at(name), shown+key, "unknown key%s", didYouMean(key, k))
	}
}

// didYouMean looks for the key itself, then for its last word elsewhere.
func didYouMean(key string, k keys) string {
	all := k.all()
	if best := suggest(key, all); best != "" {
		return fmt.Sprintf("; did you mean %s?", best)
	}
	last := key[strings.LastIndex(key, ".")+1:]
	for _, candidate := range all {
		if candidate == last || strings.HasSuffix(candidate, "."+last) {
			return fmt.Sprintf("; did you mean %s?", candidate)
		}
	}
	return "; see gatehouse config schema for those there are"
}

// values reads a scalar, or a list of scalars where one may stand.
func (r reader) values(node *yaml.Node, key string, list bool) ([]string, bool) {
	switch {
	case isNull(node):
		r.problems.add(r.at(node), key, "has no value; write one or remove the key")
		return nil, false
	case node.Kind == yaml.ScalarNode:
		return []string{node.Value}, true
	case node.Kind == yaml.SequenceNode && list:
		var all []string
		for _, item := range node.Content {
			if item.Kind != yaml.ScalarNode || isNull(item) {
				r.problems.add(r.at(item), key, "holds %s; write a list of plain values", kindOf(item))
				return nil, false
			}
			all = append(all, item.Value)
		}
		return all, true
	}
	want := "one value"
	if list {
		want = "a list of values"
	}
	r.problems.add(r.at(node), key, "is %s; write %s", kindOf(node), want)
	return nil, false
}

func isNull(node *yaml.Node) bool { return node.Kind == yaml.ScalarNode && node.Tag == "!!null" }

// kindOf names the kind of a node. Aliases are not followed: they let a small
// file expand into one that fills the memory.
func kindOf(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias (*" + node.Value + "), which is not supported"
	case yaml.ScalarNode:
		if isNull(node) {
			return "empty"
		}
		return "a plain value"
	case yaml.DocumentNode:
	}
	return "nothing"
}
