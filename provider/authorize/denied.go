package authorize

import (
	"context"
	"errors"
	"net/http"

	"gatehouse/provider/allow"
	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// denied is what the client is told of a user it is not open to. Which rule says
// so is for the log alone.
func denied(reason string) *oauth.Error {
	return oauth.NewError(oauth.AccessDenied, "the client is not open to this user").WithCause(errors.New(reason))
}

// narrowed leaves out of a request what the user's roles keep from the client: the
// answer tells the scope that was granted (RFC 6749, section 3.3). What a scope
// releases cannot be had by asking for its claims one by one either.
func (e *Endpoint) narrowed(ctx context.Context, request storage.AuthorizationRequest, client storage.Client, user storage.Account) (storage.AuthorizationRequest, error) {
	withheld, err := e.Allow.Withheld(ctx, client, user)
	if err != nil || len(withheld) == 0 {
		return request, err
	}
	request.Scopes = allow.Narrow(request.Scopes, withheld)
	request.Claims = e.Claims.Withhold(request.Claims, withheld)
	if len(request.Scopes) == 0 {
		return request, oauth.NewError(oauth.InvalidScope, "scope names nothing that this user can grant")
	}
	return request, nil
}

// turnedAway notes that a person was shown that the client is not open to him:
// whether he goes back to the app to tell it, nobody knows.
func (e *Endpoint) turnedAway(r *http.Request, clientID string, v verdict) {
	e.Sink.Emit(r.Context(), event.Event{
		Name: event.AuthorizationRefused, ClientID: clientID, Subject: v.session.Subject, SessionID: v.session.ID,
		Kind: oauth.AccessDenied, Reason: v.reason,
	})
}

// answerDenied tells the client, which was noted when the person was turned away.
func (e *Endpoint) answerDenied(w http.ResponseWriter, r *http.Request, interaction *Interaction) {
	e.finish(w, r, interaction, func() { e.answerError(w, r, interaction.Request, denied(interaction.verdict.reason)) })
}
