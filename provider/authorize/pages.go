package authorize

import (
	"net/http"
	"net/url"

	"gatehouse/provider/oauth"
)

// Pages shows what only HTML can say. web satisfies it.
type Pages interface {
	// Error shows a protocol error that must not go to the client, because
	// the client or its redirect_uri is in doubt. again may be zero.
	Error(w http.ResponseWriter, r *http.Request, err *oauth.Error, again StartAgain)
	// FormPost shows a form that posts the parameters to action (OAuth 2.0
	// Form Post Response Mode), by itself or at the press of a button.
	FormPost(w http.ResponseWriter, r *http.Request, action string, parameters url.Values)
}
