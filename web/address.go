package web

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gatehouse/provider/event"
	"gatehouse/storage"
)

// errAddressThrottled says that too many sign-ins from one network address
// failed. It comes as an addressThrottledError.
var errAddressThrottled = errors.New("too many failed sign-ins from the address")

type addressThrottledError struct {
	retryAfter time.Duration
}

func (e *addressThrottledError) Error() string { return errAddressThrottled.Error() }
func (e *addressThrottledError) Unwrap() error { return errAddressThrottled }

// wideFactor is how many times the limit of an IPv6 /64 that of its /48 is.
const wideFactor = 10

// addresses counts failed sign-ins by network address.
type addresses struct {
	table  *storage.Table[storage.AddressAttempts]
	now    func() time.Time
	limit  int
	window time.Duration
}

// network is a prefix of addresses that are counted together.
type network struct {
	name  string
	limit int
}

// reserve counts an attempt as failed before it is made, or returns an
// addressThrottledError and counts nothing. forgive takes it back.
func (a *addresses) reserve(ctx context.Context, address string) error {
	networks := networksOf(address, a.limit)
	for i, n := range networks {
		if err := a.count(ctx, n); err != nil {
			return errors.Join(err, a.takeBack(ctx, networks[:i]))
		}
	}
	return nil
}

func (a *addresses) count(ctx context.Context, n network) error {
	err := a.table.Upsert(ctx, n.name, a.window, func(attempts *storage.AddressAttempts) error {
		now := a.now()
		if now.Sub(attempts.Since) >= a.window {
			*attempts = storage.AddressAttempts{Since: now}
		}
		if attempts.Failures >= n.limit {
			return &addressThrottledError{retryAfter: attempts.Since.Add(a.window).Sub(now)}
		}
		attempts.Failures++
		return nil
	})
	if err != nil && !errors.Is(err, errAddressThrottled) {
		return fmt.Errorf("count attempts of an address: %w", err)
	}
	return err
}

// forgive takes back what reserve counted.
func (a *addresses) forgive(ctx context.Context, address string) error {
	return a.takeBack(ctx, networksOf(address, a.limit))
}

func (a *addresses) takeBack(ctx context.Context, networks []network) error {
	for _, n := range networks {
		err := a.table.Update(ctx, n.name, func(attempts *storage.AddressAttempts) error {
			attempts.Failures = max(0, attempts.Failures-1)
			return nil
		})
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return fmt.Errorf("count attempts of an address: %w", err)
		}
	}
	return nil
}

// networksOf are the networks of an address with the limit of each.
func networksOf(address string, limit int) []network {
	var networks []network
	for _, n := range event.NetworksOf(address) {
		most := limit
		if n.Wide {
			most = wideFactor * limit
		}
		networks = append(networks, network{n.Name, most})
	}
	return networks
}
