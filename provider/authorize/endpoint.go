package authorize

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"gatehouse/provider/account"
	"gatehouse/provider/allow"
	"gatehouse/provider/claims"
	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/provider/session"
	"gatehouse/provider/token"
	"gatehouse/storage"
)

// Clients looks relying parties up.
type Clients interface {
	// Client returns the client, or an error that wraps storage.ErrNotFound.
	Client(ctx context.Context, id string) (storage.Client, error)
}

// Config is what an Endpoint needs.
type Config struct {
	// Issuer is repeated in answers (RFC 9207), and whom request objects are for.
	Issuer   string
	Store    *storage.Store
	Clients  Clients
	Sessions *session.Manager
	Tokens   *token.Service
	Subjects *claims.Subjects
	Accounts *account.Gate
	// Allow says who may use a client, and grant it which scopes.
	Allow   *allow.Rules
	Handles *oauth.Handles
	// Claims and Evidence tell what a client may ask for, and what an ID token
	// says of its user.
	Claims   *claims.Releaser
	Evidence claims.Evidence
	Pages    Pages
	// Signatures, Decrypter and Fetcher are what request objects are read with.
	Signatures Signatures
	Decrypter  Decrypter
	Fetcher    Fetcher
	// Registration says that people may be sent to register (prompt=create).
	Registration bool
	// RequestLifetime is how long a person may take.
	RequestLifetime time.Duration
	Now             func() time.Time
	Random          io.Reader
	Sink            event.Sink
}

// Endpoint is the authorization endpoint. It is safe for concurrent use.
type Endpoint struct {
	Config
	flood     *flood
	documents *documents
}

// New checks the configuration.
func New(config Config) (*Endpoint, error) {
	switch {
	case config.Issuer == "", config.Store == nil, config.Clients == nil, config.Sessions == nil,
		config.Tokens == nil, config.Subjects == nil, config.Accounts == nil, config.Allow == nil, config.Handles == nil, config.Pages == nil,
		config.Claims == nil, config.Evidence == nil,
		config.Signatures == nil, config.Decrypter == nil, config.Fetcher == nil,
		config.RequestLifetime <= 0, config.Now == nil, config.Random == nil, config.Sink == nil:
		return nil, errors.New("authorization endpoint: every field of the configuration but Registration is needed")
	}
	flood, err := newFlood()
	if err != nil {
		return nil, fmt.Errorf("authorization endpoint: %w", err)
	}
	documents, err := newDocuments(config.Fetcher, config.Now)
	if err != nil {
		return nil, fmt.Errorf("authorization endpoint: %w", err)
	}
	return &Endpoint{Config: config, flood: flood, documents: documents}, nil
}

// Interactions returns what screens may do.
func (e *Endpoint) Interactions() *Interactions { return &Interactions{endpoint: e} }
