package authorize

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	oidc "github.com/zitadel/oidc/v3/pkg/oidc"

	"gatehouse/provider/claims"
	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/provider/session"
	"gatehouse/provider/token"
	"gatehouse/storage"
)

// respond opens the grant and sends what the response type names (OpenID Connect
// Core 1.0, sections 3.1.2.5, 3.2.2.5 and 3.3.2.5).
func (e *Endpoint) respond(w http.ResponseWriter, r *http.Request, request storage.AuthorizationRequest, client storage.Client, v verdict) {
	parameters, err := e.mint(r.Context(), request, client, v)
	if err != nil {
		e.refuse(w, r, request, err)
		return
	}
	if slices.Contains(request.Scopes, oidc.ScopeOpenID) {
		state, err := e.Sessions.State(w, r, client.ID, request.RedirectURI)
		if err != nil {
			e.refuse(w, r, request, err)
			return
		}
		if state != "" {
			parameters.Set("session_state", state)
		}
	}
	e.deliver(w, r, request, parameters)
}

func (e *Endpoint) mint(ctx context.Context, request storage.AuthorizationRequest, client storage.Client, v verdict) (url.Values, error) {
	var person claims.Person
	if oauth.FrontChannel(request.ResponseType) {
		var err error
		if person, err = e.Claims.Look(ctx, v.account, request.Scopes, claims.Everywhere(request.Claims), claims.Destinations()...); err != nil {
			return nil, err
		}
	}
	identity, err := e.identity(ctx, request, client, person)
	if err != nil {
		return nil, err
	}
	if oauth.ReturnsIDToken(request.ResponseType) {
		if err := e.Tokens.CheckEncryption(ctx, client, request.Scopes); err != nil {
			return nil, err
		}
	}
	s := v.session
	if err := e.join(ctx, request, client, s); err != nil {
		return nil, err
	}
	var directusSession string
	if client.DirectusExchange != "" {
		directusSession = s.DirectusSession
	}
	grant, code, err := e.Tokens.Open(ctx, client, token.Opening{
		Grant: storage.Grant{
			ClientID: client.ID, Subject: s.Subject, SessionID: s.ID, Offline: offline(request),
			Scopes: request.Scopes, Audience: request.Resources, Claims: claims.Identity(request.Claims), Nonce: request.Nonce,
			AuthenticatedAt: s.AuthenticatedAt, ACR: s.ACR, AMR: s.AMR, Seen: v.seen,
			DirectusSession: directusSession, Directus: client.DirectusExchange != "",
		},
		ResponseType: request.ResponseType, RedirectURI: request.RedirectURI, CodeChallenge: request.CodeChallenge, Index: v.index,
	})
	if err != nil {
		return nil, err
	}
	var set token.Set
	if oauth.FrontChannel(request.ResponseType) {
		authorization := token.Authorization{Client: client, Grant: grant, Scopes: grant.Scopes, Nonce: grant.Nonce}
		if authorization.Claims, err = e.Claims.ForAccessToken(ctx, person, grant.Scopes, e.Evidence); err != nil {
			return nil, err
		}
		set, err = e.Tokens.IssueFrontChannel(ctx, authorization,
			token.FrontChannel{ResponseType: request.ResponseType, Code: code, State: request.State}, identity)
		if err != nil {
			return nil, err
		}
	}
	e.Sink.Emit(ctx, event.Event{
		Name: event.AuthorizationGranted, ClientID: client.ID, Subject: s.Subject,
		SessionID: s.ID, GrantID: grant.ID,
	})
	return responseParameters(code, set), nil
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

// responseParameters is the answer, of which each part may be missing.
func responseParameters(code string, set token.Set) url.Values {
	parameters := url.Values{}
	for name, value := range map[string]string{
		"code": code, "access_token": set.AccessToken, "token_type": set.TokenType, "scope": set.Scope, "id_token": set.IDToken,
	} {
		if value != "" {
			parameters.Set(name, value)
		}
	}
	if set.AccessToken != "" {
		parameters.Set("expires_in", strconv.FormatInt(set.ExpiresIn, 10))
	}
	return parameters
}

// identity returns the claims of the user for the ID token of the answer. Where there
// will be no access token to ask userinfo with, they are those of the scopes (OpenID
// Connect Core 1.0, section 5.4) and all that were asked for by name. The ID token
// that a code gives has them, so that fewer pass the browser (section 3.3.3.6).
func (e *Endpoint) identity(ctx context.Context, request storage.AuthorizationRequest, client storage.Client, person claims.Person) (map[string]any, error) {
	scopes, in := request.Scopes, claims.InIDToken(client)
	requested := claims.Identity(request.Claims).IDToken
	switch {
	case request.ResponseType == oauth.ResponseTypeIDToken:
		in, requested = append(in, claims.UserInfo), claims.Everywhere(request.Claims)
	case request.ResponseType != oauth.ResponseTypeIDTokenToken:
		return nil, nil
	}
	if !e.Claims.Releases(scopes, requested, in...) {
		return nil, nil
	}
	return e.Claims.Release(ctx, person, scopes, requested, e.Evidence, in...)
}
