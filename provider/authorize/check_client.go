package authorize

import (
	"errors"
	"slices"

	"gatehouse/provider/clients"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

func checkClient(a *attempt) error {
	ids := a.parameters["client_id"]
	switch {
	case len(ids) == 0 || ids[0] == "":
		return invalid("client_id is missing")
	case len(ids) > 1:
		return invalid("client_id is given more than once")
	}
	client, err := a.endpoint.Clients.Client(a.ctx, ids[0])
	if errors.Is(err, storage.ErrNotFound) {
		return oauth.NewError(oauth.InvalidClient, "client_id is not registered").WithStatus(400)
	}
	if err != nil {
		return err
	}
	a.client = client
	a.request.ClientID = client.ID
	return nil
}

// checkRedirectURI compares the whole string with those registered. The only
// freedom is the port of a native app on a loopback address (RFC 8252, section
// 7.3).
func checkRedirectURI(a *attempt) error {
	uris := a.parameters["redirect_uri"]
	switch {
	case len(uris) == 0 || uris[0] == "":
		return invalid("redirect_uri is missing")
	case len(uris) > 1:
		return invalid("redirect_uri is given more than once")
	case !clients.MatchRedirectURI(a.client, uris[0]):
		return invalid("redirect_uri is not registered for this client")
	}
	a.request.RedirectURI = uris[0]
	return nil
}

// checkResponseType takes the values in any order (OAuth 2.0 Multiple Response
// Type Encoding Practices, section 3). What the client did not register it does
// not get: tokens in the front channel are not safe for everybody (RFC 9700,
// section 2.1.2).
func checkResponseType(a *attempt) error {
	responseType := a.responseType()
	switch {
	case responseType == "":
		return invalid("response_type is missing")
	case !slices.Contains(oauth.ResponseTypes(), responseType):
		return oauth.NewError(oauth.UnsupportedResponseType, "response_type is not supported")
	case !slices.Contains(a.client.ResponseTypes, responseType):
		return oauth.NewError(oauth.UnauthorizedClient, "response_type is not registered for this client")
	}
	a.request.ResponseType = responseType
	return nil
}

// checkGrantType holds the client to the grant types of its response types
// (OpenID Connect Dynamic Client Registration 1.0, section 2).
func checkGrantType(a *attempt) error {
	for _, needed := range oauth.ResponseTypeGrants(a.request.ResponseType) {
		if !slices.Contains(a.client.GrantTypes, needed) {
			return oauth.NewError(oauth.UnauthorizedClient, needed+" is not registered for this client")
		}
	}
	return nil
}
