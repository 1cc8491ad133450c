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
	if !grant.Offline {
		// It ends with its session, or by itself soon.
		return nil
	}
	return s.stillListed(ctx, grant)
}

// stillListed ends a grant that was just written if it has lost its entry in the
// index. Whoever ended all of a user's grants may have looked for it between the
// two writes, and nobody would ever find it again.
func (s *Service) stillListed(ctx context.Context, grant storage.Grant) error {
	record, err := s.Store.Subjects.Get(ctx, grant.Subject)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("look for grant: %w", err)
	}
	if record != nil && slices.ContainsFunc(record.Value.Grants, func(e storage.GrantEntry) bool { return e.ID == grant.ID }) {
		return nil
	}
	if err := s.Store.Grants.Delete(ctx, grant.ID); err != nil {
		return fmt.Errorf("end grant: %w", err)
	}
	return oauth.NewError(oauth.LoginRequired, "everything of the user was ended meanwhile")
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

// replace writes the next state of a grant, or returns storage.ErrConflict if it
// is not as it was read: somebody else used it first, or revoked it.
func (s *Service) replace(ctx context.Context, record *storage.Record[storage.Grant], grant storage.Grant, ttl time.Duration) error {
	err := s.Store.Grants.SwapFor(ctx, record, grant, ttl)
	if errors.Is(err, storage.ErrNotFound) {
		return storage.ErrConflict
	}
	return err
}

// Revoke ends a grant and everything that came from it.
func (s *Service) Revoke(ctx context.Context, grant storage.Grant, reason string) error {
	return s.revoke(ctx, grant.Subject, reason, []storage.GrantEntry{{ID: grant.ID, ClientID: grant.ClientID, SessionID: grant.SessionID, Offline: grant.Offline}})
}

// RevokeAll ends every grant of a user.
func (s *Service) RevokeAll(ctx context.Context, subject, reason string) error {
	return s.RevokeThose(ctx, subject, reason, func(storage.GrantEntry) bool { return true })
}

// RevokeThose ends those grants of a user that are meant.
func (s *Service) RevokeThose(ctx context.Context, subject, reason string, meant func(storage.GrantEntry) bool) error {
	record, err := s.Store.Subjects.Get(ctx, subject)
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
	return s.revoke(ctx, subject, reason, entries)
}

// RevokeRecords is RevokeThose where what the grants themselves say matters. An
// entry without a grant is passed over.
func (s *Service) RevokeRecords(ctx context.Context, subject, reason string, meant func(storage.GrantEntry, storage.Grant) bool) error {
	record, err := s.Store.Subjects.Get(ctx, subject)
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
		reads[i] = s.Store.Grants.Read(entry.ID, &grants[i])
	}
	if err := s.Store.Load(ctx, reads...); err != nil {
		return fmt.Errorf("revoke grants: %w", err)
	}
	var entries []storage.GrantEntry
	for i, entry := range listed {
		if grants[i] != nil && meant(entry, grants[i].Value) {
			entries = append(entries, entry)
		}
	}
	return s.revoke(ctx, subject, reason, entries)
}

// Living returns the grants of a user that are worth something now: clients got
// tokens by them, and they, or the sessions they are bound to, have not ended.
// index is the user's as it was just read.
func (s *Service) Living(ctx context.Context, subject string, index Index) ([]storage.Grant, error) {
	if index.record == nil || len(index.record.Value.Grants) == 0 {
		return nil, nil
	}
	listed := index.record.Value
	grants := make([]*storage.Record[storage.Grant], len(listed.Grants))
	sessions := make([]*storage.Record[storage.Session], len(listed.Sessions))
	var reads []storage.Read
	for i, entry := range listed.Grants {
		reads = append(reads, s.Store.Grants.Read(entry.ID, &grants[i]))
	}
	for i, entry := range listed.Sessions {
		reads = append(reads, s.Store.Sessions.Read(entry.ID, &sessions[i]))
	}
	if err := s.Store.Load(ctx, reads...); err != nil {
		return nil, fmt.Errorf("list grants: %w", err)
	}
	alive := map[string]bool{}
	for _, record := range sessions {
		if record != nil && record.Value.Subject == subject && s.SessionAlive(record.Value) {
			alive[record.Value.ID] = true
		}
	}
	var living []storage.Grant
	for _, record := range grants {
		if record == nil || record.Value.Subject != subject {
			continue
		}
		grant := record.Value
		used := grant.Code == nil || grant.FrontChannel || !grant.Code.RedeemedAt.IsZero()
		if used && (!grant.Bound() || alive[grant.SessionID]) {
			living = append(living, grant)
		}
	}
	return living, nil
}

// revoke deletes the records first and their entries in the index after, and the
// records once more, for one that was being written meanwhile: whoever writes it
// looks for its entry afterwards, so that either of the two sees the other.
func (s *Service) revoke(ctx context.Context, subject, reason string, entries []storage.GrantEntry) error {
	if err := s.deleteGrants(ctx, subject, reason, entries); err != nil || subject == "" || len(entries) == 0 {
		return err
	}
	err := s.Store.Subjects.Update(ctx, subject, func(index *storage.Subject) error {
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
		if err := s.Store.Grants.Delete(ctx, entry.ID); err != nil {
			return fmt.Errorf("revoke grant: %w", err)
		}
	}
	return nil
}

func (s *Service) deleteGrants(ctx context.Context, subject, reason string, entries []storage.GrantEntry) error {
	for _, entry := range entries {
		if err := s.deleteGrant(ctx, entry); err != nil {
			return fmt.Errorf("revoke grant: %w", err)
		}
		s.Sink.Emit(ctx, event.Event{
			Name: event.GrantRevoked, GrantID: entry.ID, ClientID: entry.ClientID,
			Subject: subject, SessionID: entry.SessionID, Reason: reason,
		})
	}
	return nil
}

// deleteGrant deletes one record. What it named of Directus may be left over then.
func (s *Service) deleteGrant(ctx context.Context, entry storage.GrantEntry) error {
	if !entry.Offline {
		// It named what its session names.
		return s.Store.Grants.Delete(ctx, entry.ID)
	}
	record, err := s.Store.Grants.Take(ctx, entry.ID)
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err == nil && s.Release != nil && record.Value.DirectusSession != "" {
		s.Release(record.Value.DirectusSession)
	}
	return err
}

func (s *Service) newGrantID() (string, error) { return oauth.RandomID(s.Random, 16) }
