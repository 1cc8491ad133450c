package doctor

import (
	"fmt"
	"net/http"
	"net/url"
)

// proxies finds what stands before Gatehouse while nobody's X-Forwarded-For is
// believed. No request shows what address the running process makes of it without
// an endpoint that would show it to strangers, too; but who answers for an https
// issuer, when this process has no certificate, must be a proxy, and proxies sign
// their answers, as Gatehouse does not. answered is the header of discovery, or
// nil.
func (p Patient) proxies(answered http.Header) []Finding {
	const subject = "trusted proxies"
	if p.TrustsProxies {
		return nil
	}
	var why string
	issuer, err := url.Parse(p.Issuer)
	switch via, server := answered.Get("Via"), answered.Get("Server"); {
	case err != nil:
		return nil
	case issuer.Scheme == "https" && !p.ServesTLS:
		why = "something before Gatehouse has the certificate of the issuer (tls.cert_file is not set)"
	case via != "":
		why = fmt.Sprintf("the issuer answers through a proxy (Via: %q)", via)
	case server != "":
		why = fmt.Sprintf("the issuer answers as a proxy does (Server: %q)", server)
	default:
		return nil
	}
	return []Finding{{
		Warning, subject, why + ", but trusted_proxies is empty: everybody seems to be where that proxy is, so that one person who guesses passwords shuts everybody out, and the log tells nothing",
		"write the network of the proxy as Gatehouse sees it, such as trusted_proxies: [10.0.0.5/32], and let the proxy set X-Forwarded-For; one that passes bytes on without reading them can do neither, so let it leave TLS to Gatehouse (tls.cert_file, tls.key_file)",
	}}
}
