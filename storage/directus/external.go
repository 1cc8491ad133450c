package directus

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"gatehouse/storage"
	"gatehouse/storage/directus/internal/rest"
)

// refreshTokenForm is that of Directus's refresh tokens (64 characters today).
var refreshTokenForm = regexp.MustCompile(`^[A-Za-z0-9_-]{32,256}$`)

// maxCookie bounds what a browser may send us as a session of Directus.
const maxCookie = 4096

// Redeem ends a sign-in at an external provider by the values of the cookies that
// Directus set, of either mode: directus_refresh_token is a refresh token,
// directus_session_token a JWT that names one. It says who came as Authenticate
// does; the pair belongs to the caller, and the cookies are worth nothing then.
//
// The cookies are the browser's for all of Directus's domain. One may be of
// another session, such as that of an administrator at work in the Studio: a
// session token that names a user of another provider is left alone. Whether the
// sign-in was begun by this browser, and for whom, the caller has to know.
//
// The error is storage.ErrInvalidCredentials also for a user of another provider
// than the one named, ErrRestricted or ErrUnavailable.
func (c *Client) Redeem(ctx context.Context, provider string, cookies []storage.Secret, caller storage.Caller) (Authentication, error) {
	if !providerName.MatchString(provider) || provider == storage.DefaultProvider {
		return Authentication{}, storage.ErrInvalidCredentials
	}
	// Refresh tokens first: they are of no Studio session.
	ordered := slices.Clone(cookies)
	slices.SortStableFunc(ordered, func(a, b storage.Secret) int {
		return strings.Count(a.Reveal(), ".") - strings.Count(b.Reveal(), ".")
	})
	for _, cookie := range ordered {
		token, expected, err := c.refreshTokenIn(ctx, provider, cookie)
		if err == nil {
			var signedIn Authentication
			if signedIn, err = c.redeem(ctx, provider, token, expected, caller); err == nil {
				return signedIn, nil
			}
		}
		if !errors.Is(err, storage.ErrInvalidCredentials) {
			return Authentication{}, err
		}
	}
	return Authentication{}, storage.ErrInvalidCredentials
}

// refreshTokenIn finds the refresh token in a cookie. A session token also names
// its user, who is looked up before the session is touched.
func (c *Client) refreshTokenIn(ctx context.Context, provider string, cookie storage.Secret) (token storage.Secret, user string, err error) {
	value := cookie.Reveal()
	switch {
	case len(value) > maxCookie:
		return "", "", storage.ErrInvalidCredentials
	case refreshTokenForm.MatchString(value):
		return cookie, "", nil
	}
	var claims struct {
		ID      string `json:"id"`
		Session string `json:"session"`
	}
	if rest.ReadToken(value, &claims) != nil || !isUserID(claims.ID) || !refreshTokenForm.MatchString(claims.Session) {
		return "", "", storage.ErrInvalidCredentials
	}
	// A stranger may have written the claims. They decide nothing but whether
	// the session is tried.
	account, err := c.Find(ctx, claims.ID, 0)
	switch {
	case errors.Is(err, storage.ErrNotFound), err == nil && account.Provider != provider:
		return "", "", storage.ErrInvalidCredentials
	case err != nil:
		return "", "", err
	}
	return storage.Secret(claims.Session), claims.ID, nil
}

// redeem takes a session over, and ends it again if it is not the one wanted.
func (c *Client) redeem(ctx context.Context, provider string, token storage.Secret, expected string, caller storage.Caller) (Authentication, error) {
	pair, claims, err := c.refreshAs(ctx, token, c.personHeader(caller))
	switch {
	case rest.Status(err) == http.StatusUnauthorized && rest.Code(err) != "":
		return Authentication{}, storage.ErrInvalidCredentials
	case rest.Code(err) == codeResourceRestricted:
		return Authentication{}, fmt.Errorf("%w: %w", storage.ErrRestricted, err)
	case err != nil:
		return Authentication{}, unavailable(err)
	}
	found, err := c.lookup(ctx, pair.subject)
	switch {
	case errors.Is(err, storage.ErrNotFound), err == nil && !found.account.Active,
		err == nil && found.account.Provider != provider,
		expected != "" && pair.subject != expected:
		c.discard(ctx, pair)
		return Authentication{}, storage.ErrInvalidCredentials
	case err != nil:
		c.discard(ctx, pair)
		return Authentication{}, err
	}
	enforced, err := c.mustEnrol(ctx, pair, found.account, caller)
	if err != nil {
		c.discard(ctx, pair)
		return Authentication{}, err
	}
	return Authentication{
		Account: found.account, EnforceTFA: enforced, AdminAccess: bool(claims.AdminAccess), Pair: pair,
	}, nil
}
