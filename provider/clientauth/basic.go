package clientauth

import (
	"net/http"
	"net/url"

	"gatehouse/storage"
)

// presentsBasic takes any Authorization header for an attempt, so that one of
// another scheme is refused instead of ignored.
func presentsBasic(r *http.Request, _ url.Values) bool {
	return len(r.Header.Values("Authorization")) > 0
}

// readBasic reads client_secret_basic: id and secret are form-urlencoded before
// they are joined (RFC 6749, section 2.3.1).
func readBasic(r *http.Request, _ url.Values) (credentials, error) {
	if len(r.Header.Values("Authorization")) > 1 {
		return nil, refuse("the request has more than one Authorization header", nil)
	}
	id, secret, ok := r.BasicAuth()
	if !ok {
		return nil, refuse("the Authorization header is not well-formed Basic authentication", nil)
	}
	// The errors of the decoder repeat what they could not decode.
	id, err := url.QueryUnescape(id)
	if err != nil {
		return nil, refuse("the client id in the Authorization header is not form-urlencoded", nil)
	}
	secret, err = url.QueryUnescape(secret)
	if err != nil {
		return nil, refuse("the client secret in the Authorization header is not form-urlencoded", nil)
	}
	return secretCredentials{id, storage.Secret(secret)}, nil
}
