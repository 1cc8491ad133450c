package clientauth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4/jwt"

	"gatehouse/storage"
)

const (
	// maxLifetime is how far ahead an assertion may expire, and so how long its
	// id is remembered.
	maxLifetime = time.Hour
	// clockSkew is how far the client's clock may be off.
	clockSkew = 10 * time.Second
)

// checkClaims checks the claims of an assertion whose signature was verified (RFC
// 7523, section 3). So it may say what is wrong.
func (a *Authenticator) checkClaims(claims jwt.Claims) error {
	now := a.config.Now()
	switch {
	case !slices.ContainsFunc(claims.Audience, a.isUs):
		return refuse("aud of client_assertion must be the issuer or the token endpoint", nil)
	case claims.Expiry == nil:
		return refuse("client_assertion needs exp", nil)
	case !now.Before(claims.Expiry.Time().Add(clockSkew)):
		return refuse("client_assertion has expired", nil)
	case claims.Expiry.Time().After(now.Add(maxLifetime + clockSkew)):
		return refuse(fmt.Sprintf("exp of client_assertion must be at most %.0f minutes ahead", maxLifetime.Minutes()), nil)
	case claims.NotBefore != nil && claims.NotBefore.Time().After(now.Add(clockSkew)):
		return refuse("client_assertion is not valid yet: nbf is in the future", nil)
	case claims.IssuedAt != nil && claims.IssuedAt.Time().After(now.Add(clockSkew)):
		return refuse("client_assertion is not valid yet: iat is in the future", nil)
	case claims.ID == "":
		return refuse("client_assertion needs jti", nil)
	}
	return nil
}

// isUs says whether an audience is this issuer, by its name or by the URL of one
// of its endpoints; the comparison is exact (RFC 7523, section 3, item 3).
func (a *Authenticator) isUs(audience string) bool {
	return audience == a.config.Issuer || slices.Contains(a.config.Endpoints, audience)
}

// useOnce refuses an assertion whose jti was seen before (OIDC Core, section 9). It
// is remembered per client until the assertion would be refused as expired.
func (a *Authenticator) useOnce(ctx context.Context, claims jwt.Claims) error {
	ttl := claims.Expiry.Time().Add(clockSkew).Sub(a.config.Now())
	// The length tells where the client id ends, so that no client can use up
	// the ids of another.
	name := fmt.Sprintf("client_assertion %d %s %s", len(claims.Subject), claims.Subject, claims.ID)
	err := a.config.Seen.Add(ctx, name, storage.Mark{}, ttl)
	if errors.Is(err, storage.ErrExists) {
		return refuse("client_assertion was used before: every request needs a new jti", nil)
	}
	if err != nil {
		return fmt.Errorf("remember client assertion: %w", err)
	}
	return nil
}
