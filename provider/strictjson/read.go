package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"unicode/utf8"
)

// Bounds limit what is read; zero stands for no limit. How long the text may be is
// up to the caller.
type Bounds struct {
	// Depth is how deep values may be nested below the outermost one.
	Depth int
	// Members are those of one object, Items those of one list.
	Members, Items int
	// Values are all of them together, with those that hold others.
	Values int
}

// Reason says why something was refused, to be put behind what it is about.
type Reason string

// The reasons there are.
const (
	NotJSON Reason = "is not JSON"
	Behind  Reason = "has something behind its value"
	Twice   Reason = "names something twice"
	Deep    Reason = "is nested too deeply"
	Many    Reason = "has too many values"
)

// Error is what Read refuses. Its text repeats nothing of what was read.
type Error struct {
	Reason Reason
	// Name is what stands there Twice.
	Name string
}

func (e *Error) Error() string { return string(e.Reason) }

// Read returns the one value that raw is, with numbers as json.Number, or an *Error.
func Read(raw []byte, bounds Bounds) (any, error) {
	if !utf8.Valid(raw) { // RFC 8259, section 8.1
		return nil, refused(NotJSON)
	}
	r := reader{decoder: json.NewDecoder(bytes.NewReader(raw)), bounds: bounds}
	r.decoder.UseNumber()
	value, err := r.value(0)
	if err != nil {
		return nil, err
	}
	if _, err := r.decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, refused(Behind)
	}
	return value, nil
}

func refused(reason Reason) error { return &Error{Reason: reason} }

type reader struct {
	decoder *json.Decoder
	bounds  Bounds
	values  int
}

func exceeds(n, limit int) bool { return limit > 0 && n > limit }

func (r *reader) value(depth int) (any, error) {
	if r.values++; exceeds(r.values, r.bounds.Values) {
		return nil, refused(Many)
	}
	if exceeds(depth, r.bounds.Depth) {
		return nil, refused(Deep)
	}
	token, err := r.decoder.Token()
	if err != nil {
		return nil, refused(NotJSON)
	}
	switch token {
	case json.Delim('{'):
		return r.object(depth)
	case json.Delim('['):
		return r.list(depth)
	}
	return token, nil
}

func (r *reader) object(depth int) (any, error) {
	object := map[string]any{}
	for r.decoder.More() {
		token, err := r.decoder.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return nil, refused(NotJSON)
		}
		if _, twice := object[name]; twice {
			return nil, &Error{Reason: Twice, Name: name}
		}
		if exceeds(len(object)+1, r.bounds.Members) {
			return nil, refused(Many)
		}
		if object[name], err = r.value(depth + 1); err != nil {
			return nil, err
		}
	}
	if err := r.end(); err != nil {
		return nil, err
	}
	return object, nil
}

func (r *reader) list(depth int) (any, error) {
	list := []any{}
	for r.decoder.More() {
		if exceeds(len(list)+1, r.bounds.Items) {
			return nil, refused(Many)
		}
		value, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		list = append(list, value)
	}
	if err := r.end(); err != nil {
		return nil, err
	}
	return list, nil
}

// end reads what closes an object or a list.
func (r *reader) end() error {
	if _, err := r.decoder.Token(); err != nil {
		return refused(NotJSON)
	}
	return nil
}
