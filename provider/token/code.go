package token

import (
	"context"
	"errors"

	oidc "github.com/zitadel/oidc/v3/pkg/oidc"

	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// codePayload is what an authorization code names.
type codePayload struct {
	GrantID   string `json:"g"`
	SessionID string `json:"s,omitempty"`
}

// Redemption is what a client presents with an authorization code.
type Redemption struct {
	Code         string
	RedirectURI  string
	CodeVerifier string
}

// errCode is the one answer to every code that is not good, so that nothing is
// learnt from the difference.
func errCode(cause string) error {
	return oauth.NewError(oauth.InvalidGrant, "the authorization code is invalid, expired, or was issued to another client").
		WithCause(errors.New(cause))
}

// RedeemCode exchanges an authorization code (RFC 6749, section 4.1.3). The
// client has been authenticated. Of any number of concurrent redemptions one
// succeeds. A second redemption by the same client revokes what the first gave
// (RFC 6749, section 4.1.2).
//
// check is asked, once the code is known to be good and before it is spent,
// whether the user may still sign in.
func (s *Service) RedeemCode(ctx context.Context, client storage.Client, redemption Redemption, check func(context.Context, storage.Grant) error) (Authorization, error) {
	var payload codePayload
	if err := s.Handles.Open(oauth.CodeHandle, redemption.Code, &payload); err != nil {
		return Authorization{}, errCode("not a code of this issuer")
	}
	for {
		f, err := s.load(ctx, payload.GrantID, payload.SessionID)
		if errors.Is(err, storage.ErrNotFound) {
			return Authorization{}, errCode("its grant or session is gone")
		}
		if err != nil {
			return Authorization{}, err
		}
		grant := f.grant.Value
		if err := s.checkCode(ctx, client, grant, redemption); err != nil {
			return Authorization{}, err
		}
		if err := check(ctx, grant); err != nil {
			return Authorization{}, err
		}
		authorization, err := s.spendCode(ctx, client, f)
		if errors.Is(err, storage.ErrConflict) {
			continue // somebody else redeemed it first: look again
		}
		return authorization, err
	}
}

func (s *Service) checkCode(ctx context.Context, client storage.Client, grant storage.Grant, redemption Redemption) error {
	code := grant.Code
	switch {
	case code == nil || !oauth.DigestMatches(redemption.Code, code.Digest):
		return errCode("not the code of its grant")
	case grant.ClientID != client.ID, foreign(client, grant):
		return errCode("issued to another client")
	case !code.RedeemedAt.IsZero():
		s.Sink.Emit(ctx, event.Event{
			Name: event.CodeReplayed, ClientID: client.ID, Subject: grant.Subject,
			GrantID: grant.ID, SessionID: grant.SessionID,
		})
		if err := s.Revoke(ctx, grant, "authorization code was redeemed twice"); err != nil {
			return err
		}
		return errCode("redeemed before")
	case !s.Now().Before(code.Expires):
		return errCode("expired")
	case redemption.RedirectURI != code.RedirectURI:
		// RFC 6749, section 4.1.3. RFC 9700 lets clients with PKCE leave it out;
		// OpenID Connect Core 1.0, section 3.1.3.2 does not.
		return oauth.NewError(oauth.InvalidGrant, "redirect_uri is not the one of the authorization request")
	}
	return checkVerifier(client, code, redemption.CodeVerifier)
}

// checkVerifier demands a verifier exactly where there was a challenge (RFC
// 7636, section 4.6): without one, a code that was issued with a challenge could
// be used by whoever stole it; with one too many, a downgraded authorization
// request would go unnoticed (RFC 9700, section 2.1.1).
func checkVerifier(client storage.Client, code *storage.Code, verifier string) error {
	switch {
	case code.CodeChallenge == "" && client.Public():
		return oauth.NewError(oauth.InvalidGrant, "a public client needs PKCE")
	case code.CodeChallenge == "" && verifier != "":
		return oauth.NewError(oauth.InvalidGrant, "the authorization request had no code_challenge")
	case code.CodeChallenge == "":
		return nil
	case verifier == "":
		return oauth.NewError(oauth.InvalidGrant, "code_verifier is missing")
	case len(verifier) < 43 || len(verifier) > 128:
		return oauth.NewError(oauth.InvalidGrant, "code_verifier must have 43 to 128 characters")
	}
	challenge := &oidc.CodeChallenge{Challenge: code.CodeChallenge, Method: oidc.CodeChallengeMethodS256}
	if !oidc.VerifyCodeChallenge(challenge, verifier) {
		return oauth.NewError(oauth.InvalidGrant, "code_verifier does not match the code_challenge")
	}
	return nil
}

func (s *Service) spendCode(ctx context.Context, client storage.Client, f family) (Authorization, error) {
	grant := f.grant.Value
	code := *grant.Code
	code.RedeemedAt = s.Now()
	grant.Code = &code
	authorization := Authorization{Client: client, Scopes: grant.Scopes, Nonce: grant.Nonce}
	ttl := s.Lifetimes.AccessToken + codeGrace
	if refreshes(client, grant) {
		refresh, token, err := s.firstRefresh(grant)
		if err != nil {
			return Authorization{}, err
		}
		grant.Refresh, authorization.RefreshToken = refresh, token
		ttl = s.refreshTTL()
	}
	if err := s.replace(ctx, f.grant, grant, ttl); err != nil {
		return Authorization{}, err
	}
	authorization.Grant = grant
	authorization.session = f.session
	return authorization, nil
}
