package web

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// policy is the Content-Security-Policy of a page: nothing but our own style
// and script, pictures of ourselves, of the operator's look and of the logos of
// the apps that the page shows, and forms to ourselves and to targets.
func (web *Web) policy(targets []string, logos ...string) string {
	return directives(targets, append(slices.Clone(web.lookSources), sources(logos...)...))
}

// closedPolicy is that of a page whose address holds the token of a mail: nothing
// is asked of anybody else, not even a picture.
func closedPolicy() string { return directives(nil, nil) }

func directives(targets, pictures []string) string {
	return strings.Join([]string{
		"default-src 'none'",
		"style-src 'self'",
		"script-src 'self'",
		"img-src " + strings.Join(append([]string{"'self'"}, pictures...), " "),
		"form-action " + strings.Join(append([]string{"'self'"}, targets...), " "),
		"base-uri 'none'",
		"frame-ancestors 'none'",
	}, "; ")
}

// lookSources are where the pictures of the operator's look are. Nobody knows
// what those of an overlay are, so that any over https will do.
func lookSources(config Config) []string {
	if config.Overlay != nil {
		return []string{"https:"}
	}
	return sources(config.Theme.LogoURL, config.Theme.FaviconURL, config.Theme.BackgroundURL)
}

// sources are those of the addresses of pictures, each once.
func sources(addresses ...string) []string {
	var all []string
	for _, address := range addresses {
		if s := source(webAddress(address)); s != "" {
			all = append(all, s)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// onward are the targets of a form that ends at the client. Browsers apply
// form-action to every redirect that follows a form, also to those that the
// client makes from its callback to wherever its person was. Those origins are
// registered nowhere: naming only that of the callback leaves people with a
// button that does nothing (an oauth2-proxy for several hosts, a proxy for
// previews). So any https address will do, but of the rest only what the client
// needs.
func onward(address string) []string {
	target := source(address)
	switch {
	case target == "" || strings.HasPrefix(target, "https:"):
		return []string{"https:"}
	case strings.HasPrefix(target, "http://"):
		return []string{"https:", "http://localhost:*", "http://127.0.0.1:*"}
	}
	return []string{"https:", target}
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
