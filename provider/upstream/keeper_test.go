package upstream_test

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
	"gatehouse/storage/directus"
	"gatehouse/storage/directus/directustest"
	"gatehouse/storage/storagetest"
)

const ada = "ada@example.com"

// world is a portal that may have tokens of Directus, and Ada.
type world struct {
	*providertest.Server
	backend *storagetest.Faulty
	rp      *providertest.RelyingParty
	ada     string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{}
	w.Server = providertest.New(t, providertest.Options{
		Clients: []storage.Client{providertest.DirectusClient(storage.ExchangeUsers)},
		Backend: func(backend storage.Backend) storage.Backend {
			w.backend = storagetest.NewFaulty(backend)
			return w.backend
		},
	})
	w.ada, w.rp = w.AddUser(ada), w.Portal(t)
	return w
}

func (w *world) signIn(t *testing.T, change map[string]string) (*providertest.Browser, providertest.Answer) {
	t.Helper()
	browser := w.NewBrowser(t)
	return browser, w.rp.Exchange(browser.SignIn(w.rp, ada, change)).WantOK(t)
}

// offline opens a grant that outlives its session.
func offline() map[string]string {
	return map[string]string{"scope": "openid offline_access", "prompt": "consent"}
}

func (w *world) session(t *testing.T, browser *providertest.Browser) storage.Session {
	t.Helper()
	held, err := w.Provider.Desk().Browser(browser.Request())
	if err != nil {
		t.Fatal(err)
	}
	current, ok := held.Current()
	if !ok {
		t.Fatal("the browser is signed in nowhere")
	}
	return current
}

func (w *world) end(t *testing.T, browser *providertest.Browser) {
	t.Helper()
	if err := w.Provider.Desk().EndSession(t.Context(), w.ada, w.session(t, browser).ID, "test"); err != nil {
		t.Fatal(err)
	}
}

func (w *world) wantSessions(t *testing.T, want int) {
	t.Helper()
	if got := w.Directus.Sessions(w.ada); got != want {
		t.Errorf("%d sessions at Directus, want %d", got, want)
	}
}

func TestPairEndsWithItsSession(t *testing.T) {
	w := newWorld(t)
	browser, _ := w.signIn(t, nil)
	w.KeepDirectusSessions(t)
	w.wantSessions(t, 1)
	w.end(t, browser)
	w.KeepDirectusSessions(t)
	w.wantSessions(t, 0)
}

func TestPairOutlivesItsSessionForAnOfflineGrant(t *testing.T) {
	w := newWorld(t)
	browser, tokens := w.signIn(t, offline())
	w.end(t, browser)
	w.KeepDirectusSessions(t)
	w.wantSessions(t, 1)
	w.rp.DirectusToken(tokens.Text("access_token"), nil).WantOK(t)
	w.rp.Post("/revoke", url.Values{"token": {tokens.Text("refresh_token")}}).WantOK(t)
	w.KeepDirectusSessions(t)
	w.wantSessions(t, 0)
	w.rp.DirectusToken(tokens.Text("access_token"), nil).WantError(t, http.StatusBadRequest, oauth.InvalidRequest)
}

// Another sign-in in the same browser has a pair of its own, which also serves
// what hung on the one before.
func TestRenewedSignInReplacesThePair(t *testing.T) {
	w := newWorld(t)
	browser, tokens := w.signIn(t, nil)
	before := w.session(t, browser)
	browser.SignIn(w.rp, ada, map[string]string{"prompt": "login"})
	if after := w.session(t, browser); after.ID != before.ID || after.DirectusSession == before.DirectusSession {
		t.Error("the session did not go on with another pair")
	}
	w.KeepDirectusSessions(t)
	w.wantSessions(t, 1)
	w.rp.DirectusToken(tokens.Text("access_token"), nil).WantOK(t)
}

func TestSignInThatStartsNoSessionLeavesNoPair(t *testing.T) {
	w := newWorld(t)
	pair := func() string {
		client, err := directus.New(directus.Config{BaseURL: w.Directus.URL, ServiceToken: w.Directus.ServiceToken, Now: w.Clock.Now, Random: rand.Reader})
		if err != nil {
			t.Fatal(err)
		}
		signedIn, err := client.Authenticate(t.Context(), storage.Credentials{Email: ada, Password: providertest.Password})
		if err != nil {
			t.Fatal(err)
		}
		id, err := w.DirectusSessions.Keep(t.Context(), signedIn.Pair)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	pair() // its node crashed
	w.KeepDirectusSessions(t)
	w.wantSessions(t, 1) // it may still be at it
	w.Clock.Advance(time.Hour)
	w.KeepDirectusSessions(t)
	w.wantSessions(t, 0)
}

// Directus forgets a session that is not used for a week; a grant lives longer.
func TestPairOfAnOfflineGrantIsKeptAlive(t *testing.T) {
	w := newWorld(t)
	browser, tokens := w.signIn(t, offline())
	w.end(t, browser)
	for range 20 {
		w.Clock.Advance(20 * time.Hour)
		tokens = w.rp.Refresh(tokens.Text("refresh_token")).WantOK(t)
		w.KeepDirectusSessions(t)
	}
	w.wantSessions(t, 1)
	if got := w.Directus.Calls("/auth/refresh"); got < 3 || got > 6 {
		t.Errorf("%d refreshes in 17 days, want one every half week", got)
	}
	w.rp.DirectusToken(tokens.Text("access_token"), nil).WantOK(t)
}

func TestRevokedPairIsFoundWithoutAnExchange(t *testing.T) {
	w := newWorld(t)
	browser, tokens := w.signIn(t, offline())
	w.end(t, browser)
	w.Directus.Update(w.ada, func(u *directustest.User) { u.Password = "another" })
	for range 5 {
		w.Clock.Advance(20 * time.Hour)
		if answer := w.rp.Refresh(tokens.Text("refresh_token")); answer.Status == http.StatusOK {
			tokens = answer
		}
		w.KeepDirectusSessions(t)
	}
	w.rp.Refresh(tokens.Text("refresh_token")).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
}

// A change of the password that Directus refuses on our page must not hide the one
// that somebody makes elsewhere to be rid of a thief.
func TestRefusedChangeOfPasswordHidesNone(t *testing.T) {
	w := newWorld(t)
	browser, tokens := w.signIn(t, nil)
	desk, current := w.Provider.Desk(), w.session(t, browser)
	if err := desk.ExpectDirectusEnd(t.Context(), current); err != nil {
		t.Fatal(err)
	}
	if err := desk.PasswordStays(t.Context(), current); err != nil {
		t.Fatal(err)
	}
	w.Directus.Update(w.ada, func(u *directustest.User) { u.Password = "another" })
	w.Clock.Advance(directustest.AccessTokenTTL)
	tokens = w.rp.Refresh(tokens.Text("refresh_token")).WantOK(t)
	w.rp.DirectusToken(tokens.Text("access_token"), nil).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
	w.UserInfo(t, tokens.Text("access_token")).WantError(t, http.StatusUnauthorized, oauth.InvalidToken)
}

// A Directus that is away hears of the end later, and gives out nothing meanwhile.
func TestEndingIsRepeatedUntilDirectusHearsIt(t *testing.T) {
	w := newWorld(t)
	browser, _ := w.signIn(t, nil)
	id := w.session(t, browser).DirectusSession
	w.Directus.Inject(directustest.Fault{Path: "/auth/logout", Status: http.StatusBadGateway})
	w.end(t, browser)
	if err := w.Provider.Upstream().Keep(t.Context()); err == nil {
		t.Error("nothing tells that Directus did not hear of it")
	}
	if _, err := w.DirectusSessions.AccessToken(t.Context(), id); err == nil {
		t.Error("an ended session gives tokens")
	}
	w.Directus.ClearFaults()
	w.Clock.Advance(time.Hour)
	w.KeepDirectusSessions(t)
	w.wantSessions(t, 0)
	if _, err := w.Store.DirectusSessions.Get(t.Context(), id); err == nil {
		t.Error("the record is left")
	}
}

// Wherever a node dies while it ends a session, another ends the pair.
func TestCrashWhileEnding(t *testing.T) {
	storagetest.EachCrash(t, func(t *testing.T, arm func(*storagetest.Faulty)) {
		w := newWorld(t)
		browser, _ := w.signIn(t, nil)
		id := w.session(t, browser).ID
		arm(w.backend)
		err := w.Provider.Desk().EndSession(t.Context(), w.ada, id, "test")
		if err == nil {
			err = w.Provider.Upstream().Keep(t.Context())
		}
		w.backend.Restore()
		if err != nil {
			_ = w.Provider.Desk().EndSession(t.Context(), w.ada, id, "test")
		}
		w.Clock.Advance(time.Hour)
		w.KeepDirectusSessions(t)
		w.wantSessions(t, 0)
	})
}

// Wherever a node dies while it ends what Directus ended, the next one does it.
func TestCrashWhileEndingARevokedSignIn(t *testing.T) {
	storagetest.EachCrash(t, func(t *testing.T, arm func(*storagetest.Faulty)) {
		w := newWorld(t)
		_, tokens := w.signIn(t, nil)
		w.Directus.Update(w.ada, func(u *directustest.User) { u.Password = "another" })
		w.Clock.Advance(directustest.AccessTokenTTL)
		tokens = w.rp.Refresh(tokens.Text("refresh_token")).WantOK(t)
		arm(w.backend)
		w.rp.DirectusToken(tokens.Text("access_token"), nil)
		w.backend.Restore()
		w.Clock.Advance(time.Hour / 30) // the lease of the crashed node ends
		again := w.rp.DirectusToken(tokens.Text("access_token"), nil)
		if again.Status == http.StatusOK {
			t.Error("a revoked sign-in has a token")
		}
		// A refresh that was interrupted costs the pair alone; any other the sign-in.
		if again.Text("error") == oauth.InvalidGrant {
			return
		}
		w.UserInfo(t, tokens.Text("access_token")).WantError(t, http.StatusUnauthorized, oauth.InvalidToken)
	})
}

// Exchanges and the end of the session meet: nothing is left at Directus, whoever
// is first.
func TestExchangesRaceWithTheEnd(t *testing.T) {
	w := newWorld(t)
	browser, tokens := w.signIn(t, nil)
	w.Clock.Advance(directustest.AccessTokenTTL)
	tokens = w.rp.Refresh(tokens.Text("refresh_token")).WantOK(t)
	var calls sync.WaitGroup
	for range 16 {
		calls.Go(func() { w.rp.DirectusToken(tokens.Text("access_token"), nil) })
	}
	calls.Go(func() { w.end(t, browser); w.KeepDirectusSessions(t) })
	calls.Wait()
	w.Clock.Advance(time.Hour)
	w.KeepDirectusSessions(t)
	w.wantSessions(t, 0)
}
