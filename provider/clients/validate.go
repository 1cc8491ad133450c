package clients

import (
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-jose/go-jose/v4"

	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

const (
	grantAuthorizationCode = "authorization_code"
	grantRefreshToken      = "refresh_token"
	grantClientCredentials = "client_credentials"
	grantTokenExchange     = "urn:ietf:params:oauth:grant-type:token-exchange" //nolint:gosec // a name
	grantImplicit          = "implicit"

	methodNone            = "none"
	methodPrivateKeyJWT   = "private_key_jwt"
	methodClientSecretJWT = "client_secret_jwt"
)

// MinSecretLength is the least number of characters of a client secret. Secrets
// are kept as a plain digest, which only a long one can bear.
const MinSecretLength = 32

const maxTextLength = 2048

// minRSABits is RFC 7518, section 3.3: no weaker key of a client is ever used. What
// is too large to be worth the work does not parse.
const minRSABits = 2048

type validation struct {
	client storage.Client
	rules  Rules
	errs   []error
}

func (v *validation) refuse(field, format string, args ...any) {
	rule := fmt.Sprintf(format, args...)
	v.errs = append(v.errs, &FieldError{Field: field, Problem: rule, Rule: rule})
}

// refuseValue is refuse for one value of several.
func (v *validation) refuseValue(field, value, format string, args ...any) {
	rule := fmt.Sprintf(format, args...)
	v.errs = append(v.errs, &FieldError{Field: field, Problem: fmt.Sprintf("%q %s", value, rule), Rule: rule})
}

func (v *validation) oneOf(field, value string, allowed []string) {
	switch {
	case value == "" || slices.Contains(allowed, value):
	case len(allowed) == 0:
		v.refuseValue(field, value, "is not supported here")
	default:
		v.refuseValue(field, value, "is not supported; use one of: %s", strings.Join(allowed, ", "))
	}
}

func (v *validation) identity() {
	id := v.client.ID
	switch {
	case id == "":
		v.refuse("client_id", "is missing; give the client a name of letters, digits and hyphens")
	case len(id) > 255:
		v.refuse("client_id", "is longer than 255 characters")
	case strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }):
		// RFC 6749, appendix A.1, without the space, which no header keeps.
		v.refuse("client_id", "may hold only visible ASCII characters")
	}
	v.oneOf("application_type", v.client.ApplicationType, []string{"web", "native"})
}

func (v *validation) authentication() {
	method := v.client.TokenEndpointAuthMethod
	v.oneOf("token_endpoint_auth_method", method, v.rules.AuthMethods)
	hasSecret := len(v.client.SecretDigests) > 0
	switch {
	case method == methodNone && hasSecret:
		v.refuse("client_secret", "a public client has none; leave it out, or name another token_endpoint_auth_method")
	case method == methodPrivateKeyJWT && hasSecret:
		v.refuse("client_secret", "private_key_jwt uses the keys of the client; leave the secret out")
	case method == "" && !hasSecret:
		v.refuse("client_secret", "is missing; give at least %d random characters, or set token_endpoint_auth_method: none for an app that can keep no secret", MinSecretLength)
	case strings.HasPrefix(method, "client_secret_") && !hasSecret:
		v.refuse("client_secret", "%s needs a secret of at least %d random characters", method, MinSecretLength)
	}
	switch {
	case method == methodPrivateKeyJWT:
		v.oneOf("token_endpoint_auth_signing_alg", v.client.TokenEndpointAuthSigningAlg, v.rules.AssertionAlgorithms)
	case method == methodClientSecretJWT:
		v.oneOf("token_endpoint_auth_signing_alg", v.client.TokenEndpointAuthSigningAlg, v.rules.SecretAlgorithms)
	case v.client.TokenEndpointAuthSigningAlg != "":
		v.refuse("token_endpoint_auth_signing_alg", "is for token_endpoint_auth_method: private_key_jwt or client_secret_jwt only")
	}
}

func (v *validation) keys() {
	inline, remote := len(v.client.JWKS) > 0, v.client.JWKSURI != ""
	if inline && remote {
		// RFC 7591, section 2: the two MUST NOT be present together.
		v.refuse("jwks", "jwks and jwks_uri exclude each other; keep one")
	}
	if v.client.TokenEndpointAuthMethod == methodPrivateKeyJWT && !inline && !remote {
		v.refuse("jwks", "private_key_jwt needs the public keys of the client, as jwks or jwks_uri")
	}
	v.web("jwks_uri", v.client.JWKSURI)
	if !inline {
		return
	}
	set, err := parseKeys(v.client.JWKS)
	if err != nil || len(set.Keys) == 0 {
		v.refuse("jwks", "is not a JSON Web Key Set with at least one key (RFC 7517, section 5)")
		return
	}
	for _, key := range set.Keys {
		if !key.IsPublic() || !key.Valid() {
			v.refuseValue("jwks", key.KeyID, "is not a valid public key; a private key must never leave the client")
		}
		if rsaKey, ok := key.Key.(*rsa.PublicKey); ok && rsaKey.N.BitLen() < minRSABits {
			v.refuseValue("jwks", key.KeyID, "is an RSA key of fewer than %d bits", minRSABits)
		}
	}
}

func (v *validation) grants() {
	client := v.client
	for _, grant := range client.GrantTypes {
		v.oneOf("grant_types", grant, v.rules.GrantTypes)
	}
	for _, responseType := range client.ResponseTypes {
		v.oneOf("response_types", responseType, v.rules.ResponseTypes)
	}
	v.distinct("grant_types", client.GrantTypes)
	v.distinct("response_types", client.ResponseTypes)
	code := slices.Contains(client.GrantTypes, grantAuthorizationCode)
	// RFC 7591, section 2.1; OpenID Connect Dynamic Client Registration 1.0,
	// section 2: grant types and response types must agree.
	for _, responseType := range client.ResponseTypes {
		for _, grant := range oauth.ResponseTypeGrants(responseType) {
			if !slices.Contains(client.GrantTypes, grant) {
				v.refuse("grant_types", "the response type %s needs %s", responseType, grant)
			}
		}
	}
	if code && !slices.ContainsFunc(client.ResponseTypes, oauth.ReturnsCode) {
		v.refuse("response_types", "authorization_code needs the response type code")
	}
	if slices.Contains(client.GrantTypes, grantImplicit) && !slices.ContainsFunc(client.ResponseTypes, oauth.FrontChannel) {
		v.refuse("response_types", "implicit needs a response type with id_token or token")
	}
	if slices.Contains(client.GrantTypes, grantRefreshToken) && !code {
		v.refuse("grant_types", "refresh_token alone never begins; add authorization_code")
	}
	if slices.Contains(client.GrantTypes, grantClientCredentials) && client.Public() {
		// RFC 6749, section 4.4.
		v.refuse("grant_types", "client_credentials is for clients that authenticate; a public client cannot use it")
	}
	if slices.Contains(client.GrantTypes, grantClientCredentials) && client.Registered == storage.RegisteredOpenly {
		// An API that takes whatever token is active would be open to strangers.
		v.refuse("grant_types", "client_credentials is for clients that somebody vouches for; register with an initial access token")
	}
	v.exchange()
}

// exchange: a client that may have tokens of Directus is as powerful there as its
// users are, so that only an operator makes one.
func (v *validation) exchange() {
	client := v.client
	registered := slices.Contains(client.GrantTypes, grantTokenExchange)
	switch {
	case registered && client.DirectusExchange == "":
		v.refuse("grant_types", "token exchange is for clients with directus_exchange, which only the configuration file gives")
	case !registered && client.DirectusExchange != "":
		v.refuse("directus_exchange", "needs the grant type %s", grantTokenExchange)
	case client.DirectusExchange == storage.ExchangeAdministrators && client.Public():
		v.refuse("directus_exchange", "a public client cannot prove who it is; it may have users, not administrators")
	}
}

func (v *validation) tokens() {
	client := v.client
	v.oneOf("access_token_format", client.AccessTokenFormat, []string{"opaque", "jwt"})
	v.oneOf("access_token_signing_alg", client.AccessTokenAlg, v.rules.SigningAlgorithms)
	if client.AccessTokenAlg != "" && client.AccessTokenFormat != "jwt" {
		v.refuse("access_token_signing_alg", "an opaque token is not signed; add access_token_format: jwt")
	}
	v.oneOf("refresh_token_rotation", client.RefreshTokenRotation, []string{"always", "public_only", "never"})
	if client.RefreshTokenRotation == "never" && client.Public() {
		// RFC 9700, section 2.2.2: a public client's refresh token rotates or
		// is bound to its sender.
		v.refuse("refresh_token_rotation", "a public client's refresh token must rotate; use always")
	}
	if client.FirstParty && client.Native() && client.Public() && !client.Trusted {
		v.refuse("first_party", "any app on the device can claim to be a native public client (RFC 8252, section 8.6); "+
			"add trusted: true if nobody shall be asked all the same")
	}
	for scope := range strings.FieldsSeq(client.Scope) {
		if strings.ContainsFunc(scope, func(r rune) bool { return r < '!' || r > '~' || r == '"' || r == '\\' }) {
			v.refuseValue("scope", scope, "holds a character that a scope may not have (RFC 6749, section 3.3)")
		}
	}
	if client.DefaultMaxAge != nil && *client.DefaultMaxAge < 0 {
		v.refuse("default_max_age", "must not be negative")
	}
	v.distinct("audience", client.Audience)
	v.distinct("introspects", client.Introspects)
	if len(client.Introspects) > 0 && client.Public() {
		v.refuse("introspects", "introspection is for clients that authenticate (RFC 7662, section 2.1)")
	}
}

func (v *validation) words() {
	v.text("software_id", v.client.SoftwareID)
	v.text("software_version", v.client.SoftwareVersion)
	for _, value := range v.client.DefaultACRValues {
		v.text("default_acr_values", value)
	}
	v.distinct("default_acr_values", v.client.DefaultACRValues)
	v.text("client_name", v.client.Name)
	if v.client.Registered != "" {
		v.plainName()
	}
	v.text("scope", v.client.Scope)
	for _, contact := range v.client.Contacts {
		v.text("contacts", contact)
	}
}

func (v *validation) text(field, text string) {
	if len(text) > maxTextLength || strings.ContainsFunc(text, unicode.IsControl) {
		v.refuse(field, "is too long or holds control characters")
	}
}

// maxNameLength bounds the name of a client that registered itself: with a longer
// one it could write the page on which people decide about it.
const maxNameLength = 100

// plainName keeps names out that are not what they look like: characters that
// cannot be seen, or that turn the text around them, would let a stranger pass for
// another app. The two joiners are left, without which some scripts cannot be
// written.
func (v *validation) plainName() {
	name := v.client.Name
	hidden := func(r rune) bool {
		return r != '\u200c' && r != '\u200d' && !unicode.IsGraphic(r)
	}
	if utf8.RuneCountInString(name) > maxNameLength || strings.ContainsFunc(name, hidden) || strings.TrimSpace(name) != name {
		v.refuse("client_name", "has more than %d characters, some that cannot be seen, or spaces around it", maxNameLength)
	}
}

func (v *validation) distinct(field string, values []string) {
	seen := map[string]bool{}
	for _, value := range values {
		if value == "" {
			v.refuse(field, "holds an empty entry; remove it")
		} else if seen[value] {
			v.refuseValue(field, value, "stands there twice; remove one")
		}
		seen[value] = true
	}
}

func parseKeys(raw []byte) (jose.JSONWebKeySet, error) {
	var set jose.JSONWebKeySet
	err := json.Unmarshal(raw, &set)
	return set, err
}
