package bolt

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"

	"gatehouse/storage"
)

// ErrLocked says that another process holds the file.
var ErrLocked = errors.New("store file is in use by another process")

// The buckets. A record is its expiry in Unix milliseconds (8 bytes, zero for
// none) and its value; the index has a key of expiry and record key for each
// record that expires.
const (
	recordBucket = "records"
	expiryBucket = "expiry"
	aboutBucket  = "about"
	formatKey    = "format"
	format       = "gatehouse bolt 1"
)

const (
	expirySize = 8
	// lockPatience is how long Open waits for a file that is in use. bbolt asks
	// every 50 ms.
	lockPatience = 120 * time.Millisecond
)

// Options say where the store is.
type Options struct {
	// Path is the file. It and its folder are made if they do not exist.
	Path string
	// Now is the clock that decides what has expired.
	Now func() time.Time
}

// Backend is an open file. It is safe for concurrent use.
type Backend struct {
	db     *bbolt.DB
	now    func() time.Time
	writer writer
}

var _ storage.Backend = (*Backend)(nil)

// Open opens the file, or returns ErrLocked at once if another process holds it.
func Open(options Options) (*Backend, error) {
	switch {
	case options.Path == "":
		return nil, errors.New("open store file: no path")
	case options.Now == nil:
		return nil, errors.New("open store file: no clock")
	}
	folder := filepath.Dir(options.Path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	_, err := os.Stat(options.Path)
	created := errors.Is(err, fs.ErrNotExist)

	db, err := bbolt.Open(options.Path, 0o600, &bbolt.Options{
		Timeout: lockPatience,
		// The array freelist slows down as a file fragments; this one does not.
		FreelistType: bbolt.FreelistMapType,
	})
	if errors.Is(err, bbolterrors.ErrTimeout) {
		return nil, fmt.Errorf("%s: %w", options.Path, ErrLocked)
	}
	if err != nil {
		return nil, fmt.Errorf("open store file: %w", err)
	}
	if err := prepare(db); err != nil {
		return nil, errors.Join(fmt.Errorf("open store file: %w", err), db.Close())
	}
	if created {
		// A file outlives a power cut only once its folder is on the disk.
		if err := syncFolder(folder); err != nil {
			return nil, errors.Join(fmt.Errorf("open store file: %w", err), db.Close())
		}
	}
	b := &Backend{db: db, now: options.Now}
	b.writer.init(db)
	return b, nil
}

// prepare makes the buckets of a new file, and refuses one that is not ours.
func prepare(db *bbolt.DB) error {
	ready := false
	err := db.View(func(tx *bbolt.Tx) error {
		about := tx.Bucket([]byte(aboutBucket))
		if about == nil {
			if first, _ := tx.Cursor().First(); first != nil {
				return errors.New("a bolt file of another program")
			}
			return nil
		}
		if found := string(about.Get([]byte(formatKey))); found != format {
			return fmt.Errorf("format %q is unknown to this version, which writes %q", found, format)
		}
		ready = true
		return nil
	})
	if err != nil || ready {
		return err
	}
	return db.Update(func(tx *bbolt.Tx) error {
		for _, name := range []string{recordBucket, expiryBucket} {
			if _, err := tx.CreateBucket([]byte(name)); err != nil {
				return err
			}
		}
		about, err := tx.CreateBucket([]byte(aboutBucket))
		if err != nil {
			return err
		}
		return about.Put([]byte(formatKey), []byte(format))
	})
}

func syncFolder(path string) error {
	folder, err := os.Open(path) //nolint:gosec // the operator names the file, and so its folder
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// Close waits for the calls under way and closes the file.
func (b *Backend) Close() error { return b.db.Close() }

// Ping implements storage.Backend. It commits a transaction without changes,
// which a disk that is gone or takes no writes refuses.
func (b *Backend) Ping(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return b.writer.do(ctx, func(*bbolt.Tx) (error, error) { return nil, nil })
}

func records(tx *bbolt.Tx) *bbolt.Bucket { return tx.Bucket([]byte(recordBucket)) }

func index(tx *bbolt.Tx) *bbolt.Bucket { return tx.Bucket([]byte(expiryBucket)) }

// record is what stands under a key.
type record struct {
	expires uint64 // Unix milliseconds, zero for none
	value   []byte // valid only within the transaction
}

// find returns the record under a key even if it has expired.
func find(tx *bbolt.Tx, key string) (record, bool) {
	raw := records(tx).Get([]byte(key))
	if len(raw) < expirySize {
		return record{}, false
	}
	return record{expires: binary.BigEndian.Uint64(raw), value: raw[expirySize:]}, true
}

// live returns the record under a key unless it has expired.
func (b *Backend) live(tx *bbolt.Tx, key string) (record, bool) {
	found, ok := find(tx, key)
	if !ok || found.expired(b.millis()) {
		return record{}, false
	}
	return found, true
}

func (r record) expired(now uint64) bool { return r.expires != 0 && r.expires <= now }

func (b *Backend) millis() uint64 { return uint64(max(0, b.now().UnixMilli())) } //nolint:gosec // not negative

// set writes a record and its place in the index.
func set(tx *bbolt.Tx, key string, next record) error {
	if err := unindex(tx, key); err != nil {
		return err
	}
	if next.expires != 0 {
		if err := index(tx).Put(indexKey(next.expires, key), nil); err != nil {
			return err
		}
	}
	raw := make([]byte, expirySize, expirySize+len(next.value))
	binary.BigEndian.PutUint64(raw, next.expires)
	return records(tx).Put([]byte(key), append(raw, next.value...))
}

// remove deletes a record and its place in the index.
func remove(tx *bbolt.Tx, key string) error {
	if err := unindex(tx, key); err != nil {
		return err
	}
	return records(tx).Delete([]byte(key))
}

func unindex(tx *bbolt.Tx, key string) error {
	found, ok := find(tx, key)
	if !ok || found.expires == 0 {
		return nil
	}
	return index(tx).Delete(indexKey(found.expires, key))
}

// indexKey sorts by time.
func indexKey(expires uint64, key string) []byte {
	entry := make([]byte, 0, expirySize+len(key))
	return append(binary.BigEndian.AppendUint64(entry, expires), key...)
}
