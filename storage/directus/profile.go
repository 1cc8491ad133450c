package directus

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"gatehouse/storage"
	"gatehouse/storage/directus/internal/rest"
)

// Writes says that there is a token that may write, so that changes need no
// access token of the person's own.
func (c *Client) Writes() bool { return c.writeToken != "" }

// Profile reads what a person is shown of his account, past every cache. Its
// Account has no Fields. An unknown id is storage.ErrNotFound.
//
// Directus 10 has no column appearance and leaves it out.
func (c *Client) Profile(ctx context.Context, id string) (storage.Profile, error) {
	if !isUserID(id) {
		return storage.Profile{}, storage.ErrNotFound
	}
	own := columns{asked: append([]string{"avatar", "appearance"}, baseColumns...)}
	row, seenAt, err := c.row(ctx, id, own.asked)
	if err != nil {
		return storage.Profile{}, err
	}
	found, err := own.readAs(id, row, seenAt)
	if err != nil {
		return storage.Profile{}, err
	}
	return storage.Profile{
		Account: found.account, Language: found.account.Language,
		Appearance: text(row["appearance"]), Avatar: text(row["avatar"]),
	}, nil
}

// UpdateProfile changes the columns of ProfileChange that are given, and never
// another. Directus takes any id for an avatar, that of a file which is not there
// and of one which the person may not see: the caller gives those of StorePicture
// alone, since ShowPicture may see more than the person. The error is storage.ErrMalformed, ErrForbidden,
// ErrInvalidCredentials together with ErrAccessEnded, or ErrUnavailable.
func (c *Client) UpdateProfile(ctx context.Context, id string, access storage.DirectusAccess, change storage.ProfileChange) error {
	body := map[string]any{}
	for _, column := range []struct {
		name  string
		value *string
		valid func(string) bool
	}{
		{"first_name", change.FirstName, isName},
		{"last_name", change.LastName, isName},
		{"language", change.Language, languageTag.MatchString},
		{"appearance", change.Appearance, isAppearance},
		{"avatar", change.Avatar, isUserID}, // a UUID as well
	} {
		switch {
		case column.value == nil:
		case *column.value == "":
			body[column.name] = nil
		case !column.valid(*column.value):
			return storage.ErrMalformed
		default:
			body[column.name] = *column.value
		}
	}
	if len(body) == 0 {
		return nil
	}
	return c.change(ctx, "update profile", id, access, body)
}

// ChangePassword sets a password and asks for no old one. Directus then ends the
// user's sessions there. The errors are those of UpdateProfile and
// storage.ErrPasswordPolicy.
func (c *Client) ChangePassword(ctx context.Context, id string, access storage.DirectusAccess, password storage.Secret) error {
	if password == "" { // Directus checks its policy on none, and would keep it
		return storage.ErrMalformed
	}
	err := c.change(ctx, "change password", id, access, map[string]any{"password": password.Reveal()})
	if rest.Code(err) == codeFailedValidation {
		// Its body repeats the password; nothing but the code was kept.
		return storage.ErrPasswordPolicy
	}
	return err
}

// change writes columns of one user.
//
// It goes to /users/:id also for the person himself: /users/me says FORBIDDEN
// after a change that it made to a person who may write and not read his row.
func (c *Client) change(ctx context.Context, name, id string, access storage.DirectusAccess, body map[string]any) error {
	if !isUserID(id) {
		return storage.ErrNotFound
	}
	if !c.Writes() && access.AccessToken != "" && access.Subject != id {
		return storage.ErrForbidden
	}
	token, refused, err := c.changing(access)
	if err != nil {
		return err
	}
	defer c.Forget(id)
	_, err = c.rest.Do(ctx, rest.Request{
		Name: name, Method: http.MethodPatch, Path: "/users/" + id, Token: token,
		Query: url.Values{"fields": {"id"}}, Body: body,
	}, nil)
	if err != nil {
		return refused(ctx, err)
	}
	return nil
}

// changing is the token that changes accounts, with what its refusals mean.
func (c *Client) changing(access storage.DirectusAccess) (storage.Secret, func(context.Context, error) error, error) {
	if c.Writes() {
		return c.writeToken, c.writeError, nil
	}
	own, err := c.ownToken(access)
	return own, func(_ context.Context, err error) error { return ownError(err) }, err
}

// writeError is for requests that the token that may write makes. One that may
// not after all is the operator's to mend; the person is told that it cannot be
// done.
func (c *Client) writeError(ctx context.Context, err error) error {
	switch rest.Status(err) {
	case http.StatusUnauthorized:
		return serviceError(err)
	case http.StatusForbidden:
		c.log.ErrorContext(ctx, "directus forbids the write token what it is for", "error", err)
		return fmt.Errorf("%w: %w", storage.ErrForbidden, err)
	}
	return inputError(err)
}

// languageTag is the form of a BCP 47 tag.
var languageTag = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$`)

// isName keeps to Directus's column, and to what can stand in one line.
func isName(name string) bool {
	return utf8.ValidString(name) && utf8.RuneCountInString(name) <= storage.MaxNameLength &&
		strings.IndexFunc(name, unicode.IsControl) < 0
}

func isAppearance(appearance string) bool {
	return appearance == "auto" || appearance == "light" || appearance == "dark"
}
