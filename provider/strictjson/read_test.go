package strictjson_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse/provider/strictjson"
)

func bounds() strictjson.Bounds {
	return strictjson.Bounds{Depth: 3, Members: 4, Items: 5, Values: 12}
}

func TestRead(t *testing.T) {
	for text, want := range map[string]any{
		`{}`:                 map[string]any{},
		` null `:             nil,
		`"a"`:                "a",
		`1e999`:              json.Number("1e999"),
		`{"a":[1,true,"b"]}`: map[string]any{"a": []any{json.Number("1"), true, "b"}},
		`[[[1]]]`:            []any{[]any{[]any{json.Number("1")}}},
		`{"a":1,"A":2}`:      map[string]any{"a": json.Number("1"), "A": json.Number("2")},
		`[{"a":1},{"a":1}]`:  []any{map[string]any{"a": json.Number("1")}, map[string]any{"a": json.Number("1")}},
	} {
		got, err := strictjson.Read([]byte(text), bounds())
		if err != nil || !cmp.Equal(got, want) {
			t.Errorf("%s was read as %v (%v), want %v", text, got, err, want)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for text, want := range map[string]strictjson.Reason{
		``:                                strictjson.NotJSON,
		`name`:                            strictjson.NotJSON,
		`{"a":1`:                          strictjson.NotJSON,
		`{"a":1,}`:                        strictjson.NotJSON,
		`[1,]`:                            strictjson.NotJSON,
		`{1:2}`:                           strictjson.NotJSON,
		"{\"\xff\":1}":                    strictjson.NotJSON,
		`{}{}`:                            strictjson.Behind,
		`{} x`:                            strictjson.Behind,
		`{"a":1,"a":1}`:                   strictjson.Twice,
		`{"a":1,"\u0061":2}`:              strictjson.Twice,
		`[{"b":{"a":1,"a":2}}]`:           strictjson.Twice,
		`[[[[1]]]]`:                       strictjson.Deep,
		`{"a":{"b":{"c":{"d":1}}}}`:       strictjson.Deep,
		`{"a":1,"b":1,"c":1,"d":1,"e":1}`: strictjson.Many,
		`[1,2,3,4,5,6]`:                   strictjson.Many,
		`[[1,2,3],[1,2,3],[1,2,3]]`:       strictjson.Many,
	} {
		value, err := strictjson.Read([]byte(text), bounds())
		refused, ok := errors.AsType[*strictjson.Error](err)
		if !ok || refused.Reason != want || value != nil {
			t.Errorf("%s was read as %v (%v), want %q", text, value, err, want)
			continue
		}
		if refused.Reason == strictjson.Twice && refused.Name != "a" {
			t.Errorf("%s names %q twice", text, refused.Name)
		}
	}
}

func TestReadWithoutBounds(t *testing.T) {
	if _, err := strictjson.Read([]byte(strings.Repeat("[", 1000)+strings.Repeat("]", 1000)), strictjson.Bounds{}); err != nil {
		t.Error(err)
	}
}

// FuzzRead: what is taken, the standard library takes too and reads alike; and when
// it is written again, nothing is left out.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"a":{"b":[1,2]}}`, `{"a":1,"a":2}`, `[`, `[[[[[1]]]]]`, "{\"\xff\":null}", `{"\ud800":1,"\ud801":2}`, `1e999`, `{} {}`, `"a" b`, `[1 2]`, `{"a" 1}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		value, err := strictjson.Read(raw, bounds())
		if err != nil {
			if _, ok := errors.AsType[*strictjson.Error](err); !ok || value != nil {
				t.Fatalf("%q was read as %v (%v)", raw, value, err)
			}
			return
		}
		if !json.Valid(raw) {
			t.Fatalf("%q was taken and is not JSON", raw)
		}
		written, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		again, err := strictjson.Read(written, bounds())
		if err != nil || !reflect.DeepEqual(again, value) {
			t.Fatalf("%q was read as %v and then as %v (%v)", raw, value, again, err)
		}
	})
}
