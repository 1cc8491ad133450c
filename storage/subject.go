package storage

import "time"

// Limits of the index of one user; beyond them the oldest are ended.
const (
	MaxSessionsPerSubject = 200
	MaxGrantsPerSubject   = 500
)

// Subject is the index of one user's sessions and grants. An entry is written
// before the record it names and removed after it, so that nothing exists that
// the index does not know; an entry whose record is missing is ignored by
// readers and pruned when the index is written next.
type Subject struct {
	Sessions []SessionEntry `json:"sessions,omitempty"`
	Grants   []GrantEntry   `json:"grants,omitempty"`
	// EndedAt is when all sessions, or all but one, were last ended: a sign-in
	// that was begun before starts no session. Zero if they never were.
	EndedAt time.Time `json:"ended_at,omitzero"`
}

// SessionEntry names a session.
type SessionEntry struct {
	ID      string    `json:"id"`
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires"`
}

// GrantEntry names a grant.
type GrantEntry struct {
	ID        string    `json:"id"`
	ClientID  string    `json:"client_id"`
	SessionID string    `json:"session_id,omitempty"`
	Offline   bool      `json:"offline,omitempty"`
	Created   time.Time `json:"created"`
	Expires   time.Time `json:"expires"`
}
