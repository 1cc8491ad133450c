package directus

import (
	"context"

	"gatehouse/storage"
)

// AcceptInvitation spends the token of an invitation, sets the password and
// returns whose it was. The account may still not be active: Directus 12 takes
// no more users than its licence has seats for.
//
// The errors are those of ResetPassword. All versions look at the invitation
// before the password, so storage.ErrPasswordPolicy leaves it good; a used one
// is INVALID_INVITE from 11 on, and INVALID_PAYLOAD before.
func (c *Client) AcceptInvitation(ctx context.Context, token, password storage.Secret, caller storage.Caller) (storage.Account, error) {
	mail, err := readMailToken(token, scopeInvitation)
	switch {
	case err != nil:
		return storage.Account{}, err
	case !settable(password):
		return storage.Account{}, storage.ErrPasswordPolicy
	}
	return c.spend(ctx, mail, func(ctx context.Context, _ string) error {
		err := c.setPassword(ctx, "accept invitation", "/users/invite/accept", token, password, caller)
		if err != nil {
			return linkError(err)
		}
		return nil
	})
}
