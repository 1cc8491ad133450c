package bolt

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
)

// sweepStep bounds one transaction of a sweep, for which other writes wait.
const sweepStep = 256

// Sweep deletes expired records now and after every interval, until the context
// ends. Its errors go to report; none ends it.
func (b *Backend) Sweep(ctx context.Context, interval time.Duration, report func(error)) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		if _, err := b.SweepOnce(ctx); err != nil && ctx.Err() == nil {
			report(err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// SweepOnce deletes every record that has expired by now, in transactions of
// bounded size, and says how many there were.
func (b *Backend) SweepOnce(ctx context.Context) (int, error) {
	now, total := b.millis(), 0
	for {
		if err := ctx.Err(); err != nil {
			return total, err
		}
		due, err := b.due(now)
		if err != nil {
			return total, fmt.Errorf("sweep store file: %w", err)
		}
		if len(due) == 0 {
			return total, nil
		}
		err = b.writer.do(ctx, func(tx *bbolt.Tx) (error, error) {
			return nil, drop(tx, due, now)
		})
		if err != nil {
			return total, fmt.Errorf("sweep store file: %w", err)
		}
		total += len(due)
	}
}

// due returns the index entries of some records that expired by now, so that a
// sweep with nothing to do writes nothing.
func (b *Backend) due(now uint64) (entries [][]byte, err error) {
	err = b.db.View(func(tx *bbolt.Tx) error {
		cursor := index(tx).Cursor()
		for entry, _ := cursor.First(); entry != nil && len(entries) < sweepStep; entry, _ = cursor.Next() {
			if binary.BigEndian.Uint64(entry) > now {
				return nil
			}
			entries = append(entries, clone(entry))
		}
		return nil
	})
	return entries, err
}

// drop deletes the entries, and the records that they are still about: one that
// was written again meanwhile has another expiry.
func drop(tx *bbolt.Tx, entries [][]byte, now uint64) error {
	for _, entry := range entries {
		key := string(entry[expirySize:])
		if found, ok := find(tx, key); ok && found.expired(now) {
			if err := records(tx).Delete([]byte(key)); err != nil {
				return err
			}
		}
		if err := index(tx).Delete(entry); err != nil {
			return err
		}
	}
	return nil
}
