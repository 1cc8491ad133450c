package desk

import (
	"context"
	"slices"
	"time"

	"gatehouse/provider/session"
	"gatehouse/provider/token"
	"gatehouse/storage"
)

// Ender ends sessions of users and the grants that go with them: a part of the Desk
// that serves no pages, for commands too.
type Ender struct {
	sessions *session.Manager
	grants   *token.Revoker
}

// NewEnder returns one.
func NewEnder(sessions *session.Manager, grants *token.Revoker) *Ender {
	return &Ender{sessions: sessions, grants: grants}
}

// EndSession ends one session of the user, and the grants that are bound to it.
// One that is not his is storage.ErrNotFound. The grants are worth nothing
// without the session; should deleting them fail, they are cleared away later.
func (e *Ender) EndSession(ctx context.Context, subject, sessionID, reason string) error {
	if err := e.sessions.EndOne(ctx, subject, sessionID, reason); err != nil {
		return err
	}
	return e.grants.RevokeThose(ctx, subject, reason, func(entry storage.GrantEntry) bool {
		return bound(entry, sessionID)
	})
}

// EndOthers ends every session of the user but the one to keep, and every grant
// that is not bound to it: one that outlives its session (offline_access) could
// not be told from a thief's.
//
// The sessions end first. A sign-in at an app that is under way in one of them
// may still open a grant; that the grants are looked up afterwards leaves it no
// more than the moment in which it is written.
func (e *Ender) EndOthers(ctx context.Context, subject, keep, reason string) error {
	if err := e.sessions.EndOthers(ctx, subject, keep, reason); err != nil {
		return err
	}
	return e.grants.RevokeThose(ctx, subject, reason, func(entry storage.GrantEntry) bool {
		return !bound(entry, keep)
	})
}

// EndUser ends every session and grant of the user. What he allowed apps is
// remembered.
func (e *Ender) EndUser(ctx context.Context, subject, reason string) error {
	return e.EndOthers(ctx, subject, "", reason)
}

// EndOlder ends those sessions and grants of the user of which over says that he
// has changed since, and the grants that are bound to those sessions. A sign-in
// that is under way goes on: it remembers what it saw, and is ended by whoever
// looks next if that was before the change.
func (e *Ender) EndOlder(ctx context.Context, subject, reason string, over func(storage.Sighting) bool) error {
	ended, err := e.sessions.EndThose(ctx, subject, reason, func(s storage.Session) bool { return over(s.Seen) })
	if err != nil {
		return err
	}
	return e.revoke(ctx, subject, reason, ended, func(grant storage.Grant) bool { return over(grant.Seen) })
}

// EndBefore ends the sessions and grants that the user signed in for before a
// time, and the sign-ins that were begun before.
func (e *Ender) EndBefore(ctx context.Context, subject, reason string, at time.Time) error {
	ended, err := e.sessions.EndBefore(ctx, subject, reason, at)
	if err != nil {
		return err
	}
	return e.revoke(ctx, subject, reason, ended, func(grant storage.Grant) bool { return grant.AuthenticatedAt.Before(at) })
}

// revoke ends the grants that are over, and those of sessions that have ended.
func (e *Ender) revoke(ctx context.Context, subject, reason string, ended []string, over func(storage.Grant) bool) error {
	return e.grants.RevokeRecords(ctx, subject, reason, func(entry storage.GrantEntry, grant storage.Grant) bool {
		return over(grant) || slices.ContainsFunc(ended, func(sessionID string) bool { return bound(entry, sessionID) })
	})
}

// bound says whether a grant ends with the session.
func bound(entry storage.GrantEntry, sessionID string) bool {
	return sessionID != "" && entry.SessionID == sessionID && !entry.Offline
}
