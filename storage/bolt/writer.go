package bolt

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"go.etcd.io/bbolt"
)

// change is one call's work within a transaction. answer is what the caller is
// told although the transaction is in order (ErrExists and the like); failure
// undoes the whole transaction.
type change func(tx *bbolt.Tx) (answer, failure error)

// writer lets writes that come together share a transaction, and with it the
// two flushes that a commit costs. Whoever finds nobody writing writes at once,
// for all that are waiting; so a lone caller never waits for company, as it
// would in bbolt's own Batch.
type writer struct {
	db *bbolt.DB
	// turn holds one token, which the caller that writes has taken.
	turn chan struct{}

	mu      sync.Mutex
	waiting []*write
}

type write struct {
	change change
	answer error
	done   chan struct{} // closed once answer stands
}

// batchLimit bounds a transaction, so that no caller waits for a huge one.
const batchLimit = 256

func (w *writer) init(db *bbolt.DB) {
	w.db = db
	w.turn = make(chan struct{}, 1)
	w.turn <- struct{}{}
}

// write carries out a change and returns when it is on the disk. A context that
// ends before the change was begun keeps it from being carried out; once it was
// begun its outcome is waited for, which is a matter of one flush.
func (b *Backend) write(ctx context.Context, key string, change change) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if key == "" || len(key) > bbolt.MaxKeySize-expirySize {
		return fmt.Errorf("write store file: a key of %d bytes", len(key))
	}
	return b.writer.do(ctx, change)
}

func (w *writer) do(ctx context.Context, change change) error {
	mine := &write{change: change, done: make(chan struct{})}
	w.mu.Lock()
	w.waiting = append(w.waiting, mine)
	w.mu.Unlock()
	for {
		select {
		case <-mine.done:
			return mine.answer
		case <-w.turn:
			w.commit(w.next())
			w.turn <- struct{}{}
		case <-ctx.Done():
			if w.withdraw(mine) {
				return ctx.Err()
			}
			<-mine.done
			return mine.answer
		}
	}
}

// next takes the oldest of the waiting writes.
func (w *writer) next() []*write {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := min(len(w.waiting), batchLimit)
	batch := w.waiting[:n:n]
	w.waiting = w.waiting[n:]
	if len(w.waiting) == 0 {
		w.waiting = nil
	}
	return batch
}

func (w *writer) withdraw(mine *write) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, other := range w.waiting {
		if other == mine {
			w.waiting = append(w.waiting[:i:i], w.waiting[i+1:]...)
			return true
		}
	}
	return false
}

// commit carries out the writes in order, in one transaction, and answers each
// caller. If the transaction fails nothing of it is in the file, and everybody
// is told so: the answers rest on changes that did not happen.
func (w *writer) commit(batch []*write) {
	if len(batch) == 0 {
		return
	}
	written := false
	err := w.db.Update(func(tx *bbolt.Tx) error {
		for _, each := range batch {
			answer, failure := each.change(tx)
			if failure != nil {
				return failure
			}
			each.answer = answer
			written = written || answer == nil
		}
		if !written {
			return errNothingWritten
		}
		return nil
	})
	if errors.Is(err, errNothingWritten) {
		err = nil
	}
	for _, each := range batch {
		if err != nil {
			each.answer = fmt.Errorf("write store file: %w", err)
		}
		close(each.done)
	}
}

// errNothingWritten spares the flushes of a transaction that only refused.
var errNothingWritten = errors.New("nothing written")
