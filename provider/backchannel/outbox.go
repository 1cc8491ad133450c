package backchannel

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"gatehouse/storage"
)

// danglingFor is how long an entry may stand without its delivery, which is
// written right after it.
const danglingFor = 10 * time.Minute

// look reads the outboxes in one round trip and begins whatever is due.
func (d *Deliverer) look(ctx context.Context, work *sync.WaitGroup) error {
	boxes := make([]*storage.Record[storage.LogoutOutbox], storage.OutboxShards)
	reads := make([]storage.Read, len(boxes))
	for i := range boxes {
		reads[i] = d.Store.LogoutOutboxes.Read(strconv.Itoa(i), &boxes[i])
	}
	if err := d.Store.Load(ctx, reads...); err != nil {
		return fmt.Errorf("read outboxes: %w", err)
	}
	now := d.Now()
	entries := map[string]storage.OutboxEntry{}
	var ids []string
	for _, box := range boxes {
		if box == nil {
			continue
		}
		for _, entry := range box.Value.Entries {
			if !now.Before(entry.DueAt) && d.hand.take(entry.ID, entry.ClientID) {
				entries[entry.ID] = entry
				ids = append(ids, entry.ID)
			}
		}
	}
	return d.begin(ctx, work, ids, entries)
}

// begin starts an attempt at each delivery, which were taken in hand. entries are
// those of the outboxes, nil for what was hinted at.
func (d *Deliverer) begin(ctx context.Context, work *sync.WaitGroup, ids []string, entries map[string]storage.OutboxEntry) error {
	if len(ids) == 0 {
		return nil
	}
	records := make([]*storage.Record[storage.LogoutDelivery], len(ids))
	reads := make([]storage.Read, len(ids))
	for i, id := range ids {
		reads[i] = d.Store.LogoutDeliveries.Read(id, &records[i])
	}
	if err := d.Store.Load(ctx, reads...); err != nil {
		d.hand.release(ids...)
		return fmt.Errorf("read deliveries: %w", err)
	}
	targets := map[string]target{}
	for i, record := range records {
		id := ids[i]
		if record == nil || record.Value.Done {
			err := d.tidy(ctx, record, entries[id])
			d.hand.release(id)
			if err != nil {
				d.hand.release(ids[i+1:]...)
				return err
			}
			continue
		}
		if !d.hand.know(id, record.Value.ClientID) {
			d.hand.release(id)
			continue
		}
		to, err := d.target(ctx, targets, record.Value)
		if err != nil {
			d.hand.release(ids[i:]...)
			return err
		}
		_, due := entries[id]
		work.Go(func() {
			defer d.hand.release(id)
			d.attempt(ctx, record.Value, to, due)
		})
	}
	return nil
}

// tidy removes an entry whose delivery is done or never came to be, unless somebody
// has listed it again since it was read: then he is about to write the delivery.
func (d *Deliverer) tidy(ctx context.Context, record *storage.Record[storage.LogoutDelivery], entry storage.OutboxEntry) error {
	if entry.ID == "" || record == nil && d.Now().Sub(entry.AddedAt) < danglingFor {
		return nil
	}
	return d.relist(ctx, entry.ID, func(outbox *storage.LogoutOutbox, i int) {
		if outbox.Entries[i].AddedAt.Equal(entry.AddedAt) {
			outbox.Entries = slices.Delete(outbox.Entries, i, i+1)
		}
	})
}

// unlist removes the entry of a delivery.
func (d *Deliverer) unlist(ctx context.Context, id string) error {
	return d.relist(ctx, id, func(outbox *storage.LogoutOutbox, i int) { outbox.Entries = slices.Delete(outbox.Entries, i, i+1) })
}

// postpone notes when a delivery is due next.
func (d *Deliverer) postpone(ctx context.Context, id string, due time.Time) error {
	return d.relist(ctx, id, func(outbox *storage.LogoutOutbox, i int) { outbox.Entries[i].DueAt = due })
}

// errUnlisted ends an update that has nothing to change.
var errUnlisted = errors.New("delivery is not listed")

func (d *Deliverer) relist(ctx context.Context, id string, change func(outbox *storage.LogoutOutbox, i int)) error {
	err := d.Store.LogoutOutboxes.Update(ctx, storage.OutboxShard(id), func(outbox *storage.LogoutOutbox) error {
		i := slices.IndexFunc(outbox.Entries, func(e storage.OutboxEntry) bool { return e.ID == id })
		if i < 0 {
			return errUnlisted
		}
		change(outbox, i)
		return nil
	})
	if errors.Is(err, errUnlisted) || errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("write outbox: %w", err)
	}
	return nil
}
