package directus

import (
	"context"
	"fmt"
	"net/http"

	"gatehouse/storage"
	"gatehouse/storage/directus/internal/rest"
)

// RequestReset has Directus send a mail with a link to request.URL, if there is
// an active user with the address whose password is Directus's own. It returns
// nil either way.
//
// The error is storage.ErrMalformed, ErrURLRefused or ErrUnavailable (then an
// *UnavailableError), or the end of ctx; none of them depends on the address.
func (c *Client) RequestReset(ctx context.Context, request storage.ResetRequest) error {
	if request.Email == "" {
		return storage.ErrMalformed
	}
	body := map[string]string{"email": plainAddress(request.Email)}
	if request.URL != "" {
		body["reset_url"] = request.URL
	}
	_, err := c.rest.Do(ctx, rest.Request{
		Name: "ask for a reset mail", Method: http.MethodPost, Path: "/auth/password/request",
		Header: c.personHeader(request.Caller), Body: body, Login: true, Echo: request.URL,
	}, nil)
	switch {
	case rest.Code(err) != codeInvalidPayload:
		return unavailable(err)
	case !rest.Echoed(err):
		return storage.ErrMalformed
	}
	return c.refusedResetURL(ctx, request.URL)
}

// refusedResetURL is storage.ErrURLRefused, unless Directus says so for existing
// users only, as Directus 10 does: to hand that on would tell strangers who has an account.
func (c *Client) refusedResetURL(ctx context.Context, url string) error {
	refused := fmt.Errorf("PASSWORD_RESET_URL_ALLOW_LIST: %w", storage.ErrURLRefused)
	answer, err := c.askResetOnce(ctx, url)
	if err != nil || answer == No {
		return refused
	}
	c.log.ErrorContext(ctx, "directus sends no reset mails", "error", refused)
	return nil
}

// ResetPassword spends the token of a reset mail, sets the password and returns
// whose it was; Account.Email is the address that was proven. Directus 11
// and later end the user's Directus sessions with it.
//
// The error is storage.ErrPasswordPolicy, which leaves the token good,
// ErrLinkInvalid, ErrLinkExpired, ErrLinkUsed (also of a user who is not active
// any more) or ErrUnavailable (then an *UnavailableError), or the end of ctx.
func (c *Client) ResetPassword(ctx context.Context, token, password storage.Secret, caller storage.Caller) (storage.Account, error) {
	mail, err := readMailToken(token, scopeReset)
	switch {
	case err != nil:
		return storage.Account{}, err
	case !settable(password):
		return storage.Account{}, storage.ErrPasswordPolicy
	}
	return c.spend(ctx, mail, func(ctx context.Context, _ string) error {
		err := c.setPassword(ctx, "reset password", "/auth/password/reset", token, password, caller)
		switch {
		case err == nil:
			return nil
		case rest.Status(err) == http.StatusInternalServerError && c.stumblesOverTokens(ctx):
			if mail.expired(c.now()) {
				return storage.ErrLinkExpired
			}
			return storage.ErrLinkInvalid
		}
		return linkError(err)
	})
}

// stumblesOverTokens says whether this Directus answers 500 to a token that
// cannot be good, as Directus 10 does.
func (c *Client) stumblesOverTokens(ctx context.Context) bool {
	err := c.setPassword(ctx, "try a bad token", "/auth/password/reset", "no token", "no password", storage.Caller{})
	return rest.Status(err) == http.StatusInternalServerError
}
