package token

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/go-jose/go-jose/v4"
	oidc "github.com/zitadel/oidc/v3/pkg/oidc"
)

// companions are what travels with an ID token. It holds a hash of each that is
// there, so that none can be exchanged for another's on the way.
type companions struct{ accessToken, code, state string }

// newIDToken follows OpenID Connect Core 1.0, section 2. Client id and other
// claims of access tokens stay out.
func (s *Service) newIDToken(ctx context.Context, authorization Authorization, with companions, identity map[string]any, now time.Time) (string, error) {
	grant, client := authorization.Grant, authorization.Client
	alg := algorithm(client.IDTokenSignedResponseAlg)
	claims := oidc.IDTokenClaims{
		TokenClaims: oidc.TokenClaims{
			Issuer: s.Issuer, Subject: s.Subject(client, grant.Subject), Audience: oidc.Audience{client.ID},
			Expiration: oidc.FromTime(now.Add(s.Lifetimes.IDToken)), IssuedAt: oidc.FromTime(now),
			AuthTime: oidc.FromTime(grant.AuthenticatedAt), Nonce: authorization.Nonce,
			AuthenticationContextClassReference: grant.ACR, AuthenticationMethodsReferences: grant.AMR,
		},
		SessionID: s.SID(grant.SessionID, client.ID),
		Claims:    identity,
	}
	if err := with.vouch(&claims, alg); err != nil {
		return "", err
	}
	payload, err := json.Marshal(&claims)
	if err != nil {
		return "", fmt.Errorf("encode ID token: %w", err)
	}
	signed, err := s.Signer.Sign(alg, idTokenType, payload)
	if err != nil {
		return "", err
	}
	return s.encryptIDToken(ctx, client, signed)
}

// vouch sets at_hash and c_hash (OpenID Connect Core 1.0, section 3.3.2.11) and
// s_hash (FAPI 1.0 Part 2, section 5.1).
func (c companions) vouch(claims *oidc.IDTokenClaims, alg jose.SignatureAlgorithm) (err error) {
	if claims.AccessTokenHash, err = halfHash(c.accessToken, alg); err != nil {
		return err
	}
	if claims.CodeHash, err = halfHash(c.code, alg); err != nil {
		return err
	}
	state, err := halfHash(c.state, alg)
	if err != nil || state == "" {
		return err
	}
	// The map is the caller's.
	claims.Claims = maps.Clone(claims.Claims)
	if claims.Claims == nil {
		claims.Claims = map[string]any{}
	}
	claims.Claims["s_hash"] = state
	return nil
}

// halfHash is empty for what is not there.
func halfHash(value string, alg jose.SignatureAlgorithm) (string, error) {
	if value == "" {
		return "", nil
	}
	hash, err := oidc.ClaimHash(value, alg)
	if err != nil {
		return "", fmt.Errorf("hash what comes with an ID token: %w", err)
	}
	return hash, nil
}
