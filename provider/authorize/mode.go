package authorize

import (
	"net/http"
	"net/url"
	"strings"

	oidc "github.com/zitadel/oidc/v3/pkg/oidc"

	"gatehouse/storage"
)

// deliver sends parameters to the client by the response mode of the request,
// together with its state and the issuer (RFC 9207).
func (e *Endpoint) deliver(w http.ResponseWriter, r *http.Request, request storage.AuthorizationRequest, parameters url.Values) {
	if request.State != "" {
		parameters.Set("state", request.State)
	}
	parameters.Set("iss", e.Issuer)
	switch oidc.ResponseMode(request.ResponseMode) {
	case oidc.ResponseModeFormPost:
		e.Pages.FormPost(w, r, request.RedirectURI, parameters)
	case oidc.ResponseModeFragment:
		e.seeOther(w, r, request.RedirectURI+"#"+parameters.Encode())
	case oidc.ResponseModeQuery:
		e.seeOther(w, r, withQuery(request.RedirectURI, parameters))
	default:
		// checkResponseMode lets no other through. If it did, sending the
		// parameters by a way that was not asked for would be worse.
		e.page(w, r, invalid("response_mode is not supported"), StartAgain{})
	}
}

// withQuery adds to the query of a redirect_uri and leaves what is there as it
// stands, to the letter (RFC 6749, section 3.1.2).
func withQuery(redirectURI string, parameters url.Values) string {
	separator := "?"
	if strings.Contains(redirectURI, "?") {
		separator = "&"
		if strings.HasSuffix(redirectURI, "?") {
			separator = ""
		}
	}
	return redirectURI + separator + parameters.Encode()
}

// seeOther redirects so that neither a body is sent on nor an address with a
// code in it is told to anybody.
func (e *Endpoint) seeOther(w http.ResponseWriter, _ *http.Request, address string) {
	header := w.Header()
	header.Set("Location", address)
	header.Set("Cache-Control", "no-store")
	header.Set("Referrer-Policy", "no-referrer")
	w.WriteHeader(http.StatusSeeOther)
}
