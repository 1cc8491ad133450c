package directus

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"gatehouse/storage"
	"gatehouse/storage/directus/internal/rest"
)

// registering is by which way Register makes users.
type registering struct {
	// token is empty if Directus's own registration is used.
	token storage.Secret
	role  string
}

func newRegistering(config Config) (registering, error) {
	switch {
	case !config.RegisterByToken:
		return registering{}, nil
	case config.WriteToken == "":
		return registering{}, errors.New("directus: no write token to register users with")
	case !isUserID(config.RegistrationRole):
		// Without one, Directus would make users that have no role at all.
		return registering{}, errors.New("directus: the role of registered users is not an id")
	}
	return registering{token: config.WriteToken, role: config.RegistrationRole}, nil
}

// Register makes a user, by Directus's public registration or with the write
// token. It returns nil also if the e-mail address is taken: nothing is changed
// then, and the mail is sent again to whoever has not verified his address yet.
//
// The error is storage.ErrMalformed, ErrPasswordPolicy, ErrRegistrationClosed,
// ErrURLRefused or ErrUnavailable (then an *UnavailableError), or the end of ctx.
// Directus compares the password with its policy only for new addresses:
// ErrPasswordPolicy says that the address is free. Whoever must not tell checks
// the password before.
func (c *Client) Register(ctx context.Context, registration storage.Registration) error {
	if !wellFormed(registration) {
		return storage.ErrMalformed
	}
	if c.register.token != "" {
		return c.createUser(ctx, registration)
	}
	body := newUser(registration)
	if registration.VerificationURL != "" {
		body["verification_url"] = registration.VerificationURL
	}
	_, err := c.rest.Do(ctx, rest.Request{
		Name: "register", Method: http.MethodPost, Path: "/users/register",
		Header: c.personHeader(registration.Caller), Body: body, Login: true, Echo: registration.VerificationURL,
	}, nil)
	switch rest.Code(err) {
	case codeForbidden, codeRouteNotFound: // off, no such address wanted, or Directus before 10.11
		return storage.ErrRegistrationClosed
	}
	return registrationError(err)
}

// createUser makes the user as an administrator would. Everything but what a
// person types is fixed here, so that no form can choose a role or status.
func (c *Client) createUser(ctx context.Context, registration storage.Registration) error {
	body := newUser(registration)
	body["role"], body["status"] = c.register.role, "active"
	// Without the person's address: the token's policy may name ours as the only
	// one that it works from (ip_access).
	_, err := c.rest.Do(ctx, rest.Request{
		Name: "create user", Method: http.MethodPost, Path: "/users", Query: url.Values{"fields": {"id"}},
		Token: c.register.token, Body: body, Login: true,
	}, nil)
	switch rest.Code(err) {
	case codeRecordNotUnique:
		return nil
	case codeLimitExceeded, codeResourceRestricted:
		// The seats of the licence are taken. Directus says so of new addresses
		// only, so the person is told what one with an account is told.
		c.log.ErrorContext(ctx, "directus takes no more users: a person who registered has no account", "error", err)
		return nil
	}
	switch rest.Status(err) {
	case http.StatusUnauthorized, http.StatusForbidden:
		return unavailable(fmt.Errorf("%w: %w", ErrWriteToken, err))
	}
	return registrationError(err)
}

// newUser leaves empty names out, which Directus refuses.
func newUser(registration storage.Registration) map[string]string {
	user := map[string]string{
		"email":    plainAddress(registration.Email),
		"password": registration.Password.Reveal(),
	}
	for column, name := range map[string]string{"first_name": registration.FirstName, "last_name": registration.LastName} {
		if name != "" {
			user[column] = name
		}
	}
	return user
}

// wellFormed refuses what some databases under Directus take and others do not.
func wellFormed(registration storage.Registration) bool {
	fits := func(text string, limit int) bool {
		return utf8.RuneCountInString(text) <= limit && storable(text)
	}
	return fits(registration.FirstName, storage.MaxNameLength) && fits(registration.LastName, storage.MaxNameLength) &&
		fits(registration.Email, storage.MaxEmailLength) &&
		registration.Email != "" && registration.Password != "" && len(registration.Password) <= storage.MaxPasswordSize
}

// storable says that PostgreSQL takes the text, which knows neither NUL nor
// broken UTF-8, and that it shows nothing else than it is.
func storable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

// plainAddress makes letters outside ASCII small. Directus finds the user by
// the small letters of what was typed, and before 10.13 sends the mail to what
// was typed: by a letter whose small form is of ASCII ("K", the sign for kelvin)
// somebody would get the mail of another.
func plainAddress(email string) string {
	return strings.Map(func(letter rune) rune {
		if letter < utf8.RuneSelf {
			return letter
		}
		return unicode.ToLower(letter)
	}, strings.TrimSpace(email))
}

// registrationError maps what both ways have in common.
func registrationError(err error) error {
	switch rest.Code(err) {
	case codeFailedValidation:
		if rest.Field(err) == "password" {
			return storage.ErrPasswordPolicy
		}
		return storage.ErrMalformed
	case codeInvalidPayload:
		if rest.Echoed(err) {
			return fmt.Errorf("USER_REGISTER_URL_ALLOW_LIST: %w", storage.ErrURLRefused)
		}
		return storage.ErrMalformed
	case codeValueTooLong:
		return storage.ErrMalformed
	}
	return unavailable(err)
}
