package config

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"gatehouse/provider/oauth"
)

func (l *loader) checkIssuer() {
	if l.config.Issuer == "" {
		l.missing("issuer", "name the address that clients will know this provider by, such as https://id.example.com")
		return
	}
	if err := CheckIssuer(l.config.Issuer); err != nil {
		l.refuse("issuer", "%s", err)
	}
}

// CheckIssuer says what is wrong with an issuer (OpenID Connect Discovery 1.0,
// section 3; RFC 8414, section 2). Clients compare it byte for byte, so there
// must be one way to write it.
func CheckIssuer(issuer string) error {
	u, err := url.Parse(issuer)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		return fmt.Errorf("%q is not an absolute address; write it like https://id.example.com", issuer)
	case u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("%q must begin with https://", issuer)
	case u.User != nil:
		return errors.New("must not hold a user name")
	case strings.ContainsAny(issuer, "?#"):
		return fmt.Errorf("%q must have neither query nor fragment; cut it off", issuer)
	case strings.HasSuffix(issuer, "/"):
		return fmt.Errorf("%q ends in a slash; clients compare byte for byte, so write %s and register it so", issuer, strings.TrimRight(issuer, "/"))
	case u.Scheme == "http" && !oauth.IsLoopback(u.Hostname()):
		return fmt.Errorf("%q must use https; http is for loopback hosts (localhost, 127.0.0.1, [::1]) only", issuer)
	}
	if canonical := canonicalIssuer(u); canonical != issuer {
		return fmt.Errorf("%q can be written in more than one way; write %s", issuer, canonical)
	}
	return nil
}

func canonicalIssuer(u *url.URL) string {
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	standard := map[string]string{"https": "443", "http": "80"}
	if port != "" && port != standard[u.Scheme] {
		host += ":" + port
	}
	canonical := u.Scheme + "://" + host
	if path := (&url.URL{Path: u.Path}).JoinPath().EscapedPath(); path != "" && path != "/" {
		canonical += path
	}
	return canonical
}

// LoopbackIssuer says whether the issuer is for this machine only.
func (c *Config) LoopbackIssuer() bool {
	u, err := url.Parse(c.Issuer)
	return err == nil && u.Host != "" && oauth.IsLoopback(u.Hostname())
}
