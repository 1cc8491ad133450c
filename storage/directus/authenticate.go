package directus

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	"gatehouse/storage"
	"gatehouse/storage/directus/internal/rest"
)

// Authentication is a sign-in that succeeded.
type Authentication struct {
	Account storage.Account
	// OTPVerified says that Directus checked a one-time password. One that a
	// user without the feature typed was not checked.
	OTPVerified bool
	// EnforceTFA says that a policy asks for one-time passwords and the user
	// has none set up. Directus itself enforces nothing.
	EnforceTFA bool
	// AdminAccess says that the user is an administrator of Directus.
	AdminAccess bool
	// Pair belongs to the caller, who keeps it or ends it.
	Pair Pair
}

// Authenticate checks credentials. It sends them once, never again by itself:
// each failure counts toward Directus's lock-out.
//
// The error is storage.ErrInvalidCredentials, ErrOTPRequired, ErrInvalidOTP,
// ErrMalformed, ErrRestricted or ErrUnavailable (then an *UnavailableError), or
// the end of ctx. Together with storage.ErrUncertain it says that Directus may
// have counted the attempt, and may have taken the one-time password.
func (c *Client) Authenticate(ctx context.Context, credentials storage.Credentials) (Authentication, error) {
	body := map[string]string{
		"email":    credentials.Email,
		"password": credentials.Password.Reveal(),
		"mode":     "json",
	}
	if credentials.OTP != "" { // an empty one is INVALID_PAYLOAD
		body["otp"] = credentials.OTP.Reveal()
	}
	caller := storage.Caller{ClientAddress: credentials.ClientAddress, UserAgent: credentials.UserAgent}
	began := c.now()
	var answer pairBody
	_, err := c.rest.Do(ctx, rest.Request{
		Name: "log in", Method: http.MethodPost, Path: "/auth/login",
		Header: c.personHeader(caller), Body: body, Login: true,
	}, &answer)
	if err != nil {
		return Authentication{}, c.loginError(ctx, err, credentials.OTP != "")
	}
	pair, claims, err := answer.pair(began)
	if err != nil {
		return Authentication{}, afterLogin(unavailable(fmt.Errorf("log in: %w", err)))
	}
	user, err := c.lookup(ctx, claims.ID)
	switch {
	case errors.Is(err, storage.ErrNotFound), err == nil && !user.account.Active:
		// The attempt that suspends a user still answers 200 if its password
		// is right (auth_login_attempts).
		c.discard(ctx, pair)
		return Authentication{}, storage.ErrInvalidCredentials
	case err != nil:
		c.discard(ctx, pair)
		return Authentication{}, afterLogin(err)
	}
	enforced := bool(claims.EnforceTFA)
	if !enforced {
		if enforced, err = c.mustEnrol(ctx, pair, user.account, caller); err != nil {
			c.discard(ctx, pair)
			return Authentication{}, afterLogin(err)
		}
	}
	return Authentication{
		Account:     user.account,
		OTPVerified: credentials.OTP != "" && user.account.HasOTP,
		EnforceTFA:  enforced,
		AdminAccess: bool(claims.AdminAccess),
		Pair:        pair,
	}, nil
}

// afterLogin is an error of what follows a login that Directus has taken: with
// it, the one-time password is used up.
func afterLogin(err error) error {
	return fmt.Errorf("after the login, %w: %w", storage.ErrUncertain, err)
}

// loginError maps a failed login by its code, never by its words.
func (c *Client) loginError(ctx context.Context, err error, otpSent bool) error {
	switch rest.Code(err) {
	case codeInvalidCredentials:
		return storage.ErrInvalidCredentials
	case codeUserSuspended, codeInvalidProvider:
		// Directus 10.8 says these before it checks the password: to tell
		// them apart would tell strangers about the account.
		return storage.ErrInvalidCredentials
	case codeInvalidOTP:
		if otpSent {
			return storage.ErrInvalidOTP
		}
		return storage.ErrOTPRequired
	case codeInvalidPayload:
		return storage.ErrMalformed
	case codeResourceRestricted, codeRouteNotFound:
		// The licence is locked, or AUTH_DISABLE_DEFAULT closed the login.
		c.log.ErrorContext(ctx, "directus lets nobody sign in", "error", err)
		return fmt.Errorf("%w: %w", storage.ErrRestricted, err)
	}
	return unavailable(err)
}

// personHeader says to Directus who is asking.
func (c *Client) personHeader(caller storage.Caller) http.Header {
	header := http.Header{}
	if agent := cleanUserAgent(caller.UserAgent); agent != "" {
		header.Set("User-Agent", agent)
	}
	// One address that parsed, or none: a list or a forged text would let
	// people choose the address that Directus limits and logs.
	address, err := netip.ParseAddr(caller.ClientAddress)
	if c.forward && err == nil {
		header.Set("X-Forwarded-For", address.WithZone("").Unmap().String())
	}
	return header
}

// cleanUserAgent keeps printable ASCII, at most as long as Directus's column.
func cleanUserAgent(agent string) string {
	agent = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, agent)
	return strings.TrimSpace(agent[:min(len(agent), 255)])
}
