package doctor_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"gatehouse/cmd/gatehouse/doctor"
	"gatehouse/storage/redis"
)

// signed answers like web, through a proxy that signs its answers.
type signed struct {
	body   string
	header http.Header
}

func (s signed) Do(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: s.header, Body: io.NopCloser(strings.NewReader(s.body))}, nil
}

// at moves the patient to an issuer that answers with a header.
func at(address string, header http.Header, change func(*doctor.Patient)) func(*doctor.Patient) {
	return func(p *doctor.Patient) {
		p.Issuer, p.Get = address, signed{`{"issuer":"` + address + `"}`, header}
		change(p)
	}
}

func durable(masters ...redis.Durability) func(*doctor.Patient) {
	return func(p *doctor.Patient) {
		p.Durability = func(context.Context) ([]redis.Durability, error) { return masters, nil }
	}
}

func TestEntranceAndStore(t *testing.T) {
	distrusting := func(p *doctor.Patient) { p.TrustsProxies = false }
	withCertificate := func(p *doctor.Patient) { p.TrustsProxies, p.ServesTLS = false, true }
	living := func(address, public string) func(*doctor.Patient) {
		return func(p *doctor.Patient) { p.DirectusURL, p.DirectusPublicURL = address, public }
	}
	safe := redis.Durability{Loss: redis.LossNone}
	for name, test := range map[string]struct {
		change     func(*doctor.Patient)
		severity   doctor.Severity
		words, fix string
	}{
		"somebody else has the certificate": {distrusting, doctor.Warning, "has the certificate of the issuer (tls.cert_file is not set), but trusted_proxies is empty", "such as trusted_proxies: [10.0.0.5/32]"},
		"certificate of our own":            {withCertificate, doctor.OK, "answers and names itself so", ""},
		"proxy that names itself":           {at(issuer, http.Header{"Via": {"1.1 Caddy"}}, withCertificate), doctor.Warning, `through a proxy (Via: "1.1 Caddy")`, "trusted_proxies: ["},
		"answers as a proxy does":           {at(issuer, http.Header{"Server": {"nginx"}}, withCertificate), doctor.Warning, `as a proxy does (Server: "nginx")`, "trusted_proxies: ["},
		"proxy that is trusted":             {at(issuer, http.Header{"Server": {"nginx"}}, func(*doctor.Patient) {}), doctor.OK, "answers and names itself so", ""},

		"one origin":                       {living(issuer, ""), doctor.Error, "have the same origin", "give each a host of its own"},
		"one origin, seen by browsers":     {living("http://directus:8055", "https://ID.example.com:443/studio"), doctor.Error, "have the same origin", "PUBLIC_URL"},
		"one origin, issuer below a path":  {at(issuer+"/sign-in", nil, living(issuer, "")), doctor.Error, "have the same origin", "give each"},
		"one host":                         {living(issuer+":8055", ""), doctor.Warning, "share a host", "give each a host of its own"},
		"one host on this machine":         {at("http://localhost:8080", nil, living("http://localhost:8055", "")), doctor.Note, "share a host", ""},
		"issuer with a slash in discovery": {func(p *doctor.Patient) { p.Get = signed{body: `{"issuer":"` + issuer + `/"}`} }, doctor.Error, `discovery says "https://id.example.com/", the configuration "https://id.example.com"`, "write issuer exactly as clients know it"},

		"Redis, safe":                {durable(safe), doctor.OK, "Redis: writes every change to disk", ""},
		"Redis, nothing on disk":     {durable(redis.Durability{Loss: redis.LossOfAll}), doctor.Error, "keeps nothing on disk", "CONFIG SET appendonly yes"},
		"Redis, snapshots":           {durable(redis.Durability{Loss: redis.LossSinceSnapshot, Snapshots: "3600 1"}), doctor.Warning, "keeps snapshots only (save 3600 1)", "CONFIG SET appendonly yes"},
		"Redis, eviction":            {durable(redis.Durability{Loss: redis.LossNone, Evicts: "allkeys-lru"}), doctor.Error, "(maxmemory-policy allkeys-lru)", "CONFIG SET maxmemory-policy noeviction"},
		"Redis, one of many masters": {durable(safe, redis.Durability{Loss: redis.LossOfAll}), doctor.Error, "keeps nothing on disk", "appendonly yes"},
		"Redis, nothing is told":     {durable(redis.Durability{}), doctor.Note, "does not let this user see", "grant +info"},
		"Redis, down": {func(p *doctor.Patient) {
			p.Durability = func(context.Context) ([]redis.Durability, error) { return nil, errors.New("connection refused") }
		}, doctor.Error, "Redis: could not be looked at: connection refused", "check store.redis"},
	} {
		t.Run(name, func(t *testing.T) {
			patient := healthy()
			test.change(&patient)
			findings := doctor.Examine(t.Context(), patient)
			var printed bytes.Buffer
			doctor.Print(&printed, findings)
			// A healthy patient has notes of other things.
			if worst := doctor.Worst(findings); worst != max(test.severity, doctor.Note) {
				t.Errorf("worst: got %v, want %v:\n%s", worst, test.severity, printed.String())
			}
			for _, words := range []string{test.words, test.fix} {
				if !strings.Contains(printed.String(), words) {
					t.Errorf("no word of %q in:\n%s", words, printed.String())
				}
			}
		})
	}
}
