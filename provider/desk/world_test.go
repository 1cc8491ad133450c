package desk_test

import (
	"errors"
	"net/http"
	"testing"

	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/provider/session"
	"gatehouse/storage"
)

const (
	ada   = "ada@example.com"
	grace = "grace@example.com"
)

// world is a provider with a user who is signed in to an app in two browsers.
type world struct {
	*providertest.Server
	ada, grace string
	app        *providertest.RelyingParty
	first      *providertest.Browser
	other      *providertest.Browser
	// tokens are those that the app got in each.
	tokens, otherTokens providertest.Answer
}

func newWorld(t *testing.T, options providertest.Options) *world {
	t.Helper()
	w := &world{Server: providertest.New(t, options)}
	w.ada, w.grace = w.AddUser(ada), w.AddUser(grace)
	w.app = w.Web(t)
	w.first, w.other = w.NewBrowser(t), w.NewBrowser(t)
	w.tokens = w.signIn(t, w.first, w.app, nil)
	w.otherTokens = w.signIn(t, w.other, w.app, nil)
	return w
}

func (w *world) signIn(t *testing.T, browser *providertest.Browser, rp *providertest.RelyingParty, change map[string]string) providertest.Answer {
	t.Helper()
	return rp.Exchange(browser.SignIn(rp, ada, change)).WantOK(t)
}

// held are the sessions that a browser holds.
func (w *world) held(t *testing.T, browser *providertest.Browser) session.Browser {
	t.Helper()
	held, err := w.Provider.Desk().Browser(browser.Request())
	if err != nil {
		t.Fatal(err)
	}
	return held
}

// current is the session that a browser is signed in by.
func (w *world) current(t *testing.T, browser *providertest.Browser) storage.Session {
	t.Helper()
	current, ok := w.held(t, browser).Current()
	if !ok {
		t.Fatal("the browser is signed in nowhere")
	}
	return current
}

func (w *world) index(t *testing.T, subject string) storage.Subject {
	t.Helper()
	record, err := w.Store.Subjects.Get(t.Context(), subject)
	if errors.Is(err, storage.ErrNotFound) {
		return storage.Subject{}
	}
	if err != nil {
		t.Fatal(err)
	}
	return record.Value
}

// wantAlive fails the test unless the tokens work, and the app gets new ones.
func (w *world) wantAlive(t *testing.T, tokens providertest.Answer) {
	t.Helper()
	w.UserInfo(t, tokens.Text("access_token")).WantOK(t)
	w.app.Refresh(tokens.Text("refresh_token")).WantOK(t)
}

// wantDead fails the test unless the tokens are worth nothing.
func (w *world) wantDead(t *testing.T, tokens providertest.Answer) {
	t.Helper()
	w.UserInfo(t, tokens.Text("access_token")).WantError(t, http.StatusUnauthorized, oauth.InvalidToken)
	w.app.Refresh(tokens.Text("refresh_token")).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
}

// wantSignedIn fails the test unless the browser needs no sign-in, or needs one.
func (w *world) wantSignedIn(t *testing.T, browser *providertest.Browser, want bool) {
	t.Helper()
	page := browser.Get(w.Second(t).AuthorizationURL(map[string]string{"prompt": "none"}))
	if want {
		page.Code(t)
		return
	}
	page.WantError(t, oauth.LoginRequired)
}

func wantNotFound(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("the error is %v, want that there is no such thing", err)
	}
}

// ok fails the test at once if something went wrong.
func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
