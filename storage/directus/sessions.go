package directus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gatehouse/storage"
)

// Defaults of SessionsConfig.
const (
	DefaultIdleLifetime = 7 * 24 * time.Hour // Directus's REFRESH_TOKEN_TTL
	DefaultMargin       = time.Minute
)

// SessionsConfig is what Sessions need. Client and Store are required.
type SessionsConfig struct {
	Client *Client
	Store  *storage.Store
	// IdleLifetime is how long a pair is kept after its last refresh: as long
	// as Directus takes its refresh token.
	IdleLifetime time.Duration
	// Margin is the rest of its life that an access token has at least when it
	// is handed out, or a quarter of its life if that is less.
	Margin time.Duration
	// Administrators says that pairs of administrators are kept as well: with one
	// of those, everything can be done in Directus.
	Administrators bool
	// Sleep waits for a while or until ctx ends; nil waits in real time.
	Sleep func(ctx context.Context, d time.Duration) error
}

// Sessions keep the token pairs of sign-ins in the store and refresh them, on
// any number of nodes. It is safe for concurrent use.
type Sessions struct {
	client    *Client
	store     *storage.Store
	idle      time.Duration
	margin    time.Duration
	leaseTime time.Duration
	// administrators says that their pairs are kept.
	administrators bool

	sleep func(ctx context.Context, d time.Duration) error
}

// NewSessions returns Sessions.
func NewSessions(config SessionsConfig) (*Sessions, error) {
	switch {
	case config.Client == nil:
		return nil, errors.New("directus sessions: no client")
	case config.Store == nil:
		return nil, errors.New("directus sessions: no store")
	}
	s := &Sessions{
		client: config.Client,
		store:  config.Store,
		idle:   orDefault(config.IdleLifetime, DefaultIdleLifetime),
		margin: orDefault(config.Margin, DefaultMargin),
		sleep:  config.Sleep,

		administrators: config.Administrators,
		// Room for the request and for the writes around it.
		leaseTime: 2*config.Client.rest.Timeout() + 5*time.Second,
	}
	if s.sleep == nil {
		s.sleep = sleep
	}
	return s, nil
}

// Keeps says whether the pair is one to be kept.
func (s *Sessions) Keeps(pair Pair) bool { return !pair.administrator || s.administrators }

// Keep stores the pair of a sign-in and returns the id of its DirectusSession.
func (s *Sessions) Keep(ctx context.Context, pair Pair) (id string, err error) {
	if id, err = newID(s.client.random); err != nil {
		return "", err
	}
	record := newRecord(id, pair, 1)
	record.KeptAt = s.client.now()
	if err := s.store.DirectusSessions.Add(ctx, id, record, s.idle); err != nil {
		return "", fmt.Errorf("keep directus session: %w", err)
	}
	return id, nil
}

// AccessToken returns an access token of the session that lives for the margin
// at least, refreshed if need be: when the access token is used up, or half of
// the time has passed for which Directus keeps the session unused. Of any number
// of calls on any number of nodes one refreshes at a time; the others wait for
// it as long as ctx allows, and no longer than a refresh may take.
//
// The error is storage.ErrNotFound, ErrPairLost, ErrSessionRevoked,
// ErrRestricted or ErrUnavailable, or the end of ctx.
func (s *Sessions) AccessToken(ctx context.Context, id string) (storage.DirectusToken, error) {
	var waited time.Duration
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		record, err := s.read(ctx, id)
		if err != nil {
			return storage.DirectusToken{}, err
		}
		if s.alive(record.Value) {
			return accessToken(record.Value), nil
		}
		token, err := s.refreshUnderLease(ctx, id)
		if !errors.Is(err, errHeldByAnother) {
			return token, err
		}
		if waited > s.leaseTime {
			return storage.DirectusToken{}, unavailable(errors.New("refresh: others are at it for too long"))
		}
		if err := s.sleep(ctx, pause); err != nil {
			return storage.DirectusToken{}, fmt.Errorf("wait for a refresh by another: %w", err)
		}
		waited += pause
	}
}

// expectedFor is how long after Expect a session is expected to end at the latest,
// if Directus still refreshes it.
const expectedFor = time.Minute

// Expect says that we are about to do what makes Directus end the session, such
// as changing the password: a refusal of the pair then says nothing against the
// user and is ErrPairLost. It holds until a refresh that succeeds long after: then
// nothing came of it. A session that is gone is no error.
func (s *Sessions) Expect(ctx context.Context, id string) error {
	err := s.store.DirectusSessions.Update(ctx, id, func(session *storage.DirectusSession) error {
		session.ExpectedAt = s.client.now()
		return nil
	})
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("expect the end of a directus session: %w", err)
	}
	return nil
}

// Unexpect takes Expect back: a refusal of the pair counts again. A session that is
// gone is no error.
func (s *Sessions) Unexpect(ctx context.Context, id string) error {
	err := s.store.DirectusSessions.Update(ctx, id, func(session *storage.DirectusSession) error {
		session.ExpectedAt = time.Time{}
		return nil
	})
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("no longer expect the end of a directus session: %w", err)
	}
	return nil
}

// End ends the session here and at Directus. A session that is gone already is
// no error. If Directus cannot be reached, nobody gets a token of the session any
// more, and its record stays for another call of End.
func (s *Sessions) End(ctx context.Context, id string) error {
	var session storage.DirectusSession
	err := s.store.DirectusSessions.Update(ctx, id, func(current *storage.DirectusSession) error {
		current.Ended = true
		session = *current
		return nil
	})
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("end directus session: %w", err)
	}
	// Directus does not know a token that it refused.
	if !session.Revoked {
		if err := s.client.logout(ctx, storage.Secret(session.RefreshToken)); err != nil {
			return err
		}
	}
	if err := s.store.DirectusSessions.Delete(ctx, id); err != nil {
		return fmt.Errorf("end directus session: %w", err)
	}
	return nil
}

// read returns the record of a session that can be used.
func (s *Sessions) read(ctx context.Context, id string) (*storage.Record[storage.DirectusSession], error) {
	record, err := s.store.DirectusSessions.Get(ctx, id)
	switch {
	case err != nil:
		return nil, fmt.Errorf("read directus session: %w", err)
	case record.Value.Ended:
		return nil, fmt.Errorf("read directus session: %w", storage.ErrNotFound)
	case record.Value.Revoked:
		return nil, storage.ErrSessionRevoked
	}
	return record, nil
}

// alive says that the session needs no refresh. A lifetime of minutes is what
// Directus has by itself; one that is shorter than the margin must not make
// every call refresh.
func (s *Sessions) alive(session storage.DirectusSession) bool {
	now := s.client.now()
	margin := min(s.margin, session.AccessExpires.Sub(session.RefreshedAt)/4)
	return now.Add(margin).Before(session.AccessExpires) && now.Before(session.RefreshedAt.Add(s.idle/2))
}

func accessToken(session storage.DirectusSession) storage.DirectusToken {
	return storage.DirectusToken{
		Token:         storage.Secret(session.AccessToken),
		Expires:       session.AccessExpires,
		Subject:       session.Subject,
		Administrator: session.Administrator,
	}
}

func newRecord(id string, pair Pair, generation int) storage.DirectusSession {
	return storage.DirectusSession{
		ID:            id,
		Subject:       pair.subject,
		AccessToken:   pair.access.Reveal(),
		AccessExpires: pair.accessExpires,
		RefreshToken:  pair.refresh.Reveal(),
		Administrator: pair.administrator,
		RefreshedAt:   pair.began,
		Generation:    generation,
	}
}

// Pauses between two looks at a session that another is refreshing.
const (
	firstPause   = 20 * time.Millisecond
	longestPause = 500 * time.Millisecond
)

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
