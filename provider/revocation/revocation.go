package revocation

import (
	"errors"
	"net/http"

	"gatehouse/provider/clientauth"
	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/provider/refuse"
	"gatehouse/provider/token"
)

// Config is what an Endpoint needs.
type Config struct {
	Clients *clientauth.Authenticator
	Tokens  *token.Service
	Sink    event.Sink
}

// Endpoint is the revocation endpoint. It is safe for concurrent use.
type Endpoint struct {
	Config
}

// New returns the endpoint.
func New(config Config) *Endpoint { return &Endpoint{Config: config} }

// ServeHTTP answers 200 also for a token that is none, or no longer: what the
// client wants is so already (RFC 7009, section 2.2).
func (e *Endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	err := e.revoke(w, r)
	if err != nil {
		refuse.JSON(w, r, e.Sink, event.Event{Name: event.TokenRefused}, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusOK)
}

func (e *Endpoint) revoke(w http.ResponseWriter, r *http.Request) error {
	form, err := oauth.ReadForm(w, r)
	if err != nil {
		return err
	}
	client, _, err := e.Clients.Authenticate(r, form)
	if err != nil {
		return err
	}
	presented := form.Get("token")
	if presented == "" {
		return oauth.NewError(oauth.InvalidRequest, "token is missing")
	}
	// A refresh token takes its whole grant along (RFC 7009, section 2.1).
	err = e.Tokens.RevokeFamily(r.Context(), client, presented)
	if !errors.Is(err, token.ErrInactive) {
		return err
	}
	active, err := e.Tokens.AccessToken(r.Context(), presented)
	if errors.Is(err, token.ErrInactive) {
		return nil
	}
	if err != nil {
		return err
	}
	if active.Grant.ClientID != client.ID {
		return oauth.NewError(oauth.InvalidGrant, "the token was issued to another client")
	}
	if err := e.Tokens.RevokeAccessToken(r.Context(), active); err != nil {
		return err
	}
	e.Sink.Emit(r.Context(), event.Event{
		Name: event.TokenRevoked, ClientID: client.ID, Subject: active.Grant.Subject, GrantID: active.Grant.ID,
	})
	return nil
}
