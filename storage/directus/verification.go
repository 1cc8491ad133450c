package directus

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"path"

	"gatehouse/storage"
	"gatehouse/storage/directus/internal/rest"
)

// VerifyEmail spends the token of a verification mail and returns whose it was,
// who may sign in from now on. Account.Email is the address that was proven.
//
// The error is storage.ErrLinkInvalid, ErrLinkExpired, ErrLinkUsed or
// ErrUnavailable (then an *UnavailableError), or the end of ctx.
func (c *Client) VerifyEmail(ctx context.Context, token storage.Secret, caller storage.Caller) (storage.Account, error) {
	mail, err := readMailToken(token, scopeVerification)
	if err != nil {
		return storage.Account{}, err
	}
	return c.spend(ctx, mail, func(ctx context.Context, holder string) error {
		answer, err := c.rest.Do(ctx, rest.Request{
			Name: "verify e-mail", Method: http.MethodGet, Path: "/users/register/verify-email",
			Query: url.Values{"token": {token.Reveal()}}, Header: c.personHeader(caller),
			Login: true, Redirect: true,
		}, nil)
		if err != nil {
			return linkError(err)
		}
		// To /admin/users/<id>; without a token it would be /admin/login.
		location, err := url.Parse(answer.Location)
		if err != nil || !isUserID(path.Base(location.Path)) {
			return unavailable(errors.New("verify e-mail: directus named no user"))
		}
		if holder != "" && path.Base(location.Path) != holder {
			return unavailable(errors.New("verify e-mail: directus named another user"))
		}
		return nil
	})
}
