package claims

import (
	"slices"
	"strings"

	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// Allowed says whether the client may ask for the scope. A client that
// registered none may ask for any of the standard ones (RFC 7591, section 2).
func Allowed(client storage.Client, scope string) bool {
	if client.Scope == "" {
		return Known(scope)
	}
	return slices.Contains(strings.Fields(client.Scope), scope)
}

// Resources returns the resources that were asked for, all of which must be
// registered as the client's audience, or invalid_target (RFC 8707, section 2).
func Resources(client storage.Client, asked []string) ([]string, error) {
	var resources []string
	for _, resource := range asked {
		if !slices.Contains(client.Audience, resource) {
			return nil, oauth.NewError(oauth.InvalidTarget, "resource is not registered for this client")
		}
		if !slices.Contains(resources, resource) {
			resources = append(resources, resource)
		}
	}
	return resources, nil
}
