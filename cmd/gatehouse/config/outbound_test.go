package config_test

import (
	"crypto/x509"
	"encoding/pem"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOutbound(t *testing.T) {
	server := httptest.NewTLSServer(nil)
	t.Cleanup(server.Close)
	folder := t.TempDir()
	certificate := filepath.Join(folder, "ca.pem")
	write(t, certificate, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})))

	loaded, _, err := load(t, minimal+"outbound:\n  allow: [app.internal, 10.1.0.0/16, 'http://localhost:3000']\n  ca_file: "+certificate+"\n", nil)
	if err != nil {
		t.Fatal(err)
	}
	var entries []string
	for _, exception := range loaded.Outbound.Allow {
		entries = append(entries, exception.String())
	}
	if diff := cmp.Diff([]string{"app.internal", "10.1.0.0/16", "http://localhost:3000"}, entries); diff != "" {
		t.Error(diff)
	}
	authorities, err := loaded.Outbound.Authorities()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := server.Certificate().Verify(x509.VerifyOptions{Roots: authorities}); err != nil {
		t.Errorf("the certificate of the file is not trusted: %v", err)
	}

	without, _, err := load(t, minimal, nil)
	if err != nil {
		t.Fatal(err)
	}
	if authorities, err := without.Outbound.Authorities(); err != nil || authorities != nil {
		t.Errorf("without a file: %v, %v", authorities, err)
	}
}

func TestOutboundRefuses(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	write(t, empty, "no certificate\n")
	for name, test := range map[string]struct {
		file, words string
		variables   []string
	}{
		"wildcard":          {file: "outbound: {allow: ['*.internal']}\n", words: "gatehouse.yaml:3: outbound.allow: \"*.internal\" holds '*'"},
		"plain host name":   {file: "outbound: {allow: ['http://app.internal:80']}\n", words: "only http on a loopback host"},
		"everything":        {variables: []string{"GATEHOUSE_OUTBOUND_ALLOW=app.internal,0.0.0.0/0"}, words: "GATEHOUSE_OUTBOUND_ALLOW: outbound.allow: \"0.0.0.0/0\" is every address there is"},
		"file that is none": {file: "outbound: {ca_file: /not/there.pem}\n", words: "gatehouse.yaml:3: outbound.ca_file: open /not/there.pem: no such file"},
		"file without PEM":  {file: "outbound: {ca_file: " + empty + "}\n", words: "outbound.ca_file: " + empty + " holds no certificate in PEM; name a file with certificates"},
		"the former key":    {file: "fetch: {allow_hosts: [app.internal]}\n", words: "gatehouse.yaml:3: fetch: unknown key"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := load(t, minimal+test.file, environment(test.variables...))
			if err == nil || !strings.Contains(err.Error(), test.words) {
				t.Errorf("got:\n%v\nwant: %s", err, test.words)
			}
		})
	}
}
