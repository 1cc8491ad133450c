package registration_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/provider/registration"
	"gatehouse/storage"
)

func byToken(t *testing.T) *providertest.Server {
	t.Helper()
	return providertest.New(t, providertest.Options{ClientRegistration: registration.Settings{Mode: registration.ByToken}})
}

func initialToken(t *testing.T, s *providertest.Server, uses int, lifetime time.Duration) (id, token string) {
	t.Helper()
	made, secret, err := s.RegistrationTokens.Make(t.Context(), uses, lifetime, "")
	if err != nil {
		t.Fatal(err)
	}
	return made.ID, secret.Reveal()
}

func post(t *testing.T, s *providertest.Server, token string) providertest.Answer {
	t.Helper()
	return s.SendJSON(t, http.MethodPost, "/clients", token, metadata())
}

// TestInitialToken is RFC 7591, section 3: with the token a client is registered,
// and is one that somebody vouched for.
func TestInitialToken(t *testing.T) {
	s := byToken(t)
	_, token := initialToken(t, s, 1, time.Hour)
	answer := post(t, s, token)
	if answer.Status != http.StatusCreated {
		t.Fatalf("answer %d %s", answer.Status, answer.Raw)
	}
	record, err := s.Store.Clients.Get(t.Context(), answer.Text("client_id"))
	if err != nil || record.Value.Registered != storage.RegisteredByToken {
		t.Errorf("client %+v, %v", record, err)
	}
}

// TestInitialTokenIsNeeded: 401 with a challenge, before a word is said of the
// metadata (RFC 6750, section 3).
func TestInitialTokenIsNeeded(t *testing.T) {
	s := byToken(t)
	m := manage(t, providertest.New(t, providertest.Options{ClientRegistration: registration.Settings{Mode: registration.Open}}), metadata())
	usedID, used := initialToken(t, s, 1, time.Hour)
	if post(t, s, used).Status != http.StatusCreated {
		t.Fatal("not registered")
	}
	_, old := initialToken(t, s, 1, time.Minute)
	s.Clock.Advance(2 * time.Minute)
	revokedID, revoked := initialToken(t, s, 1, time.Hour)
	if err := s.Store.RegistrationTokens.Delete(t.Context(), revokedID); err != nil {
		t.Fatal(err)
	}
	for name, token := range map[string]string{
		"none": "", "nonsense": "x", "used": used, "its id": usedID, "expired": old, "revoked": revoked, "another issuer's registration token": m.token,
	} {
		t.Run(name, func(t *testing.T) {
			answer := s.SendJSON(t, http.MethodPost, "/clients", token, "{")
			answer.WantError(t, http.StatusUnauthorized, oauth.InvalidToken)
			if challenge := answer.Header.Get("WWW-Authenticate"); !strings.HasPrefix(challenge, "Bearer") || strings.Contains(challenge, "error=") != (token != "") {
				t.Errorf("WWW-Authenticate %q", challenge)
			}
		})
	}
	t.Run("another scheme", func(t *testing.T) {
		answer := s.Send(t, http.MethodPost, "/clients", nil, http.Header{"Authorization": {"Basic YTpi"}})
		answer.WantError(t, http.StatusUnauthorized, oauth.InvalidRequest)
	})
}

// TestOpenRegistrationTakesGoodTokensOnly: a token that is sent must be good even
// where none is needed, and vouches for the client.
func TestOpenRegistrationTakesGoodTokensOnly(t *testing.T) {
	s := open(t)
	post(t, s, "x").WantError(t, http.StatusUnauthorized, oauth.InvalidToken)
	_, token := initialToken(t, s, 1, time.Hour)
	answer := post(t, s, token)
	record, err := s.Store.Clients.Get(t.Context(), answer.Text("client_id"))
	if err != nil || record.Value.Registered != storage.RegisteredByToken {
		t.Errorf("client %+v, %v", record, err)
	}
}

// TestInitialTokenIsNotWasted by what is refused.
func TestInitialTokenIsNotWasted(t *testing.T) {
	s := byToken(t)
	_, token := initialToken(t, s, 1, time.Hour)
	for _, body := range []any{"{", metadata().With("redirect_uris", nil), metadata().With("sector_identifier_uri", "https://192.0.2.1/sector")} {
		if answer := s.SendJSON(t, http.MethodPost, "/clients", token, body); answer.Status != http.StatusBadRequest {
			t.Fatalf("answer %d %s", answer.Status, answer.Raw)
		}
	}
	if answer := post(t, s, token); answer.Status != http.StatusCreated {
		t.Errorf("answer %d %s", answer.Status, answer.Raw)
	}
}

// TestTwoCannotShareTheLastUse: of many at once as many get through as the token is
// good for.
func TestTwoCannotShareTheLastUse(t *testing.T) {
	s := byToken(t)
	_, token := initialToken(t, s, 3, time.Hour)
	var group sync.WaitGroup
	var registered, refused atomic.Int32
	for range 12 {
		group.Go(func() {
			switch answer := post(t, s, token); answer.Status {
			case http.StatusCreated:
				registered.Add(1)
			case http.StatusUnauthorized:
				refused.Add(1)
			default:
				t.Errorf("answer %d %s", answer.Status, answer.Raw)
			}
		})
	}
	group.Wait()
	if registered.Load() != 3 || refused.Load() != 9 {
		t.Errorf("%d registered, %d refused", registered.Load(), refused.Load())
	}
	list, err := s.Store.RegisteredClients.Get(t.Context(), "clients")
	if err != nil || len(list.Value.Clients) != 3 {
		t.Errorf("list %+v, %v", list, err)
	}
}

// TestTokenWithoutBounds: for any number of clients, and for ever.
func TestTokenWithoutBounds(t *testing.T) {
	s := byToken(t)
	_, token := initialToken(t, s, -1, storage.NoExpiry)
	for range 3 {
		s.Clock.Advance(10 * 365 * 24 * time.Hour)
		if answer := post(t, s, token); answer.Status != http.StatusCreated {
			t.Fatalf("answer %d %s", answer.Status, answer.Raw)
		}
	}
}

// broken fails to add clients.
type broken struct {
	storage.Backend
	on atomic.Bool
}

func (b *broken) Add(ctx context.Context, key string, value []byte, ttl time.Duration) error {
	if b.on.Load() && strings.HasPrefix(key, "client:") {
		return errors.New("the disk is full")
	}
	return b.Backend.Add(ctx, key, value, ttl)
}

// TestTokenIsGivenBack where the client could not be stored, and so is the place in
// the list.
func TestTokenIsGivenBack(t *testing.T) {
	b := &broken{}
	s := providertest.New(t, providertest.Options{
		ClientRegistration: registration.Settings{Mode: registration.ByToken, MaxClients: 1},
		Backend:            func(backend storage.Backend) storage.Backend { b.Backend = backend; return b },
	})
	_, token := initialToken(t, s, 1, time.Hour)
	b.on.Store(true)
	post(t, s, token).WantError(t, http.StatusInternalServerError, oauth.ServerError)
	b.on.Store(false)
	if answer := post(t, s, token); answer.Status != http.StatusCreated {
		t.Errorf("answer %d %s", answer.Status, answer.Raw)
	}
}
