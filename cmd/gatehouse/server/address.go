package server

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Proxies are the networks whose word on the client's address is believed.
type Proxies []netip.Prefix

// ClientAddress returns the address of whoever sent the request: the right-most
// one on the way that is not a trusted proxy. Each proxy appends whom it spoke
// to, so everything to the left of an address that is not trusted was written by
// that stranger and is ignored.
func (p Proxies) ClientAddress(r *http.Request) string {
	address, ok := parseAddress(r.RemoteAddr)
	if !ok {
		return ""
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !p.trusts(address) {
			break
		}
		next, ok := parseAddress(strings.TrimSpace(hop))
		if !ok {
			// No proxy writes that. What is known is who sent it.
			break
		}
		address = next
	}
	return address.String()
}

func (p Proxies) trusts(address netip.Addr) bool {
	return slices.ContainsFunc(p, func(prefix netip.Prefix) bool { return prefix.Contains(address) })
}

// parseAddress takes an address with or without port. A zone means nothing
// outside the machine, and an IPv4 address in IPv6 is the IPv4 address.
func parseAddress(text string) (netip.Addr, bool) {
	if host, _, err := net.SplitHostPort(text); err == nil {
		text = host
	}
	address, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		return netip.Addr{}, false
	}
	return address.Unmap().WithZone(""), true
}
