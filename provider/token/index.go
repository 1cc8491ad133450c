package token

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"gatehouse/storage"
)

// Index is the index of a user, as far as it was read.
type Index struct {
	record *storage.Record[storage.Subject]
}

// ReadIndex reads the index of a user along with whatever else the caller loads.
func (s *Service) ReadIndex(subject string, into *Index) storage.Read {
	return s.Store.Subjects.Read(subject, &into.record)
}

// pruneEvery is how many entries an index grows by until a writer looks which of
// their grants still exist: it reads them all, so it must be seldom.
const pruneEvery = 64

// enter adds the grant to the user's index, in place of an entry it has. The
// index as it was read is tried first; only if it changed meanwhile is it read
// again.
func (s *Service) enter(ctx context.Context, grant storage.Grant, index Index) error {
	for {
		ended, err := s.tryEnter(ctx, grant, index.record)
		if errors.Is(err, storage.ErrConflict) || errors.Is(err, storage.ErrExists) || errors.Is(err, storage.ErrNotFound) {
			index.record, err = s.Store.Subjects.Get(ctx, grant.Subject)
			if err != nil && !errors.Is(err, storage.ErrNotFound) {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		return s.deleteGrants(ctx, grant.Subject, "too many grants", ended)
	}
}

// tryEnter returns the entries that had to make room.
func (s *Service) tryEnter(ctx context.Context, grant storage.Grant, record *storage.Record[storage.Subject]) ([]storage.GrantEntry, error) {
	var next storage.Subject
	if record != nil {
		next = record.Value
	}
	if err := s.prune(ctx, &next); err != nil {
		return nil, err
	}
	kept, ended := s.withEntry(next.Grants, grant)
	next.Grants = kept
	if record == nil {
		return ended, s.Store.Subjects.Add(ctx, grant.Subject, next, storage.NoExpiry)
	}
	return ended, s.Store.Subjects.Swap(ctx, record, next)
}

// prune drops the entries of grants that are worth nothing: those whose time has
// passed, those of sessions that have ended, and, where the list is long, those
// whose record is gone, as after a code that nobody redeemed.
func (s *Service) prune(ctx context.Context, subject *storage.Subject) error {
	sessions := make(map[string]bool, len(subject.Sessions))
	for _, entry := range subject.Sessions {
		sessions[entry.ID] = true
	}
	kept := make([]storage.GrantEntry, 0, len(subject.Grants)+1)
	for _, entry := range subject.Grants {
		if s.Now().Before(entry.Expires) && (entry.Offline || entry.SessionID == "" || sessions[entry.SessionID]) {
			kept = append(kept, entry)
		}
	}
	subject.Grants = kept
	// At the bound something has to go each time, and must not be a live grant
	// as long as there is a dead one.
	full := len(kept) >= storage.MaxGrantsPerSubject
	if len(kept) == 0 || len(kept)%pruneEvery != 0 && !full {
		return nil
	}
	records := make([]*storage.Record[storage.Grant], len(kept))
	reads := make([]storage.Read, len(kept))
	for i, entry := range kept {
		reads[i] = s.Store.Grants.Read(entry.ID, &records[i])
	}
	if err := s.Store.Load(ctx, reads...); err != nil {
		return fmt.Errorf("look for grants: %w", err)
	}
	var gone []storage.GrantEntry
	for i, record := range records {
		// The record of a grant that is being opened follows its entry.
		if record == nil && s.Now().Sub(kept[i].Created) > s.Lifetimes.Code {
			gone = append(gone, kept[i])
		}
	}
	subject.Grants = without(kept, gone)
	return nil
}

// withEntry adds the entry and says which had to make room for it: the oldest
// of the same client, so that no app ends those of another, else the oldest.
func (s *Service) withEntry(entries []storage.GrantEntry, grant storage.Grant) (kept, ended []storage.GrantEntry) {
	kept = slices.DeleteFunc(entries, func(e storage.GrantEntry) bool { return e.ID == grant.ID })
	for len(kept) >= storage.MaxGrantsPerSubject {
		oldest := max(0, slices.IndexFunc(kept, func(e storage.GrantEntry) bool { return e.ClientID == grant.ClientID }))
		ended = append(ended, kept[oldest])
		kept = slices.Delete(kept, oldest, oldest+1)
	}
	return append(kept, storage.GrantEntry{
		ID: grant.ID, ClientID: grant.ClientID, SessionID: grant.SessionID, Offline: grant.Offline,
		Created: grant.IssuedAt, Expires: grant.ListedUntil,
	}), ended
}

func without(entries, drop []storage.GrantEntry) []storage.GrantEntry {
	dropped := make(map[string]bool, len(drop))
	for _, entry := range drop {
		dropped[entry.ID] = true
	}
	return slices.DeleteFunc(entries, func(e storage.GrantEntry) bool { return dropped[e.ID] })
}
