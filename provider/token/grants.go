package token

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
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

// open writes a new grant: first its entry in the user's index, then the
// record, so that a crash in between leaves an entry without a grant, never a
// grant that no list shows.
func (s *Service) open(ctx context.Context, grant storage.Grant, index Index, ttl time.Duration) error {
	if grant.Subject != "" {
		if err := s.enter(ctx, grant, index); err != nil {
			return fmt.Errorf("index grant: %w", err)
		}
	}
	if err := s.Store.Grants.Put(ctx, grant.ID, grant, ttl); err != nil {
		return fmt.Errorf("write grant: %w", err)
	}
	return nil
}

// keepListed moves the grant's entry in the user's index on if the entry would
// end before the grant. Whatever ends all of a user's grants goes by the index,
// so that a chain of refreshes must not outlive its entry.
func (s *Service) keepListed(ctx context.Context, grant *storage.Grant, ttl time.Duration) error {
	end := s.Now().Add(ttl)
	if !grant.ListedUntil.Before(end) {
		return nil
	}
	grant.ListedUntil = end.Add(s.Lifetimes.RefreshToken / relistings)
	if err := s.enter(ctx, *grant, Index{}); err != nil {
		return fmt.Errorf("index grant: %w", err)
	}
	return nil
}

// relistings is how often the index is written in the lifetime of a refresh
// token, however often that is used.
const relistings = 4

// enter adds the grant to the user's index, in place of an entry it has. The
// index as it was read is tried first; only if it changed meanwhile is it read
// again.
func (s *Service) enter(ctx context.Context, grant storage.Grant, index Index) error {
	var ended []storage.GrantEntry
	change := func(subject *storage.Subject) error {
		ended = s.addEntry(subject, grant)
		return nil
	}
	err := storage.ErrConflict
	if index.record != nil {
		next := index.record.Value
		_ = change(&next)
		err = s.Store.Subjects.Swap(ctx, index.record, next)
	}
	if errors.Is(err, storage.ErrConflict) || errors.Is(err, storage.ErrNotFound) {
		err = s.Store.Subjects.Upsert(ctx, grant.Subject, storage.NoExpiry, change)
	}
	if err != nil {
		return err
	}
	for _, entry := range ended {
		if err := s.Store.Grants.Delete(ctx, entry.ID); err != nil {
			return err
		}
		s.Sink.Emit(ctx, event.Event{
			Name: event.GrantRevoked, GrantID: entry.ID, ClientID: entry.ClientID,
			Subject: grant.Subject, Reason: "too many grants",
		})
	}
	return nil
}

// addEntry returns the entries that had to make room.
func (s *Service) addEntry(subject *storage.Subject, grant storage.Grant) []storage.GrantEntry {
	kept := make([]storage.GrantEntry, 0, len(subject.Grants)+1)
	for _, entry := range subject.Grants {
		if s.Now().Before(entry.Expires) && entry.ID != grant.ID {
			kept = append(kept, entry)
		}
	}
	kept = append(kept, storage.GrantEntry{
		ID: grant.ID, ClientID: grant.ClientID, SessionID: grant.SessionID, Offline: grant.Offline,
		Created: grant.IssuedAt, Expires: grant.ListedUntil,
	})
	var ended []storage.GrantEntry
	if over := len(kept) - storage.MaxGrantsPerSubject; over > 0 {
		ended, kept = kept[:over:over], kept[over:]
	}
	subject.Grants = kept
	return ended
}

// family is a grant and the session that it was made in, as they stand now.
type family struct {
	grant   *storage.Record[storage.Grant]
	session *storage.Record[storage.Session]
}

// load reads a grant and its session in one round trip and returns
// storage.ErrNotFound unless the grant is alive.
func (s *Service) load(ctx context.Context, grantID, sessionID string) (family, error) {
	var f family
	reads := []storage.Read{s.Store.Grants.Read(grantID, &f.grant)}
	if sessionID != "" {
		reads = append(reads, s.Store.Sessions.Read(sessionID, &f.session))
	}
	if err := s.Store.Load(ctx, reads...); err != nil {
		return family{}, fmt.Errorf("load grant: %w", err)
	}
	if f.grant == nil {
		return family{}, storage.ErrNotFound
	}
	if !f.grant.Value.Bound() {
		return f, nil
	}
	if f.session == nil || f.session.Value.ID != f.grant.Value.SessionID ||
		f.session.Value.Subject != f.grant.Value.Subject || !s.SessionAlive(f.session.Value) {
		return family{}, storage.ErrNotFound
	}
	return f, nil
}

// Revoke ends a grant and everything that came from it.
func (s *Service) Revoke(ctx context.Context, grant storage.Grant, reason string) error {
	if err := s.Store.Grants.Delete(ctx, grant.ID); err != nil {
		return fmt.Errorf("revoke grant: %w", err)
	}
	s.Sink.Emit(ctx, event.Event{
		Name: event.GrantRevoked, GrantID: grant.ID, ClientID: grant.ClientID,
		Subject: grant.Subject, SessionID: grant.SessionID, Reason: reason,
	})
	if grant.Subject == "" {
		return nil
	}
	err := s.Store.Subjects.Update(ctx, grant.Subject, func(subject *storage.Subject) error {
		subject.Grants = slices.DeleteFunc(subject.Grants, func(e storage.GrantEntry) bool { return e.ID == grant.ID })
		return nil
	})
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("revoke grant: %w", err)
	}
	return nil
}

// RevokeAll ends every grant of a user.
func (s *Service) RevokeAll(ctx context.Context, subject, reason string) error {
	record, err := s.Store.Subjects.Get(ctx, subject)
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("revoke grants: %w", err)
	}
	for _, entry := range record.Value.Grants {
		grant := storage.Grant{ID: entry.ID, ClientID: entry.ClientID, Subject: subject, SessionID: entry.SessionID}
		if err := s.Revoke(ctx, grant, reason); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) newGrantID() (string, error) { return oauth.RandomID(s.Random, 16) }
