package authorize

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	oidc "github.com/zitadel/oidc/v3/pkg/oidc"

	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// attempt is a request while it is being checked: what was sent, and what has
// been found good so far.
type attempt struct {
	ctx      context.Context //nolint:containedctx // lives as long as the one call of check
	endpoint *Endpoint
	// sent is what came, and parameters what it means: a request object is laid
	// over the rest.
	sent       url.Values
	parameters url.Values
	client     storage.Client
	request    storage.AuthorizationRequest
}

// get returns a parameter. One that is sent without a value counts as not sent
// (RFC 6749, section 3.1).
func (a *attempt) get(name string) string { return a.parameters.Get(name) }

// responseType is the one that is asked for, normal but not checked.
func (a *attempt) responseType() string { return oauth.NormalResponseType(a.get("response_type")) }

// readParameters takes them from the query of a GET or the body of a POST, and
// never from both (OpenID Connect Core 1.0, section 3.1.2.1).
func readParameters(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	if r.Method == http.MethodPost {
		if r.URL.RawQuery != "" {
			return nil, oauth.NewError(oauth.InvalidRequest, "a POST request has its parameters in the body, not in the query")
		}
		return oauth.ParseBody(w, r)
	}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, oauth.NewError(oauth.InvalidRequest, "the query is malformed")
	}
	return values, nil
}

// modes are the response modes there are (OAuth 2.0 Multiple Response Type
// Encoding Practices, section 2.1; OAuth 2.0 Form Post Response Mode).
func modes() []string {
	return []string{string(oidc.ResponseModeQuery), string(oidc.ResponseModeFragment), string(oidc.ResponseModeFormPost)}
}

// ResponseModes lists the response modes, for discovery.
func ResponseModes() []string { return modes() }

// GrantTypes lists the grant types that this endpoint answers by itself, for
// discovery.
func GrantTypes() []string { return []string{string(oidc.GrantTypeImplicit)} }

// Displays lists the values of display that are understood.
func Displays() []string { return []string{"page", "popup", "touch", "wap"} }

func isMode(mode string) bool { return slices.Contains(modes(), mode) }
