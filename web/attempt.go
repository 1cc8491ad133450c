package web

import (
	"context"
	"errors"
	"net/http"

	"gatehouse/provider/event"
	"gatehouse/storage"
)

// authenticate asks the user store about credentials, within the limits of the
// account and of the network address. Besides the errors of Accounts it returns
// ErrExhausted or an addressThrottledError; then the user store was not asked.
//
// It goes on when the browser hangs up: otherwise a stranger could guess and
// hang up, and Directus would count what we do not.
func (web *Web) authenticate(r *http.Request, credentials storage.Credentials) (SignInResult, error) {
	caller := event.RequestOf(r.Context())
	credentials.ClientAddress, credentials.UserAgent = caller.ClientAddress, caller.UserAgent
	lasting := context.WithoutCancel(r.Context())
	ctx, cancel := context.WithTimeout(lasting, web.attemptTimeout)
	defer cancel()
	if err := web.addresses.reserve(ctx, caller.ClientAddress); err != nil {
		return SignInResult{}, err
	}
	attempt, err := web.limiter.Reserve(ctx, credentials.Email, web.devices.account(r, credentials.Email))
	if err != nil {
		return SignInResult{}, err
	}
	began := web.now()
	result, err := web.accounts.Authenticate(ctx, credentials)
	result.Began = began
	if settleErr := web.settle(lasting, attempt, caller.ClientAddress, err); settleErr != nil {
		// The attempt counts as failed by itself; the answer stands.
		web.sink.Emit(lasting, event.Event{Name: event.InternalError, Kind: "throttle", Reason: "attempt was not settled", Err: settleErr})
	}
	return result, err
}

// settle ends the reservations by what the user store said.
func (web *Web) settle(ctx context.Context, attempt Attempt, address string, outcome error) error {
	switch {
	case outcome == nil:
		return errors.Join(web.limiter.Succeeded(ctx, attempt), web.addresses.forgive(ctx, address))
	case errors.Is(outcome, storage.ErrOTPRequired):
		// The password was right, but Directus counts the step as a failure.
		return errors.Join(web.limiter.Failed(ctx, attempt), web.addresses.forgive(ctx, address))
	case errors.Is(outcome, storage.ErrMalformed):
		return web.limiter.Refund(ctx, attempt)
	case errors.Is(outcome, storage.ErrUncertain), errors.Is(outcome, context.DeadlineExceeded), errors.Is(outcome, context.Canceled):
		return errors.Join(web.limiter.Failed(ctx, attempt), web.addresses.forgive(ctx, address))
	case errors.Is(outcome, storage.ErrUnavailable):
		return errors.Join(web.limiter.Refund(ctx, attempt), web.addresses.forgive(ctx, address))
	}
	return web.limiter.Failed(ctx, attempt)
}

// reasonOf is the outcome of a sign-in in the words of the audit log.
func reasonOf(err error) string {
	switch {
	case errors.Is(err, storage.ErrInvalidCredentials):
		return "credentials refused"
	case errors.Is(err, storage.ErrInvalidOTP):
		return "one-time password refused"
	case errors.Is(err, storage.ErrRestricted):
		return "restricted by the user store"
	case errors.Is(err, storage.ErrMalformed):
		return "input refused by the user store"
	case errors.Is(err, storage.ErrUnavailable):
		return "user store unavailable"
	}
	return "internal error"
}
