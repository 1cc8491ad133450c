package registration_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/provider/registration"
)

// documents are what is found at addresses, and how often somebody looked.
type documents struct {
	at    map[string]string
	asked atomic.Int32
}

func (d *documents) Get(_ context.Context, address string) ([]byte, error) {
	d.asked.Add(1)
	document, ok := d.at[address]
	if !ok {
		return nil, errors.New("nothing there")
	}
	return []byte(document), nil
}

const (
	sectorURI = "https://sector.example/uris"
	otherURI  = "https://other.example/callback"
)

func pairwise(t *testing.T, found map[string]string) (*providertest.Server, *documents) {
	t.Helper()
	d := &documents{at: found}
	return providertest.New(t, providertest.Options{
		ClientRegistration: registration.Settings{Mode: registration.Open, LimitPerHour: 4},
		PairwiseSecret:     bytes.Repeat([]byte("p"), 32), Fetcher: d,
	}), d
}

// TestSectorIdentifierURI: its document lists every redirect URI (OpenID Connect
// Dynamic Client Registration 1.0, section 5). It is read again only for a change
// that touches it.
func TestSectorIdentifierURI(t *testing.T) {
	s, d := pairwise(t, map[string]string{sectorURI: `["` + redirectURI + `","` + otherURI + `"]`})
	given := metadata().With("redirect_uris", []string{redirectURI, otherURI}).With("subject_type", "pairwise").With("sector_identifier_uri", sectorURI)
	m := manage(t, s, given)
	change := given.With("client_id", m.id)
	m.send(t, http.MethodPut, change.With("client_name", "Other")).WantOK(t)
	if d.asked.Load() != 1 {
		t.Errorf("read %d times", d.asked.Load())
	}
	m.send(t, http.MethodPut, change.With("redirect_uris", []string{redirectURI})).WantOK(t)
	m.send(t, http.MethodPut, change.With("redirect_uris", []string{redirectURI, "https://third.example/callback"})).
		WantError(t, http.StatusBadRequest, oauth.InvalidClientMetadata)
	// Changes that make us fetch count as registrations do.
	m.send(t, http.MethodPut, change).WantOK(t)
	m.send(t, http.MethodPut, change.With("redirect_uris", []string{redirectURI})).
		WantError(t, http.StatusTooManyRequests, oauth.TemporarilyUnavailable)
}

func TestSectorIdentifierURIRefused(t *testing.T) {
	for name, document := range map[string]string{
		"a redirect URI is missing": `["` + redirectURI + `"]`, "no array": `{"uris":[]}`, "no strings": `[1]`,
		"no JSON": "<html>", "empty": "", "trailing data": `["` + redirectURI + `","` + otherURI + `"]x`,
		"a redirect URI that is longer": `["` + redirectURI + `/","` + otherURI + `"]`,
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := pairwise(t, map[string]string{sectorURI: document})
			answer := s.Register(t, metadata().With("redirect_uris", []string{redirectURI, otherURI}).With("sector_identifier_uri", sectorURI))
			answer.WantError(t, http.StatusBadRequest, oauth.InvalidClientMetadata)
			if !strings.HasPrefix(answer.Text("error_description"), "sector_identifier_uri: ") {
				t.Errorf("description %q", answer.Text("error_description"))
			}
		})
	}
	s, d := pairwise(t, nil)
	s.Register(t, metadata().With("sector_identifier_uri", sectorURI)).WantError(t, http.StatusBadRequest, oauth.InvalidClientMetadata)
	s.Register(t, metadata().With("sector_identifier_uri", "http://sector.example/uris")).WantError(t, http.StatusBadRequest, oauth.InvalidClientMetadata)
	if d.asked.Load() != 1 {
		t.Error("read what is not https")
	}
}

// TestPairwiseNeedsOneSector (OpenID Connect Core 1.0, section 8.1).
func TestPairwiseNeedsOneSector(t *testing.T) {
	s, _ := pairwise(t, nil)
	register(t, s, metadata().With("subject_type", "pairwise").With("redirect_uris", []string{redirectURI, redirectURI + "/two"}))
	for _, given := range []providertest.Metadata{
		metadata().With("redirect_uris", []string{redirectURI, otherURI}),
		metadata().With("redirect_uris", []string{"com.example.app:/callback"}).With("application_type", "native"),
		// Every app on a device has this host.
		metadata().With("redirect_uris", []string{"http://127.0.0.1/callback"}).With("application_type", "native"),
	} {
		answer := s.Register(t, given.With("subject_type", "pairwise"))
		answer.WantError(t, http.StatusBadRequest, oauth.InvalidClientMetadata)
		if !strings.HasPrefix(answer.Text("error_description"), "sector_identifier_uri: ") {
			t.Errorf("description %q", answer.Text("error_description"))
		}
	}
	t.Run("without secret", func(t *testing.T) {
		open(t).Register(t, metadata().With("subject_type", "pairwise")).WantError(t, http.StatusBadRequest, oauth.InvalidClientMetadata)
	})
}
