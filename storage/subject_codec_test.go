package storage

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestSubjectCodec(t *testing.T) {
	at := time.UnixMilli(1_700_000_000_123)
	for name, subject := range map[string]Subject{
		"empty":         {},
		"ended":         {EndedAt: at},
		"a session":     {Sessions: []SessionEntry{{ID: "s", Created: at, Expires: at.Add(time.Hour)}}},
		"no times":      {Sessions: []SessionEntry{{ID: "s"}}, Grants: []GrantEntry{{ID: "g"}}},
		"before 1970":   {Grants: []GrantEntry{{ID: "g", Created: time.UnixMilli(-5)}}},
		"text of bytes": {Grants: []GrantEntry{{ID: "\x00\xff", ClientID: "https://app.example/ünï", SessionID: string(make([]byte, 300))}}},
		"several": {
			Sessions: []SessionEntry{{ID: "s1", Created: at}, {ID: "s2", Expires: at}},
			Grants:   []GrantEntry{{ID: "g1", Offline: true}, {ID: "g2", ClientID: "c", SessionID: "s", Created: at, Expires: at}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			raw, err := encodeSubject(subject)
			if err != nil {
				t.Fatal(err)
			}
			var read Subject
			if err := decodeSubject(raw, &read); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(subject, read); diff != "" {
				t.Error(diff)
			}
			for length := range raw {
				if decodeSubject(raw[:length], &read) == nil {
					t.Errorf("the first %d of %d bytes are taken for a whole", length, len(raw))
				}
			}
			if decodeSubject(append(raw, 0), &read) == nil {
				t.Error("a byte too many is not noticed")
			}
		})
	}
}

// A field that is added to the index but not to the codec would be lost.
func TestSubjectCodecKnowsEveryField(t *testing.T) {
	subject := Subject{Sessions: make([]SessionEntry, 1), Grants: make([]GrantEntry, 1), EndedAt: time.UnixMilli(5)}
	fill(t, reflect.ValueOf(&subject.Sessions[0]).Elem())
	fill(t, reflect.ValueOf(&subject.Grants[0]).Elem())
	if fields := reflect.TypeFor[Subject]().NumField(); fields != 3 {
		t.Errorf("Subject has %d fields, 3 are encoded", fields)
	}
	raw, err := encodeSubject(subject)
	if err != nil {
		t.Fatal(err)
	}
	var read Subject
	if err := decodeSubject(raw, &read); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(subject, read); diff != "" {
		t.Error(diff)
	}
}

// fill sets every field of a struct to something other than its zero.
func fill(t *testing.T, entry reflect.Value) {
	t.Helper()
	for i := range entry.NumField() {
		switch field := entry.Field(i); field.Interface().(type) {
		case string:
			field.SetString(entry.Type().Field(i).Name)
		case bool:
			field.SetBool(true)
		case time.Time:
			field.Set(reflect.ValueOf(time.UnixMilli(int64(1000 + i))))
		default:
			t.Fatalf("field %s has a type that this test does not know", entry.Type().Field(i).Name)
		}
	}
}

// Version 1 is what was written before there was EndedAt.
func TestSubjectCodecReadsVersion1(t *testing.T) {
	raw := []byte("\x01\x01\x01s\x02\x04\x01\x01g\x01c\x01s\x01\x06\x08")
	want := Subject{
		Sessions: []SessionEntry{{ID: "s", Created: time.UnixMilli(1), Expires: time.UnixMilli(2)}},
		Grants:   []GrantEntry{{ID: "g", ClientID: "c", SessionID: "s", Offline: true, Created: time.UnixMilli(3), Expires: time.UnixMilli(4)}},
	}
	var read Subject
	if err := decodeSubject(raw, &read); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, read); diff != "" {
		t.Error(diff)
	}
	if err := decodeSubject([]byte{subjectVersion + 1, 0, 0, 0}, &read); err == nil {
		t.Error("a version that nobody knows is read")
	}
}

func FuzzDecodeSubject(f *testing.F) {
	f.Add([]byte{1, 0, 0})
	raw, _ := encodeSubject(Subject{Sessions: []SessionEntry{{ID: "s"}}, Grants: []GrantEntry{{ID: "g", ClientID: "c"}}})
	f.Add(raw)
	f.Add([]byte{subjectVersion, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, raw []byte) {
		var read Subject
		if decodeSubject(raw, &read) != nil {
			return
		}
		again, err := encodeSubject(read)
		if err != nil {
			t.Fatal(err)
		}
		var second Subject
		if err := decodeSubject(again, &second); err != nil {
			t.Fatalf("what was written does not read back: %v", err)
		}
	})
}
