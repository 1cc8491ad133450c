package storage

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"
)

// Table keeps records of one noun, sealed, as JSON unless their codec is another.
//
// The name of a record is digested before it becomes a key, so that a dump of
// the store's keys shows no handle, address or e-mail. The digest has no key:
// it keeps what cannot be guessed, such as handles. Whoever has the dump and
// guesses an e-mail or network address can tell by trying whether there is a
// record of it, though not what it says. The expiry stands
// inside the sealed record too and is compared with the Store's clock; what the
// Backend deletes by itself is only what nobody can read any more.
type Table[T any] struct {
	prefix string
	store  *Store
	codec  codec[T]
}

// codec writes a record as bytes and reads it back.
type codec[T any] struct {
	encode func(T) ([]byte, error)
	decode func([]byte, *T) error
}

func jsonCodec[T any]() codec[T] {
	return codec[T]{
		encode: func(value T) ([]byte, error) { return json.Marshal(value) },
		decode: func(body []byte, into *T) error { return json.Unmarshal(body, into) },
	}
}

// Record is what a Table read: a value, and what is needed to replace exactly
// this version of it.
type Record[T any] struct {
	Value T
	// Expires is zero for a record that is kept until it is deleted.
	Expires time.Time

	key string
	raw []byte
}

// Key is the same for every version of a record, and tells nothing of it.
func (r *Record[T]) Key() string { return r.key }

func newTable[T any](store *Store, name string) *Table[T] {
	return newTableOf(store, name, jsonCodec[T]())
}

func newTableOf[T any](store *Store, name string, codec codec[T]) *Table[T] {
	return &Table[T]{prefix: name + ":", store: store, codec: codec}
}

// Get reads a record, or returns ErrNotFound.
func (t *Table[T]) Get(ctx context.Context, name string) (*Record[T], error) {
	var record *Record[T]
	if err := t.store.Load(ctx, t.Read(name, &record)); err != nil {
		return nil, err
	}
	if record == nil {
		return nil, ErrNotFound
	}
	return record, nil
}

// Read is one of several reads for Store.Load: into is set to the record, or to
// nil if there is none.
func (t *Table[T]) Read(name string, into **Record[T]) Read {
	*into = nil
	key := t.key(name)
	return Read{key: key, decode: func(raw []byte) error {
		record, err := t.open(key, raw)
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		*into = record
		return nil
	}}
}

// Put writes a record, whether it existed or not.
func (t *Table[T]) Put(ctx context.Context, name string, value T, ttl time.Duration) error {
	key := t.key(name)
	raw, err := t.seal(key, value, t.expiry(ttl))
	if err != nil {
		return err
	}
	return t.wrap("put", t.store.backend.Put(ctx, key, raw, ttl))
}

// Add writes a record that does not exist yet, or returns ErrExists.
func (t *Table[T]) Add(ctx context.Context, name string, value T, ttl time.Duration) error {
	key := t.key(name)
	raw, err := t.seal(key, value, t.expiry(ttl))
	if err != nil {
		return err
	}
	err = t.store.backend.Add(ctx, key, raw, ttl)
	if !errors.Is(err, ErrExists) {
		return t.wrap("add", err)
	}
	// What stands there may have expired by our clock though not yet by the
	// Backend's: then it makes room, once, and only for one of us.
	return t.replaceExpired(ctx, key, raw, ttl)
}

func (t *Table[T]) replaceExpired(ctx context.Context, key string, raw []byte, ttl time.Duration) error {
	values, err := t.store.backend.Get(ctx, key)
	if err != nil {
		return t.wrap("add", err)
	}
	if values[0] == nil {
		return t.wrap("add", t.store.backend.Add(ctx, key, raw, ttl))
	}
	if _, err := t.open(key, values[0]); !errors.Is(err, ErrNotFound) {
		return ErrExists
	}
	err = t.store.backend.Swap(ctx, key, values[0], raw, ttl)
	if errors.Is(err, ErrConflict) || errors.Is(err, ErrNotFound) {
		return ErrExists
	}
	return t.wrap("add", err)
}

// Swap replaces the version that was read by value and keeps its expiry. It
// returns ErrConflict if the record changed since, ErrNotFound if it is gone.
func (t *Table[T]) Swap(ctx context.Context, record *Record[T], value T) error {
	return t.swap(ctx, record, value, record.Expires, KeepExpiry)
}

// SwapFor is Swap with a new time to live.
func (t *Table[T]) SwapFor(ctx context.Context, record *Record[T], value T, ttl time.Duration) error {
	return t.swap(ctx, record, value, t.expiry(ttl), ttl)
}

func (t *Table[T]) swap(ctx context.Context, record *Record[T], value T, expires time.Time, ttl time.Duration) error {
	raw, err := t.seal(record.key, value, expires)
	if err != nil {
		return err
	}
	return t.wrap("swap", t.store.backend.Swap(ctx, record.key, record.raw, raw, ttl))
}

// Update reads a record, lets change work on a copy, and writes it back if
// nobody changed it meanwhile; otherwise it begins again, so change may run
// several times and must have no effects of its own. The expiry stays. An error
// of change ends the update and is returned as it is.
func (t *Table[T]) Update(ctx context.Context, name string, change func(*T) error) error {
	for {
		record, err := t.Get(ctx, name)
		if err != nil {
			return err
		}
		if err := change(&record.Value); err != nil {
			return err
		}
		err = t.Swap(ctx, record, record.Value)
		if !errors.Is(err, ErrConflict) {
			return err
		}
	}
}

// Upsert is Update for a record that may not exist: change then begins with the
// zero value, and the record is added with the time to live, which an existing
// record gets anew as well.
func (t *Table[T]) Upsert(ctx context.Context, name string, ttl time.Duration, change func(*T) error) error {
	for {
		record, err := t.Get(ctx, name)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		if record == nil {
			var value T
			if err := change(&value); err != nil {
				return err
			}
			err = t.Add(ctx, name, value, ttl)
		} else {
			if err := change(&record.Value); err != nil {
				return err
			}
			err = t.SwapFor(ctx, record, record.Value, ttl)
		}
		if errors.Is(err, ErrExists) || errors.Is(err, ErrConflict) || errors.Is(err, ErrNotFound) {
			continue
		}
		return err
	}
}

// Take reads and deletes a record; of concurrent calls exactly one gets it.
func (t *Table[T]) Take(ctx context.Context, name string) (*Record[T], error) {
	key := t.key(name)
	raw, err := t.store.backend.Take(ctx, key)
	if err != nil {
		return nil, t.wrap("take", err)
	}
	return t.open(key, raw)
}

// Delete removes a record; one that does not exist is no error.
func (t *Table[T]) Delete(ctx context.Context, name string) error {
	return t.wrap("delete", t.store.backend.Delete(ctx, t.key(name)))
}

// pageSize is how many records All reads in one round trip.
const pageSize = 100

// All reads every record of the table, in no order. Records that change
// meanwhile may be seen in either state.
func (t *Table[T]) All(ctx context.Context) iter.Seq2[*Record[T], error] {
	return t.AllBut(ctx, func(string) bool { return false })
}

// AllBut is All for whoever remembers records by their keys: those that known says
// so of are there, but are not read. It is asked once or more about each.
func (t *Table[T]) AllBut(ctx context.Context, known func(key string) bool) iter.Seq2[*Record[T], error] {
	return func(yield func(*Record[T], error) bool) {
		page := make([]string, 0, pageSize)
		for key, err := range t.store.backend.Keys(ctx, t.prefix) {
			if err != nil {
				yield(nil, t.wrap("list", err))
				return
			}
			if known(key) {
				continue
			}
			if page = append(page, key); len(page) < pageSize {
				continue
			}
			if !t.page(ctx, page, yield) {
				return
			}
			page = page[:0]
		}
		if len(page) > 0 {
			t.page(ctx, page, yield)
		}
	}
}

// page reads some records and says whether more are wanted.
func (t *Table[T]) page(ctx context.Context, keys []string, yield func(*Record[T], error) bool) bool {
	values, err := t.store.backend.Get(ctx, keys...)
	if err != nil {
		yield(nil, t.wrap("list", err))
		return false
	}
	for i, value := range values {
		if value == nil {
			continue
		}
		record, err := t.open(keys[i], value)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if !yield(record, err) {
			return false
		}
	}
	return true
}

// key digests the name together with the table's, so that equal names in two
// tables do not show as equal keys.
func (t *Table[T]) key(name string) string {
	sum := sha256.Sum256([]byte(t.prefix + name))
	return t.prefix + base64.RawURLEncoding.EncodeToString(sum[:])
}

func (t *Table[T]) expiry(ttl time.Duration) time.Time {
	if ttl == NoExpiry {
		return time.Time{}
	}
	return t.store.now().Add(ttl)
}

// seal makes the plain text of a record: its expiry in Unix milliseconds
// (8 bytes, zero for none), then what the codec writes.
func (t *Table[T]) seal(key string, value T, expires time.Time) ([]byte, error) {
	body, err := t.codec.encode(value)
	if err != nil {
		return nil, fmt.Errorf("encode record: %w", err)
	}
	plain := make([]byte, 8, 8+len(body))
	if !expires.IsZero() {
		binary.BigEndian.PutUint64(plain, uint64(expires.UnixMilli())) //nolint:gosec // dates after 1970
	}
	return t.store.sealer.Seal(key, append(plain, body...))
}

func (t *Table[T]) open(key string, raw []byte) (*Record[T], error) {
	plain, err := t.store.sealer.Open(key, raw)
	if err != nil {
		return nil, t.wrap("open", err)
	}
	if len(plain) < 8 {
		return nil, t.wrap("open", ErrSeal)
	}
	record := &Record[T]{key: key, raw: raw}
	if millis := binary.BigEndian.Uint64(plain); millis != 0 {
		record.Expires = time.UnixMilli(int64(millis)) //nolint:gosec // written by seal
		if !t.store.now().Before(record.Expires) {
			return nil, ErrNotFound
		}
	}
	if err := t.codec.decode(plain[8:], &record.Value); err != nil {
		return nil, t.wrap("decode", err)
	}
	return record, nil
}

func (t *Table[T]) wrap(verb string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s: %w", verb, t.prefix[:len(t.prefix)-1], err)
}
