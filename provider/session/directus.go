package session

import (
	"context"
	"errors"
	"fmt"

	"gatehouse/storage"
)

// SetDirectusSession gives a session another token pair of Directus in the place
// of the one it was seen with, or none. Whichever of the two the session then
// does not name is released: the new one if the session has ended meanwhile or its
// person has signed in again, which is no error.
func (m *Manager) SetDirectusSession(ctx context.Context, seen storage.Session, directusSession string) error {
	old := seen.DirectusSession
	err := m.Store.Sessions.Update(ctx, seen.ID, func(s *storage.Session) error {
		if s.Subject != seen.Subject || s.DirectusSession != old || s.Ended {
			return storage.ErrNotFound
		}
		s.DirectusSession = directusSession
		return nil
	})
	if errors.Is(err, storage.ErrNotFound) {
		m.release(directusSession)
		return nil
	}
	if err != nil {
		m.release(directusSession)
		return fmt.Errorf("note another pair: %w", err)
	}
	m.release(old)
	return nil
}

// Find returns a session that is alive, or nil.
func (m *Manager) Find(ctx context.Context, id string) (*storage.Session, error) {
	record, err := m.Store.Sessions.Get(ctx, id)
	if errors.Is(err, storage.ErrNotFound) || err == nil && m.Idle(record.Value) {
		return nil, nil //nolint:nilnil // neither a session nor an error
	}
	if err != nil {
		return nil, fmt.Errorf("find session: %w", err)
	}
	return &record.Value, nil
}
