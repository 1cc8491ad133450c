package token

import (
	"context"
	"slices"
	"strings"
	"time"

	oidc "github.com/zitadel/oidc/v3/pkg/oidc"

	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// Issue makes the tokens of an authorization: an access token always, an ID
// token if scope openid was granted. identity are claims of the user that go
// into the ID token besides those of the protocol, and may be nil.
func (s *Service) Issue(ctx context.Context, authorization Authorization, identity map[string]any) (Set, error) {
	if err := s.checkSubject(authorization.Client, authorization.Grant); err != nil {
		return Set{}, err
	}
	now := s.Now()
	access, err := s.newAccessToken(authorization, now)
	if err != nil {
		return Set{}, err
	}
	set := s.accessSet(authorization, access)
	set.RefreshToken = authorization.RefreshToken
	grant := authorization.Grant
	if grant.Subject != "" && slices.Contains(authorization.Scopes, oidc.ScopeOpenID) {
		set.IDToken, err = s.newIDToken(ctx, authorization, companions{accessToken: access}, identity, now)
		if err != nil {
			return Set{}, err
		}
	}
	s.issued(ctx, grant)
	return set, nil
}

// FrontChannel is what an authorization response with tokens in it answers.
type FrontChannel struct {
	// ResponseType is a normal one.
	ResponseType string
	// Code is the authorization code that goes with the tokens, State the state
	// of the request. Both may be empty.
	Code, State string
}

// IssueFrontChannel makes the tokens of an authorization response (OpenID Connect
// Core 1.0, sections 3.2.2.5 and 3.3.2.5): what the response type names, and never
// a refresh token. The ID token vouches for what comes with it.
func (s *Service) IssueFrontChannel(ctx context.Context, authorization Authorization, answer FrontChannel, identity map[string]any) (Set, error) {
	if err := s.checkSubject(authorization.Client, authorization.Grant); err != nil {
		return Set{}, err
	}
	now := s.Now()
	var set Set
	if oauth.ReturnsAccessToken(answer.ResponseType) {
		access, err := s.newAccessToken(authorization, now)
		if err != nil {
			return Set{}, err
		}
		set = s.accessSet(authorization, access)
	}
	if oauth.ReturnsIDToken(answer.ResponseType) {
		with := companions{accessToken: set.AccessToken, code: answer.Code, state: answer.State}
		var err error
		if set.IDToken, err = s.newIDToken(ctx, authorization, with, identity, now); err != nil {
			return Set{}, err
		}
	}
	s.issued(ctx, authorization.Grant)
	return set, nil
}

func (s *Service) accessSet(authorization Authorization, access string) Set {
	return Set{
		AccessToken: access, TokenType: oidc.BearerToken,
		ExpiresIn: int64(s.Lifetimes.AccessToken / time.Second),
		Scope:     strings.Join(authorization.Scopes, " "),
	}
}

func (s *Service) issued(ctx context.Context, grant storage.Grant) {
	s.Sink.Emit(ctx, event.Event{
		Name: event.TokenIssued, ClientID: grant.ClientID, Subject: grant.Subject,
		GrantID: grant.ID, SessionID: grant.SessionID,
	})
}

// OpenClient opens a grant for a client that acts for itself (RFC 6749, section
// 4.4). It gets no refresh token.
func (s *Service) OpenClient(ctx context.Context, client storage.Client, scopes, audience []string) (Authorization, error) {
	id, err := s.newGrantID()
	if err != nil {
		return Authorization{}, err
	}
	grant := storage.Grant{ID: id, ClientID: client.ID, Scopes: scopes, Audience: audience, IssuedAt: s.Now()}
	if err := s.open(ctx, grant, Index{}, s.Lifetimes.AccessToken); err != nil {
		return Authorization{}, err
	}
	return Authorization{Client: client, Grant: grant, Scopes: scopes}, nil
}
