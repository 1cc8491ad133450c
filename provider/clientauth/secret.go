package clientauth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"time"

	"gatehouse/storage"
)

// What operators read of a failure that clients are told nothing about.
var (
	errUnknownClient = errors.New("no such client")
	errWrongSecret   = errors.New("wrong or expired client secret")
)

// secretCredentials are an id and a secret, however they were sent.
type secretCredentials struct {
	id     string
	secret storage.Secret
}

func (c secretCredentials) clientID() string { return c.id }

// prove does the same work for an unknown client, so that time does not tell which
// clients exist.
func (c secretCredentials) prove(_ context.Context, a *Authenticator, client storage.Client, known bool) error {
	matches := secretMatches(c.secret, client.SecretDigests, a.config.Now())
	switch {
	case !known:
		return errFailed(errUnknownClient)
	case !matches:
		return errFailed(errWrongSecret)
	}
	return nil
}

// secretMatches compares the secret with every digest, and with one at least.
func secretMatches(secret storage.Secret, digests []storage.SecretDigest, now time.Time) bool {
	presented := sha256.Sum256([]byte(secret.Reveal()))
	if len(digests) == 0 {
		var none [sha256.Size]byte
		subtle.ConstantTimeCompare(presented[:], none[:])
		return false
	}
	matches := false
	for _, digest := range digests {
		equal := subtle.ConstantTimeCompare(presented[:], digest.SHA256) == 1
		valid := digest.Expires.IsZero() || now.Before(digest.Expires)
		matches = matches || equal && valid
	}
	return matches
}
