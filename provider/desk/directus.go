package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"gatehouse/storage"
)

// EndSignIn ends what came of a sign-in whose session Directus has ended: the
// sessions that name the pair, what is bound to them, and the grants that name it
// themselves. Repeated, it ends what an interrupted call left.
func (d *Desk) EndSignIn(ctx context.Context, subject, directusSession, reason string) error {
	index, err := d.config.Store.Subjects.Get(ctx, subject)
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("end sign-in: %w", err)
	}
	sessions := make([]*storage.Record[storage.Session], len(index.Value.Sessions))
	grants := make([]*storage.Record[storage.Grant], len(index.Value.Grants))
	var reads []storage.Read
	for i, entry := range index.Value.Sessions {
		reads = append(reads, d.config.Store.Sessions.Read(entry.ID, &sessions[i]))
	}
	for i, entry := range index.Value.Grants {
		reads = append(reads, d.config.Store.Grants.Read(entry.ID, &grants[i]))
	}
	if err := d.config.Store.Load(ctx, reads...); err != nil {
		return fmt.Errorf("end sign-in: %w", err)
	}
	var over, revoked []string
	for _, record := range sessions {
		if record != nil && record.Value.DirectusSession == directusSession {
			over = append(over, record.Value.ID)
		}
	}
	for i, entry := range index.Value.Grants {
		// One without a record is being opened.
		opening := grants[i] == nil && slices.Contains(over, entry.SessionID)
		if opening || grants[i] != nil && grants[i].Value.DirectusSession == directusSession {
			revoked = append(revoked, entry.ID)
		}
	}
	for _, id := range over {
		if err := d.EndSession(ctx, subject, id, reason); err != nil && !errors.Is(err, storage.ErrNotFound) {
			return fmt.Errorf("end sign-in: %w", err)
		}
	}
	return d.config.Tokens.RevokeThose(ctx, subject, reason, func(entry storage.GrantEntry) bool {
		return slices.Contains(revoked, entry.ID)
	})
}

// ExpectDirectusEnd says that we are about to do what makes Directus end the
// session of this sign-in there, such as changing the password. This one goes on.
func (d *Desk) ExpectDirectusEnd(ctx context.Context, s storage.Session) error {
	if d.config.Upstream == nil || s.DirectusSession == "" {
		return nil
	}
	return d.config.Upstream.Expect(ctx, s.DirectusSession)
}

// SetDirectusSession gives a session the pair of another sign-in, or none.
func (d *Desk) SetDirectusSession(ctx context.Context, s storage.Session, directusSession string) error {
	return d.config.Sessions.SetDirectusSession(ctx, s, directusSession)
}
