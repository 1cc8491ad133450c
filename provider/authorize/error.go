package authorize

import (
	"errors"
	"net/http"
	"net/url"

	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/provider/refuse"
	"gatehouse/storage"
)

// refuse sends an error to the client by its response mode (RFC 6749, section
// 4.1.2.1). Client and redirect_uri have been found good.
func (e *Endpoint) refuse(w http.ResponseWriter, r *http.Request, request storage.AuthorizationRequest, err error) {
	if request.OwnPath != "" {
		// Nobody but the person is there to be told.
		e.page(w, r, err, e.ownStart())
		return
	}
	e.emit(r, request.ClientID, err)
	e.answerError(w, r, request, err)
}

// answerError sends an error that was noted already.
func (e *Endpoint) answerError(w http.ResponseWriter, r *http.Request, request storage.AuthorizationRequest, err error) {
	shown := refuse.AsError(err)
	parameters := url.Values{"error": {shown.Code}}
	if shown.Description != "" {
		parameters.Set("error_description", shown.Description)
	}
	e.deliver(w, r, request, parameters)
}

// page shows an error that must not be sent anywhere.
func (e *Endpoint) page(w http.ResponseWriter, r *http.Request, err error, again StartAgain) {
	e.emit(r, "", err)
	e.Pages.Error(w, r, refuse.AsError(err), again)
}

// lost shows that a waiting request cannot go on here.
func (e *Endpoint) lost(w http.ResponseWriter, r *http.Request, err error, handle string) {
	switch {
	case errors.Is(err, ErrExpired), errors.Is(err, storage.ErrNotFound):
		err = oauth.NewError(oauth.InvalidRequest, "the sign-in has expired or was completed in another tab").WithCause(err)
	case errors.Is(err, ErrOtherBrowser):
		err = oauth.NewError(oauth.InvalidRequest, "the sign-in was started in another browser").WithCause(err)
	}
	e.page(w, r, err, e.startAgain(r.Context(), handle))
}

func (e *Endpoint) emit(r *http.Request, clientID string, err error) {
	refuse.Emit(r, e.Sink, event.Event{Name: event.AuthorizationRefused, ClientID: clientID}, refuse.AsError(err))
}
