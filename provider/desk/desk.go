package desk

import (
	"context"
	"errors"
	"net/http"
	"time"

	"gatehouse/provider/account"
	"gatehouse/provider/authorize"
	"gatehouse/provider/claims"
	"gatehouse/provider/event"
	"gatehouse/provider/frontchannel"
	"gatehouse/provider/session"
	"gatehouse/provider/token"
	"gatehouse/storage"
)

// Clients looks relying parties up.
type Clients interface {
	// Client returns the client, or an error that wraps storage.ErrNotFound.
	Client(ctx context.Context, id string) (storage.Client, error)
}

// Requests starts and binds requests of our own. *authorize.Interactions
// satisfies it.
type Requests interface {
	Browser(r *http.Request) (session.Browser, error)
	Begin(w http.ResponseWriter, r *http.Request, own authorize.OwnRequest) (string, error)
}

// Accounts decides whether people who are signed in may go on. *account.Gate
// satisfies it.
type Accounts interface {
	Session(ctx context.Context, s storage.Session) (storage.Account, error)
}

// Upstream looks after the sessions at Directus. *upstream.Keeper satisfies it.
type Upstream interface {
	// Expect makes the end of a session at Directus no sign against its user.
	Expect(ctx context.Context, directusSession string) error
	// Unexpect takes that back.
	Unexpect(ctx context.Context, directusSession string) error
}

// Config is what a Desk needs.
type Config struct {
	Issuer   string
	Store    *storage.Store
	Clients  Clients
	Claims   *claims.Releaser
	Requests Requests
	Sessions *session.Manager
	Tokens   *token.Service
	Accounts Accounts
	// Closed says that a client is not open to the user. It returns an error that
	// wraps storage.ErrUnavailable if Directus does not say.
	Closed func(ctx context.Context, client storage.Client, user storage.Account) (bool, error)
	// Upstream is nil where no session at Directus is kept.
	Upstream Upstream
	Frames   frontchannel.Frames
	Now      func() time.Time
	Sink     event.Sink
}

// Desk is safe for concurrent use.
type Desk struct {
	Requests
	*Ender
	config Config
}

// New checks the configuration.
func New(config Config) (*Desk, error) {
	if config.Issuer == "" || config.Store == nil || config.Clients == nil || config.Claims == nil || config.Requests == nil || config.Sessions == nil ||
		config.Tokens == nil || config.Accounts == nil || config.Closed == nil || config.Now == nil || config.Sink == nil {
		return nil, errors.New("desk: every field of the configuration is needed")
	}
	return &Desk{Requests: config.Requests, Ender: NewEnder(config.Sessions, config.Tokens.Revoker), config: config}, nil
}

// Account returns the user of a session, as anywhere else: seen a short while ago,
// or, while Directus does not answer, as long ago as the configuration allows. Of
// whoever may not go on everything is ended that is not to, and the error wraps
// account.ErrInactive; if he may sign in again it is account.ErrChanged.
func (d *Desk) Account(ctx context.Context, s storage.Session) (storage.Account, error) {
	return d.config.Accounts.Session(ctx, s)
}

// Sessions are those of the user that are alive, the latest used first.
func (d *Desk) Sessions(ctx context.Context, subject string) ([]storage.Session, error) {
	return d.config.Sessions.List(ctx, subject)
}

// ExpectPasswordChange says that the user, who has proven his password, is about to
// change it here: should Directus tell of the change too, that is no news.
func (d *Desk) ExpectPasswordChange(ctx context.Context, subject string) error {
	return account.ExpectPasswordChange(ctx, d.config.Store, subject)
}

// PasswordStays takes back what ExpectPasswordChange and ExpectDirectusEnd said,
// since the change was refused: the next one is news.
func (d *Desk) PasswordStays(ctx context.Context, s storage.Session) error {
	if err := account.ForgetPasswordChange(ctx, d.config.Store, s.Subject); err != nil {
		return err
	}
	if d.config.Upstream == nil || s.DirectusSession == "" {
		return nil
	}
	return d.config.Upstream.Unexpect(ctx, s.DirectusSession)
}

// Forget takes a session that has ended out of the browser's cookie.
func (d *Desk) Forget(w http.ResponseWriter, browser session.Browser, sessionID string) {
	d.config.Sessions.Forget(w, browser, sessionID)
}

// Frames are the addresses by which the browser of a session that has ended tells
// its apps.
func (d *Desk) Frames(ctx context.Context, s storage.Session) []string {
	return d.config.Frames.Of(ctx, s)
}

// SetOTP notes in a session of this browser that its user now has a one-time
// password, or has none any more, and proved to have it just now.
func (d *Desk) SetOTP(ctx context.Context, browser session.Browser, sessionID string, has bool) error {
	return d.config.Sessions.SetOTP(ctx, browser, sessionID, has)
}
