package rest

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
)

// ReadToken decodes the claims of Directus's access token. They are believed as
// far as the connection that the token came by, no further: the signature is
// made with Directus's own secret and is not checked. Errors show nothing of the
// token.
func ReadToken(token string, claims any) error {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return errors.New("access token is not a JWT")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return errors.New("access token does not decode")
	}
	if json.Unmarshal(payload, claims) != nil {
		return errors.New("access token has no claims")
	}
	return nil
}

// Flag is a boolean that Directus 10 writes as 0 or 1 on some databases.
type Flag bool

// UnmarshalJSON takes anything but false, 0 and null for true: these flags ask
// for more care, so doubt sets them.
func (f *Flag) UnmarshalJSON(raw []byte) error {
	text := string(raw)
	*f = text != "false" && text != "0" && text != "null"
	return nil
}
