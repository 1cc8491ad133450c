package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// ErrNotEditable says that a file is written in a way that Edit does not change.
var ErrNotEditable = errors.New("the file is written in a way that is left to a person to change")

// Change is one key of the file and its new value, a YAML value in one line.
type Change struct{ Key, Value string }

// Hunk is what Edit changed for one key.
type Hunk struct {
	Key string
	// Line is the first that is different, counted from 1.
	Line           int
	Removed, Added []string
	// Shared says that the lines hold other keys too, which may be secret.
	Shared bool
}

// Edit sets keys in a configuration file, and nothing else: comments, order and the
// way in which the rest is written stay. What comes out says the same as before but
// for these keys, or the error is ErrNotEditable.
func Edit(content []byte, changes ...Change) (edited []byte, hunks []Hunk, err error) {
	for _, change := range changes {
		next, err := edit(string(content), change)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", change.Key, err)
		}
		if err := onlyDiffers(content, []byte(next), change); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", change.Key, err)
		}
		hunk := hunkOf(string(content), next, change.Key)
		hunk.Shared = inFlow(content, change.Key)
		hunks = append(hunks, hunk)
		content = []byte(next)
	}
	return content, hunks, nil
}

func edit(content string, change Change) (string, error) {
	root, err := parseDocument([]byte(content))
	if err != nil {
		return "", err
	}
	section, name, _ := strings.Cut(change.Key, ".")
	t := linesOf(content)
	switch {
	case root == nil || isNull(root):
		return t.inserted(len(t.lines), section+":", "  "+name+": "+change.Value), nil
	case root.Kind != yaml.MappingNode || root.Style&yaml.FlowStyle != 0 || holdsAlias(root):
		return "", ErrNotEditable
	}
	if flat := member(root, change.Key); flat >= 0 {
		return t.replaced(root, flat, len(t.lines), change)
	}
	at := member(root, section)
	if at < 0 {
		return t.inserted(len(t.lines), section+":", "  "+name+": "+change.Value), nil
	}
	key, child := root.Content[at], root.Content[at+1]
	end := t.end(root, at, len(t.lines))
	change.Key = name
	switch {
	case isNull(child) && child.Value == "":
		return t.inserted(key.Line, "  "+name+": "+change.Value), nil
	case child.Kind != yaml.MappingNode:
		return "", ErrNotEditable
	case member(child, name) >= 0:
		return t.replaced(child, member(child, name), end, change)
	case child.Style&yaml.FlowStyle != 0:
		separator := ", "
		if len(child.Content) == 0 {
			separator = ""
		}
		return t.spliced(child.Line, child.Column+1, child.Column+1, name+": "+change.Value+separator)
	}
	return t.inserted(end, strings.Repeat(" ", child.Column-1)+name+": "+change.Value), nil
}

// inFlow says whether the section of a key is written between braces.
func inFlow(content []byte, key string) bool {
	root, err := parseDocument(content)
	if err != nil || root == nil {
		return false
	}
	section, _, _ := strings.Cut(key, ".")
	at := member(root, section)
	return at >= 0 && root.Content[at+1].Style&yaml.FlowStyle != 0
}

// member is the index of a key among the nodes of a mapping, or -1.
func member(mapping *yaml.Node, name string) int {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == name {
			return i
		}
	}
	return -1
}

// onlyDiffers makes sure of what Edit promises, whatever the file looks like.
func onlyDiffers(before, after []byte, change Change) error {
	var value any
	old, err := membersOf(before)
	if err != nil {
		return err
	}
	edited, err := membersOf(after)
	if err == nil {
		err = yaml.Unmarshal([]byte(change.Value), &value)
	}
	if err != nil {
		return fmt.Errorf("%w (line breaks or quotes)", ErrNotEditable)
	}
	if !reflect.DeepEqual(taken(edited, change.Key), []any{value}) {
		return ErrNotEditable
	}
	taken(old, change.Key)
	if !reflect.DeepEqual(old, edited) {
		return ErrNotEditable
	}
	if !slices.Equal(commentsOf(before), commentsOf(after)) {
		return fmt.Errorf("%w (comments in what is there now)", ErrNotEditable)
	}
	return nil
}

// commentsOf are the comments of a file, by their words.
func commentsOf(content []byte) []string {
	var document yaml.Node
	if yaml.Unmarshal(content, &document) != nil {
		return nil // who asks has read it before
	}
	var comments []string
	var walk func(*yaml.Node)
	walk = func(node *yaml.Node) {
		for _, comment := range []string{node.HeadComment, node.LineComment, node.FootComment} {
			for line := range strings.Lines(comment) {
				if line = strings.TrimSpace(line); line != "" {
					comments = append(comments, line)
				}
			}
		}
		for _, child := range node.Content {
			walk(child)
		}
	}
	walk(&document)
	slices.Sort(comments)
	return comments
}

func membersOf(content []byte) (map[string]any, error) {
	members := map[string]any{}
	err := yaml.Unmarshal(content, &members)
	return members, err
}

// taken takes a key out of a file, and returns the values that it had.
func taken(members map[string]any, key string) []any {
	var values []any
	if value, ok := members[key]; ok {
		values = append(values, value)
		delete(members, key)
	}
	section, name, _ := strings.Cut(key, ".")
	switch inner := members[section].(type) {
	case map[string]any:
		if value, ok := inner[name]; ok {
			values = append(values, value)
			delete(inner, name)
		}
		if len(inner) == 0 {
			delete(members, section)
		}
	case nil:
		delete(members, section)
	}
	return values
}

// hunkOf is the one place where two texts differ.
func hunkOf(before, after, key string) Hunk {
	old, edited := linesOf(before).lines, linesOf(after).lines
	from := 0
	for from < min(len(old), len(edited)) && old[from] == edited[from] {
		from++
	}
	same := 0
	for same < min(len(old), len(edited))-from && old[len(old)-1-same] == edited[len(edited)-1-same] {
		same++
	}
	return Hunk{Key: key, Line: from + 1, Removed: slices.Clone(old[from : len(old)-same]), Added: slices.Clone(edited[from : len(edited)-same])}
}
