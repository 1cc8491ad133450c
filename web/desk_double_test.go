package web_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"gatehouse/provider/account"
	"gatehouse/provider/authorize"
	"gatehouse/provider/session"
	"gatehouse/storage"
)

// desk stands in for what provider keeps of a person.
type desk struct {
	accounts *accounts
	mu       sync.Mutex
	// sessions are found by the cookie that interactions sets: the user's id.
	sessions map[string]storage.Session
	// elsewhere are those of other browsers.
	elsewhere []storage.Session
	// stays are the sessions whose person's change of password was taken back.
	stays []string
	// frames are what the apps of the session want to be told by.
	frames []string
	// address is where Begin leads to.
	address string
	begun   []authorize.OwnRequest
	// ended says what was ended, in words: "session x", "others than x", "user
	// ada", "app shop".
	ended []string
	apps  []storage.AuthorizedApp
	// otp is what SetOTP noted, by session.
	otp     map[string]bool
	failure error
	// others is what EndOthers fails with.
	others error
}

// put makes a browser that has the cookie session=<subject> hold the session.
func (d *desk) put(s storage.Session) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sessions[s.Subject] = s
}

func (d *desk) Browser(r *http.Request) (session.Browser, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.failure != nil {
		return session.Browser{}, d.failure
	}
	cookie, err := r.Cookie("session")
	if err != nil {
		return session.Browser{}, nil //nolint:nilerr // a browser without cookie is signed in nowhere
	}
	s, ok := d.sessions[cookie.Value]
	if !ok {
		return session.Browser{}, nil
	}
	return session.Browser{Sessions: []storage.Session{s}}, nil
}

// Account ends, like provider/account, what people have who are gone.
func (d *desk) Account(ctx context.Context, s storage.Session) (storage.Account, error) {
	found, err := d.accounts.Find(ctx, s.Subject, time.Minute)
	if errors.Is(err, storage.ErrNotFound) || err == nil && !found.Active {
		return storage.Account{}, errors.Join(d.note("user "+s.Subject), account.ErrInactive)
	}
	return found, err
}

func (d *desk) Begin(_ http.ResponseWriter, _ *http.Request, own authorize.OwnRequest) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.failure != nil {
		return "", d.failure
	}
	d.begun = append(d.begun, own)
	return d.address, nil
}

func (d *desk) Sessions(_ context.Context, subject string) ([]storage.Session, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []storage.Session
	if s, ok := d.sessions[subject]; ok {
		all = append(all, s)
	}
	for _, s := range d.elsewhere {
		if s.Subject == subject {
			all = append(all, s)
		}
	}
	return all, d.failure
}

func (d *desk) note(what string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.failure != nil {
		return d.failure
	}
	d.ended = append(d.ended, what)
	return nil
}

func (d *desk) EndSession(_ context.Context, _, sessionID, _ string) error {
	return d.note("session " + sessionID)
}

func (d *desk) EndOthers(_ context.Context, _, keep, _ string) error {
	if d.others != nil {
		return d.others
	}
	return d.note("others than " + keep)
}

func (d *desk) ExpectPasswordChange(context.Context, string) error { return d.failure }

func (d *desk) PasswordStays(_ context.Context, s storage.Session) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stays = append(d.stays, s.ID)
	return d.failure
}

func (d *desk) EndUser(_ context.Context, subject, _ string) error {
	return d.note("user " + subject)
}

func (d *desk) Forget(http.ResponseWriter, session.Browser, string) {}

func (d *desk) Frames(context.Context, storage.Session) []string { return d.frames }

func (d *desk) Apps(context.Context, storage.Account) ([]storage.AuthorizedApp, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.apps, d.failure
}

func (d *desk) RemoveApp(_ context.Context, _, clientID string) error {
	return d.note("app " + clientID)
}

func (d *desk) SetOTP(_ context.Context, _ session.Browser, sessionID string, has bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.failure != nil {
		return d.failure
	}
	if d.otp == nil {
		d.otp = map[string]bool{}
	}
	d.otp[sessionID] = has
	for subject, s := range d.sessions {
		if s.ID == sessionID {
			s.MustEnrolOTP = false
			d.sessions[subject] = s
		}
	}
	return nil
}

func (d *desk) ExpectDirectusEnd(_ context.Context, s storage.Session) error {
	if s.DirectusSession == "" {
		return nil
	}
	return d.note("expect " + s.DirectusSession)
}

func (d *desk) SetDirectusSession(_ context.Context, _ storage.Session, directusSession string) error {
	return d.note("pair " + directusSession)
}
