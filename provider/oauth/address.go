package oauth

import (
	"net/url"
	"slices"
	"strings"
)

// Below returns the address of a path, which begins with a slash, below the
// issuer.
func Below(issuer, path string) string { return strings.TrimSuffix(issuer, "/") + path }

// AddQuery adds parameters to the query of an address and leaves what is there
// as it stands, to the letter (RFC 6749, section 3.1.2). The address has no
// fragment: none that has one is registered.
func AddQuery(address string, parameters url.Values) string {
	separator := "?"
	if strings.Contains(address, "?") {
		separator = "&"
		if strings.HasSuffix(address, "?") {
			separator = ""
		}
	}
	return address + separator + parameters.Encode()
}

// LoopbackHosts are the hosts that mean this machine, as they stand in an address
// (RFC 8252, sections 7.3 and 8.3). Others of 127.0.0.0/8 are not among them, nor
// is a name that only resolves to one.
func LoopbackHosts() []string { return []string{"127.0.0.1", "[::1]", "localhost"} }

// IsLoopback says whether a host, without port, is one of LoopbackHosts, with or
// without brackets.
func IsLoopback(host string) bool {
	host = strings.ToLower(host)
	return slices.Contains(LoopbackHosts(), host) || host == "::1"
}
