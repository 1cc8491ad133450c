package authorize

import (
	"net/http"
	"net/url"

	"gatehouse/provider/event"
	"gatehouse/storage"
)

// respond opens the grant and sends the code (OpenID Connect Core 1.0, section
// 3.1.2.5).
func (e *Endpoint) respond(w http.ResponseWriter, r *http.Request, request storage.AuthorizationRequest, client storage.Client, v verdict) {
	s := v.session
	grant, code, err := e.Tokens.OpenCode(r.Context(), client, storage.Grant{
		ClientID: client.ID, Subject: s.Subject, SessionID: s.ID, Offline: offline(request),
		Scopes: request.Scopes, Audience: request.Resources, Nonce: request.Nonce,
		AuthenticatedAt: s.AuthenticatedAt, ACR: s.ACR, AMR: s.AMR,
	}, request.RedirectURI, request.CodeChallenge, v.index)
	if err != nil {
		e.refuse(w, r, request, err)
		return
	}
	e.Sink.Emit(r.Context(), event.Event{
		Name: event.AuthorizationGranted, ClientID: client.ID, Subject: s.Subject,
		SessionID: s.ID, GrantID: grant.ID,
	})
	e.deliver(w, r, request, url.Values{"code": {code}})
}
