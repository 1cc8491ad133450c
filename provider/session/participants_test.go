package session_test

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
	"gatehouse/storage/storagetest"
)

// told is an app that hears of the end of sessions.
func told(id string, change func(*storage.Client)) storage.Client {
	client := storage.Client{
		ID: id, SecretDigests: providertest.Digests(providertest.WebSecret), FirstParty: true,
		RedirectURIs: []string{"https://" + id + ".example/callback"}, GrantTypes: []string{"authorization_code", "refresh_token"},
		BackChannelLogoutURI: "https://" + id + ".example/logout",
	}
	if change != nil {
		change(&client)
	}
	return client
}

func rpOf(t *testing.T, s *providertest.Server, id string) *providertest.RelyingParty {
	t.Helper()
	return s.RelyingParty(t, id, providertest.WebSecret, "https://"+id+".example/callback")
}

// world counts the writes of a provider that has the clients.
func world(t *testing.T, clients ...storage.Client) (*providertest.Server, *storagetest.Faulty) {
	t.Helper()
	var counted *storagetest.Faulty
	s := providertest.New(t, providertest.Options{Clients: clients, Backend: func(b storage.Backend) storage.Backend {
		counted = storagetest.NewFaulty(b)
		return counted
	}})
	s.AddUser(ada)
	s.AddUser(grace)
	return s, counted
}

func theSession(t *testing.T, s *providertest.Server) storage.Session {
	t.Helper()
	var found []storage.Session
	for record, err := range s.Store.Sessions.All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, record.Value)
	}
	if len(found) != 1 {
		t.Fatalf("there are %d sessions, want one", len(found))
	}
	return found[0]
}

func deliveries(t *testing.T, s *providertest.Server) (clients []string) {
	t.Helper()
	for record, err := range s.Store.LogoutDeliveries.All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		clients = append(clients, record.Value.ClientID)
	}
	slices.Sort(clients)
	return clients
}

func TestOnlyWhoWantsToHearJoins(t *testing.T) {
	s, writes := world(t,
		told("back", nil), told("both", func(c *storage.Client) { c.FrontChannelLogoutURI = "https://both.example/front" }),
		told("neither", func(c *storage.Client) { c.BackChannelLogoutURI = "" }),
	)
	browser := s.NewBrowser(t)
	browser.SignIn(rpOf(t, s, "neither"), ada, nil)
	silent(browser, rpOf(t, s, "neither")).Code(t)
	count := func(id string, change map[string]string) int {
		writes.CrashBefore(0) // counts anew
		browser.Get(rpOf(t, s, id).AuthorizationURL(change)).Code(t)
		return writes.Writes()
	}
	ordinary := count("neither", nil)
	if got := theSession(t, s).Participants; len(got) != 0 {
		t.Errorf("participants %v, want none", got)
	}
	// Without an ID token there is nothing to sign out of.
	if got := count("back", map[string]string{"scope": "email"}); got != ordinary || len(theSession(t, s).Participants) != 0 {
		t.Errorf("without openid it takes %d writes, want %d, participants %v", got, ordinary, theSession(t, s).Participants)
	}
	if got := count("back", nil); got != ordinary+1 {
		t.Errorf("joining takes %d writes, want %d", got, ordinary+1)
	}
	if got := count("back", nil); got != ordinary {
		t.Errorf("having joined takes %d writes, want %d", got, ordinary)
	}
	count("both", nil)
	want := []storage.Participant{{ClientID: "back", BackChannel: true}, {ClientID: "both", BackChannel: true, FrontChannel: true}}
	if got := theSession(t, s).Participants; !slices.Equal(got, want) {
		t.Errorf("participants %v, want %v", got, want)
	}
}

func TestParticipantsOutlastASignInMadeAnew(t *testing.T) {
	s, _ := world(t, told("back", nil))
	browser := s.NewBrowser(t)
	browser.SignIn(rpOf(t, s, "back"), ada, nil)
	browser.SignIn(s.Second(t), ada, map[string]string{"prompt": "login"})
	if got := theSession(t, s).Participants; len(got) != 1 {
		t.Errorf("participants %v, want one", got)
	}
}

func TestParticipantsAreBounded(t *testing.T) {
	s, _ := world(t, told("back", nil))
	browser := s.NewBrowser(t)
	browser.SignIn(s.Second(t), ada, nil)
	err := s.Store.Sessions.Update(t.Context(), theSession(t, s).ID, func(current *storage.Session) error {
		for i := range 100 {
			current.Participants = append(current.Participants, storage.Participant{ClientID: fmt.Sprint("app", i), BackChannel: true})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	silent(browser, rpOf(t, s, "back")).Code(t)
	got := theSession(t, s).Participants
	if len(got) != 100 || got[0].ClientID != "app1" || got[99].ClientID != "back" {
		t.Errorf("%d participants from %s to %s", len(got), got[0].ClientID, got[len(got)-1].ClientID)
	}
}

// A session that is being ended takes nobody in, and counts as gone everywhere.
func TestEndedSessionIsGone(t *testing.T) {
	s, _ := world(t, told("back", nil))
	browser := s.NewBrowser(t)
	second := s.Second(t)
	tokens := second.Exchange(browser.SignIn(second, ada, nil)).WantOK(t)
	err := s.Store.Sessions.Update(t.Context(), theSession(t, s).ID, func(current *storage.Session) error {
		current.Ended = true
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	silent(browser, rpOf(t, s, "back")).WantError(t, oauth.LoginRequired)
	s.UserInfo(t, tokens.Text("access_token")).WantError(t, http.StatusUnauthorized, oauth.InvalidToken)
	second.Refresh(tokens.Text("refresh_token")).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
	if list, err := s.Provider.Desk().Sessions(t.Context(), theSession(t, s).Subject); err != nil || len(list) != 0 {
		t.Errorf("it is listed: %v (%v)", list, err)
	}
}

// Every way in which a session ends tells the apps that took part in it.
func TestEveryEndTellsParticipants(t *testing.T) {
	for _, test := range []struct {
		name string
		end  func(t *testing.T, s *providertest.Server, browser *providertest.Browser, user string)
	}{
		{"signed out", func(_ *testing.T, s *providertest.Server, browser *providertest.Browser, _ string) {
			browser.Press(browser.Get(s.Issuer+"/logout"), "logout-confirm", nil)
		}},
		{"ended from a list", func(t *testing.T, s *providertest.Server, _ *providertest.Browser, user string) {
			t.Helper()
			if err := s.Provider.Desk().EndSession(t.Context(), user, theSession(t, s).ID, "test"); err != nil {
				t.Fatal(err)
			}
		}},
		{"others ended", func(t *testing.T, s *providertest.Server, _ *providertest.Browser, user string) {
			t.Helper()
			if err := s.Provider.Desk().EndOthers(t.Context(), user, "another", "test"); err != nil {
				t.Fatal(err)
			}
		}},
		{"everything ended", func(t *testing.T, s *providertest.Server, _ *providertest.Browser, user string) {
			t.Helper()
			if err := s.Provider.EndUser(t.Context(), user, "test"); err != nil {
				t.Fatal(err)
			}
		}},
		{"suspended", func(t *testing.T, s *providertest.Server, browser *providertest.Browser, user string) {
			t.Helper()
			s.Directus.SetStatus(user, "suspended")
			s.Clock.Advance(2 * providertest.Staleness)
			silent(browser, rpOf(t, s, "back")).WantError(t, oauth.LoginRequired)
		}},
		{"too many accounts in the browser", func(_ *testing.T, s *providertest.Server, browser *providertest.Browser, _ string) {
			for number := range 4 {
				email := fmt.Sprintf("person%d@example.com", number)
				s.AddUser(email)
				browser.SignIn(s.Second(t), email, map[string]string{"prompt": "login"})
			}
		}},
		{"too many sessions", func(t *testing.T, s *providertest.Server, _ *providertest.Browser, user string) {
			t.Helper()
			err := s.Store.Subjects.Update(t.Context(), user, func(index *storage.Subject) error {
				for i := range storage.MaxSessionsPerSubject - 1 {
					index.Sessions = append(index.Sessions, storage.SessionEntry{
						ID: fmt.Sprint("session", i), Created: s.Clock.Now(), Expires: s.Clock.Now().Add(time.Hour),
					})
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			s.NewBrowser(t).SignIn(s.Second(t), ada, nil)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, _ := world(t, told("back", nil), told("front", func(c *storage.Client) {
				c.BackChannelLogoutURI, c.FrontChannelLogoutURI = "", "https://front.example/logout"
			}))
			browser := s.NewBrowser(t)
			browser.SignIn(rpOf(t, s, "back"), ada, nil)
			browser.Get(rpOf(t, s, "front").AuthorizationURL(nil)).Code(t)
			test.end(t, s, browser, theSession(t, s).Subject)
			if got := deliveries(t, s); !slices.Equal(got, []string{"back"}) {
				t.Errorf("deliveries to %v, want one to back", got)
			}
		})
	}
}

// Sixty-four at once end a session while apps join it: each app that got a code
// hears of the end, once.
func TestParallelEndsAndJoins(t *testing.T) {
	var clients []storage.Client
	for i := range 8 {
		clients = append(clients, told(fmt.Sprint("app", i), nil))
	}
	s, _ := world(t, clients...)
	browser := s.NewBrowser(t)
	browser.SignIn(s.Second(t), ada, nil)
	current := theSession(t, s)
	var work sync.WaitGroup
	var mu sync.Mutex
	var joined []string
	for _, client := range clients {
		rp, page := rpOf(t, s, client.ID), s.NewBrowser(t)
		page.SetCookies(browser.Cookies())
		work.Go(func() {
			sent := silent(page, rp).Sent(t)
			if sent.Get("code") == "" {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			joined = append(joined, client.ID)
		})
	}
	for range 64 {
		work.Go(func() {
			// All of them, or one that finds it gone.
			_ = s.Provider.Desk().EndSession(t.Context(), current.Subject, current.ID, "test")
		})
	}
	work.Wait()
	if err := s.Provider.EndUser(t.Context(), current.Subject, "test"); err != nil {
		t.Fatal(err)
	}
	got := deliveries(t, s)
	for _, id := range joined {
		if !slices.Contains(got, id) {
			t.Errorf("%s got a code and hears nothing", id)
		}
	}
	if len(got) != len(slices.Compact(got)) {
		t.Errorf("deliveries %v", got)
	}
}
