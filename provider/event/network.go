package event

import "net/netip"

// Network is a prefix of addresses that are counted together.
type Network struct {
	Name string
	// Wide says that it is large enough to hold several subscribers.
	Wide bool
}

// NetworksOf are what one subscriber can be expected to hold: an IPv4 address, or
// the /64 of an IPv6 address, in which everybody picks addresses at will. Some
// hold a whole /48 of 65,536 such, so that is returned too.
func NetworksOf(address string) []Network {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return nil
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		return []Network{{Name: ip.String()}}
	}
	var networks []Network
	for _, n := range []struct {
		bits int
		wide bool
	}{{64, false}, {48, true}} {
		prefix, err := ip.Prefix(n.bits)
		if err != nil {
			return nil
		}
		networks = append(networks, Network{Name: prefix.String(), Wide: n.wide})
	}
	return networks
}
