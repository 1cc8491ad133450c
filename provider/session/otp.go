package session

import (
	"context"
	"errors"
	"fmt"

	"gatehouse/storage"
)

// SetOTP notes in a session of the browser that its user now has a one-time
// password, and just showed so, or has none any more. A session that this
// browser does not hold is storage.ErrNotFound.
//
// How a person was authenticated at an external provider stays as it is: the
// one-time password of Directus is not asked for there.
func (m *Manager) SetOTP(ctx context.Context, browser Browser, id string, has bool) error {
	held, ok := browser.ByID(id)
	if !ok {
		return fmt.Errorf("note one-time password: %w", storage.ErrNotFound)
	}
	err := m.Store.Sessions.Update(ctx, id, func(s *storage.Session) error {
		if s.Subject != held.Subject {
			return storage.ErrNotFound
		}
		s.MustEnrolOTP = false
		switch {
		case s.ACR == ACRExternal:
		case has:
			s.ACR, s.AMR = ACROTP, AMROTP()
		default:
			s.ACR, s.AMR = ACRPassword, AMRPassword()
		}
		return nil
	})
	if errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("note one-time password: %w", storage.ErrNotFound)
	}
	return err
}
