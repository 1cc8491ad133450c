package token

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	oidc "github.com/zitadel/oidc/v3/pkg/oidc"

	"gatehouse/provider/event"
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
	set := Set{
		AccessToken: access, TokenType: oidc.BearerToken,
		ExpiresIn:    int64(s.Lifetimes.AccessToken / time.Second),
		RefreshToken: authorization.RefreshToken,
		Scope:        strings.Join(authorization.Scopes, " "),
	}
	grant := authorization.Grant
	if grant.Subject != "" && slices.Contains(authorization.Scopes, oidc.ScopeOpenID) {
		set.IDToken, err = s.newIDToken(authorization, access, identity, now)
		if err != nil {
			return Set{}, err
		}
	}
	s.Sink.Emit(ctx, event.Event{
		Name: event.TokenIssued, ClientID: grant.ClientID, Subject: grant.Subject,
		GrantID: grant.ID, SessionID: grant.SessionID,
	})
	return set, nil
}

// newIDToken follows OpenID Connect Core 1.0, section 2. Client id and other
// claims of access tokens stay out.
func (s *Service) newIDToken(authorization Authorization, access string, identity map[string]any, now time.Time) (string, error) {
	grant, client := authorization.Grant, authorization.Client
	alg := algorithm(client.IDTokenSignedResponseAlg)
	atHash, err := oidc.ClaimHash(access, alg)
	if err != nil {
		return "", fmt.Errorf("hash access token: %w", err)
	}
	claims := oidc.IDTokenClaims{
		TokenClaims: oidc.TokenClaims{
			Issuer: s.Issuer, Subject: s.Subject(client, grant.Subject), Audience: oidc.Audience{client.ID},
			Expiration: oidc.FromTime(now.Add(s.Lifetimes.IDToken)), IssuedAt: oidc.FromTime(now),
			AuthTime: oidc.FromTime(grant.AuthenticatedAt), Nonce: authorization.Nonce,
			AuthenticationContextClassReference: grant.ACR, AuthenticationMethodsReferences: grant.AMR,
		},
		AccessTokenHash: atHash,
		SessionID:       s.SID(grant.SessionID, client.ID),
		Claims:          identity,
	}
	payload, err := json.Marshal(&claims)
	if err != nil {
		return "", fmt.Errorf("encode ID token: %w", err)
	}
	return s.Signer.Sign(alg, idTokenType, payload)
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
