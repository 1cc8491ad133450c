package storage

import (
	"encoding/binary"
	"errors"
	"time"
)

// subjectVersion is the first byte of an encoded Subject. Version 1, which has no
// EndedAt, is still read.
const subjectVersion = 2

var errSubject = errors.New("malformed index of a user")

// subjectCodec writes the index of a user in a form of its own: each sign-in at
// an app reads and writes it whole, and as JSON an index of a hundred grants
// takes longer than everything else in the flow together.
//
// After the version stand EndedAt, the sessions and the grants, each list behind
// its length; texts behind theirs; times in Unix milliseconds, zero for none.
// Numbers are varints. A new field needs a new version.
func subjectCodec() codec[Subject] {
	return codec[Subject]{encode: encodeSubject, decode: decodeSubject}
}

func encodeSubject(subject Subject) ([]byte, error) {
	const entrySize = 80 // with ids as they are made now
	raw := make([]byte, 0, 16+entrySize*(len(subject.Sessions)+len(subject.Grants)))
	raw = append(raw, subjectVersion)
	raw = appendTime(raw, subject.EndedAt)
	raw = binary.AppendUvarint(raw, uint64(len(subject.Sessions)))
	for _, entry := range subject.Sessions {
		raw = appendText(raw, entry.ID)
		raw = appendTime(raw, entry.Created)
		raw = appendTime(raw, entry.Expires)
	}
	raw = binary.AppendUvarint(raw, uint64(len(subject.Grants)))
	for _, entry := range subject.Grants {
		raw = appendText(raw, entry.ID)
		raw = appendText(raw, entry.ClientID)
		raw = appendText(raw, entry.SessionID)
		offline := byte(0)
		if entry.Offline {
			offline = 1
		}
		raw = append(raw, offline)
		raw = appendTime(raw, entry.Created)
		raw = appendTime(raw, entry.Expires)
	}
	return raw, nil
}

func appendText(raw []byte, text string) []byte {
	return append(binary.AppendUvarint(raw, uint64(len(text))), text...)
}

func appendTime(raw []byte, t time.Time) []byte {
	if t.IsZero() {
		return binary.AppendVarint(raw, 0)
	}
	return binary.AppendVarint(raw, t.UnixMilli())
}

func decodeSubject(raw []byte, into *Subject) error {
	// One string for all: the texts are parts of it.
	r := subjectReader{rest: string(raw)}
	var subject Subject
	switch r.byte() {
	case 1:
	case subjectVersion:
		subject.EndedAt = r.time()
	default:
		return errSubject
	}
	if count := r.count(); count > 0 {
		subject.Sessions = make([]SessionEntry, count)
	}
	for i := range subject.Sessions {
		subject.Sessions[i] = SessionEntry{ID: r.text(), Created: r.time(), Expires: r.time()}
	}
	if count := r.count(); count > 0 {
		subject.Grants = make([]GrantEntry, count)
	}
	for i := range subject.Grants {
		subject.Grants[i] = GrantEntry{
			ID: r.text(), ClientID: r.text(), SessionID: r.text(), Offline: r.byte() == 1,
			Created: r.time(), Expires: r.time(),
		}
	}
	if r.broken || r.rest != "" {
		return errSubject
	}
	*into = subject
	return nil
}

// subjectReader takes an encoded Subject apart. Once something was malformed it
// returns nothing but zeros.
type subjectReader struct {
	rest   string
	broken bool
}

func (r *subjectReader) byte() byte {
	if r.rest == "" {
		r.broken = true
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

func (r *subjectReader) uvarint() uint64 {
	var value uint64
	for shift := 0; shift < 64; shift += 7 {
		b := r.byte()
		value |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return value
		}
	}
	r.broken, r.rest = true, ""
	return 0
}

// count reads the length of a text or list, none of which can have more parts
// than there are bytes left.
func (r *subjectReader) count() int {
	count := r.uvarint()
	if count > uint64(len(r.rest)) {
		r.broken, r.rest = true, ""
		return 0
	}
	return int(count) //nolint:gosec // no more than len(r.rest)
}

func (r *subjectReader) text() string {
	size := r.count()
	text := r.rest[:size]
	r.rest = r.rest[size:]
	return text
}

func (r *subjectReader) time() time.Time {
	zigzag := r.uvarint()
	millis := int64(zigzag>>1) ^ -int64(zigzag&1) //nolint:gosec // as encoding/binary writes signed numbers
	if millis == 0 {
		return time.Time{}
	}
	return time.UnixMilli(millis)
}
