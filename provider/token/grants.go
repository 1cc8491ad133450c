package token

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

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

func (s *Service) newGrantID() (string, error) { return oauth.RandomID(s.Random, 16) }
