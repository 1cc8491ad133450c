package registration_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/provider/registration"
)

// TestLimitPerHour: a network gets so many clients an hour, and is told when there
// will be more.
func TestLimitPerHour(t *testing.T) {
	s := providertest.New(t, providertest.Options{ClientRegistration: registration.Settings{Mode: registration.Open, LimitPerHour: 2}})
	s.Register(t, metadata().With("redirect_uris", "x")).WantError(t, http.StatusBadRequest, oauth.InvalidRedirectURI)
	register(t, s, metadata())
	s.Clock.Advance(20 * time.Minute)
	register(t, s, metadata())
	answer := s.Register(t, metadata())
	answer.WantError(t, http.StatusTooManyRequests, oauth.TemporarilyUnavailable)
	if answer.Header.Get("Retry-After") != strconv.Itoa(40*60) {
		t.Errorf("Retry-After %q", answer.Header.Get("Retry-After"))
	}
	s.Clock.Advance(40 * time.Minute)
	register(t, s, metadata())
}

// TestTokensHaveNoLimitPerHour: their uses bound them.
func TestTokensHaveNoLimitPerHour(t *testing.T) {
	s := providertest.New(t, providertest.Options{ClientRegistration: registration.Settings{Mode: registration.Open, LimitPerHour: 1}})
	_, token := initialToken(t, s, 3, time.Hour)
	for range 3 {
		if answer := post(t, s, token); answer.Status != http.StatusCreated {
			t.Fatalf("answer %d %s", answer.Status, answer.Raw)
		}
	}
}

// TestMaxClients: a full house is a full house for everybody, until somebody leaves.
func TestMaxClients(t *testing.T) {
	s := providertest.New(t, providertest.Options{ClientRegistration: registration.Settings{Mode: registration.Open, MaxClients: 2}})
	first, second := manage(t, s, metadata()), manage(t, s, metadata())
	_, token := initialToken(t, s, 1, 24*time.Hour)
	s.Register(t, metadata()).WantError(t, http.StatusServiceUnavailable, oauth.TemporarilyUnavailable)
	post(t, s, token).WantError(t, http.StatusServiceUnavailable, oauth.TemporarilyUnavailable)

	first.send(t, http.MethodDelete, "")
	if answer := post(t, s, token); answer.Status != http.StatusCreated {
		t.Fatalf("answer %d %s", answer.Status, answer.Raw)
	}
	s.Register(t, metadata()).WantError(t, http.StatusServiceUnavailable, oauth.TemporarilyUnavailable)

	// An operator removes one: the list is looked through, once a minute.
	if err := s.Store.Clients.Delete(t.Context(), second.id); err != nil {
		t.Fatal(err)
	}
	s.Register(t, metadata()).WantError(t, http.StatusServiceUnavailable, oauth.TemporarilyUnavailable)
	s.Clock.Advance(2 * time.Minute)
	register(t, s, metadata())
	s.Register(t, metadata()).WantError(t, http.StatusServiceUnavailable, oauth.TemporarilyUnavailable)
}
