package conformance

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"gatehouse/provider/providertest"
)

// module is one run under way.
type module struct {
	*testing.T
	Run
	world    *world
	provider *providertest.Server
	suite    *suite
	browser  *providertest.Browser
	// path is where the run has documents of its own at the suite.
	path     string
	metadata metadata
	keys     jose.JSONWebKeySet
	// clients are those that were registered, and client the one in use.
	clients []*client
	client  *client
}

// module begins a run as every module begins: the metadata and the keys are
// fetched and looked at.
func (w *world) module(t *testing.T, run Run, p *providertest.Server) *module {
	t.Helper()
	m := &module{
		T: t, Run: run, world: w, provider: p, suite: w.suite,
		browser: p.NewBrowser(t), path: "/" + random(t, 8),
	}
	m.metadata = fetchMetadata(t, p)
	m.keys = fetchKeys(t, p, m.metadata)
	t.Cleanup(m.cleanUp)
	return m
}

// now is the time at the provider.
func (m *module) now() time.Time { return m.provider.Clock.Now() }

// get asks for a document.
func (m *module) get(address string, header http.Header) providertest.Answer {
	m.Helper()
	return send(m, m.provider, http.MethodGet, address, "", header)
}

// send sends one request to an absolute address.
func send(t testing.TB, p *providertest.Server, method, address, body string, header http.Header) providertest.Answer {
	t.Helper()
	r, err := http.NewRequestWithContext(lasting(t), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatalf("request %s: %v", address, err)
	}
	if header != nil {
		r.Header = header.Clone()
	}
	return p.Do(t, r)
}

// postForm posts a form to an absolute address.
func (m *module) postForm(address string, form url.Values, header http.Header) providertest.Answer {
	m.Helper()
	header = header.Clone()
	if header == nil {
		header = http.Header{}
	}
	header.Set("Content-Type", "application/x-www-form-urlencoded")
	return send(m, m.provider, http.MethodPost, address, form.Encode(), header)
}

// random is a text that nobody can guess.
func random(t testing.TB, size int) string {
	t.Helper()
	raw := make([]byte, size)
	if _, err := rand.Read(raw); err != nil {
		t.Fatalf("read randomness: %v", err)
	}
	return hex.EncodeToString(raw)
}
