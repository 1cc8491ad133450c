package directus

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"gatehouse/storage"
	"gatehouse/storage/directus/internal/rest"
)

// accessMargin is taken off the life of an access token that a person keeps, so
// that it does not end on its way.
const accessMargin = 30 * time.Second

// errAccessEnded sends the person to a fresh sign-in.
var errAccessEnded = fmt.Errorf("%w: %w", storage.ErrAccessEnded, storage.ErrInvalidCredentials)

// Access is the access token of the pair alone. It works on for its minutes
// after the pair was ended: long enough for a person to change his own account.
func (p Pair) Access() storage.DirectusAccess {
	return storage.DirectusAccess{
		Subject: p.subject, AccessToken: p.access.Reveal(), Expires: p.accessExpires.Add(-accessMargin),
	}
}

// ownToken is the token of an access that has not ended.
func (c *Client) ownToken(access storage.DirectusAccess) (storage.Secret, error) {
	if access.AccessToken == "" || !isUserID(access.Subject) || !c.now().Before(access.Expires) {
		return "", errAccessEnded
	}
	return storage.Secret(access.AccessToken), nil
}

// The columns of users that each right of a person needs. Setting up a one-time
// password is an update of his own row in Directus 11 and later.
var (
	profileColumns  = []string{"first_name", "last_name", "language", "appearance"}
	passwordColumns = []string{"password"}
	otpColumns      = []string{"tfa_secret"}
	pictureColumns  = []string{"avatar"}
)

// anything is what is not known to be refused: the person may try, and Directus
// says storage.ErrForbidden.
var anything = storage.OwnRights{Profile: true, Password: true, OneTimePassword: true, Picture: true}

// Rights says what Directus would let the person do with his own access token.
// A rule that leaves him rows other than his own counts as a right, and so does
// whatever Directus 10 does not tell: then the attempt is storage.ErrForbidden.
// It alone says OTPEnforced, of the policies that hold where the caller is;
// Directus itself lets people turn a one-time password off all the same.
//
// The error is storage.ErrAccessEnded together with ErrInvalidCredentials, or
// storage.ErrUnavailable.
func (c *Client) Rights(ctx context.Context, access storage.DirectusAccess, caller storage.Caller) (storage.OwnRights, error) {
	rights, err := c.rights(ctx, access)
	if err != nil {
		return storage.OwnRights{}, err
	}
	rights.OTPEnforced, err = c.enforcesTFA(ctx, storage.Secret(access.AccessToken), access.Subject, caller)
	if err != nil {
		return storage.OwnRights{}, ownError(err)
	}
	return rights, nil
}

// rights is Rights without OTPEnforced, which costs another request.
func (c *Client) rights(ctx context.Context, access storage.DirectusAccess) (storage.OwnRights, error) {
	token, err := c.ownToken(access)
	if err != nil {
		return storage.OwnRights{}, err
	}
	claims, err := readJWT(token.Reveal())
	if err == nil && bool(claims.AdminAccess) {
		return anything, nil
	}
	granted, err := c.permissions(ctx, token)
	if err == nil && granted == nil {
		return c.rightsOfTen(ctx, token, access.Subject)
	}
	if err != nil {
		return storage.OwnRights{}, ownError(err)
	}
	return granted.own(), nil
}

// OwnRights says what the person may change in his profile, by the token that
// may write if there is one, and by his own otherwise.
//
// A one-time password is always set up with his own. Without one to ask with,
// it counts as a right.
func (c *Client) OwnRights(ctx context.Context, access storage.DirectusAccess) (storage.OwnRights, error) {
	if !c.Writes() {
		return c.rights(ctx, access)
	}
	granted, err := c.permissions(ctx, c.writeToken)
	if err != nil {
		return storage.OwnRights{}, serviceError(err)
	}
	rights := anything
	if granted != nil {
		rights = granted.own()
	}
	rights.OneTimePassword = true
	if own, err := c.rights(ctx, access); err == nil {
		rights.OneTimePassword = own.OneTimePassword
	}
	return rights, nil
}

// own reads the rights of a person off the permissions of a token.
func (p permissions) own() storage.OwnRights {
	return storage.OwnRights{
		Profile:         p.allow("update", "directus_users", profileColumns...),
		Password:        p.allow("update", "directus_users", passwordColumns...),
		OneTimePassword: p.allow("update", "directus_users", otpColumns...),
		Picture:         p.allow("update", "directus_users", pictureColumns...) && p.allow("create", "directus_files"),
	}
}

// rightsOfTen asks Directus 10 for the rows of the person's role, which only
// roles with Studio access may read. It has no column appearance, and lets
// everybody set up a one-time password whose role asks for one.
func (c *Client) rightsOfTen(ctx context.Context, token storage.Secret, id string) (storage.OwnRights, error) {
	var rows []struct {
		Collection string   `json:"collection"`
		Action     string   `json:"action"`
		Fields     []string `json:"fields"`
	}
	_, err := c.rest.Do(ctx, rest.Request{
		Name: "read own permissions", Method: http.MethodGet, Path: "/permissions", Token: token,
		Query: url.Values{"fields": {"collection,action,fields"}, "limit": {"-1"}},
	}, &rows)
	switch {
	case declined(err):
		return anything, nil
	case err != nil:
		return storage.OwnRights{}, ownError(err)
	}
	granted := permissions{}
	for _, row := range rows {
		if granted[row.Collection] == nil {
			granted[row.Collection] = map[string]permission{}
		}
		fields := append(granted[row.Collection][row.Action].Fields, row.Fields...)
		granted[row.Collection][row.Action] = permission{Access: "full", Fields: fields}
	}
	rights := granted.own()
	rights.Profile = granted.allow("update", "directus_users", "first_name", "last_name", "language")
	if !rights.OneTimePassword {
		rights.OneTimePassword, err = c.roleEnforcesTFA(ctx, id)
	}
	return rights, err
}

// ownError is for requests that a person's own access token makes.
func ownError(err error) error {
	switch code := rest.Code(err); {
	case errors.Is(err, storage.ErrAccessEnded):
		return err
	case code == codeTokenExpired, code == codeInvalidToken, code == codeInvalidCredentials, code == codeUserSuspended:
		return errAccessEnded
	case rest.Status(err) == http.StatusForbidden && code != "": // a locked licence, too
		return fmt.Errorf("%w: %w", storage.ErrForbidden, err)
	}
	return inputError(err)
}

// inputError is for requests that carry what a person typed or chose: a refusal
// of it is storage.ErrMalformed.
func inputError(err error) error {
	switch rest.Status(err) {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		if rest.Code(err) != "" {
			return fmt.Errorf("%w: %w", storage.ErrMalformed, err)
		}
	}
	return unavailable(err)
}
