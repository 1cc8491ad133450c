package authorize

import (
	"net/http"
	"net/url"

	oidc "github.com/zitadel/oidc/v3/pkg/oidc"

	"gatehouse/provider/oauth"
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
		e.seeOther(w, r, oauth.AddQuery(request.RedirectURI, parameters))
	default:
		// checkResponseMode lets no other through. If it did, sending the
		// parameters by a way that was not asked for would be worse.
		e.page(w, r, invalid("response_mode is not supported"), StartAgain{})
	}
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
