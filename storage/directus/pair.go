package directus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"gatehouse/storage"
	"gatehouse/storage/directus/internal/rest"
)

// Pair is the token pair of one sign-in at Directus. Whoever holds one either
// gives it to Sessions.Keep or ends it with Client.Logout. It shows nothing of
// itself in logs and errors.
type Pair struct {
	subject       string
	access        storage.Secret
	accessExpires time.Time
	refresh       storage.Secret
	administrator bool
	// began is when it was asked for.
	began time.Time
}

// String hides the tokens from fmt.
func (p Pair) String() string { return "[redacted]" }

// GoString hides the tokens from %#v.
func (p Pair) GoString() string { return "[redacted]" }

// LogValue hides the tokens from slog.
func (p Pair) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// pairBody is what /auth/login and /auth/refresh answer in json mode.
type pairBody struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	Expires      int64  `json:"expires"` // milliseconds
}

// pair makes a Pair of an answer to a request that was sent at the time began:
// counted from there, the access token ends rather too early than too late.
func (b pairBody) pair(began time.Time) (Pair, jwtClaims, error) {
	if b.AccessToken == "" || b.RefreshToken == "" || b.Expires <= 0 {
		return Pair{}, jwtClaims{}, errors.New("answer has no token pair")
	}
	claims, err := readJWT(b.AccessToken)
	if err != nil {
		return Pair{}, jwtClaims{}, err
	}
	return Pair{
		subject:       claims.ID,
		access:        storage.Secret(b.AccessToken),
		accessExpires: began.Add(time.Duration(b.Expires) * time.Millisecond),
		refresh:       storage.Secret(b.RefreshToken),
		administrator: bool(claims.AdminAccess),
		began:         began,
	}, claims, nil
}

// jwtClaims are the claims of Directus's access token that we read.
type jwtClaims struct {
	ID          string    `json:"id"`
	AdminAccess rest.Flag `json:"admin_access"`
	EnforceTFA  rest.Flag `json:"enforce_tfa"`
}

func readJWT(token string) (jwtClaims, error) {
	var claims jwtClaims
	if err := rest.ReadToken(token, &claims); err != nil {
		return jwtClaims{}, err
	}
	if !isUserID(claims.ID) {
		return jwtClaims{}, errors.New("access token names no user")
	}
	return claims, nil
}

// Logout ends the Directus session of a pair. Its access token lives on until
// it expires, 15 minutes by default.
func (c *Client) Logout(ctx context.Context, pair Pair) error {
	return c.logout(ctx, pair.refresh)
}

func (c *Client) logout(ctx context.Context, refreshToken storage.Secret) error {
	_, err := c.rest.Do(ctx, rest.Request{
		Name: "log out", Method: http.MethodPost, Path: "/auth/logout",
		Body: map[string]string{"refresh_token": refreshToken.Reveal(), "mode": "json"},
	}, nil)
	return unavailable(err)
}

// discard ends a Directus session that nobody will use, also when the caller
// has gone. Failing, it leaves a session that ends by itself.
func (c *Client) discard(ctx context.Context, pair Pair) {
	if err := c.Logout(context.WithoutCancel(ctx), pair); err != nil {
		c.log.WarnContext(ctx, "directus session not ended", "error", err)
	}
}

// refresh trades a refresh token for a new pair. The error is a *rest.RefusalError
// or *rest.FailureError as it came: what it means depends on what was known before.
func (c *Client) refresh(ctx context.Context, refreshToken storage.Secret) (Pair, jwtClaims, error) {
	return c.refreshAs(ctx, refreshToken, nil)
}

// refreshAs is refresh on behalf of a person whom the header names.
func (c *Client) refreshAs(ctx context.Context, refreshToken storage.Secret, header http.Header) (Pair, jwtClaims, error) {
	began := c.now()
	var body pairBody
	_, err := c.rest.Do(ctx, rest.Request{
		Name: "refresh", Method: http.MethodPost, Path: "/auth/refresh", Header: header,
		Body: map[string]string{"refresh_token": refreshToken.Reveal(), "mode": "json"},
	}, &body)
	if err != nil {
		return Pair{}, jwtClaims{}, err
	}
	pair, claims, err := body.pair(began)
	if err != nil {
		return Pair{}, jwtClaims{}, fmt.Errorf("refresh: %w", err)
	}
	return pair, claims, nil
}
