package oauth

import (
	"net/url"
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
