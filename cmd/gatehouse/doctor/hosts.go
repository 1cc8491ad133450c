package doctor

import (
	"net/url"
	"strings"

	"gatehouse/provider/oauth"
)

// hosts: browsers keep cookies by host, whatever the port, and let pages of one
// origin read each other.
func (p Patient) hosts() []Finding {
	const (
		subject = "hosts"
		fix     = "give each a host of its own, such as id.example.com and directus.example.com: issuer here, PUBLIC_URL in the environment of Directus"
	)
	issuer, err := url.Parse(p.Issuer)
	if err != nil {
		return nil
	}
	var shared bool
	for _, address := range []string{p.DirectusURL, p.DirectusPublicURL} {
		there, err := url.Parse(address)
		if err != nil || there.Host == "" || !strings.EqualFold(there.Hostname(), issuer.Hostname()) {
			continue
		}
		if there.Scheme == issuer.Scheme && port(there) == port(issuer) {
			return []Finding{{
				Error, subject, "Gatehouse and Directus have the same origin: a file or an extension in Directus that runs a script can act as whoever is signed in here, cookies mix, and their paths below /.well-known collide", fix,
			}}
		}
		shared = true
	}
	switch {
	case shared && oauth.IsLoopback(issuer.Hostname()):
		return []Finding{{Note, subject, "Gatehouse and Directus share a host, and with it cookies, which know no ports; on this machine only, that does no harm", fix}}
	case shared:
		return []Finding{{Warning, subject, "Gatehouse and Directus share a host: cookies know no ports, so each is sent those of the other", fix}}
	}
	return nil
}

func port(u *url.URL) string {
	if u.Port() != "" {
		return u.Port()
	}
	return map[string]string{"https": "443", "http": "80"}[u.Scheme]
}
