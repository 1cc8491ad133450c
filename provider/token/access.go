package token

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	oidc "github.com/zitadel/oidc/v3/pkg/oidc"

	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// The header typ keeps JWT access tokens (RFC 9068, section 2.1) and ID tokens
// apart. A signed answer of userinfo is told from an ID token by its lack of exp.
const (
	accessTokenType = "at+jwt"
	idTokenType     = "JWT"
	userInfoType    = "JWT"
)

// accessPayload is what an opaque access token holds. Nothing of it is stored.
type accessPayload struct {
	ID        string   `json:"j"`
	GrantID   string   `json:"g"`
	SessionID string   `json:"s,omitempty"`
	Scopes    []string `json:"c,omitempty"`
	Audience  []string `json:"a,omitempty"`
	IssuedAt  int64    `json:"i"`
	Expires   int64    `json:"e"`
}

// grantReference is what the jti of a JWT access token holds, sealed.
type grantReference struct {
	ID        string `json:"j"`
	GrantID   string `json:"g"`
	SessionID string `json:"s,omitempty"`
}

func (s *Service) newAccessToken(authorization Authorization, now time.Time) (string, error) {
	id, err := oauth.RandomID(s.Random, 12)
	if err != nil {
		return "", err
	}
	grant := authorization.Grant
	expires := now.Add(s.Lifetimes.AccessToken)
	if authorization.Client.AccessTokenFormat == "jwt" {
		return s.newJWTAccessToken(authorization, id, now, expires)
	}
	return s.Handles.Seal(oauth.AccessTokenHandle, accessPayload{
		ID: id, GrantID: grant.ID, SessionID: boundSession(grant),
		Scopes: authorization.Scopes, Audience: s.audience(authorization),
		IssuedAt: now.Unix(), Expires: expires.Unix(),
	})
}

// boundSession names the session that must be alive for the grant to be.
func boundSession(grant storage.Grant) string {
	if grant.Bound() {
		return grant.SessionID
	}
	return ""
}

// jwtAccessToken is the claims set of RFC 9068, section 2.2.
type jwtAccessToken struct {
	oidc.TokenClaims
	Scope string `json:"scope,omitempty"`
}

func (s *Service) newJWTAccessToken(authorization Authorization, id string, now, expires time.Time) (string, error) {
	grant, client := authorization.Grant, authorization.Client
	reference, err := s.Handles.Seal(oauth.GrantHandle, grantReference{ID: id, GrantID: grant.ID, SessionID: boundSession(grant)})
	if err != nil {
		return "", err
	}
	claims := jwtAccessToken{
		TokenClaims: oidc.TokenClaims{
			Issuer: s.Issuer, Subject: s.subjectOf(client, grant), Audience: s.audience(authorization),
			ClientID: client.ID, JWTID: reference,
			Expiration: oidc.FromTime(expires), IssuedAt: oidc.FromTime(now), AuthTime: oidc.FromTime(grant.AuthenticatedAt),
			AuthenticationContextClassReference: grant.ACR, AuthenticationMethodsReferences: grant.AMR,
		},
		Scope: strings.Join(authorization.Scopes, " "),
	}
	payload, err := withClaims(claims, authorization.Claims)
	if err != nil {
		return "", fmt.Errorf("encode access token: %w", err)
	}
	return s.Signer.Sign(algorithm(client.AccessTokenAlg), accessTokenType, payload)
}

// withClaims adds claims of the user to those of the protocol, of which none gives
// way (RFC 9068, sections 2.2.2 and 2.2.3).
func withClaims(token jwtAccessToken, user map[string]any) ([]byte, error) {
	payload, err := json.Marshal(&token)
	if err != nil || len(user) == 0 {
		return payload, err
	}
	all := maps.Clone(user)
	var protocol map[string]json.RawMessage
	if err := json.Unmarshal(payload, &protocol); err != nil {
		return nil, err
	}
	for name, value := range protocol {
		all[name] = value
	}
	return json.Marshal(all)
}

// audience is where the token is meant to be used: the resources that were
// asked for now, else with the authorization request, else those registered for
// the client, and this issuer itself where the token opens userinfo.
func (s *Service) audience(authorization Authorization) []string {
	audience := authorization.Audience
	if len(audience) == 0 {
		audience = authorization.Grant.Audience
	}
	if len(audience) == 0 {
		audience = authorization.Client.Audience
	}
	if len(audience) == 0 || slices.Contains(authorization.Scopes, oidc.ScopeOpenID) {
		audience = append(slices.Clone(audience), s.Issuer)
	}
	return audience
}
