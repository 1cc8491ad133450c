package clientauth

import (
	"context"
	"net/http"
	"net/url"

	"gatehouse/storage"
)

// presentsNone is true for a bare client_id.
func presentsNone(r *http.Request, form url.Values) bool {
	return form.Get("client_id") != "" &&
		!presentsBasic(r, form) && !presentsPost(r, form) && !presentsAssertion(form)
}

// readNone reads the id of a public client (RFC 6749, section 3.2.1).
func readNone(_ *http.Request, form url.Values) (credentials, error) {
	return noCredentials{form.Get("client_id")}, nil
}

// noCredentials are a name only. Which client may come without proof was decided
// by its registration.
type noCredentials struct{ id string }

func (c noCredentials) clientID() string { return c.id }

func (c noCredentials) prove(_ context.Context, _ *Authenticator, _ storage.Client, known bool) error {
	if !known {
		return errFailed(errUnknownClient)
	}
	return nil
}
