package authorize

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"

	oidc "github.com/zitadel/oidc/v3/pkg/oidc"

	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/provider/session"
	"gatehouse/storage"
)

// respond opens the grant and sends the code (OpenID Connect Core 1.0, section
// 3.1.2.5).
func (e *Endpoint) respond(w http.ResponseWriter, r *http.Request, request storage.AuthorizationRequest, client storage.Client, v verdict) {
	s := v.session
	if err := e.join(r.Context(), request, client, s); err != nil {
		e.refuse(w, r, request, err)
		return
	}
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

// join makes a client that gets an ID token hear of the end of the session.
func (e *Endpoint) join(ctx context.Context, request storage.AuthorizationRequest, client storage.Client, s storage.Session) error {
	if !slices.Contains(request.Scopes, oidc.ScopeOpenID) {
		return nil
	}
	err := e.Sessions.Join(ctx, s, client)
	if errors.Is(err, session.ErrEnded) {
		return oauth.NewError(oauth.LoginRequired, "the session has ended meanwhile").WithCause(err)
	}
	return err
}
