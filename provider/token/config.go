package token

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/go-jose/go-jose/v4"

	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// Lifetimes of what is issued.
type Lifetimes struct {
	Code        time.Duration
	AccessToken time.Duration
	IDToken     time.Duration
	// RefreshToken is how long a refresh token may lie unused.
	RefreshToken time.Duration
	// ReplayWindow is how long a rotated refresh token still gets its
	// successor again, for clients whose answer was lost.
	ReplayWindow time.Duration
}

// Signer signs with the current key of an algorithm. keys.Ring satisfies it.
type Signer interface {
	// Sign returns the compact serialisation of a JWS with the header typ.
	Sign(algorithm jose.SignatureAlgorithm, typ string, payload []byte) (string, error)
	// Verify returns the payload of a compact JWS with the header typ that is
	// signed by a published key whose algorithm is among those given.
	Verify(ctx context.Context, token, typ string, algorithms ...jose.SignatureAlgorithm) ([]byte, error)
}

// Clients looks relying parties up.
type Clients interface {
	// Client returns the client, or an error that wraps storage.ErrNotFound.
	Client(ctx context.Context, id string) (storage.Client, error)
}

// Config is what a Service needs.
type Config struct {
	Issuer    string
	Store     *storage.Store
	Clients   Clients
	Signer    Signer
	Encrypter Encrypter
	Handles   *oauth.Handles
	Lifetimes Lifetimes
	// Release, if not nil, is told which token pairs of Directus a grant does not
	// name any more. Whoever ends them finds them by himself too.
	Release func(directusSessions ...string)
	// SessionAlive says whether a session that exists may still be used.
	SessionAlive func(storage.Session) bool
	// SID is the claim by which a client knows a session.
	SID func(sessionID, clientID string) string
	// Subject is the sub by which a client knows a user.
	Subject func(client storage.Client, userID string) string
	Now     func() time.Time
	Random  io.Reader
	Sink    event.Sink
}

// Service issues, refreshes, recognises and revokes tokens. It is safe for
// concurrent use, by any number of nodes on one store.
type Service struct {
	Config
	*Revoker
}

// New checks the configuration.
func New(config Config) (*Service, error) {
	switch {
	case config.Issuer == "", config.Store == nil, config.Clients == nil, config.Signer == nil, config.Encrypter == nil, config.Handles == nil,
		config.SessionAlive == nil, config.SID == nil, config.Subject == nil, config.Now == nil, config.Random == nil, config.Sink == nil:
		return nil, errors.New("token service: every field of the configuration is needed")
	}
	l := config.Lifetimes
	if l.Code <= 0 || l.AccessToken <= 0 || l.IDToken <= 0 || l.RefreshToken <= 0 || l.ReplayWindow < 0 {
		return nil, errors.New("token service: lifetimes must be positive")
	}
	return &Service{Config: config, Revoker: NewRevoker(config.Store, config.Release, config.Sink)}, nil
}

// algorithm returns the registered algorithm, or the default of OpenID Connect
// Dynamic Client Registration 1.0, section 2.
func algorithm(registered string) jose.SignatureAlgorithm {
	if registered == "" {
		return jose.RS256
	}
	return jose.SignatureAlgorithm(registered)
}
