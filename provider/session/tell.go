package session

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"gatehouse/storage"
)

const (
	// settling is how long a delivery waits for whoever wrote it to end the
	// session. A client that was told before could still be given a new ID token
	// of that session.
	settling = 3 * time.Second
	// deliveryLifetime is longer than anybody tries to deliver.
	deliveryLifetime = 48 * time.Hour
)

// errOver says that somebody else ended the session.
var errOver = errors.New("session was ended by somebody else")

// finish ends one session: it leaves a delivery for every client that we have to
// tell (OpenID Connect Back-Channel Logout 1.0, section 2.5), marks the session as
// ended, and deletes it. It returns the session as it ended, the zero value if
// somebody else ended it.
//
// The mark is a compare-and-swap: a client that joins meanwhile is seen, and of
// any number of nodes one ends the session. A crash before the mark leaves a
// session that lives and is ended by whoever tries again, though a client may
// have been told early; one after it leaves a record that counts as gone.
func (m *Manager) finish(ctx context.Context, id string) (storage.Session, error) {
	for {
		record, err := m.Store.Sessions.Get(ctx, id)
		if errors.Is(err, storage.ErrNotFound) {
			return storage.Session{}, nil
		}
		if err != nil {
			return storage.Session{}, err
		}
		if record.Value.Ended {
			return storage.Session{}, m.Store.Sessions.Delete(ctx, id)
		}
		deliveries, err := m.leaveDeliveries(ctx, record.Value)
		if errors.Is(err, errOver) {
			continue
		}
		if err != nil {
			return storage.Session{}, err
		}
		ended := record.Value
		ended.Ended = true
		err = m.Store.Sessions.Swap(ctx, record, ended)
		if errors.Is(err, storage.ErrConflict) || errors.Is(err, storage.ErrNotFound) {
			continue
		}
		if err != nil {
			return storage.Session{}, err
		}
		if m.Deliver != nil && len(deliveries) > 0 {
			m.Deliver(deliveries...)
		}
		err = m.Store.Sessions.Delete(ctx, id)
		m.release(ended.DirectusSession)
		return ended, err
	}
}

// leaveDeliveries returns the ids of what is to be delivered.
func (m *Manager) leaveDeliveries(ctx context.Context, s storage.Session) ([]string, error) {
	var ids []string
	for _, participant := range s.Participants {
		if !participant.BackChannel {
			continue
		}
		id, err := m.leaveDelivery(ctx, s, participant.ClientID)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// leaveDelivery adds the delivery for one client, unless it is there. One that is
// done was either made by somebody who has ended the session since, or by
// somebody who crashed before he could: then the client may have signed its
// person in again, and is told once more.
func (m *Manager) leaveDelivery(ctx context.Context, s storage.Session, clientID string) (string, error) {
	for number := 0; ; number++ {
		id := derive(s.ID, "gatehouse logout delivery "+strconv.Itoa(number), clientID)
		now := m.Now()
		delivery := storage.LogoutDelivery{
			ID: id, ClientID: clientID, Subject: s.Subject, SID: SID(s.ID, clientID),
			JTI: derive(s.ID, "gatehouse logout token "+strconv.Itoa(number)+now.Format(" "+time.RFC3339Nano), clientID), CreatedAt: now, DueAt: now.Add(settling),
		}
		if err := m.list(ctx, delivery); err != nil {
			return "", err
		}
		err := m.Store.LogoutDeliveries.Add(ctx, id, delivery, deliveryLifetime)
		if !errors.Is(err, storage.ErrExists) {
			return id, err
		}
		standing, err := m.Store.LogoutDeliveries.Get(ctx, id)
		switch {
		case errors.Is(err, storage.ErrNotFound):
			number-- // it expired just now
			continue
		case err != nil:
			return "", err
		case !standing.Value.Done:
			return id, nil
		}
		current, err := m.Store.Sessions.Get(ctx, s.ID)
		switch {
		case errors.Is(err, storage.ErrNotFound):
			return "", errOver
		case err != nil:
			return "", err
		case current.Value.Ended:
			return "", errOver
		}
	}
}

// list writes the entry of the outbox, which comes before the delivery: one that
// no outbox lists would never be found. An entry that is there is as if it were
// new, so that nobody takes it for one whose delivery never came to be.
func (m *Manager) list(ctx context.Context, delivery storage.LogoutDelivery) error {
	entry := storage.OutboxEntry{ID: delivery.ID, ClientID: delivery.ClientID, DueAt: delivery.DueAt, AddedAt: delivery.CreatedAt}
	return m.Store.LogoutOutboxes.Upsert(ctx, storage.OutboxShard(delivery.ID), storage.NoExpiry, func(outbox *storage.LogoutOutbox) error {
		i := slices.IndexFunc(outbox.Entries, func(e storage.OutboxEntry) bool { return e.ID == entry.ID })
		if i < 0 {
			outbox.Entries = append(outbox.Entries, entry)
		} else {
			outbox.Entries[i].AddedAt = entry.AddedAt
		}
		return nil
	})
}
