package web

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// policy is the Content-Security-Policy of a page: nothing but our own style
// and script, pictures over https, and forms to ourselves and to targets.
//
// The browser applies form-action to the redirects that follow a form as well,
// so a page whose form ends at the client names the client's origin.
func policy(targets, pictures []string) string {
	return strings.Join([]string{
		"default-src 'none'",
		"style-src 'self'",
		"script-src 'self'",
		"img-src " + strings.Join(append([]string{"'self'", "https:"}, pictures...), " "),
		"form-action " + strings.Join(append([]string{"'self'"}, targets...), " "),
		"base-uri 'none'",
		"frame-ancestors 'none'",
	}, "; ")
}

var (
	schemePattern = regexp.MustCompile(`^[a-z][a-z0-9+.-]*$`)
	hostPattern   = regexp.MustCompile(`^[a-z0-9.-]+(:[0-9]+)?$`)
)

// source is an address as a source expression of CSP Level 3, section 2.3.1, or
// empty where none can name it. Whatever could end the directive is refused.
func source(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	scheme, host := strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	switch {
	case !schemePattern.MatchString(scheme):
		return ""
	case scheme != "https" && scheme != "http":
		return scheme + ":" // private-use scheme of an app (RFC 8252, section 7.1)
	case strings.HasPrefix(host, "["):
		return scheme + ":" // CSP has no way to write an IPv6 address
	case !hostPattern.MatchString(host):
		return ""
	}
	return scheme + "://" + host
}

// sources are the addresses that have a source expression, each once.
func sources(addresses ...string) []string {
	var found []string
	seen := map[string]bool{"": true}
	for _, address := range addresses {
		if s := source(address); !seen[s] {
			seen[s] = true
			found = append(found, s)
		}
	}
	return found
}

// plainPictures are the sources of pictures that are not fetched over https:
// those of apps under development, on this machine.
func plainPictures(addresses ...string) []string {
	var plain []string
	for _, s := range sources(addresses...) {
		if strings.HasPrefix(s, "http://") {
			plain = append(plain, s)
		}
	}
	return plain
}

// secure sets the headers that every page has.
func secure(header http.Header, contentSecurityPolicy string) {
	header.Set("Content-Security-Policy", contentSecurityPolicy)
	header.Set("X-Frame-Options", "DENY")
	header.Set("X-Content-Type-Options", "nosniff")
	// Addresses name requests. "no-referrer" would hide them too, but makes
	// browsers send "Origin: null" with our own forms.
	if header.Get("Referrer-Policy") == "" {
		header.Set("Referrer-Policy", "same-origin")
	}
	header.Set("Cache-Control", "no-store")
}
