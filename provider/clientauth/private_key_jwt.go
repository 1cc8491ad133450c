package clientauth

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"gatehouse/storage"
)

// maxAssertionSize bounds what strangers can make us parse.
const maxAssertionSize = 16 << 10

// SigningAlgorithms lists what an assertion may be signed with, for discovery and
// registration. "none" and the symmetric ones can never be among them.
func SigningAlgorithms() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{
		jose.RS256, jose.RS384, jose.RS512,
		jose.PS256, jose.PS384, jose.PS512,
		jose.ES256, jose.ES384, jose.ES512,
		jose.EdDSA,
	}
}

func presentsAssertion(_ *http.Request, form url.Values) bool {
	return form.Get("client_assertion") != "" || form.Get("client_assertion_type") != ""
}

// readAssertion reads private_key_jwt (RFC 7523, section 2.2). The subject names
// the client before anything is verified; it is used for nothing but to find the
// keys with which it then is.
func readAssertion(_ *http.Request, form url.Values) (credentials, error) {
	if form.Get("client_assertion_type") != oidc.ClientAssertionTypeJWTAssertion {
		return nil, refuse("client_assertion_type must be "+oidc.ClientAssertionTypeJWTAssertion, nil)
	}
	text := form.Get("client_assertion")
	switch {
	case text == "":
		return nil, refuse("client_assertion is missing", nil)
	case len(text) > maxAssertionSize:
		return nil, refuse("client_assertion is too long", nil)
	}
	token, err := jwt.ParseSigned(text, SigningAlgorithms())
	if err != nil {
		return nil, refuse("client_assertion is not a JWT signed with a supported algorithm", err)
	}
	c := assertionCredentials{token: token}
	if err := token.UnsafeClaimsWithoutVerification(&c.claims); err != nil {
		return nil, refuse("the claims of client_assertion are malformed", err)
	}
	// RFC 7523, section 3; OIDC Core, section 9.
	if c.claims.Subject == "" || c.claims.Issuer != c.claims.Subject {
		return nil, refuse("iss and sub of client_assertion must both be the client_id", nil)
	}
	return c, nil
}

// assertionCredentials are a signed assertion.
type assertionCredentials struct {
	token *jwt.JSONWebToken
	// claims are unverified until prove has looked at the signature.
	claims jwt.Claims
}

func (c assertionCredentials) clientID() string { return c.claims.Subject }

// prove checks the signature before the claims, and marks the assertion as used
// last: whoever cannot sign can neither probe the rules nor use up an id.
func (c assertionCredentials) prove(ctx context.Context, a *Authenticator, client storage.Client, known bool) error {
	if !known {
		return errFailed(errUnknownClient)
	}
	algorithm := c.token.Headers[0].Algorithm
	if registered := client.TokenEndpointAuthSigningAlg; registered != "" && registered != algorithm {
		return refuse(fmt.Sprintf("the client is registered to sign with %s but used %s", registered, algorithm), nil)
	}
	if err := a.config.Keys.Verify(ctx, client, c.token); err != nil {
		return errFailed(err)
	}
	if err := a.checkClaims(c.claims); err != nil {
		return err
	}
	return a.useOnce(ctx, c.claims)
}
