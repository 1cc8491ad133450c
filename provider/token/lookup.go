package token

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	oidc "github.com/zitadel/oidc/v3/pkg/oidc"

	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// ErrInactive says that a token is none of ours, has expired, or was revoked.
var ErrInactive = errors.New("token is not active")

// signingAlgorithms are those that access tokens are signed with.
var signingAlgorithms = []jose.SignatureAlgorithm{jose.RS256, jose.PS256, jose.ES256, jose.EdDSA} //nolint:gochecknoglobals // a constant in all but syntax

// Active is a token that was recognised and is good now.
type Active struct {
	Grant  storage.Grant
	Client storage.Client
	// Subject is the sub by which the client knows the user, or the client
	// itself where it acts for itself.
	Subject string
	Scopes  []string
	// ID is the identifier by which the token can be revoked, JTI the claim of
	// that name. Both are empty for a refresh token.
	ID, JTI  string
	Audience []string
	IssuedAt time.Time
	Expires  time.Time
	// Refresh tells a refresh token from an access token.
	Refresh bool

	session *storage.Record[storage.Session]
}

// Session returns the record of the session that the grant is bound to, or nil.
func (a Active) Session() *storage.Record[storage.Session] { return a.session }

// AccessToken recognises an access token of either format, or returns
// ErrInactive. An ID token, a refresh token or a shortened token is none.
func (s *Service) AccessToken(ctx context.Context, token string) (Active, error) {
	payload, jti, err := s.parseAccessToken(ctx, token)
	if err != nil {
		return Active{}, err
	}
	if s.Now().Unix() >= payload.Expires {
		return Active{}, ErrInactive
	}
	f, err := s.living(ctx, payload.GrantID, payload.SessionID)
	if err != nil {
		return Active{}, err
	}
	grant := f.grant.Value
	if payload.ID == "" || slices.ContainsFunc(grant.Revoked, func(r storage.RevokedToken) bool { return r.ID == payload.ID }) {
		return Active{}, ErrInactive
	}
	client, err := s.clientOf(ctx, grant)
	if err != nil {
		return Active{}, err
	}
	return Active{
		Grant: grant, Client: client, Subject: s.subjectOf(client, grant), Scopes: payload.Scopes, ID: payload.ID, JTI: jti, Audience: payload.Audience,
		IssuedAt: time.Unix(payload.IssuedAt, 0), Expires: time.Unix(payload.Expires, 0), session: f.session,
	}, nil
}

// living returns the grant of a token, or ErrInactive if it is gone, or the
// session that it is bound to.
func (s *Service) living(ctx context.Context, grantID, sessionID string) (family, error) {
	f, err := s.load(ctx, grantID, sessionID)
	if errors.Is(err, storage.ErrNotFound) {
		return family{}, ErrInactive
	}
	return f, err
}

// clientOf returns the client of a token, or ErrInactive for one that was
// removed, or that only has the id of the one it was issued to.
func (s *Service) clientOf(ctx context.Context, grant storage.Grant) (storage.Client, error) {
	client, err := s.Clients.Client(ctx, grant.ClientID)
	if errors.Is(err, storage.ErrNotFound) || err == nil && foreign(client, grant) {
		return storage.Client{}, ErrInactive
	}
	if err != nil {
		return storage.Client{}, err
	}
	return client, s.checkSubject(client, grant)
}

// checkSubject fails where the sub of a user cannot be told: the secret that the
// client's pairwise subjects are derived with was taken out of the
// configuration. Another sub would be another user to the client.
func (s *Service) checkSubject(client storage.Client, grant storage.Grant) error {
	if grant.Subject != "" && s.Subject(client, grant.Subject) == "" {
		return errors.New("client " + client.ID + " has pairwise subjects, and their secret is missing")
	}
	return nil
}

// subjectOf is the sub of a grant's access tokens (RFC 9068, section 2.2).
func (s *Service) subjectOf(client storage.Client, grant storage.Grant) string {
	if grant.Subject == "" {
		return client.ID
	}
	return s.Subject(client, grant.Subject)
}

// foreign says that the grant was made to an earlier client of the same id.
func foreign(client storage.Client, grant storage.Grant) bool {
	return client.CreatedAt.After(grant.IssuedAt)
}

// parseAccessToken returns what the token says, and its jti.
func (s *Service) parseAccessToken(ctx context.Context, token string) (accessPayload, string, error) {
	var payload accessPayload
	if strings.Count(token, ".") != 2 {
		if err := s.Handles.Open(oauth.AccessTokenHandle, token, &payload); err != nil {
			return accessPayload{}, "", ErrInactive
		}
		return payload, payload.ID, nil
	}
	body, err := s.Signer.Verify(ctx, token, accessTokenType, signingAlgorithms...)
	if err != nil {
		return accessPayload{}, "", ErrInactive
	}
	var claims jwtAccessToken
	if json.Unmarshal(body, &claims) != nil || claims.Issuer != s.Issuer {
		return accessPayload{}, "", ErrInactive
	}
	var reference grantReference
	if err := s.Handles.Open(oauth.GrantHandle, claims.JWTID, &reference); err != nil {
		return accessPayload{}, "", ErrInactive
	}
	return accessPayload{
		ID: reference.ID, GrantID: reference.GrantID, SessionID: reference.SessionID,
		Scopes: strings.Fields(claims.Scope), IssuedAt: int64(claims.IssuedAt), Expires: int64(claims.Expiration),
		Audience: claims.Audience,
	}, claims.JWTID, nil
}

// RefreshToken recognises a refresh token that could be used now, or returns
// ErrInactive. It changes nothing.
func (s *Service) RefreshToken(ctx context.Context, token string) (Active, error) {
	var payload refreshPayload
	if err := s.Handles.Open(oauth.RefreshTokenHandle, token, &payload); err != nil {
		return Active{}, ErrInactive
	}
	f, err := s.living(ctx, payload.GrantID, payload.SessionID)
	if err != nil {
		return Active{}, err
	}
	grant := f.grant.Value
	if grant.Refresh == nil || !oauth.DigestMatches(token, grant.Refresh.Digest) || !s.Now().Before(grant.Refresh.Expires) {
		return Active{}, ErrInactive
	}
	client, err := s.clientOf(ctx, grant)
	if err != nil {
		return Active{}, err
	}
	return Active{
		Grant: grant, Client: client, Subject: s.subjectOf(client, grant), Scopes: grant.Scopes,
		Expires: grant.Refresh.Expires, Refresh: true,
	}, nil
}

// maxRevoked bounds the access tokens of one grant that are revoked one by one.
const maxRevoked = 256

// RevokeAccessToken revokes one access token and leaves its grant (RFC 7009,
// section 2.1), unless its client does so without end: then the grant goes.
func (s *Service) RevokeAccessToken(ctx context.Context, active Active) error {
	if len(active.Grant.Revoked) >= maxRevoked {
		return s.Revoke(ctx, active.Grant, "too many revoked access tokens")
	}
	err := s.Store.Grants.Update(ctx, active.Grant.ID, func(grant *storage.Grant) error {
		now := s.Now()
		grant.Revoked = slices.DeleteFunc(grant.Revoked, func(r storage.RevokedToken) bool { return !now.Before(r.Expires) })
		grant.Revoked = append(grant.Revoked, storage.RevokedToken{ID: active.ID, Expires: active.Expires})
		return nil
	})
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	return err
}

// RevokeFamily revokes the grant that a refresh token belongs to, in whatever
// generation it is: whoever has it wants it gone.
func (s *Service) RevokeFamily(ctx context.Context, client storage.Client, token string) error {
	var payload refreshPayload
	if err := s.Handles.Open(oauth.RefreshTokenHandle, token, &payload); err != nil {
		return ErrInactive
	}
	record, err := s.Store.Grants.Get(ctx, payload.GrantID)
	if errors.Is(err, storage.ErrNotFound) {
		return ErrInactive
	}
	if err != nil {
		return err
	}
	if record.Value.ClientID != client.ID {
		return oauth.NewError(oauth.InvalidGrant, "the token was issued to another client")
	}
	return s.Revoke(ctx, record.Value, "revoked by its client")
}

// IDTokenHint reads a signed ID token of this issuer that may have expired (OpenID
// Connect Core 1.0, section 3.1.2.1; RP-Initiated Logout 1.0, section 4), or
// returns ErrInactive.
func (s *Service) IDTokenHint(ctx context.Context, token string) (*oidc.IDTokenClaims, error) {
	body, err := s.Signer.Verify(ctx, token, idTokenType, signingAlgorithms...)
	if err != nil {
		return nil, ErrInactive
	}
	var claims oidc.IDTokenClaims
	if json.Unmarshal(body, &claims) != nil || claims.Issuer != s.Issuer || claims.Subject == "" || len(claims.Audience) == 0 || claims.Expiration == 0 {
		return nil, ErrInactive
	}
	return &claims, nil
}
