package clientauth

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"gatehouse/storage"
)

// SecretAlgorithms lists what an assertion may be signed with by the secret of the
// client, for discovery and registration.
func SecretAlgorithms() []jose.SignatureAlgorithm {
	return []jose.SignatureAlgorithm{jose.HS256, jose.HS384, jose.HS512}
}

func presentsSecretJWT(_ *http.Request, form url.Values) bool {
	return presentsAssertion(form) && claimsSecret(form)
}

// claimsSecret looks at what the header says, to tell the two methods apart that
// come in the same parameters. Nothing else hangs on it: each method parses the
// assertion with its own algorithms only, so that a public key is never taken for a
// secret (RFC 8725, section 3.1).
func claimsSecret(form url.Values) bool {
	text, _, _ := strings.Cut(form.Get("client_assertion"), ".")
	if len(text) > maxAssertionSize {
		return false
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	var header struct {
		Algorithm string `json:"alg"`
	}
	return err == nil && json.Unmarshal(raw, &header) == nil && strings.HasPrefix(header.Algorithm, "HS")
}

// readSecretJWT reads client_secret_jwt (RFC 7523, section 2.2; OpenID Connect Core,
// section 9).
func readSecretJWT(r *http.Request, form url.Values) (credentials, error) {
	read, err := readAssertion(r, form, SecretAlgorithms())
	if err != nil {
		return nil, err
	}
	return signedSecretCredentials{read}, nil
}

// signedSecretCredentials are an assertion signed with the secret of the client.
type signedSecretCredentials struct{ assertion }

// prove goes in the order of keyCredentials.prove.
func (c signedSecretCredentials) prove(ctx context.Context, a *Authenticator, client storage.Client, known bool) error {
	if !known {
		return errFailed(errUnknownClient)
	}
	if err := c.checkAlgorithm(client); err != nil {
		return err
	}
	if !c.signedWithOneOf(client.SecretDigests, a.config.Now()) {
		return errFailed(errWrongSecret)
	}
	return c.accept(ctx, a, client)
}

// signedWithOneOf tries every secret that is valid now: while one is being changed,
// both hold.
func (c signedSecretCredentials) signedWithOneOf(kept []storage.SecretDigest, now time.Time) bool {
	for _, k := range kept {
		valid := k.Expires.IsZero() || now.Before(k.Expires)
		if k.Secret != "" && valid && c.token.Claims([]byte(k.Secret)) == nil {
			return true
		}
	}
	return false
}
