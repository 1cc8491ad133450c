package web

import (
	"context"
	"errors"
	"time"

	"gatehouse/provider/quota"
)

// errAddressThrottled says that too many sign-ins from one network address
// failed. It comes as an addressThrottledError.
var errAddressThrottled = errors.New("too many failed sign-ins from the address")

type addressThrottledError struct {
	retryAfter time.Duration
}

func (e *addressThrottledError) Error() string { return errAddressThrottled.Error() }
func (e *addressThrottledError) Unwrap() error { return errAddressThrottled }

// throttled is the error of a network whose quota is used up.
func throttled(wait time.Duration) error { return &addressThrottledError{retryAfter: wait} }

// addresses counts failed sign-ins by network address.
type addresses struct {
	counter quota.Counter
	limit   int
}

// reserve counts an attempt as failed before it is made, or returns an
// addressThrottledError and counts nothing. forgive takes it back.
func (a *addresses) reserve(ctx context.Context, address string) error {
	return takeOr(ctx, a.counter, a.networks(address), throttled)
}

// forgive takes back what reserve counted.
func (a *addresses) forgive(ctx context.Context, address string) error {
	return a.counter.GiveBack(ctx, a.networks(address)...)
}

func (a *addresses) networks(address string) []quota.Quota {
	return quota.Networks("", address, a.limit)
}

// takeOr counts a use in every quota, or in none and returns the error that full
// makes of how long to wait.
func takeOr(ctx context.Context, counter quota.Counter, quotas []quota.Quota, full func(wait time.Duration) error) error {
	err := counter.Take(ctx, quotas...)
	if used, ok := errors.AsType[*quota.FullError](err); ok {
		return errors.Join(full(used.Wait), err)
	}
	return err
}
