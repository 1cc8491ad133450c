package web

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"time"

	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

const (
	// spendingMemory is as long as Directus's mails are good for.
	spendingMemory = 7 * 24 * time.Hour
	// endingTries is how often sessions are tried to be ended.
	endingTries = 3
)

// spending is what the token of a mail is used for: how asks Directus, and spent
// does here what has to follow.
type spending struct {
	how   func(ctx context.Context, caller storage.Caller) (storage.Account, error)
	spent func(ctx context.Context, account storage.Account) error
	// again says that what follows is as right for a token that was used before:
	// Directus signed it, and this person got it.
	again bool
}

// spend uses the token of a mail up. It goes on when the browser hangs up: the
// token may be spent by then.
//
// What has to follow must not be left out because an answer of Directus was lost,
// the store failed or the process ended in between: somebody may have set a new
// password to be rid of whoever is signed in with the old one. So it is noted
// that the token is being spent, until all is done. If Directus then calls it
// used at the next try, all of it is done then, and the answer is
// storage.ErrLinkUsed all the same: the password may be the first one.
//
// A refused token counts as a failed sign-in of the network, before Directus is
// asked: anybody can make up tokens that Directus has to look at. The error of a
// network that failed too often is an addressThrottledError.
func (s *screens) spend(r *http.Request, token storage.Secret, what spending) (storage.Account, error) {
	request, lasting := event.RequestOf(r.Context()), context.WithoutCancel(r.Context())
	ctx, cancel := context.WithTimeout(lasting, s.attemptTimeout)
	defer cancel()
	if err := s.addresses.reserve(ctx, request.ClientAddress); err != nil {
		return storage.Account{}, err
	}
	// The digest: names of records are not sealed.
	name := "mail\x00" + base64.RawURLEncoding.EncodeToString(oauth.Digest(token.Reveal()))
	err := s.store.Seen.Add(ctx, name, storage.Mark{}, spendingMemory)
	begun := errors.Is(err, storage.ErrExists)
	if err != nil && !begun {
		return storage.Account{}, fmt.Errorf("note that a mail is used: %w", err)
	}
	account, err := what.how(ctx, storage.Caller{ClientAddress: request.ClientAddress, UserAgent: request.UserAgent})
	if err == nil || errors.Is(err, storage.ErrUnavailable) {
		s.forgive(lasting, request.ClientAddress)
	}
	missed := (begun || what.again) && account.ID != "" && errors.Is(err, storage.ErrLinkUsed)
	switch {
	case err == nil, missed:
		if failed := what.spent(lasting, account); failed != nil {
			return storage.Account{}, failed
		}
	case begun, !leftAlone(err):
		return storage.Account{}, err
	}
	if failed := s.store.Seen.Delete(lasting, name); failed != nil {
		s.sink.Emit(lasting, event.Event{Name: event.InternalError, Kind: "screen", Reason: "a note about a mail was not deleted", Err: failed})
	}
	return account, err
}

// forgive gives the network back what was counted as a failure and was none.
func (web *Web) forgive(ctx context.Context, clientAddress string) {
	if err := web.addresses.forgive(ctx, clientAddress); err != nil {
		web.sink.Emit(ctx, event.Event{Name: event.InternalError, Kind: "throttle", Reason: "attempt was not given back", Err: err})
	}
}

// linkThrottled shows that a network failed too often, and whether it did.
func (s *screens) linkThrottled(w http.ResponseWriter, r *http.Request, err error) bool {
	again := s.interactions.StartAgain(r)
	return errors.Is(err, errAddressThrottled) && s.tooMany(w, r, attemptFor{back: s.prefix + accountPath, again: again}, err)
}

// leftAlone says that Directus certainly did nothing with a token.
func leftAlone(err error) bool {
	for _, refusal := range []error{storage.ErrLinkInvalid, storage.ErrLinkExpired, storage.ErrLinkUsed, storage.ErrPasswordPolicy} {
		if errors.Is(err, refusal) {
			return true
		}
	}
	return notTaken(err)
}

// persistently tries again what must not be left out.
func persistently(do func() error) error {
	var err error
	for range endingTries {
		if err = do(); err == nil {
			return nil
		}
	}
	return err
}
