package web

import (
	"context"
	"net/http"

	"gatehouse/provider/authorize"
	"gatehouse/provider/session"
	"gatehouse/storage"
)

// Desk is where a person sees and ends what is kept of him here. Whose it is
// the caller says: it comes from the browser's session and from nowhere else.
type Desk interface {
	// Browser is who the browser is signed in as.
	Browser(r *http.Request) (session.Browser, error)
	// Begin starts a sign-in that leads to a page of ours, and returns the
	// address to go to.
	Begin(w http.ResponseWriter, r *http.Request, own authorize.OwnRequest) (string, error)
	// Account returns the user of a session, or after his sessions have been ended
	// an error that wraps account.ErrInactive; of somebody who may sign in again
	// it is account.ErrChanged. While the user store does not answer it returns the
	// user as he was last seen, as long as that is good.
	Account(ctx context.Context, s storage.Session) (storage.Account, error)
	// Sessions are those that are alive, the latest used first.
	Sessions(ctx context.Context, subject string) ([]storage.Session, error)
	// EndSession ends one session of the user, and what hangs on it. One that
	// is not his is storage.ErrNotFound.
	EndSession(ctx context.Context, subject, sessionID, reason string) error
	// EndOthers ends every session and grant of the user but those of keep.
	EndOthers(ctx context.Context, subject, keep, reason string) error
	// ExpectDirectusEnd says that we are about to do what makes the user store end
	// its session of this sign-in: that says nothing against this one.
	ExpectDirectusEnd(ctx context.Context, s storage.Session) error
	// SetDirectusSession gives a session the token pair of another sign-in, or
	// none.
	SetDirectusSession(ctx context.Context, s storage.Session, directusSession string) error
	// EndUser ends every session and grant of the user.
	EndUser(ctx context.Context, subject, reason string) error
	// ExpectPasswordChange says that the user, who has proven his password, is about
	// to change it here.
	ExpectPasswordChange(ctx context.Context, subject string) error
	// PasswordStays takes back what ExpectPasswordChange and ExpectDirectusEnd said:
	// the change was refused.
	PasswordStays(ctx context.Context, s storage.Session) error
	// Forget takes a session that has ended out of the browser's cookie.
	Forget(w http.ResponseWriter, browser session.Browser, sessionID string)
	// Frames are the addresses by which the browser of a session that has ended
	// tells its apps.
	Frames(ctx context.Context, s storage.Session) []string
	// Apps are what the user allowed or what holds a grant of his, by name.
	Apps(ctx context.Context, user storage.Account) ([]storage.AuthorizedApp, error)
	// RemoveApp forgets the consent and ends the app's grants.
	RemoveApp(ctx context.Context, subject, clientID string) error
	// SetOTP notes in a session that its user now has a one-time password, or
	// has none any more, and proved to have it just now.
	SetOTP(ctx context.Context, browser session.Browser, sessionID string, has bool) error
}
