package upstream

import (
	"context"
	"errors"
	"fmt"

	"gatehouse/storage"
)

// used says whether a living session or a living grant that outlives its session
// names the pair. Every session and every such grant stands in the index of its
// user before it exists, so that none is overlooked; of a grant that is being
// opened the session names the pair too, as long as it lives.
func (k *Keeper) used(ctx context.Context, pair storage.DirectusSession) (bool, error) {
	index, err := k.Store.Subjects.Get(ctx, pair.Subject)
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for the use of a kept pair: %w", err)
	}
	sessions := make([]*storage.Record[storage.Session], len(index.Value.Sessions))
	grants := make([]*storage.Record[storage.Grant], len(index.Value.Grants))
	var reads []storage.Read
	for i, entry := range index.Value.Sessions {
		reads = append(reads, k.Store.Sessions.Read(entry.ID, &sessions[i]))
	}
	for i, entry := range index.Value.Grants {
		if entry.Offline { // any other needs its session
			reads = append(reads, k.Store.Grants.Read(entry.ID, &grants[i]))
		}
	}
	if len(reads) == 0 {
		return false, nil
	}
	if err := k.Store.Load(ctx, reads...); err != nil {
		return false, fmt.Errorf("look for the use of a kept pair: %w", err)
	}
	for _, record := range sessions {
		if record != nil && record.Value.DirectusSession == pair.ID && k.SessionAlive(record.Value) {
			return true, nil
		}
	}
	for _, record := range grants {
		if record != nil && record.Value.DirectusSession == pair.ID {
			return true, nil
		}
	}
	return false, nil
}
