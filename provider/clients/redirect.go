package clients

import (
	"net/url"
	"slices"
	"strings"

	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// MatchRedirectURI says whether uri is one of the client's redirect URIs:
// the same string (RFC 6749, section 3.1.2.3; RFC 9700, section 2.1), except
// that a native app on a loopback address may come with any port, which its
// operating system chose (RFC 8252, section 7.3). There are no wildcards.
func MatchRedirectURI(client storage.Client, uri string) bool {
	return match(client, client.RedirectURIs, uri)
}

// MatchPostLogoutRedirectURI is MatchRedirectURI for the addresses after
// sign-out (OpenID Connect RP-Initiated Logout 1.0, section 3.1).
func MatchPostLogoutRedirectURI(client storage.Client, uri string) bool {
	return match(client, client.PostLogoutRedirectURIs, uri)
}

func match(client storage.Client, registered []string, uri string) bool {
	if slices.Contains(registered, uri) {
		return true
	}
	if !client.Native() {
		return false
	}
	host, rest, ok := splitLoopback(uri)
	if !ok {
		return false
	}
	for _, r := range registered {
		if h, p, ok := splitLoopback(r); ok && h == host && p == rest {
			return true
		}
	}
	return false
}

// splitLoopback takes the port out of an http address on a loopback host. It
// works on the string, so that no two parsers can read an address differently:
// the host is one of three literals, the port digits only, and what follows
// begins a path or a query.
func splitLoopback(uri string) (host, rest string, ok bool) {
	for _, host := range oauth.LoopbackHosts() {
		rest, found := strings.CutPrefix(uri, "http://"+host)
		if !found {
			continue
		}
		if digits, found := strings.CutPrefix(rest, ":"); found {
			rest = strings.TrimLeft(digits, "0123456789")
			if !validPort(digits[:len(digits)-len(rest)]) {
				return "", "", false
			}
		}
		if rest != "" && rest[0] != '/' && rest[0] != '?' {
			return "", "", false
		}
		return host, rest, true
	}
	return "", "", false
}

func validPort(digits string) bool {
	if digits == "" || len(digits) > 5 || digits[0] == '0' {
		return false
	}
	return len(digits) < 5 || digits <= "65535"
}

// redirectURIProblem says why an address may not be registered, or nothing.
func redirectURIProblem(uri string, native bool) string {
	u, problem := parseURI(uri)
	if problem != "" {
		return problem
	}
	switch u.Scheme {
	case "https", "http":
		return WebURIProblem(uri)
	}
	switch {
	case !strings.Contains(u.Scheme, "."):
		// RFC 8252, section 7.1: the scheme is a reversed domain name, so that
		// two apps do not claim the same; this also keeps out javascript: and
		// its like.
		return `has a scheme without a dot; a private-use scheme is a reversed domain name, such as com.example.app:/callback`
	case !native:
		return "has a private-use scheme, which only application_type: native may have"
	}
	return ""
}

// WebURIProblem says why an address is not one for a browser (https, or http on
// a loopback host), or nothing.
func WebURIProblem(uri string) string {
	u, problem := parseURI(uri)
	switch {
	case problem != "":
		return problem
	case u.Scheme != "https" && u.Scheme != "http":
		return "must begin with https://"
	case u.Hostname() == "":
		return "has no host"
	case u.Scheme == "http" && !oauth.IsLoopback(u.Hostname()):
		return "must use https; http is for loopback hosts (localhost, 127.0.0.1, [::1]) only"
	}
	return ""
}

func parseURI(uri string) (*url.URL, string) {
	switch {
	case uri == "":
		return nil, "is empty"
	case len(uri) > maxTextLength:
		return nil, "is too long"
	case strings.ContainsFunc(uri, func(r rune) bool { return r <= ' ' || r > '~' || r == '\\' }):
		return nil, "holds a space, a backslash or a character outside ASCII; percent-encode it"
	case strings.Contains(uri, "*"):
		return nil, "holds a wildcard; name each address in full"
	case strings.Contains(uri, "#"):
		// RFC 6749, section 3.1.2.
		return nil, "has a fragment (#…), which it must not have"
	}
	u, err := url.Parse(uri)
	switch {
	case err != nil || u.Scheme == "":
		return nil, "is not an absolute address"
	case u.User != nil:
		return nil, "holds a user name, which it must not"
	case u.Scheme != strings.ToLower(uri[:len(u.Scheme)]) || uri[:len(u.Scheme)] != u.Scheme:
		return nil, "must write its scheme in lower case"
	case strings.Contains(u.Host, "@") || u.Host != "" && !strings.Contains(uri, "://"+u.Host):
		return nil, "has a host that is not written plainly"
	case u.Port() != "" && !validPort(u.Port()), strings.HasSuffix(u.Host, ":"):
		return nil, "has a port that is none"
	}
	return u, ""
}
