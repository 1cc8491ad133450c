package registration

import (
	"context"
	"errors"
	"io"
	"time"

	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// errInitialToken says that an initial access token is none of ours, has expired,
// was revoked, or is used up.
var errInitialToken = errors.New("initial access token is not valid")

// Tokens are the initial access tokens (RFC 7591, section 3). It is safe for
// concurrent use.
type Tokens struct {
	Table   *storage.Table[storage.RegistrationToken]
	Handles *oauth.Handles
	Now     func() time.Time
	Random  io.Reader
}

type initialHandle struct {
	ID string `json:"id"`
}

// Make makes a token for so many clients, below zero for any number, which ends
// after the lifetime, or never for storage.NoExpiry.
func (t *Tokens) Make(ctx context.Context, uses int, lifetime time.Duration, note string) (storage.RegistrationToken, storage.Secret, error) {
	id, err := oauth.RandomID(t.Random, 9)
	if err != nil {
		return storage.RegistrationToken{}, "", err
	}
	// An id that begins with a hyphen would read as a flag.
	id = "t" + id
	token, err := t.Handles.Seal(oauth.InitialAccessHandle, initialHandle{ID: id})
	if err != nil {
		return storage.RegistrationToken{}, "", err
	}
	made := storage.RegistrationToken{ID: id, Digest: oauth.Digest(token), Note: note, CreatedAt: t.Now().UTC(), Uses: uses}
	return made, storage.Secret(token), t.Table.Add(ctx, id, made, lifetime)
}

// look returns the id of a token that can still be used, or errInitialToken.
func (t *Tokens) look(ctx context.Context, token string) (string, error) {
	var handle initialHandle
	if err := t.Handles.Open(oauth.InitialAccessHandle, token, &handle); err != nil {
		return "", errInitialToken
	}
	record, err := t.Table.Get(ctx, handle.ID)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return "", errInitialToken
	case err != nil:
		return "", err
	case !oauth.DigestMatches(token, record.Value.Digest), record.Value.Uses == 0:
		return "", errInitialToken
	}
	return handle.ID, nil
}

// spend takes one use of the token with the id, so that of two that come at once
// one gets the last. Without an id there is nothing to spend.
func (t *Tokens) spend(ctx context.Context, id string) error {
	if id == "" {
		return nil
	}
	err := t.Table.Update(ctx, id, func(token *storage.RegistrationToken) error {
		if token.Uses == 0 {
			return errInitialToken
		}
		if token.Uses > 0 {
			token.Uses--
		}
		return nil
	})
	if errors.Is(err, storage.ErrNotFound) || errors.Is(err, errInitialToken) {
		return notAdmitted(errInitialToken)
	}
	return err
}

// giveBack undoes spend, where no client came of it.
func (t *Tokens) giveBack(ctx context.Context, id string) error {
	if id == "" {
		return nil
	}
	err := t.Table.Update(ctx, id, func(token *storage.RegistrationToken) error {
		if token.Uses >= 0 {
			token.Uses++
		}
		return nil
	})
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	return err
}
