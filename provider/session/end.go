package session

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"gatehouse/provider/event"
	"gatehouse/storage"
)

// End ends a session of the browser and returns it as it ended.
func (m *Manager) End(ctx context.Context, w http.ResponseWriter, browser Browser, s storage.Session, reason string) (storage.Session, error) {
	ended, err := m.remove(ctx, s.Subject, reason, s.ID)
	if err != nil {
		return storage.Session{}, fmt.Errorf("end session: %w", err)
	}
	browser.drop(s.ID)
	m.send(w, browser)
	if len(ended) > 0 {
		s = ended[0]
	}
	return s, nil
}

// Forget takes a session that has ended out of the browser's cookie.
func (m *Manager) Forget(w http.ResponseWriter, browser Browser, sessionID string) {
	browser.drop(sessionID)
	m.send(w, browser)
}

// EndAll ends every session of a user, in every browser.
func (m *Manager) EndAll(ctx context.Context, subject, reason string) error {
	return m.EndOthers(ctx, subject, "", reason)
}

// EndOthers ends every session of a user but the one to keep, and every sign-in
// of his that is under way (enter). That is noted in the index in the same write
// that tells which sessions there are, and also where there are none: a sign-in
// has entered the index before and is ended now, or finds the note.
func (m *Manager) EndOthers(ctx context.Context, subject, keep, reason string) error {
	var ids []string
	err := m.Store.Subjects.Upsert(ctx, subject, storage.NoExpiry, func(index *storage.Subject) error {
		if now := m.Now(); now.After(index.EndedAt) {
			index.EndedAt = now
		}
		ids = nil
		for _, entry := range index.Sessions {
			if entry.ID != keep {
				ids = append(ids, entry.ID)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	if _, err := m.remove(ctx, subject, reason, ids...); err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	return nil
}

// EndOne ends a session of a user, in whatever browser, or returns
// storage.ErrNotFound if it is none of his.
func (m *Manager) EndOne(ctx context.Context, subject, id, reason string) error {
	ids, err := m.listed(ctx, subject)
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	if !slices.Contains(ids, id) {
		return fmt.Errorf("end session: %w", storage.ErrNotFound)
	}
	if _, err := m.remove(ctx, subject, reason, id); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

// EndBefore ends the sessions of a user who signed in before a time, and every
// sign-in of his that was begun before.
func (m *Manager) EndBefore(ctx context.Context, subject, reason string, at time.Time) ([]string, error) {
	err := m.Store.Subjects.Upsert(ctx, subject, storage.NoExpiry, func(index *storage.Subject) error {
		if at.After(index.EndedAt) {
			index.EndedAt = at
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("end sessions: %w", err)
	}
	return m.EndThose(ctx, subject, reason, func(s storage.Session) bool { return s.AuthenticatedAt.Before(at) })
}

// EndThose ends the sessions of a user that are meant, among those that are alive,
// and returns their ids.
func (m *Manager) EndThose(ctx context.Context, subject, reason string, meant func(storage.Session) bool) ([]string, error) {
	alive, err := m.List(ctx, subject)
	if err != nil {
		return nil, fmt.Errorf("end sessions: %w", err)
	}
	var ids []string
	for _, s := range alive {
		if meant(s) {
			ids = append(ids, s.ID)
		}
	}
	if _, err := m.remove(ctx, subject, reason, ids...); err != nil {
		return nil, fmt.Errorf("end sessions: %w", err)
	}
	return ids, nil
}

// listed is what the user's index says, which knows every session there is.
func (m *Manager) listed(ctx context.Context, subject string) ([]string, error) {
	record, err := m.Store.Subjects.Get(ctx, subject)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(record.Value.Sessions))
	for i, entry := range record.Value.Sessions {
		ids[i] = entry.ID
	}
	return ids, nil
}

// List returns the sessions of a user that are alive, the latest used first.
func (m *Manager) List(ctx context.Context, subject string) ([]storage.Session, error) {
	ids, err := m.listed(ctx, subject)
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	if len(ids) == 0 {
		return nil, nil
	}
	records := make([]*storage.Record[storage.Session], len(ids))
	reads := make([]storage.Read, len(ids))
	for i, id := range ids {
		reads[i] = m.Store.Sessions.Read(id, &records[i])
	}
	if err := m.Store.Load(ctx, reads...); err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	var alive []storage.Session
	for _, record := range records {
		if record != nil && record.Value.Subject == subject && !m.Idle(record.Value) {
			alive = append(alive, record.Value)
		}
	}
	slices.SortStableFunc(alive, func(a, b storage.Session) int { return b.LastSeen.Compare(a.LastSeen) })
	return alive, nil
}

// remove ends the records first and removes their entries in the index after, so
// that a crash leaves no session that no list shows. It then ends the records
// once more, for one that was being written meanwhile: whoever writes it looks
// for its entry afterwards (stillListed), so that either of the two sees the
// other. It returns the sessions that it ended itself.
func (m *Manager) remove(ctx context.Context, subject, reason string, ids ...string) ([]storage.Session, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var ended []storage.Session
	for _, id := range ids {
		s, err := m.delete(ctx, id)
		if err != nil {
			return nil, err
		}
		if s.ID != "" {
			ended = append(ended, s)
		}
		m.Sink.Emit(ctx, event.Event{Name: event.SessionEnded, Subject: subject, SessionID: id, Reason: reason})
	}
	err := m.Store.Subjects.Update(ctx, subject, func(index *storage.Subject) error {
		index.Sessions = slices.DeleteFunc(index.Sessions, func(e storage.SessionEntry) bool { return slices.Contains(ids, e.ID) })
		return nil
	})
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return nil, err
	}
	for _, id := range ids {
		if _, err := m.finish(ctx, id); err != nil {
			return nil, err
		}
	}
	return ended, nil
}

// delete ends a session before what was kept for it, which nobody can use
// without it.
func (m *Manager) delete(ctx context.Context, id string) (storage.Session, error) {
	ended, err := m.finish(ctx, id)
	if err != nil {
		return storage.Session{}, err
	}
	if err := m.Store.DirectusAccesses.Delete(ctx, id); err != nil {
		return storage.Session{}, err
	}
	return ended, m.Store.Enrolments.Delete(ctx, id)
}
