package clientauth

import (
	"net/http"
	"net/url"

	"gatehouse/storage"
)

// presentsPost ignores an empty client_secret: a parameter without a value counts
// as omitted (RFC 6749, section 3.2), and public clients are known to send one.
func presentsPost(_ *http.Request, form url.Values) bool { return form.Get("client_secret") != "" }

// readPost reads client_secret_post (RFC 6749, section 2.3.1).
func readPost(_ *http.Request, form url.Values) (credentials, error) {
	if form.Get("client_id") == "" {
		return nil, refuse("client_id is missing", nil)
	}
	return secretCredentials{form.Get("client_id"), storage.Secret(form.Get("client_secret"))}, nil
}
