package session

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// SignIn is a sign-in that just succeeded.
type SignIn struct {
	Subject string
	// Began is a time before the user store was asked.
	Began time.Time
	ACR   string
	AMR   []string
	// MustEnrolOTP says that the user has to set up a one-time password first.
	MustEnrolOTP bool
	// Remember is "keep me signed in".
	Remember bool
	// RequestID is the authorization request that the person signed in for.
	RequestID string
	// DirectusSession names the kept token pair, if there is one. It is the
	// session's from then on; if there is none in the end, it is released.
	DirectusSession string
	// Seen is what the user store said of the user after it took the credentials.
	Seen storage.Sighting
}

// Start makes the sign-in the current session of the browser and sends the
// cookie. If the browser is signed in to the same account already, that session
// goes on with a new time and a new secret; either way what the browser held of
// this account before the sign-in is worth nothing after it (session fixation).
func (m *Manager) Start(ctx context.Context, w http.ResponseWriter, browser Browser, signIn SignIn) (_ storage.Session, err error) {
	defer func() {
		if err != nil {
			m.release(signIn.DirectusSession)
		}
	}()
	secret, err := oauth.RandomID(m.Random, 32)
	if err != nil {
		return storage.Session{}, err
	}
	s, err := m.renew(ctx, browser, signIn, secret)
	if errors.Is(err, storage.ErrNotFound) {
		s, err = m.create(ctx, signIn, secret)
	}
	if err != nil {
		return storage.Session{}, fmt.Errorf("start session: %w", err)
	}
	// A session that falls out of the cookie can never be signed out of again.
	for _, lost := range browser.put(s, secret) {
		if _, err := m.remove(ctx, lost.Subject, "too many accounts in one browser", lost.ID); err != nil {
			return storage.Session{}, fmt.Errorf("start session: %w", err)
		}
	}
	m.send(w, browser)
	return s, nil
}

// renew returns ErrNotFound if the browser has no live session of the user, or
// if another tab changed it first: that tab's cookie must go on working.
func (m *Manager) renew(ctx context.Context, browser Browser, signIn SignIn, secret string) (storage.Session, error) {
	old, ok := browser.BySubject(signIn.Subject)
	if !ok || browser.records[old.ID] == nil {
		return storage.Session{}, storage.ErrNotFound
	}
	s := old
	s.SecretDigest = oauth.Digest(secret)
	s.AuthenticatedAt, s.LastSeen = m.Now(), m.Now()
	s.AuthenticatedFor = signIn.RequestID
	s.ACR, s.AMR, s.MustEnrolOTP = signIn.ACR, signIn.AMR, signIn.MustEnrolOTP
	s.UserAgent, s.ClientAddress = origin(ctx)
	s.Seen = signIn.Seen
	s.Remember = s.Remember || signIn.Remember
	s.DirectusSession = signIn.DirectusSession
	lifetime := m.absolute(s.Remember)
	if err := m.enter(ctx, s, signIn.Began, lifetime); err != nil {
		return storage.Session{}, err
	}
	err := m.Store.Sessions.SwapFor(ctx, browser.records[old.ID], s, lifetime)
	if errors.Is(err, storage.ErrConflict) {
		return storage.Session{}, storage.ErrNotFound
	}
	if err == nil && old.DirectusSession != s.DirectusSession {
		m.release(old.DirectusSession)
	}
	return s, err
}

func (m *Manager) create(ctx context.Context, signIn SignIn, secret string) (storage.Session, error) {
	id, err := oauth.RandomID(m.Random, 16)
	if err != nil {
		return storage.Session{}, err
	}
	now := m.Now()
	userAgent, address := origin(ctx)
	s := storage.Session{
		ID: id, SecretDigest: oauth.Digest(secret), Subject: signIn.Subject,
		AuthenticatedAt: now, AuthenticatedFor: signIn.RequestID, ACR: signIn.ACR, AMR: signIn.AMR,
		MustEnrolOTP: signIn.MustEnrolOTP, UserAgent: userAgent, ClientAddress: address, Remember: signIn.Remember, CreatedAt: now, LastSeen: now, DirectusSession: signIn.DirectusSession, Seen: signIn.Seen,
	}
	lifetime := m.absolute(signIn.Remember)
	// The index first: a crash in between leaves an entry without a session,
	// never a session that no list shows.
	if err := m.enter(ctx, s, signIn.Began, lifetime); err != nil {
		return storage.Session{}, err
	}
	if err := m.Store.Sessions.Put(ctx, id, s, lifetime); err != nil {
		return storage.Session{}, err
	}
	return s, m.stillListed(ctx, s)
}

// ErrEnded says that the session has ended meanwhile, or that all sessions of the
// user were ended while he signed in, as when his password was changed: what he
// signed in with counts no more.
var ErrEnded = errors.New("session was ended meanwhile")

// stillListed ends a session that was just written if it has lost its entry in
// the index. Whoever ended everything may have looked for it between the two
// writes; nobody would ever find it again.
func (m *Manager) stillListed(ctx context.Context, s storage.Session) error {
	ids, err := m.listed(ctx, s.Subject)
	if err != nil {
		return err
	}
	if slices.Contains(ids, s.ID) {
		return nil
	}
	if _, err := m.delete(ctx, s.ID); err != nil {
		return err
	}
	return ErrEnded
}

// enter returns ErrEnded if the user's sessions were ended after the sign-in
// began: Directus checks the password early in a login and answers late, so that
// whoever has an old password could always have a sign-in under way that outlasts
// a reset.
//
// Times are compared as exactly as they are kept. Whoever ended everything looked
// at the clock after Directus had taken the new password, and no sign-in with that
// one begins earlier; so the same millisecond is refused, and the next is good.
// There is no margin for nodes whose clocks differ: it would turn away people who
// sign in right after a reset.
func (m *Manager) enter(ctx context.Context, s storage.Session, began time.Time, lifetime time.Duration) error {
	var ended []string
	err := m.Store.Subjects.Upsert(ctx, s.Subject, storage.NoExpiry, func(subject *storage.Subject) error {
		if !subject.EndedAt.IsZero() && began.UnixMilli() <= subject.EndedAt.UnixMilli() {
			return ErrEnded
		}
		subject.Sessions = slices.DeleteFunc(subject.Sessions, func(e storage.SessionEntry) bool {
			return !m.Now().Before(e.Expires) || e.ID == s.ID
		})
		subject.Sessions = append(subject.Sessions, storage.SessionEntry{ID: s.ID, Created: s.CreatedAt, Expires: m.Now().Add(lifetime)})
		ended = nil
		for over := len(subject.Sessions) - storage.MaxSessionsPerSubject; len(ended) < over; {
			ended = append(ended, subject.Sessions[len(ended)].ID)
		}
		return nil
	})
	if err != nil {
		return err
	}
	_, err = m.remove(ctx, s.Subject, "too many sessions", ended...)
	return err
}

// Select makes a session of the browser the current one.
func (m *Manager) Select(w http.ResponseWriter, browser Browser, s storage.Session) {
	browser.put(s, browser.secrets[s.ID]) // loses none, since it was among them
	m.send(w, browser)
}

// send writes the cookie: as long as the longest session that is remembered,
// else until the browser ends.
func (m *Manager) send(w http.ResponseWriter, browser Browser) {
	if len(browser.Sessions) == 0 {
		m.Cookies.Clear(w, cookieName)
		m.sendState(w, "", 0)
		return
	}
	var lifetime time.Duration
	tickets := make([]ticket, 0, len(browser.Sessions))
	for _, s := range browser.Sessions {
		tickets = append(tickets, ticket{id: s.ID, secret: browser.secrets[s.ID], subject: s.Subject})
		if s.Remember {
			lifetime = m.Lifetimes.RememberedAbsolute
		}
	}
	value := formatTickets(tickets)
	m.Cookies.Set(w, cookieName, value, lifetime)
	m.sendState(w, value, lifetime)
}

// put makes the session the current one and returns those that there is no room
// for any more.
func (b *Browser) put(s storage.Session, secret string) (lost []storage.Session) {
	b.Sessions = slices.DeleteFunc(slices.Clone(b.Sessions), func(other storage.Session) bool {
		return other.ID == s.ID || other.Subject == s.Subject
	})
	b.Sessions = append([]storage.Session{s}, b.Sessions...)
	if len(b.Sessions) > maxAccounts {
		b.Sessions, lost = b.Sessions[:maxAccounts], b.Sessions[maxAccounts:]
	}
	if b.secrets == nil {
		b.secrets = map[string]string{}
	}
	b.secrets[s.ID] = secret
	return lost
}

func (b *Browser) drop(id string) {
	b.Sessions = slices.DeleteFunc(slices.Clone(b.Sessions), func(s storage.Session) bool { return s.ID == id })
}
