package config

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// fileText is a file in lines without their ends. Lines and columns of nodes count
// from 1.
type fileText struct {
	lines []string
	// lineEnd is that of the first line; all get it that are new.
	lineEnd string
	// open says that the last line has no end.
	open bool
}

func linesOf(content string) fileText {
	t := fileText{lineEnd: "\n"}
	if first, _, found := strings.Cut(content, "\n"); found && strings.HasSuffix(first, "\r") {
		t.lineEnd = "\r\n"
	}
	if content == "" {
		return t
	}
	t.open = !strings.HasSuffix(content, "\n")
	t.lines = strings.Split(strings.TrimSuffix(content, "\n"), "\n")
	for i := range t.lines {
		t.lines[i] = strings.TrimSuffix(t.lines[i], "\r")
	}
	return t
}

func (t fileText) String() string {
	joined := strings.Join(t.lines, t.lineEnd)
	if t.open || len(t.lines) == 0 {
		return joined
	}
	return joined + t.lineEnd
}

// inserted puts lines behind the line with a number.
func (t fileText) inserted(behind int, lines ...string) string {
	t.lines = slices.Insert(slices.Clone(t.lines), behind, lines...)
	t.open = false
	return t.String()
}

// end is the number of the last line that belongs to a member of a mapping which
// ends with the line last: comments and empty lines behind it belong to what
// follows.
func (t fileText) end(mapping *yaml.Node, at, last int) int {
	if at+2 < len(mapping.Content) {
		last = min(last, mapping.Content[at+2].Line-1)
	}
	for last > mapping.Content[at].Line {
		if line := strings.TrimSpace(t.lines[last-1]); line != "" && !strings.HasPrefix(line, "#") && line != "..." {
			break
		}
		last--
	}
	return last
}

// replaced writes another value for a member of a mapping that ends with the line
// last.
func (t fileText) replaced(mapping *yaml.Node, at, last int, change Change) (string, error) {
	key, value := mapping.Content[at], mapping.Content[at+1]
	flow := mapping.Style&yaml.FlowStyle != 0
	if isNull(value) && value.Value == "" {
		if flow || value.Line != key.Line {
			return "", ErrNotEditable
		}
	}
	if value.Line == key.Line && value.Line <= len(t.lines) && value.Value+value.Tag != "!!null" {
		line := []rune(t.lines[value.Line-1])
		if end := valueEnd(line, value.Column-1, flow); end >= 0 {
			return t.spliced(value.Line, value.Column, end+1, change.Value)
		}
	}
	if flow {
		return "", ErrNotEditable
	}
	end := t.end(mapping, at, last)
	line := strings.Repeat(" ", key.Column-1) + change.Key + ": " + change.Value
	t.lines = slices.Replace(slices.Clone(t.lines), key.Line-1, end, line)
	return t.String(), nil
}

// spliced replaces the columns from up to before to in a line.
func (t fileText) spliced(number, from, to int, with string) (string, error) {
	line := []rune(t.lines[number-1])
	if from-1 > len(line) || to-1 > len(line) {
		return "", ErrNotEditable
	}
	t.lines = slices.Clone(t.lines)
	t.lines[number-1] = string(line[:from-1]) + with + string(line[to-1:])
	return t.String(), nil
}

// valueEnd is where a value ends that begins in a line, or -1 if it goes on in the
// next or is of another kind.
func valueEnd(line []rune, from int, flow bool) int {
	if from >= len(line) {
		return -1
	}
	switch line[from] {
	case '\'', '"':
		return quotedEnd(line, from)
	case '[':
		return listEnd(line, from)
	case '|', '>', '{', '&', '*', '!':
		return -1
	}
	end := from
	for end < len(line) && (line[end] != '#' || end > from && line[end-1] != ' ' && line[end-1] != '\t') {
		if flow && (line[end] == ',' || line[end] == '}' || line[end] == ']') {
			break
		}
		end++
	}
	for end > from && (line[end-1] == ' ' || line[end-1] == '\t') {
		end--
	}
	return end
}

func quotedEnd(line []rune, from int) int {
	quote := line[from]
	for i := from + 1; i < len(line); i++ {
		switch {
		case quote == '"' && line[i] == '\\':
			i++
		case line[i] == quote && quote == '\'' && i+1 < len(line) && line[i+1] == quote:
			i++
		case line[i] == quote:
			return i + 1
		}
	}
	return -1
}

func listEnd(line []rune, from int) int {
	for i := from + 1; i < len(line); i++ {
		switch line[i] {
		case ']':
			return i + 1
		case '\'', '"':
			end := quotedEnd(line, i)
			if end < 0 {
				return -1
			}
			i = end - 1
		case '[', '{', '#':
			return -1
		}
	}
	return -1
}
