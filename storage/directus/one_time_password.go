package directus

import (
	"context"
	"fmt"
	"net/http"

	"gatehouse/storage"
	"gatehouse/storage/directus/internal/rest"
)

// Directus says INVALID_PAYLOAD for a wrong one-time password and for one that is
// set up already. Its words tell them apart, but words change: the user's row
// tells as well.

// GenerateOTP makes a secret for an authenticator app. Directus keeps nothing of
// it. Users of an external provider have no password to give, and need none but
// on Directus 10, which cannot do without: storage.ErrForbidden.
//
// The error is storage.ErrInvalidCredentials for a wrong password, the same
// together with ErrAccessEnded, ErrOTPIsSet, ErrForbidden, ErrMalformed for a
// user without e-mail address, or ErrUnavailable. Directus counts no failures
// here: whoever calls bounds the attempts.
func (c *Client) GenerateOTP(ctx context.Context, access storage.DirectusAccess, password storage.Secret) (storage.OTPSecret, error) {
	body := map[string]string{}
	if password != "" {
		body["password"] = password.Reveal()
	}
	var made struct {
		Secret string `json:"secret"`
		URL    string `json:"otpauth_url"`
	}
	err := c.ownTFA(ctx, access, "generate", body, &made)
	if err == nil && (made.Secret == "" || made.URL == "") {
		err = fmt.Errorf("generate one-time password: directus answered without a secret")
		return storage.OTPSecret{}, unavailable(err)
	}
	switch {
	case err == nil:
		return storage.OTPSecret{Secret: made.Secret, URL: made.URL}, nil
	case rest.Code(err) == codeInvalidCredentials:
		return storage.OTPSecret{}, storage.ErrInvalidCredentials
	case rest.Code(err) != codeInvalidPayload:
		return storage.OTPSecret{}, ownError(err)
	}
	found, lookupErr := c.lookup(ctx, access.Subject)
	switch {
	case lookupErr != nil:
		return storage.OTPSecret{}, lookupErr
	case found.account.HasOTP:
		return storage.OTPSecret{}, storage.ErrOTPIsSet
	case found.account.Provider != storage.DefaultProvider:
		return storage.OTPSecret{}, fmt.Errorf("%w: %w", storage.ErrForbidden, err)
	case password == "":
		return storage.OTPSecret{}, storage.ErrInvalidCredentials
	}
	return storage.OTPSecret{}, inputError(err)
}

// EnableOTP sets up the secret of GenerateOTP for a person who shows that his app
// has it. The error is storage.ErrInvalidOTP, ErrOTPIsSet, ErrForbidden,
// ErrInvalidCredentials together with ErrAccessEnded, or ErrUnavailable, with
// ErrUncertain where it may be set up all the same.
func (c *Client) EnableOTP(ctx context.Context, access storage.DirectusAccess, secret storage.OTPSecret, code storage.Secret) error {
	if secret.Secret == "" || code == "" {
		return storage.ErrInvalidOTP
	}
	err := c.ownTFA(ctx, access, "enable", map[string]string{"secret": secret.Secret, "otp": code.Reveal()}, nil)
	if rest.Code(err) != codeInvalidPayload {
		return ownError(err)
	}
	found, err := c.lookup(ctx, access.Subject)
	switch {
	case err != nil:
		return err
	case found.account.HasOTP:
		return storage.ErrOTPIsSet
	}
	return storage.ErrInvalidOTP
}

// DisableOTP removes the one-time password of a person who shows that his app
// has it; one who has none is no error. The errors are those of EnableOTP, but
// ErrOTPIsSet.
func (c *Client) DisableOTP(ctx context.Context, access storage.DirectusAccess, code storage.Secret) error {
	if code == "" {
		return storage.ErrInvalidOTP
	}
	err := c.ownTFA(ctx, access, "disable", map[string]string{"otp": code.Reveal()}, nil)
	if rest.Code(err) != codeInvalidPayload {
		return ownError(err)
	}
	found, err := c.lookup(ctx, access.Subject)
	switch {
	case err != nil:
		return err
	case !found.account.HasOTP:
		return nil
	}
	return storage.ErrInvalidOTP
}

// ownTFA asks for a step with the person's own token; nobody else may, not even
// the token that may write.
func (c *Client) ownTFA(ctx context.Context, access storage.DirectusAccess, step string, body map[string]string, data any) error {
	token, err := c.ownToken(access)
	if err != nil {
		return err
	}
	// Whatever comes of it, the remembered row may be stale.
	defer c.Forget(access.Subject)
	_, err = c.rest.Do(ctx, rest.Request{
		Name: step + " one-time password", Method: http.MethodPost, Path: "/users/me/tfa/" + step, Token: token, Body: body,
	}, data)
	return err
}
