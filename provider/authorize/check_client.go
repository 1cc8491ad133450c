package authorize

import (
	"errors"
	"slices"

	oidc "github.com/zitadel/oidc/v3/pkg/oidc"

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

func checkResponseType(a *attempt) error {
	responseType := a.get("response_type")
	switch {
	case responseType == "":
		return invalid("response_type is missing")
	case !slices.Contains(ResponseTypes(), responseType):
		return oauth.NewError(oauth.UnsupportedResponseType, "response_type is not supported")
	case !slices.Contains(a.client.ResponseTypes, responseType):
		return oauth.NewError(oauth.UnauthorizedClient, "response_type is not registered for this client")
	}
	a.request.ResponseType = responseType
	return nil
}

func checkGrantType(a *attempt) error {
	if !slices.Contains(a.client.GrantTypes, string(oidc.GrantTypeCode)) {
		return oauth.NewError(oauth.UnauthorizedClient, "authorization_code is not registered for this client")
	}
	return nil
}
