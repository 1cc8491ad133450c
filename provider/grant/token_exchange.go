package grant

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/provider/token"
	"gatehouse/provider/upstream"
	"gatehouse/storage"
)

// TokenExchange is the name of the grant type (RFC 8693, section 2.1).
const TokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange" //nolint:gosec // a name

// accessTokenType is the one token type that is taken and given (RFC 8693,
// section 3).
const accessTokenType = "urn:ietf:params:oauth:token-type:access_token" //nolint:gosec // a name

// exchangedToken is the answer (RFC 8693, section 2.2.1). There is no refresh
// token in it, ever: whoever has one of Directus holds the account.
type exchangedToken struct {
	AccessToken     string `json:"access_token"`
	IssuedTokenType string `json:"issued_token_type"`
	TokenType       string `json:"token_type"`
	ExpiresIn       int64  `json:"expires_in"`
}

// tokenExchange is RFC 8693 with one kind of answer: for an access token of ours,
// one with which its client calls Directus as its user.
//
// A subject token that is worth nothing is invalid_request (section 2.2.2): with
// a fresh one the client can go on. Where only the user can help, by signing in
// again, it is invalid_grant.
func (e *Endpoint) tokenExchange(ctx context.Context, client storage.Client, form url.Values, whose *user) (any, error) {
	if client.DirectusExchange == "" {
		return nil, oauth.NewError(oauth.UnauthorizedClient, "the client may not have Directus tokens")
	}
	if err := e.exchangeable(form); err != nil {
		return nil, err
	}
	active, err := e.Tokens.AccessToken(ctx, form.Get("subject_token"))
	if errors.Is(err, token.ErrInactive) || err == nil && (active.Client.ID != client.ID || active.Grant.Subject == "") {
		return nil, oauth.NewError(oauth.InvalidRequest, "the subject_token is no access token of a user that was issued to this client, or it has expired or was revoked").WithCause(err)
	}
	if err != nil {
		return nil, err
	}
	if client.Public() && slices.ContainsFunc(active.Audience, func(a string) bool { return a != e.Tokens.Issuer }) {
		// Whoever the token was sent to could say that he is the client.
		return nil, oauth.NewError(oauth.InvalidRequest, "the subject_token is for others than this issuer too, and a client that does not prove who it is cannot exchange it")
	}
	if err := whose.check(ctx, active.Grant); err != nil {
		return nil, err
	}
	if !active.Grant.Directus {
		// Nobody was asked for that, and it is more than any scope.
		return nil, oauth.NewError(oauth.InvalidGrant, "the user has signed in before the client might have Directus tokens: send him to the authorization endpoint again")
	}
	if err := e.barAdministrator(ctx, client, whose); err != nil {
		return nil, err
	}
	session, err := e.sessionOf(ctx, active)
	if err != nil {
		return nil, err
	}
	given, err := e.Upstream.Token(ctx, active.Grant, session)
	if err != nil {
		return nil, upstreamError(err)
	}
	if given.Administrator && client.DirectusExchange != storage.ExchangeAdministrators {
		return nil, noAdministrators()
	}
	e.Sink.Emit(ctx, event.Event{
		Name: event.TokenExchanged, ClientID: client.ID, Subject: active.Grant.Subject,
		GrantID: active.Grant.ID, SessionID: active.Grant.SessionID,
	})
	return exchangedToken{
		AccessToken: given.Token.Reveal(), IssuedTokenType: accessTokenType, TokenType: "Bearer",
		ExpiresIn: remaining(given.Expires.Sub(e.Now())),
	}, nil
}

// barAdministrator refuses administrators to a client that may not have them. What
// the token says of it is not enough: it was made for the address that the user
// signed in from, and Directus asks its policies again, for the address of the app,
// whenever the token is used (ip_access, or a policy that came later).
func (e *Endpoint) barAdministrator(ctx context.Context, client storage.Client, whose *user) error {
	if client.DirectusExchange == storage.ExchangeAdministrators {
		return nil
	}
	administrator, err := e.Allow.Administrator(ctx, whose.account)
	if err != nil {
		return err
	}
	if administrator {
		return noAdministrators()
	}
	return nil
}

func noAdministrators() error {
	return oauth.NewError(oauth.UnauthorizedClient, "the client may not have Directus tokens of administrators")
}

// exchangeable holds the request to what can be exchanged at all.
func (e *Endpoint) exchangeable(form url.Values) error {
	switch {
	case form.Get("subject_token") == "":
		return oauth.NewError(oauth.InvalidRequest, "subject_token is missing")
	case form.Get("subject_token_type") != accessTokenType:
		return oauth.NewError(oauth.InvalidRequest, "subject_token_type must be "+accessTokenType)
	case form.Get("requested_token_type") != "" && form.Get("requested_token_type") != accessTokenType:
		return oauth.NewError(oauth.InvalidRequest, "requested_token_type must be "+accessTokenType)
	case form.Get("actor_token") != "" || form.Get("actor_token_type") != "":
		return oauth.NewError(oauth.InvalidRequest, "actor_token is not supported: nobody acts for another here")
	case form.Get("scope") != "":
		// RFC 8693, section 2.1: what the token is asked to be limited to. To
		// ignore that would hand out more than was asked for.
		return oauth.NewError(oauth.InvalidScope, "a Directus token has no scope: it is good for all that the user may do there")
	}
	// RFC 8693, section 2.1: each names where the token is meant to be used.
	targets := slices.DeleteFunc(slices.Concat(form["audience"], form["resource"]), func(t string) bool { return t == "" })
	if len(targets) == 0 {
		return oauth.NewError(oauth.InvalidTarget, "audience or resource must be the address of Directus")
	}
	for _, target := range targets {
		if !slices.Contains(e.DirectusURLs, strings.TrimRight(target, "/")) {
			return oauth.NewError(oauth.InvalidTarget, "audience and resource must be the address of Directus, and nothing else")
		}
	}
	return nil
}

// sessionOf returns the session that the grant was opened in, nil if it is gone.
// To ask for a token is use of a session that the grant is bound to, as a refresh
// is.
func (e *Endpoint) sessionOf(ctx context.Context, active token.Active) (*storage.Session, error) {
	if record := active.Session(); record != nil {
		if err := e.Sessions.TouchRecord(ctx, record); err != nil {
			e.Sink.Emit(ctx, event.Event{Name: event.InternalError, Kind: "touch session", Err: err})
		}
		return &record.Value, nil
	}
	if active.Grant.SessionID == "" {
		return nil, nil //nolint:nilnil // neither a session nor an error
	}
	return e.Sessions.Find(ctx, active.Grant.SessionID)
}

// upstreamError is what the client is told where there is no token for it.
func upstreamError(err error) error {
	switch {
	case errors.Is(err, upstream.ErrSignInAgain):
		return oauth.NewError(oauth.InvalidGrant, "there is no session at Directus for this sign-in: the user has to sign in again (prompt=login)").WithCause(err)
	case errors.Is(err, storage.ErrSessionRevoked):
		return oauth.NewError(oauth.InvalidGrant, "Directus has ended the session of the user, who is signed out: he has to sign in again").WithCause(err)
	case errors.Is(err, storage.ErrRestricted):
		return oauth.NewError(oauth.TemporarilyUnavailable, "Directus gives out no tokens at present").
			WithCause(err).WithHeader("Retry-After", "60")
	}
	return err
}

// remaining is how long a client should count on the token: not to the last
// moment, since the token is on its way and clocks differ.
func remaining(left time.Duration) int64 {
	left -= min(10*time.Second, left/10)
	return max(int64(left/time.Second), 1)
}
