package token

import (
	"context"
	"errors"
	"slices"

	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

func errRefresh(cause string) error {
	return oauth.NewError(oauth.InvalidGrant, "the refresh token is invalid, expired, revoked, or was issued to another client").
		WithCause(errors.New(cause))
}

// Refresh exchanges a refresh token (RFC 6749, section 6). The client has been
// authenticated. scopes may narrow what the new access token may do and is empty
// for all of it.
//
// A rotated token that comes back within the replay window gets the same
// successor again, since its first answer may have been lost; once that
// successor was used it gets nothing. After the window it is taken as stolen,
// and the whole grant is revoked (RFC 9700, section 4.14.2).
//
// check is asked before anything changes whether the user may still sign in.
func (s *Service) Refresh(ctx context.Context, client storage.Client, presented string, scopes []string, check func(context.Context, storage.Grant) error) (Authorization, error) {
	var payload refreshPayload
	if err := s.Handles.Open(oauth.RefreshTokenHandle, presented, &payload); err != nil {
		return Authorization{}, errRefresh("not a refresh token of this issuer")
	}
	for {
		f, err := s.load(ctx, payload.GrantID, payload.SessionID)
		if errors.Is(err, storage.ErrNotFound) {
			return Authorization{}, errRefresh("its grant or session is gone")
		}
		if err != nil {
			return Authorization{}, err
		}
		authorization, err := s.refresh(ctx, client, f, presented, payload.Generation, scopes, check)
		if errors.Is(err, storage.ErrConflict) {
			continue // rotated or revoked by a concurrent call: look again
		}
		return authorization, err
	}
}

func (s *Service) refresh(ctx context.Context, client storage.Client, f family, presented string, generation int, scopes []string, check func(context.Context, storage.Grant) error) (Authorization, error) {
	grant := f.grant.Value
	switch {
	case grant.ClientID != client.ID, foreign(client, grant):
		return Authorization{}, errRefresh("issued to another client")
	case grant.Refresh == nil || generation > grant.Refresh.Generation:
		return Authorization{}, errRefresh("unknown generation")
	case !s.Now().Before(grant.Refresh.Expires):
		return Authorization{}, errRefresh("expired")
	}
	narrowed, err := narrow(grant.Scopes, scopes)
	if err != nil {
		return Authorization{}, err
	}
	authorization := Authorization{Client: client, Grant: grant, Scopes: narrowed, session: f.session}
	if generation < grant.Refresh.Generation {
		authorization.RefreshToken, err = s.replay(ctx, grant, presented, generation)
		if err != nil {
			return Authorization{}, err
		}
		return authorization, check(ctx, grant)
	}
	if !oauth.DigestMatches(presented, grant.Refresh.Digest) {
		return Authorization{}, errRefresh("not the token of its generation")
	}
	if err := check(ctx, grant); err != nil {
		return Authorization{}, err
	}
	switch {
	case rotates(client):
		grant.Refresh, authorization.RefreshToken, err = s.rotated(grant, presented)
	case s.justUsed(grant.Refresh):
		return authorization, nil
	default:
		grant.Refresh = s.used(grant.Refresh)
	}
	if err != nil {
		return Authorization{}, err
	}
	if err := s.keepListed(ctx, &grant, s.refreshTTL()); err != nil {
		return Authorization{}, err
	}
	authorization.Grant = grant
	return authorization, s.replace(ctx, f.grant, grant, s.refreshTTL())
}

// replay answers a refresh token of an earlier generation.
func (s *Service) replay(ctx context.Context, grant storage.Grant, presented string, generation int) (string, error) {
	rotation, recent := s.recentRotation(grant.Refresh, generation)
	if !recent {
		s.Sink.Emit(ctx, event.Event{
			Name: event.RefreshTokenReused, ClientID: grant.ClientID, Subject: grant.Subject,
			GrantID: grant.ID, SessionID: grant.SessionID,
		})
		if err := s.Revoke(ctx, grant, "refresh token was used again"); err != nil {
			return "", err
		}
		return "", errRefresh("used again after its replay window")
	}
	if !oauth.DigestMatches(presented, rotation.Digest) {
		return "", errRefresh("not the token of its generation")
	}
	if rotation.Successor == nil {
		return "", errRefresh("its successor was used")
	}
	return unwrapSuccessor(presented, rotation.Successor)
}

// narrow returns the scopes that were asked for, all of which must have been
// granted (RFC 6749, section 6).
func narrow(granted, asked []string) ([]string, error) {
	if len(asked) == 0 {
		return granted, nil
	}
	for _, scope := range asked {
		if !slices.Contains(granted, scope) {
			return nil, oauth.NewError(oauth.InvalidScope, "the scope goes beyond what was granted")
		}
	}
	narrowed := slices.Clone(granted)
	return slices.DeleteFunc(narrowed, func(scope string) bool { return !slices.Contains(asked, scope) }), nil
}
