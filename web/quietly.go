package web

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strconv"

	"gatehouse/provider/authorize"
	"gatehouse/provider/event"
	"gatehouse/storage"
)

// quietly has Directus do something about an address of mail, so that neither
// the answer nor its time tells whether there is an account with it: ask is
// called once for every address, and the answer is held back.
//
// A network that asked too often gets an addressThrottledError at once, which
// depends on the network only. Too many mails to one address are left out and
// nobody is told: the answer is nil, and takes as long.
//
// It goes on when the browser hangs up, since Directus does too.
func (web *Web) quietly(r *http.Request, purpose purpose, email string, ask func(ctx context.Context, caller storage.Caller) error) error {
	request := event.RequestOf(r.Context())
	began, lasting := web.now(), context.WithoutCancel(r.Context())
	networks := web.mailings.networks(request.ClientAddress)
	if err := web.mailings.take(lasting, networks); err != nil {
		return err
	}
	recipient := web.mailings.recipient(purpose, email)
	err := web.mailings.take(lasting, recipient)
	switch {
	case err == nil:
		ctx, cancel := context.WithTimeout(lasting, web.attemptTimeout)
		defer cancel()
		err = ask(ctx, storage.Caller{ClientAddress: request.ClientAddress, UserAgent: request.UserAgent})
		if err != nil && !mayHaveMailed(err) {
			err = errors.Join(err, web.mailings.giveBack(lasting, recipient))
		}
	case errors.Is(err, errMailThrottled):
		web.sink.Emit(lasting, event.Event{Name: event.MailThrottled, Kind: string(purpose), Reason: "too many mails to the address"})
		err = nil
	}
	return errors.Join(err, web.pace.hold(r.Context(), web.now().Sub(began)))
}

// mayHaveMailed says that Directus may have sent a mail although it did not
// answer.
func mayHaveMailed(err error) bool {
	return errors.Is(err, storage.ErrUncertain) || errors.Is(err, context.DeadlineExceeded)
}

// askedTooOften shows that a network asked for too many mails, and whether it
// did.
func (s *screens) askedTooOften(w http.ResponseWriter, r *http.Request, purpose purpose, again authorize.StartAgain, err error) bool {
	var throttled *addressThrottledError
	if !errors.As(err, &throttled) {
		return false
	}
	s.sink.Emit(r.Context(), event.Event{Name: event.MailThrottled, Kind: string(purpose), Reason: "too many mails from the network"})
	seconds := int(math.Ceil(throttled.retryAfter.Seconds()))
	w.Header().Set("Retry-After", strconv.Itoa(seconds))
	kind := errorKind{name: "mails", code: "too_many_attempts", minutes: (seconds + 59) / 60, retry: here(r, "", "")}
	s.showError(w, r, http.StatusTooManyRequests, kind, again)
	return true
}
