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
	// is handed out.
	Margin time.Duration
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
	sleep     func(ctx context.Context, d time.Duration) error
}

// AccessToken is what Directus takes as bearer token for a while.
type AccessToken struct {
	Token   storage.Secret
	Expires time.Time
	// Subject is the user's id.
	Subject string
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
		// Room for the request and for the writes around it.
		leaseTime: 2*config.Client.rest.Timeout() + 5*time.Second,
	}
	if s.sleep == nil {
		s.sleep = sleep
	}
	return s, nil
}

// Keep stores the pair of a sign-in and returns the id of its DirectusSession.
func (s *Sessions) Keep(ctx context.Context, pair Pair) (id string, err error) {
	if id, err = newID(s.client.random); err != nil {
		return "", err
	}
	if err := s.store.DirectusSessions.Add(ctx, id, newRecord(pair, 1), s.idle); err != nil {
		return "", fmt.Errorf("keep directus session: %w", err)
	}
	return id, nil
}

// AccessToken returns an access token of the session that lives for the margin
// at least, refreshed if need be. Of any number of calls on any number of nodes
// one refreshes at a time; the others wait for it as long as ctx allows.
//
// The error is storage.ErrNotFound, ErrPairLost, ErrSessionRevoked,
// ErrRestricted or ErrUnavailable, or the end of ctx.
func (s *Sessions) AccessToken(ctx context.Context, id string) (AccessToken, error) {
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		record, err := s.store.DirectusSessions.Get(ctx, id)
		if err != nil {
			return AccessToken{}, fmt.Errorf("read directus session: %w", err)
		}
		if s.alive(record.Value) {
			return accessToken(record.Value), nil
		}
		token, err := s.refreshUnderLease(ctx, id)
		if !errors.Is(err, errHeldByAnother) {
			return token, err
		}
		if err := s.sleep(ctx, pause); err != nil {
			return AccessToken{}, fmt.Errorf("wait for a refresh by another: %w", err)
		}
	}
}

// End forgets the session and ends it at Directus. A session that is gone
// already is no error; if Directus cannot be reached, the session is forgotten
// all the same and the error says that it lives on there until it expires.
func (s *Sessions) End(ctx context.Context, id string) error {
	record, err := s.store.DirectusSessions.Take(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("end directus session: %w", err)
	}
	return s.client.logout(ctx, storage.Secret(record.Value.RefreshToken))
}

func (s *Sessions) alive(session storage.DirectusSession) bool {
	return s.client.now().Add(s.margin).Before(session.AccessExpires)
}

func accessToken(session storage.DirectusSession) AccessToken {
	return AccessToken{
		Token:   storage.Secret(session.AccessToken),
		Expires: session.AccessExpires,
		Subject: session.Subject,
	}
}

func newRecord(pair Pair, generation int) storage.DirectusSession {
	return storage.DirectusSession{
		Subject:       pair.subject,
		AccessToken:   pair.access.Reveal(),
		AccessExpires: pair.accessExpires,
		RefreshToken:  pair.refresh.Reveal(),
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
