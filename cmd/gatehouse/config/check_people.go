package config

import (
	"net"
	"net/url"
	"regexp"
	"strings"

	"golang.org/x/net/publicsuffix"

	"gatehouse/cmd/gatehouse/addresses"
	"gatehouse/cmd/gatehouse/passwords"
	"gatehouse/provider/oauth"
)

const (
	writeTokenKey   = "directus.write_token"
	publicURLKey    = "directus.public_url"
	externalKey     = "directus.external_sign_in"
	cookieDomainKey = "directus.cookie_domain"
	emailFilterKey  = "directus.email_filter"
	roleKey         = "registration.role"
)

var uuid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

func (l *loader) checkRegistration() {
	d, r := l.config.Directus, l.config.Registration
	if d.WriteToken != "" && d.WriteToken == d.Token {
		l.refuse(writeTokenKey, "is directus.token too; keep that one read-only, and make another with: gatehouse setup --write-token")
	}
	if r.Role != "" && !uuid.MatchString(r.Role) {
		l.refuse(roleKey, "%q is not the id of a role, which is a UUID; it is the end of the role's address in the Studio, and gatehouse setup prints it", r.Role)
	}
	if r.Mode != RegistrationByToken {
		if r.Role != "" {
			l.refuse(roleKey, "means nothing while registration.mode is %s; remove it, or write registration.mode: %s", r.Mode, RegistrationByToken)
		}
		return
	}
	if d.WriteToken == "" && !l.options.WithoutToken && !l.failed(writeTokenKey) {
		l.refuse("registration.mode", "%s needs %s; run gatehouse setup --write-token, or write auto", r.Mode, writeTokenKey)
	}
	if r.Role == "" && !l.failed(roleKey) {
		l.refuse("registration.mode", "%s needs %s, the id of a role without Studio access; gatehouse setup prints that of the customer role", r.Mode, roleKey)
	}
}

func (l *loader) checkPasswordPolicy() {
	if _, err := passwords.Parse(l.config.Directus.PasswordPolicy); err != nil {
		l.refuse("directus.password_policy", "%s", err)
	}
}

// checkEmailFilter also makes sure that somebody applies the filter: Directus has
// it for its own registration only.
func (l *loader) checkEmailFilter() {
	filter, err := addresses.Parse(l.config.Directus.EmailFilter)
	switch {
	case err != nil:
		l.refuse(emailFilterKey, "%s", err)
	case filter.Left() != "" && l.config.Registration.Mode == RegistrationByToken:
		l.refuse(emailFilterKey, "holds what only Directus knows (%s), and Directus does not look at it where registration.mode is %s; write it otherwise, or none", filter.Left(), RegistrationByToken)
	}
}

// checkExternalSignIn makes sure that the cookie which Directus sets at the end
// of an external sign-in can reach us at all.
func (l *loader) checkExternalSignIn() {
	d := l.config.Directus
	public, ok := l.publicURL()
	if !d.ExternalSignIn {
		if d.CookieDomain != "" {
			l.refuse(cookieDomainKey, "means nothing without %s: true; remove it", externalKey)
		}
		return
	}
	issuer, err := url.Parse(l.config.Issuer)
	if d.PublicURL == "" {
		l.refuse(externalKey, "needs %s, the address of Directus in a browser", publicURLKey)
	}
	if !ok || err != nil || issuer.Host == "" {
		return
	}
	l.checkCookieDomain(strings.ToLower(public.Hostname()), strings.ToLower(issuer.Hostname()))
}

func (l *loader) publicURL() (*url.URL, bool) {
	given := l.config.Directus.PublicURL
	if given == "" {
		return nil, false
	}
	u, err := url.Parse(given)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || strings.ContainsAny(given, "?#") {
		l.refuse(publicURLKey, "is not an address of Directus; write it like https://directus.example.com, without user, query or fragment")
		return nil, false
	}
	if u.Scheme == "http" && !oauth.IsLoopback(u.Hostname()) {
		l.refuse(publicURLKey, "%q must use https; http is for loopback hosts only", given)
		return nil, false
	}
	return u, true
}

// checkCookieDomain applies the rules of RFC 6265, section 5.3: a host's own
// cookie goes to that host alone, one with a domain to every host below it, and
// none is taken for a public suffix.
func (l *loader) checkCookieDomain(public, issuer string) {
	domain := strings.ToLower(strings.TrimPrefix(l.config.Directus.CookieDomain, "."))
	parent := sharedParent(public, issuer)
	switch {
	case public != issuer && parent == "":
		l.refuse(externalKey, "cannot work: %s (%s) and issuer (%s) share no parent domain, so no browser hands us the cookie of Directus; put both below one domain, or write false", publicURLKey, public, issuer)
	case domain == "" && public != issuer:
		l.refuse(externalKey, "needs %s: write %s, here and as REFRESH_TOKEN_COOKIE_DOMAIN and SESSION_COOKIE_DOMAIN in the environment of Directus", cookieDomainKey, parent)
	case domain == "":
	case isAddress(domain) || domain == "localhost":
		l.refuse(cookieDomainKey, "%q cannot have a cookie for the hosts below it; remove the key", domain)
	case !below(public, domain) || !below(issuer, domain):
		l.refuse(cookieDomainKey, "%q is not above both %s (%s) and issuer (%s); write %s", domain, publicURLKey, public, issuer, orHost(parent))
	case publicSuffix(domain):
		l.refuse(cookieDomainKey, "%q is a public suffix, for which no browser takes a cookie; write %s", domain, orHost(parent))
	}
}

// sharedParent is the registrable domain of both hosts, or empty.
func sharedParent(a, b string) string {
	if isAddress(a) || isAddress(b) {
		return ""
	}
	parentOfA, errA := publicsuffix.EffectiveTLDPlusOne(a)
	parentOfB, errB := publicsuffix.EffectiveTLDPlusOne(b)
	if errA != nil || errB != nil || parentOfA != parentOfB {
		return ""
	}
	return parentOfA
}

func publicSuffix(domain string) bool {
	suffix, _ := publicsuffix.PublicSuffix(domain)
	return suffix == domain
}

func isAddress(host string) bool { return net.ParseIP(host) != nil }

func below(host, domain string) bool {
	return host == domain || strings.HasSuffix(host, "."+domain)
}

func orHost(parent string) string {
	if parent == "" {
		return "nothing"
	}
	return parent
}
