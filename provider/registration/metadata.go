package registration

import (
	"cmp"
	"slices"
	"strings"

	oidc "github.com/zitadel/oidc/v3/pkg/oidc"

	"gatehouse/provider/clients"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// read puts the metadata into the client, with the defaults of what is left out,
// and holds it to the rules.
func (e *Endpoint) read(given members, client storage.Client) (storage.Client, error) {
	for _, f := range fields() {
		raw, ok := given[f.name]
		if !ok {
			continue
		}
		if err := f.read(raw, &client); err != nil {
			return storage.Client{}, refused(f.name, err.Error())
		}
	}
	if err := e.limitScope(&client); err != nil {
		return storage.Client{}, err
	}
	// RFC 7591, section 2: the default. Of a client that names no method we
	// would take two.
	client.TokenEndpointAuthMethod = cmp.Or(client.TokenEndpointAuthMethod, string(oidc.AuthMethodBasic))
	return clients.WithDefaults(client), nil
}

// limitScope leaves of the scope what there is (RFC 7591, section 2: a server may
// replace what was asked for). An empty one would stand for every scope.
func (e *Endpoint) limitScope(client *storage.Client) error {
	asked := strings.Fields(client.Scope)
	there := slices.DeleteFunc(asked, func(scope string) bool { return !slices.Contains(e.Scopes, scope) })
	if client.Scope != "" && len(there) == 0 {
		return refused("scope", "has none of the scopes that there are")
	}
	client.Scope = strings.Join(slices.Compact(slices.Sorted(slices.Values(there))), " ")
	return nil
}

func (e *Endpoint) validate(client storage.Client) error {
	if wrong := clients.Fields(clients.Validate(client, e.Rules)); len(wrong) > 0 {
		return refused(wrong[0].Field, wrong[0].Rule)
	}
	return nil
}

// refused is the error for one field (RFC 7591, section 3.2.2).
func refused(name, rule string) *oauth.Error {
	code := oauth.InvalidClientMetadata
	if name == "redirect_uris" {
		code = oauth.InvalidRedirectURI
	}
	return oauth.NewError(code, described(name+": "+rule))
}

// described leaves the characters that an error_description may have (RFC 6749,
// section 5.2).
func described(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '"':
			return '\''
		case r == '…':
			return '.'
		case r < ' ' || r > '~' || r == '\\':
			return -1
		}
		return r
	}, text)
}

// shown is the client information response (RFC 7591, section 3.2.1; RFC 7592,
// section 3). The secret is there only when it is new: afterwards it is known to
// the client alone.
func (e *Endpoint) shown(client storage.Client, accessToken string, secret storage.Secret) map[string]any {
	answer := map[string]any{
		"client_id":                 client.ID,
		"client_id_issued_at":       client.CreatedAt.Unix(),
		"registration_access_token": accessToken,
		"registration_client_uri":   e.Address + "/" + client.ID,
	}
	for _, f := range fields() {
		if value := f.write(&client); value != nil {
			answer[f.name] = value
		}
	}
	if secret != "" {
		answer["client_secret"] = secret.Reveal()
		answer["client_secret_expires_at"] = 0
	}
	return answer
}
