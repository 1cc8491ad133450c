package providertest

import (
	"net/http"
	"net/url"

	"gatehouse/provider/authorize"
	"gatehouse/provider/oauth"
)

// ownPath is where tests have own requests started. Pages of ours do so by
// themselves; here a test says what it wants.
const ownPath = "/providertest/own"

// Own returns the address that starts a request of our own.
func (s *Server) Own(own authorize.OwnRequest) string {
	query := url.Values{"path": {own.Path}, "subject": {own.Subject}}
	if own.Fresh {
		query.Set("fresh", "1")
	}
	return s.Issuer + ownPath + "?" + query.Encode()
}

func (s *Server) beginOwn(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	address, err := s.Provider.Desk().Begin(w, r, authorize.OwnRequest{
		Path: query.Get("path"), Subject: query.Get("subject"), Fresh: query.Has("fresh"),
	})
	if err != nil {
		oauth.WriteError(w, err)
		return
	}
	http.Redirect(w, r, address, http.StatusSeeOther) //nolint:gosec // of our own making
}
