package authorize

import (
	"net/http"
	"net/netip"
	"time"

	"github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"

	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
)

// Every request that waits is a record in the store, and anybody may start one.
// One address may start many at once, but not go on like that.
const (
	waitingPerSecond = 5
	waitingBurst     = 100
	// watchedAddresses bounds the memory. An address that falls out begins anew.
	watchedAddresses = 10_000
)

// flood limits the waiting requests of each network address, on this node.
type flood struct {
	limiters *lru.Cache[string, *rate.Limiter]
}

func newFlood() (*flood, error) {
	limiters, err := lru.New[string, *rate.Limiter](watchedAddresses)
	return &flood{limiters: limiters}, err
}

func (f *flood) allow(address string, now time.Time) bool {
	network := networkOf(address)
	limiter, ok := f.limiters.Get(network)
	if !ok {
		limiter = rate.NewLimiter(waitingPerSecond, waitingBurst)
		if other, found, _ := f.limiters.PeekOrAdd(network, limiter); found {
			limiter = other
		}
	}
	return limiter.AllowN(now, 1)
}

// flooded refuses another waiting request from a network that started too many.
func (e *Endpoint) flooded(r *http.Request) error {
	if e.flood.allow(event.RequestOf(r.Context()).ClientAddress, e.Now()) {
		return nil
	}
	return oauth.NewError(oauth.TemporarilyUnavailable, "too many sign-ins were started from this network").
		WithStatus(http.StatusTooManyRequests)
}

// networkOf is the /64 of an IPv6 address, since whoever has one has all of it.
func networkOf(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	if ip = ip.Unmap(); ip.Is4() {
		return ip.String()
	}
	network, err := ip.WithZone("").Prefix(64)
	if err != nil {
		return address
	}
	return network.String()
}
