package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gatehouse/provider/event"
	"gatehouse/storage"
)

// ErrInactive says that the user may not go on: he may not sign in, no longer
// exists, or has changed since he signed in.
var ErrInactive = errors.New("user is not active, or has changed")

// ErrChanged is the ErrInactive of a user who has changed: he may sign in again.
var ErrChanged = fmt.Errorf("%w since he signed in", ErrInactive)

// Directory looks users up. storage/directus satisfies it.
type Directory interface {
	// Find returns the user as seen no longer than maxAge ago, or an error
	// that wraps storage.ErrNotFound or storage.ErrUnavailable.
	Find(ctx context.Context, id string, maxAge time.Duration) (storage.Account, error)
	// Remembered returns the user as last seen by this process, however long ago,
	// without asking anybody.
	Remembered(id string) (storage.Account, bool)
}

// Gate is safe for concurrent use.
type Gate struct {
	Directory Directory
	// Staleness is how old a look may be.
	Staleness time.Duration
	// EndOn are the changes that end what is older than they are, of Choices.
	EndOn []Cause
	// Looks are what counts while Directus does not answer.
	Looks *Looks
	Store *storage.Store
	// End ends all of a user's sessions and grants, EndOlder those of which over
	// says that the user has changed since they were last held against Directus.
	End      func(ctx context.Context, subject, reason string) error
	EndOlder func(ctx context.Context, subject, reason string, over func(storage.Sighting) bool) error
	// EndBefore ends what a user authenticated for before a time.
	EndBefore func(ctx context.Context, subject, reason string, at time.Time) error
	Sink      event.Sink
}

// Session returns the user of a session, or ErrInactive after everything of the
// user was ended that is not to go on. If Directus cannot be asked, the user is
// the one whom this process saw while Looks.Good; else the error wraps
// storage.ErrUnavailable.
func (g *Gate) Session(ctx context.Context, s storage.Session) (storage.Account, error) {
	account, known, err := g.session(ctx, s)
	return described(account, known, err)
}

// AdmitSession is Session for whoever tells nothing of the user: if Directus
// cannot be asked, it is enough that some node saw him while Looks.Good. Then he
// is not known, and the account is empty.
func (g *Gate) AdmitSession(ctx context.Context, s storage.Session) (account storage.Account, known bool, err error) {
	account, known, err = g.session(ctx, s)
	return account, known, admitted(known, err)
}

// Grant is Session for the user of a grant.
func (g *Gate) Grant(ctx context.Context, grant storage.Grant) (storage.Account, error) {
	account, known, err := g.grant(ctx, grant)
	return described(account, known, err)
}

// AdmitGrant is AdmitSession for the user of a grant.
func (g *Gate) AdmitGrant(ctx context.Context, grant storage.Grant) (account storage.Account, known bool, err error) {
	account, known, err = g.grant(ctx, grant)
	return account, known, admitted(known, err)
}

func (g *Gate) session(ctx context.Context, s storage.Session) (storage.Account, bool, error) {
	return g.check(ctx, s.Subject, s.Seen, func(ctx context.Context, seen storage.Sighting) error {
		return g.Store.Sessions.Update(ctx, s.ID, func(current *storage.Session) error {
			current.Seen = seen
			return nil
		})
	})
}

func (g *Gate) grant(ctx context.Context, grant storage.Grant) (storage.Account, bool, error) {
	return g.check(ctx, grant.Subject, grant.Seen, func(ctx context.Context, seen storage.Sighting) error {
		return g.Store.Grants.Update(ctx, grant.ID, func(current *storage.Grant) error {
			current.Seen = seen
			return nil
		})
	})
}

func (g *Gate) check(ctx context.Context, subject string, then storage.Sighting, remember func(context.Context, storage.Sighting) error) (account storage.Account, known bool, err error) {
	account, gone, err := g.find(ctx, subject, g.Staleness)
	if err == nil && !gone && (!account.Active || len(changes(then, storage.Sight(account))) > 0) {
		// What is remembered here may be older than the session, which another
		// node made after the change.
		account, gone, err = g.find(ctx, subject, 0)
	}
	if errors.Is(err, storage.ErrUnavailable) {
		return g.standIn(ctx, subject, then, err)
	}
	if err != nil {
		return storage.Account{}, false, err
	}
	ended, err := g.Judge(ctx, subject, account, gone, then)
	switch {
	case err != nil:
		return storage.Account{}, false, err
	case ended && !gone && account.Active:
		return storage.Account{}, false, ErrChanged
	case ended:
		return storage.Account{}, false, ErrInactive
	}
	if now := storage.Sight(account); then.Zero() || len(changes(then, now)) > 0 {
		if err := remember(ctx, now); err != nil && !errors.Is(err, storage.ErrNotFound) {
			return storage.Account{}, false, fmt.Errorf("remember what was seen of a user: %w", err)
		}
	}
	return account, true, nil
}

// find looks the user up; one who is gone is no error.
func (g *Gate) find(ctx context.Context, subject string, maxAge time.Duration) (account storage.Account, gone bool, err error) {
	account, err = g.Directory.Find(ctx, subject, maxAge)
	if errors.Is(err, storage.ErrNotFound) {
		return storage.Account{}, true, nil
	}
	if err != nil {
		return storage.Account{}, false, fmt.Errorf("look user up: %w", err)
	}
	return account, false, nil
}

// Judge decides on a user from a look at him that is newer than what was
// remembered of him before, in any number of sessions and grants. It says whether
// something was ended.
func (g *Gate) Judge(ctx context.Context, subject string, account storage.Account, gone bool, before ...storage.Sighting) (bool, error) {
	switch {
	case gone:
		return true, g.endAll(ctx, subject, Deleted)
	case !account.Active:
		return true, g.endAll(ctx, subject, inactive(account.Status))
	}
	now := storage.Sight(account)
	for _, then := range before {
		cause, ends := g.ending(then, now)
		if !ends {
			continue
		}
		err := g.EndOlder(ctx, subject, string(cause), func(seen storage.Sighting) bool {
			_, over := g.ending(seen, now)
			return over
		})
		if err != nil {
			return false, err
		}
		g.tell(ctx, subject, cause)
		return true, nil
	}
	g.Looks.note(subject, account.SeenAt)
	return false, nil
}

// PasswordChanged ends what the user has since before a change of his password,
// unless changes of passwords end nothing, or it was he who changed it on a page
// of ours, which ends what is to end by itself. A change there explains one word of
// Directus: a thief who makes one after another must not hide that of the owner.
func (g *Gate) PasswordChanged(ctx context.Context, subject string, at time.Time) error {
	if !slices.Contains(g.EndOn, Password) {
		return nil
	}
	_, err := g.Store.Seen.Take(ctx, expectation(subject))
	if err == nil {
		return nil
	}
	if !errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("look for an expected change: %w", err)
	}
	if err := g.EndBefore(ctx, subject, string(Password), at); err != nil {
		return err
	}
	g.tell(ctx, subject, Password)
	return nil
}

// expectedFor is how long after a change on a page of ours Directus's word of it
// may come.
const expectedFor = 30 * time.Second

// ExpectPasswordChange says that a page of ours is about to change the password of
// a user who has proven the old one.
func ExpectPasswordChange(ctx context.Context, store *storage.Store, subject string) error {
	return store.Seen.Put(ctx, expectation(subject), storage.Mark{}, expectedFor)
}

// ForgetPasswordChange takes that back: the change was refused.
func ForgetPasswordChange(ctx context.Context, store *storage.Store, subject string) error {
	return store.Seen.Delete(ctx, expectation(subject))
}

func expectation(subject string) string { return "password changed here " + subject }

// ending is the first change that ends what is older than it.
func (g *Gate) ending(then, now storage.Sighting) (Cause, bool) {
	for _, change := range changes(then, now) {
		if slices.Contains(g.EndOn, change) {
			return change, true
		}
	}
	return "", false
}

// endAll also ends the sign-ins that are under way.
func (g *Gate) endAll(ctx context.Context, subject string, cause Cause) error {
	// First: if the rest comes to nothing, an outage must help nobody.
	if err := g.Looks.noteGone(ctx, subject); err != nil {
		return err
	}
	if err := g.End(ctx, subject, string(cause)); err != nil {
		return err
	}
	g.tell(ctx, subject, cause)
	return nil
}

// toldFor is how long one event stands for all nodes that noticed the same.
const toldFor = 10 * time.Second

// tell says once what the nodes ended together.
func (g *Gate) tell(ctx context.Context, subject string, cause Cause) {
	err := g.Store.Seen.Add(ctx, "user ended "+string(cause)+" "+subject, storage.Mark{}, toldFor)
	if errors.Is(err, storage.ErrExists) {
		return
	}
	// Twice told is better than not at all.
	g.Sink.Emit(ctx, event.Event{Name: event.UserEnded, Subject: subject, Kind: string(cause)})
}
