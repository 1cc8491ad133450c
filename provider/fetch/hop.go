package fetch

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"gatehouse/provider/oauth"
)

// maxAddresses bounds how many addresses of a host are tried.
const maxAddresses = 4

// hop is an address that passed as text. Where its host may lead is left to permits,
// when it was resolved.
type hop struct {
	url     *url.URL
	permits func(netip.Addr) bool
}

// check looks at an address as text.
func (f *Fetcher) check(address string) (hop, error) {
	target, err := url.Parse(address)
	switch {
	case err != nil, target.Hostname() == "", target.Opaque != "":
		return hop{}, fmt.Errorf("%w: it is no absolute URL", ErrRefused)
	case target.User != nil:
		return hop{}, fmt.Errorf("%w: it contains credentials", ErrRefused)
	}
	target.Fragment, target.RawFragment = "", ""
	switch {
	case target.Scheme == "https":
		return hop{target, f.permitsOverTLS(target.Hostname())}, nil
	case target.Scheme == "http" && f.loopback(target):
		return hop{target, netip.Addr.IsLoopback}, nil
	}
	return hop{}, fmt.Errorf("%w: it is not https", ErrRefused)
}

// loopback says whether an address on this machine may be asked without TLS. Names
// that only resolve to it are not meant: those belong to strangers.
func (f *Fetcher) loopback(target *url.URL) bool {
	if !oauth.IsLoopback(target.Hostname()) {
		return false
	}
	origin := strings.ToLower(target.Scheme + "://" + target.Host)
	return f.config.AllowLoopback || slices.ContainsFunc(f.config.Allow, func(e Exception) bool { return e.origin == origin })
}

// permitsOverTLS says which addresses a host may resolve to.
func (f *Fetcher) permitsOverTLS(host string) func(netip.Addr) bool {
	ownMachine := f.config.AllowLoopback && oauth.IsLoopback(host)
	ownHost := slices.ContainsFunc(f.config.Allow, func(e Exception) bool { return e.host != "" && strings.EqualFold(e.host, host) })
	return func(address netip.Addr) bool {
		return isPublic(address) || ownHost && address.IsPrivate() || ownMachine && address.IsLoopback() ||
			slices.ContainsFunc(f.config.Allow, func(e Exception) bool { return e.network.Contains(address) })
	}
}

// dialer connects to those addresses of a host that the hop permits. What is
// checked is what is dialled.
func (f *Fetcher) dialer(at hop) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		candidates, err := f.resolve(ctx, host)
		if err != nil {
			return nil, err
		}
		candidates = slices.DeleteFunc(candidates, func(a netip.Addr) bool { return !at.permits(a) })
		if len(candidates) == 0 {
			return nil, fmt.Errorf("%w: it leads to no public address, nor to one in outbound.allow", ErrRefused)
		}
		candidates = candidates[:min(len(candidates), maxAddresses)]
		for _, candidate := range candidates {
			var conn net.Conn
			if conn, err = f.connect(ctx, network, net.JoinHostPort(candidate.String(), port), len(candidates)); err == nil {
				return conn, nil
			}
		}
		return nil, err
	}
}

// connect gives an address its share of the time, so that one that is silent leaves
// some for the next.
func (f *Fetcher) connect(ctx context.Context, network, address string, shares int) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, f.config.Timeout/time.Duration(shares))
	defer cancel()
	return f.config.Dial(ctx, network, address)
}

// resolve returns the addresses of a host, in their plain form: an IPv4 address
// within an IPv6 one (::ffff:127.0.0.1) must not pass for another.
func (f *Fetcher) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if literal, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{literal.Unmap()}, nil
	}
	found, err := f.config.Resolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	plain := make([]netip.Addr, len(found))
	for i, address := range found {
		plain[i] = address.Unmap()
	}
	return plain, nil
}
