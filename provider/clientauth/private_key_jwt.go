package clientauth

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/go-jose/go-jose/v4"

	"gatehouse/provider/clients"
	"gatehouse/storage"
)

// SigningAlgorithms lists what an assertion may be signed with by a key of the
// client, for discovery and registration. "none" and the symmetric ones can never be
// among them.
func SigningAlgorithms() []jose.SignatureAlgorithm { return clients.Algorithms() }

// presentsPrivateKeyJWT is true for every assertion but those that claim to be
// signed with a secret.
func presentsPrivateKeyJWT(_ *http.Request, form url.Values) bool {
	return presentsAssertion(form) && !claimsSecret(form)
}

// readPrivateKeyJWT reads private_key_jwt (RFC 7523, section 2.2; OpenID Connect Core,
// section 9).
func readPrivateKeyJWT(r *http.Request, form url.Values) (credentials, error) {
	read, err := readAssertion(r, form, SigningAlgorithms())
	if err != nil {
		return nil, err
	}
	return keyCredentials{read}, nil
}

// keyCredentials are an assertion signed with a key of the client.
type keyCredentials struct{ assertion }

// prove checks the signature before the claims, and marks the assertion as used
// last: whoever cannot sign can neither probe the rules nor use up an id.
func (c keyCredentials) prove(ctx context.Context, a *Authenticator, client storage.Client, known bool) error {
	if !known {
		return errFailed(errUnknownClient)
	}
	if err := c.checkAlgorithm(client); err != nil {
		return err
	}
	if profile := a.config.Profile(client); !slices.Contains(profile.Algorithms, c.algorithm()) {
		return refuse(fmt.Sprintf("the security profile %s of the client does not allow %s", profile.Name, c.algorithm()), nil)
	}
	if err := a.config.Keys.Verify(ctx, client, c.token); err != nil {
		return errFailed(err)
	}
	return c.accept(ctx, a, client)
}
