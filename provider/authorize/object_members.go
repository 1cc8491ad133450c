package authorize

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4/jwt"

	"gatehouse/storage"
)

// objectSkew is how far the client's clock may be off.
const objectSkew = 10 * time.Second

// maxObjectResources bounds the values of resource in one object.
const maxObjectResources = 20

// checkMembers checks what makes the object a statement of this client to this
// issuer, now (OpenID Connect Core 1.0, section 6.1; RFC 9101, section 4). Each of
// it may be missing.
func (e *Endpoint) checkMembers(client storage.Client, members map[string]json.RawMessage) error {
	for _, name := range []string{"request", "request_uri"} {
		if _, nested := members[name]; nested {
			return invalidObject("a request object must not hold " + name)
		}
	}
	var statement struct {
		Issuer    *string          `json:"iss"`
		Subject   *string          `json:"sub"`
		Audience  jwt.Audience     `json:"aud"`
		Expiry    *jwt.NumericDate `json:"exp"`
		NotBefore *jwt.NumericDate `json:"nbf"`
		IssuedAt  *jwt.NumericDate `json:"iat"`
	}
	for name, into := range map[string]any{
		"iss": &statement.Issuer, "sub": &statement.Subject, "aud": &statement.Audience,
		"exp": &statement.Expiry, "nbf": &statement.NotBefore, "iat": &statement.IssuedAt,
	} {
		raw, stated := members[name]
		if stated && (isNull(raw) || json.Unmarshal(raw, into) != nil) {
			return invalidObject(name + " of the request object is malformed")
		}
	}
	now := e.Now()
	_, addressed := members["aud"]
	switch {
	case statement.Issuer != nil && *statement.Issuer != client.ID:
		return invalidObject("iss of the request object must be the client_id")
	case statement.Subject != nil && *statement.Subject == client.ID:
		// It could serve as a client assertion (RFC 9101, section 10.8).
		return invalidObject("sub of the request object must not be the client_id")
	case addressed && !slices.Contains(statement.Audience, e.Issuer):
		return invalidObject("aud of the request object must be the issuer")
	case statement.Expiry != nil && !now.Before(statement.Expiry.Time().Add(objectSkew)):
		return invalidObject("the request object has expired")
	case statement.NotBefore != nil && statement.NotBefore.Time().After(now.Add(objectSkew)):
		return invalidObject("the request object is not valid yet: nbf is in the future")
	case statement.IssuedAt != nil && statement.IssuedAt.Time().After(now.Add(objectSkew)):
		return invalidObject("the request object is not valid yet: iat is in the future")
	}
	return nil
}

// objectStatement names the members that are about the object, not parameters.
func objectStatement() []string { return []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti"} }

// objectTexts names the parameters that must be strings. Others that are strings
// are taken as they would be beside the object, and what else there is is ignored,
// as unknown parameters are.
func objectTexts() []string {
	return []string{
		"client_id", "response_type", "redirect_uri", "scope", "state", "nonce", "response_mode", "display", "prompt",
		"ui_locales", "claims_locales", "id_token_hint", "login_hint", "acr_values", "code_challenge", "code_challenge_method",
	}
}

// objectParameters turns the members into parameters as they would stand beside
// the object. An empty string counts as not sent, as it would there.
func objectParameters(members map[string]json.RawMessage) (url.Values, error) {
	parameters := url.Values{}
	for name, raw := range members {
		if slices.Contains(objectStatement(), name) {
			continue
		}
		values, ok := objectValues(name, raw)
		if !ok {
			// The name may be made up, and is for the log.
			return nil, invalidObject("a parameter of the request object is malformed").WithCause(fmt.Errorf("member %q", name))
		}
		if len(values) > 0 && values[0] != "" {
			parameters[name] = values
		}
	}
	return parameters, nil
}

// objectValues reads one member (OpenID Connect Core 1.0, section 6.1: claims is a
// JSON object and max_age a number; RFC 8707, section 2: resource may come more
// than once).
func objectValues(name string, raw json.RawMessage) ([]string, bool) {
	if text, ok := textOf(raw); ok {
		return []string{text}, true
	}
	switch name {
	case "max_age":
		return []string{string(raw)}, isCount(raw)
	case "claims", "registration":
		var compact bytes.Buffer
		err := json.Compact(&compact, raw)
		return []string{compact.String()}, err == nil && raw[0] == '{'
	case "resource":
		var list []string
		err := json.Unmarshal(raw, &list)
		return list, err == nil && raw[0] == '[' && len(list) <= maxObjectResources && !slices.Contains(list, "")
	}
	return nil, !slices.Contains(objectTexts(), name)
}

func textOf(raw json.RawMessage) (string, bool) {
	var text *string
	err := json.Unmarshal(raw, &text)
	if err != nil || text == nil {
		return "", false
	}
	return *text, true
}

// isCount says whether a JSON number is written in digits alone.
func isCount(raw json.RawMessage) bool {
	return len(raw) > 0 && !slices.ContainsFunc(raw, func(c byte) bool { return c < '0' || c > '9' })
}

func isNull(raw json.RawMessage) bool { return string(raw) == "null" }
