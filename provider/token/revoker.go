package token

import (
	"context"
	"errors"
	"fmt"

	"gatehouse/provider/event"
	"gatehouse/storage"
)

// Revoker ends grants, and takes no more than the store for it. It is safe for
// concurrent use, by any number of nodes on one store.
type Revoker struct {
	store   *storage.Store
	release func(directusSessions ...string)
	sink    event.Sink
}

// NewRevoker returns one. release is Config.Release, and may be nil.
func NewRevoker(store *storage.Store, release func(directusSessions ...string), sink event.Sink) *Revoker {
	return &Revoker{store: store, release: release, sink: sink}
}

// Revoke ends a grant and everything that came from it.
func (r *Revoker) Revoke(ctx context.Context, grant storage.Grant, reason string) error {
	return r.revoke(ctx, grant.Subject, reason, []storage.GrantEntry{{ID: grant.ID, ClientID: grant.ClientID, SessionID: grant.SessionID, Offline: grant.Offline}})
}

// RevokeThose ends those grants of a user that are meant.
func (r *Revoker) RevokeThose(ctx context.Context, subject, reason string, meant func(storage.GrantEntry) bool) error {
	record, err := r.store.Subjects.Get(ctx, subject)
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("revoke grants: %w", err)
	}
	var entries []storage.GrantEntry
	for _, entry := range record.Value.Grants {
		if meant(entry) {
			entries = append(entries, entry)
		}
	}
	return r.revoke(ctx, subject, reason, entries)
}

// RevokeRecords is RevokeThose where what the grants themselves say matters. An
// entry without a grant is passed over.
func (r *Revoker) RevokeRecords(ctx context.Context, subject, reason string, meant func(storage.GrantEntry, storage.Grant) bool) error {
	record, err := r.store.Subjects.Get(ctx, subject)
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("revoke grants: %w", err)
	}
	listed := record.Value.Grants
	grants := make([]*storage.Record[storage.Grant], len(listed))
	reads := make([]storage.Read, len(listed))
	for i, entry := range listed {
		reads[i] = r.store.Grants.Read(entry.ID, &grants[i])
	}
	if err := r.store.Load(ctx, reads...); err != nil {
		return fmt.Errorf("revoke grants: %w", err)
	}
	var entries []storage.GrantEntry
	for i, entry := range listed {
		if grants[i] != nil && meant(entry, grants[i].Value) {
			entries = append(entries, entry)
		}
	}
	return r.revoke(ctx, subject, reason, entries)
}

// revoke deletes the records first and their entries in the index after, and the
// records once more, for one that was being written meanwhile: whoever writes it
// looks for its entry afterwards, so that either of the two sees the other.
func (r *Revoker) revoke(ctx context.Context, subject, reason string, entries []storage.GrantEntry) error {
	if err := r.deleteGrants(ctx, subject, reason, entries); err != nil || subject == "" || len(entries) == 0 {
		return err
	}
	err := r.store.Subjects.Update(ctx, subject, func(index *storage.Subject) error {
		index.Grants = without(index.Grants, entries)
		return nil
	})
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("revoke grant: %w", err)
	}
	for _, entry := range entries {
		if !entry.Offline {
			continue
		}
		if err := r.store.Grants.Delete(ctx, entry.ID); err != nil {
			return fmt.Errorf("revoke grant: %w", err)
		}
	}
	return nil
}

func (r *Revoker) deleteGrants(ctx context.Context, subject, reason string, entries []storage.GrantEntry) error {
	for _, entry := range entries {
		if err := r.deleteGrant(ctx, entry); err != nil {
			return fmt.Errorf("revoke grant: %w", err)
		}
		r.sink.Emit(ctx, event.Event{
			Name: event.GrantRevoked, GrantID: entry.ID, ClientID: entry.ClientID,
			Subject: subject, SessionID: entry.SessionID, Reason: reason,
		})
	}
	return nil
}

// deleteGrant deletes one record. What it named of Directus may be left over then.
func (r *Revoker) deleteGrant(ctx context.Context, entry storage.GrantEntry) error {
	if !entry.Offline {
		// It named what its session names.
		return r.store.Grants.Delete(ctx, entry.ID)
	}
	record, err := r.store.Grants.Take(ctx, entry.ID)
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err == nil && r.release != nil && record.Value.DirectusSession != "" {
		r.release(record.Value.DirectusSession)
	}
	return err
}
