package web

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"gatehouse/storage"
)

// addressThrottled says that too many sign-ins from one network address failed.
type addressThrottled struct {
	retryAfter time.Duration
}

func (e *addressThrottled) Error() string { return "too many failed sign-ins from the address" }

// addresses counts failed sign-ins by network address.
type addresses struct {
	table  *storage.Table[storage.AddressAttempts]
	now    func() time.Time
	limit  int
	window time.Duration
}

// reserve counts an attempt as failed before it is made, or returns an
// addressThrottled. forgive takes it back.
func (a *addresses) reserve(ctx context.Context, address string) error {
	name := network(address)
	if name == "" {
		return nil
	}
	err := a.table.Upsert(ctx, name, a.window, func(attempts *storage.AddressAttempts) error {
		now := a.now()
		if now.Sub(attempts.Since) >= a.window {
			*attempts = storage.AddressAttempts{Since: now}
		}
		if attempts.Failures >= a.limit {
			return &addressThrottled{retryAfter: attempts.Since.Add(a.window).Sub(now)}
		}
		attempts.Failures++
		return nil
	})
	var throttled *addressThrottled
	if err != nil && !errors.As(err, &throttled) {
		return fmt.Errorf("count attempts of an address: %w", err)
	}
	return err
}

// forgive takes back what reserve counted.
func (a *addresses) forgive(ctx context.Context, address string) error {
	name := network(address)
	if name == "" {
		return nil
	}
	err := a.table.Update(ctx, name, func(attempts *storage.AddressAttempts) error {
		attempts.Failures = max(0, attempts.Failures-1)
		return nil
	})
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("count attempts of an address: %w", err)
	}
	return nil
}

// network is what one subscriber can be expected to hold: an IPv4 address, or
// the /64 of an IPv6 address, in which everybody picks addresses at will.
func network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return ""
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	prefix, err := ip.Prefix(64)
	if err != nil {
		return ""
	}
	return prefix.String()
}
