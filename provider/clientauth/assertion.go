package clientauth

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"gatehouse/provider/clients"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

const (
	// maxAssertionSize bounds what strangers can make us parse.
	maxAssertionSize = 16 << 10
	// maxLifetime is how far ahead an assertion may expire, and so how long its
	// id is remembered.
	maxLifetime = time.Hour
	// clockSkew is how far the client's clock may be off.
	clockSkew = 10 * time.Second
)

// AssertionAlgorithms lists what assertions of both kinds may be signed with.
func AssertionAlgorithms() []jose.SignatureAlgorithm {
	return append(SigningAlgorithms(), SecretAlgorithms()...)
}

func presentsAssertion(form url.Values) bool {
	return form.Get("client_assertion") != "" || form.Get("client_assertion_type") != ""
}

// assertion is a signed JWT that names the client (RFC 7523, section 3).
type assertion struct {
	token *jwt.JSONWebToken
	// claims are unverified until a key of the client has proven the signature.
	claims jwt.Claims
	// audience is the claim as it was written.
	audience json.RawMessage
	// endpoint is the path of the endpoint that was called.
	endpoint string
}

// readAssertion parses an assertion with the algorithms of its method. The subject
// names the client before anything is verified; it is used for nothing but to find
// the key with which it then is.
func readAssertion(r *http.Request, form url.Values, algorithms []jose.SignatureAlgorithm) (assertion, error) {
	if form.Get("client_assertion_type") != oidc.ClientAssertionTypeJWTAssertion {
		return assertion{}, refuse("client_assertion_type must be "+oidc.ClientAssertionTypeJWTAssertion, nil)
	}
	text := form.Get("client_assertion")
	switch {
	case text == "":
		return assertion{}, refuse("client_assertion is missing", nil)
	case len(text) > maxAssertionSize:
		return assertion{}, refuse("client_assertion is too long", nil)
	}
	token, err := jwt.ParseSigned(text, algorithms)
	if err != nil {
		return assertion{}, refuse("client_assertion is not a JWT signed with a supported algorithm", err)
	}
	a := assertion{token: token, endpoint: r.URL.Path}
	var written struct {
		Audience json.RawMessage `json:"aud"`
	}
	if err := token.UnsafeClaimsWithoutVerification(&a.claims, &written); err != nil {
		return assertion{}, refuse("the claims of client_assertion are malformed", err)
	}
	a.audience = written.Audience
	// RFC 7523, section 3; OIDC Core, section 9.
	if a.claims.Subject == "" || a.claims.Issuer != a.claims.Subject {
		return assertion{}, refuse("iss and sub of client_assertion must both be the client_id", nil)
	}
	return a, nil
}

func (a assertion) clientID() string { return a.claims.Subject }

func (a assertion) algorithm() jose.SignatureAlgorithm {
	return jose.SignatureAlgorithm(a.token.Headers[0].Algorithm)
}

// checkAlgorithm holds the client to the algorithm it registered, if any.
func (a assertion) checkAlgorithm(client storage.Client) error {
	if registered := client.TokenEndpointAuthSigningAlg; registered != "" && registered != string(a.algorithm()) {
		return refuse(fmt.Sprintf("the client is registered to sign with %s but used %s", registered, a.algorithm()), nil)
	}
	return nil
}

// accept is what is left to do when the signature was verified.
func (a assertion) accept(ctx context.Context, by *Authenticator, client storage.Client) error {
	if err := a.checkAudience(by, by.config.Profile(client)); err != nil {
		return err
	}
	if err := a.checkClaims(by.config.Now()); err != nil {
		return err
	}
	return a.useOnce(ctx, by)
}

// checkAudience asks that the assertion is meant for us. Which names of ours count
// is where the security profiles contradict each other: OpenID Connect Core, section
// 9, names the token endpoint; FAPI 2.0 Security Profile, section 5.3.2.1, takes the
// issuer alone, as a string, because an assertion for the endpoint of one server
// could else be used at another that claims to have the same.
func (a assertion) checkAudience(by *Authenticator, profile clients.Profile) error {
	accepted, names := []string{by.config.Issuer}, "the issuer"
	if profile.AssertionEndpoints {
		accepted, names = append(accepted, by.endpoints(a.endpoint)...), "the issuer or the token endpoint"
	}
	if !profile.AssertionAudienceList && bytes.HasPrefix(bytes.TrimSpace(a.audience), []byte("[")) {
		return refuse("aud of client_assertion must be one string", nil)
	}
	if !slices.ContainsFunc(a.claims.Audience, func(audience string) bool { return slices.Contains(accepted, audience) }) {
		return refuse("aud of client_assertion must be "+names, nil)
	}
	return nil
}

// checkClaims checks the times and the id (RFC 7523, section 3).
func (a assertion) checkClaims(now time.Time) error {
	claims := a.claims
	switch {
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

// useOnce refuses an assertion whose jti was seen before (OIDC Core, section 9). It
// is remembered per client until the assertion would be refused as expired.
func (a assertion) useOnce(ctx context.Context, by *Authenticator) error {
	ttl := a.claims.Expiry.Time().Add(clockSkew).Sub(by.config.Now())
	// The length tells where the client id ends, so that no client can use up
	// the ids of another.
	id := fmt.Sprintf("%d %s %s", len(a.claims.Subject), a.claims.Subject, a.claims.ID)
	name := "client_assertion " + base64.RawURLEncoding.EncodeToString(oauth.Digest(id))
	err := by.config.Seen.Add(ctx, name, storage.Mark{}, ttl)
	if errors.Is(err, storage.ErrExists) {
		return refuse("client_assertion was used before: every request needs a new jti", nil)
	}
	if err != nil {
		return fmt.Errorf("remember client assertion: %w", err)
	}
	return nil
}
