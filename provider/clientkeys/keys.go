package clientkeys

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"gatehouse/storage"
)

// ErrNoKey says that the client has no key for the purpose.
var ErrNoKey = errors.New("no key of the client fits")

// Fetcher reads the documents at jwks_uri. fetch.Fetcher satisfies it.
type Fetcher interface {
	Get(ctx context.Context, address string) ([]byte, error)
}

// Config is what Keys need.
type Config struct {
	Fetcher Fetcher
	Now     func() time.Time
}

// Keys are the public keys of all clients. They are safe for concurrent use.
type Keys struct {
	remote *remoteKeys
}

// New returns Keys.
func New(config Config) (*Keys, error) {
	if config.Fetcher == nil || config.Now == nil {
		return nil, errors.New("client keys: fetcher and clock are needed")
	}
	remote, err := newRemoteKeys(config.Fetcher, config.Now)
	if err != nil {
		return nil, fmt.Errorf("client keys: %w", err)
	}
	return &Keys{remote: remote}, nil
}

// Verify returns nil if a key of the client made the signature. The token was
// parsed with the algorithms that the client may use; symmetric ones never verify
// here. Errors tell why, for logs only; one wrapping ErrNoKey says that no key fits
// key id and algorithm of the token.
func (k *Keys) Verify(ctx context.Context, client storage.Client, token *jwt.JSONWebToken) error {
	return k.try(ctx, client, func(set []jose.JSONWebKey) error { return verifyWith(set, token) })
}

// try offers the keys of the client to use. Those at its jwks_uri are read again if
// they do not serve: it may have changed them (OpenID Connect Core, section 10.1.1).
func (k *Keys) try(ctx context.Context, client storage.Client, use func([]jose.JSONWebKey) error) error {
	if len(client.JWKS) > 0 {
		set, err := parseKeys(client.JWKS)
		if err != nil {
			return fmt.Errorf("jwks of the client: %w", err)
		}
		return use(set)
	}
	if client.JWKSURI == "" {
		return fmt.Errorf("%w: it registered none", ErrNoKey)
	}
	set, err := k.remote.get(ctx, client.JWKSURI)
	if err != nil {
		return err
	}
	failure := use(set)
	if failure == nil {
		return nil
	}
	newer, err := k.remote.refresh(ctx, client.JWKSURI)
	if err != nil {
		return fmt.Errorf("%w; then: %w", failure, err)
	}
	return use(newer)
}
