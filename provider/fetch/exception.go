package fetch

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"gatehouse/provider/oauth"
)

// Exception is an entry of the configuration key outbound.allow. It is one of
//
//   - a host name, which then may resolve to private addresses (RFC 1918, RFC 4193);
//   - an address or a network (CIDR), which then may be reached by https, whatever
//     the name;
//   - an origin http://localhost:PORT, http://127.0.0.1:PORT or http://[::1]:PORT,
//     which then may be reached without TLS.
type Exception struct {
	host    string
	network netip.Prefix
	origin  string
}

// ParseException reads an entry. The error says how to write it.
func ParseException(text string) (Exception, error) {
	switch {
	case strings.Contains(text, "://"):
		return parseOrigin(text)
	case strings.Contains(text, "/"):
		return parseNetwork(text)
	}
	if address, err := netip.ParseAddr(text); err == nil && address.Zone() == "" {
		return parseNetwork(netip.PrefixFrom(address, address.BitLen()).String())
	}
	return parseHost(text)
}

// String is the entry as it would be written.
func (e Exception) String() string {
	switch {
	case e.host != "":
		return e.host
	case e.origin != "":
		return e.origin
	case e.network.IsSingleIP():
		return e.network.Addr().String()
	}
	return e.network.String()
}

func parseOrigin(text string) (Exception, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return Exception{}, fmt.Errorf("%q is not an address; write it like http://localhost:3000", text)
	case u.Scheme == "https":
		return Exception{}, fmt.Errorf("%q: https needs no origin; write the host name or the address alone", text)
	case u.Scheme != "http" || !oauth.IsLoopback(u.Hostname()):
		return Exception{}, fmt.Errorf("%q: only http on a loopback host (localhost, 127.0.0.1, [::1]) can be allowed; everything else needs https", text)
	case u.Port() == "" || text != "http://"+u.Host:
		return Exception{}, fmt.Errorf("%q is not an origin with its port; write it like http://localhost:3000", text)
	}
	return Exception{origin: strings.ToLower(text)}, nil
}

func parseNetwork(text string) (Exception, error) {
	network, err := netip.ParsePrefix(text)
	switch {
	case err != nil:
		return Exception{}, fmt.Errorf("%q is not a network; write it like 10.1.0.0/16, 10.1.2.3 or fd00::/8", text)
	case network.Addr().Is4In6():
		return Exception{}, fmt.Errorf("%q hides an IPv4 address; write that", text)
	case network.Masked() != network:
		return Exception{}, fmt.Errorf("%q has bits beyond its length; write %s", text, network.Masked())
	case network.Bits() == 0:
		return Exception{}, fmt.Errorf("%q is every address there is; name your own networks", text)
	}
	return Exception{network: network}, nil
}

func parseHost(text string) (Exception, error) {
	host := strings.ToLower(text)
	switch problem := hostProblem(host); {
	case host == "localhost":
		return Exception{}, errors.New("localhost is not allowed as a whole; write http://localhost:PORT, or 127.0.0.1 for https")
	case problem != "":
		return Exception{}, fmt.Errorf("%q %s; write a host name, an address, a network such as 10.1.0.0/16, or http://localhost:PORT", text, problem)
	}
	return Exception{host: host}, nil
}

// hostProblem says why a text is no host name, or nothing.
func hostProblem(host string) string {
	if host == "" || len(host) > 253 {
		return "is no host name"
	}
	labels := strings.Split(host, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return "is no host name"
		}
		for _, c := range label {
			letter := c >= 'a' && c <= 'z' || c >= '0' && c <= '9'
			// Compose and others name hosts with underscores.
			if !letter && c != '-' && c != '_' {
				return fmt.Sprintf("holds %q, which no host name has", c)
			}
		}
	}
	if last := labels[len(labels)-1]; strings.Trim(last, "0123456789") == "" || strings.HasPrefix(last, "0x") {
		// Some resolvers read 127.1 and 0x7f.1 as addresses.
		return "looks like an address and is none"
	}
	return ""
}
