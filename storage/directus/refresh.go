package directus

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"gatehouse/storage"
	"gatehouse/storage/directus/internal/rest"
)

// errHeldByAnother says that another is refreshing, or just has: look again.
var errHeldByAnother = errors.New("another refreshes this session")

// refreshUnderLease refreshes a session unless another does.
//
// Directus's rotation is not atomic, and an answer that gets lost takes the only
// living refresh token with it. So the lease lets one at a time try; before the
// request the intent is written, which makes every earlier holder's version of
// the record stale; and the new pair is written only onto that very intent.
// What was begun is carried through when the caller goes away.
func (s *Sessions) refreshUnderLease(ctx context.Context, id string) (storage.DirectusToken, error) {
	held, err := s.takeLease(ctx, id)
	if errors.Is(err, storage.ErrExists) {
		return storage.DirectusToken{}, errHeldByAnother
	}
	if err != nil {
		return storage.DirectusToken{}, fmt.Errorf("take refresh lease: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.leaseTime)
	defer cancel()
	defer func() {
		if err := held.giveBack(ctx); err != nil {
			s.client.log.WarnContext(ctx, "refresh lease not given back", "error", err)
		}
	}()

	intent, interrupted, err := s.intend(ctx, id, held)
	if err != nil {
		return storage.DirectusToken{}, err
	}
	if s.alive(intent.Value) {
		return accessToken(intent.Value), nil
	}
	// A holder that was stopped for long must not even ask: whoever took the
	// lease over may be asking right now.
	if s.client.now().Add(s.client.rest.Timeout()).After(held.until) {
		return storage.DirectusToken{}, errHeldByAnother
	}
	pair, _, err := s.client.refresh(ctx, storage.Secret(intent.Value.RefreshToken))
	if err == nil && pair.subject != intent.Value.Subject {
		s.client.discard(ctx, pair)
		return storage.DirectusToken{}, unavailable(errors.New("refresh: directus answered with another user's tokens"))
	}
	if err != nil {
		return storage.DirectusToken{}, s.refreshFailed(ctx, id, intent, interrupted, err)
	}
	return s.write(ctx, intent, pair)
}

// intend writes that the lease's owner is about to refresh, and says whether an
// earlier refresh of the same generation never came to its end. If the session
// needs none any more, it writes nothing.
func (s *Sessions) intend(ctx context.Context, id string, held *lease) (
	intent *storage.Record[storage.DirectusSession], interrupted bool, err error,
) {
	record, err := s.read(ctx, id)
	if err != nil {
		return nil, false, err
	}
	if s.alive(record.Value) {
		return record, false, nil
	}
	session := record.Value
	interrupted = session.Refreshing == session.Generation
	session.Refreshing, session.RefreshingBy = session.Generation, held.owner
	err = s.store.DirectusSessions.Swap(ctx, record, session)
	if errors.Is(err, storage.ErrConflict) {
		return nil, false, errHeldByAnother
	}
	if err != nil {
		return nil, false, fmt.Errorf("record intent to refresh: %w", err)
	}
	intent, err = s.read(ctx, id)
	if err != nil {
		return nil, false, err
	}
	if intent.Value.RefreshingBy != held.owner {
		return nil, false, errHeldByAnother
	}
	return intent, interrupted, nil
}

// write puts the new pair in the place of the intent.
func (s *Sessions) write(ctx context.Context, intent *storage.Record[storage.DirectusSession], pair Pair) (storage.DirectusToken, error) {
	if !s.Keeps(pair) {
		// The user has become an administrator.
		s.client.discard(ctx, pair)
		if err := s.store.DirectusSessions.Delete(ctx, intent.Value.ID); err != nil {
			return storage.DirectusToken{}, fmt.Errorf("drop directus session: %w", err)
		}
		return storage.DirectusToken{}, storage.ErrPairLost
	}
	session := newRecord(intent.Value.ID, pair, intent.Value.Generation+1)
	session.KeptAt = intent.Value.KeptAt
	standing := intent
	var err error
	for range writeAttempts {
		session.ExpectedAt = time.Time{}
		if s.client.now().Sub(standing.Value.ExpectedAt) < expectedFor {
			session.ExpectedAt = standing.Value.ExpectedAt
		}
		err = s.store.DirectusSessions.SwapFor(ctx, standing, session, s.idle)
		if !errors.Is(err, storage.ErrConflict) {
			break
		}
		// Another's turn, or somebody ended the session, or expects its end.
		if standing, err = s.read(ctx, intent.Value.ID); err != nil {
			break
		}
		if !sameTurn(standing.Value, intent.Value) {
			return storage.DirectusToken{}, errHeldByAnother
		}
	}
	switch {
	case errors.Is(err, storage.ErrNotFound):
		// The session was ended meanwhile, with a token that was used up.
		s.client.discard(ctx, pair)
		return storage.DirectusToken{}, fmt.Errorf("write directus session: %w", err)
	case err != nil:
		return storage.DirectusToken{}, fmt.Errorf("write directus session: %w", err)
	}
	return accessToken(session), nil
}

// writeAttempts bounds how often a new pair is written while others change other
// parts of the record.
const writeAttempts = 8

// sameTurn says that the intent still stands: nobody has begun a refresh since.
func sameTurn(now, intent storage.DirectusSession) bool {
	return now.RefreshingBy == intent.RefreshingBy && now.Generation == intent.Generation
}

// refreshFailed decides what a failed refresh says about the session.
func (s *Sessions) refreshFailed(ctx context.Context, id string, intent *storage.Record[storage.DirectusSession], interrupted bool, cause error) error {
	switch {
	case rest.Status(cause) == http.StatusUnauthorized && rest.Code(cause) != "":
		return s.refused(ctx, id, intent, interrupted)
	case rest.Code(cause) == codeResourceRestricted:
		s.withdraw(ctx, intent, interrupted)
		return fmt.Errorf("%w: %w", storage.ErrRestricted, cause)
	case untouched(cause):
		s.withdraw(ctx, intent, interrupted)
	}
	return unavailable(cause)
}

// untouched says that the refresh token was certainly not used up: the request
// never left, or Directus's limiters turned it away at the door. Any other
// failure leaves the intent standing.
func untouched(err error) bool {
	if failure, ok := errors.AsType[*rest.FailureError](err); ok {
		return !failure.Sent
	}
	return rest.Status(err) == http.StatusTooManyRequests || rest.Code(err) == codeServiceUnavailable
}

// withdraw takes an intent back that came to nothing, so that a later refusal
// counts as one. An intent that an interrupted refresh left stays.
func (s *Sessions) withdraw(ctx context.Context, intent *storage.Record[storage.DirectusSession], interrupted bool) {
	if interrupted {
		return
	}
	session := intent.Value
	session.Refreshing, session.RefreshingBy = 0, ""
	err := s.store.DirectusSessions.Swap(ctx, intent, session)
	if err != nil && !errors.Is(err, storage.ErrConflict) && !errors.Is(err, storage.ErrNotFound) {
		s.client.log.WarnContext(ctx, "intent to refresh not withdrawn", "error", err)
	}
}

// refused deals with a pair that Directus does not take, unless it is another's
// turn. A refresh that was interrupted may have used the token up, and we may have
// ended the session ourselves: then the refusal is no sign of a revoked session, and
// the record goes. Otherwise it stays and says so, until whoever ends what came of
// the sign-in has done it.
func (s *Sessions) refused(ctx context.Context, id string, intent *storage.Record[storage.DirectusSession], interrupted bool) error {
	now, err := s.read(ctx, id)
	switch {
	case err != nil:
		return err
	case !sameTurn(now.Value, intent.Value):
		return errHeldByAnother
	}
	if interrupted || !now.Value.ExpectedAt.IsZero() {
		if err := s.store.DirectusSessions.Delete(ctx, id); err != nil {
			return fmt.Errorf("drop directus session: %w", err)
		}
		return storage.ErrPairLost
	}
	revoked := now.Value
	revoked.Revoked, revoked.AccessToken, revoked.RefreshToken = true, "", ""
	err = s.store.DirectusSessions.Swap(ctx, now, revoked)
	if errors.Is(err, storage.ErrConflict) {
		return errHeldByAnother
	}
	if err != nil {
		return fmt.Errorf("note a revoked directus session: %w", err)
	}
	return storage.ErrSessionRevoked
}
