package token

import (
	"context"
	"time"

	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// codeGrace keeps the grant of a code that nobody redeemed a little longer than
// the code, so that a late redemption is told apart from a forged one in logs.
const codeGrace = time.Minute

// Opening is what a person allowed a client, and how the client is answered.
type Opening struct {
	// Grant comes with client, subject, session, scopes and authentication
	// filled in; id, time and code are set by Open.
	Grant storage.Grant
	// ResponseType is a normal one.
	ResponseType string
	// RedirectURI and CodeChallenge are what a code is bound to.
	RedirectURI, CodeChallenge string
	// Index is the user's, as it was just read.
	Index Index
}

// Open opens the grant of an authorization response. It returns the grant and,
// where the response type has one, the authorization code for it.
func (s *Service) Open(ctx context.Context, client storage.Client, opening Opening) (grant storage.Grant, code string, err error) {
	grant = opening.Grant
	if grant.ID, err = s.newGrantID(); err != nil {
		return storage.Grant{}, "", err
	}
	now := s.Now()
	grant.IssuedAt = now
	grant.FrontChannel = oauth.FrontChannel(opening.ResponseType)
	if oauth.ReturnsCode(opening.ResponseType) {
		code, err = s.Handles.Seal(oauth.CodeHandle, codePayload{GrantID: grant.ID, SessionID: grant.SessionID})
		if err != nil {
			return storage.Grant{}, "", err
		}
		grant.Code = &storage.Code{
			Digest: oauth.Digest(code), Expires: now.Add(s.Lifetimes.Code),
			RedirectURI: opening.RedirectURI, CodeChallenge: opening.CodeChallenge,
		}
	}
	ttl := s.openTTL(opening.ResponseType)
	grant.ListedUntil = now.Add(max(ttl, s.redeemedTTL(client, grant)))
	return grant, code, s.open(ctx, grant, opening.Index, ttl)
}

// openTTL is how long a new grant is kept: until the last of what its client was
// answered with has expired.
func (s *Service) openTTL(responseType string) time.Duration {
	var longest time.Duration
	if oauth.ReturnsCode(responseType) {
		longest = s.Lifetimes.Code
	}
	if oauth.ReturnsAccessToken(responseType) {
		longest = max(longest, s.Lifetimes.AccessToken)
	}
	if oauth.ReturnsIDToken(responseType) {
		longest = max(longest, s.Lifetimes.IDToken)
	}
	return longest + codeGrace
}

// redeemedTTL is how long a grant may be kept at most once its code has been
// redeemed, without another entry in the index. Zero for one without a code.
func (s *Service) redeemedTTL(client storage.Client, grant storage.Grant) time.Duration {
	switch {
	case grant.Code == nil:
		return 0
	case refreshes(client, grant):
		return s.Lifetimes.Code + s.refreshTTL() + s.Lifetimes.RefreshToken/relistings
	}
	return s.Lifetimes.Code + s.Lifetimes.AccessToken + codeGrace
}
