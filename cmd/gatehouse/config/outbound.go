package config

import (
	"crypto/x509"
	"fmt"
	"os"

	"gatehouse/provider/fetch"
)

// Outbound is what addresses that clients name may lead to, besides the public
// internet by https.
type Outbound struct {
	Allow []fetch.Exception
	// CAFile holds authorities that are trusted besides the system's.
	CAFile string
}

// Authorities are those that certificates of clients' servers may be signed by;
// nil means the system's alone.
func (o Outbound) Authorities() (*x509.CertPool, error) {
	if o.CAFile == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(o.CAFile)
	if err != nil {
		return nil, err
	}
	authorities, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("authorities of the system: %w", err)
	}
	if !authorities.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate in PEM", o.CAFile)
	}
	return authorities, nil
}

func outboundSettings() []setting[Config] {
	return []setting[Config]{
		{
			key: "outbound.allow", doc: "What addresses that clients name (jwks_uri, request_uri, sector_identifier_uri, backchannel_logout_uri) may lead to besides the public internet: host names of your network, addresses and networks such as 10.1.0.0/16, all by https, and origins http://localhost:PORT.",
			value: func(c *Config) value { return exceptions(&c.Outbound.Allow) },
		},
		{
			key: "outbound.ca_file", doc: "Authorities (PEM) that may sign the certificates of those addresses, besides the system's.",
			value: func(c *Config) value { return path(&c.Outbound.CAFile) },
		},
	}
}

func exceptions(p *[]fetch.Exception) value {
	return value{
		list: true,
		set: func(given []string) error {
			*p = nil
			for _, s := range given {
				exception, err := fetch.ParseException(s)
				if err != nil {
					return err
				}
				*p = append(*p, exception)
			}
			return nil
		},
		texts: func() []string {
			var all []string
			for _, exception := range *p {
				all = append(all, exception.String())
			}
			return all
		},
		schema: map[string]any{"type": "array", "items": map[string]any{"type": "string"}},
	}
}

func (l *loader) checkOutbound() {
	if _, err := l.config.Outbound.Authorities(); err != nil {
		l.refuse("outbound.ca_file", "%s; name a file with certificates in PEM, or remove the key", err)
	}
}
