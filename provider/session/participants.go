package session

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	"gatehouse/storage"
)

// maxParticipants bounds the clients that are told of the end of one session.
const maxParticipants = 100

// SID is the claim sid by which one client knows a session (OpenID Connect
// Back-Channel Logout 1.0, section 2.1). It is the same for every grant of the
// client in that session, and clients cannot compare theirs: the session id,
// which nobody outside knows, is the key.
func SID(sessionID, clientID string) string {
	if sessionID == "" {
		return ""
	}
	return derive(sessionID, "gatehouse sid", clientID)
}

// derive makes a name from a session id that tells nothing of it.
func derive(sessionID, purpose, text string) string {
	mac := hmac.New(sha256.New, []byte(sessionID))
	mac.Write([]byte(purpose + "\x00" + text))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:18])
}

// Join notes that the client takes part in the session, if it wants to hear of
// its end. It must succeed before an ID token leaves: whoever ends the session
// afterwards tells the client, and if it has ended meanwhile the error is
// ErrEnded. The store is not asked for a client that takes part already, or that
// wants to hear nothing.
//
// Of more than a hundred clients those that joined first are forgotten.
func (m *Manager) Join(ctx context.Context, s storage.Session, client storage.Client) error {
	joining := storage.Participant{
		ClientID: client.ID, BackChannel: client.BackChannelLogoutURI != "", FrontChannel: client.FrontChannelLogoutURI != "",
	}
	if !joining.BackChannel && !joining.FrontChannel || slices.Contains(s.Participants, joining) {
		return nil
	}
	err := m.Store.Sessions.Update(ctx, s.ID, func(current *storage.Session) error {
		if current.Ended {
			return ErrEnded
		}
		others := slices.DeleteFunc(current.Participants, func(p storage.Participant) bool { return p.ClientID == client.ID })
		current.Participants = append(others, joining)
		if over := len(current.Participants) - maxParticipants; over > 0 {
			current.Participants = current.Participants[over:]
		}
		return nil
	})
	if errors.Is(err, storage.ErrNotFound) {
		err = ErrEnded
	}
	if err != nil {
		return fmt.Errorf("join session: %w", err)
	}
	return nil
}
