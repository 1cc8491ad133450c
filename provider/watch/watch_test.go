package watch_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"gatehouse/provider/account"
	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/provider/providertest"
	"gatehouse/storage"
	"gatehouse/storage/directus/directustest"
)

const ada = "ada@example.com"

var offline = map[string]string{"scope": "openid offline_access", "prompt": "consent"} //nolint:gochecknoglobals // a constant in all but syntax

type world struct {
	*providertest.Server
	rp      *providertest.RelyingParty
	browser *providertest.Browser
	ada     string
	tokens  providertest.Answer
}

// signedIn starts a provider at which ada is signed in.
func signedIn(t *testing.T, options providertest.Options, change map[string]string) *world {
	t.Helper()
	w := &world{Server: providertest.New(t, options)}
	w.ada = w.AddUser(ada)
	w.rp, w.browser = w.Web(t), w.NewBrowser(t)
	w.tokens = w.rp.Exchange(w.browser.SignIn(w.rp, ada, change)).WantOK(t)
	return w
}

func (w *world) causes() []string {
	var kinds []string
	for _, e := range w.Events.Named(event.UserEnded) {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

func (w *world) wantEnded(t *testing.T, cause account.Cause) {
	t.Helper()
	if kinds := w.causes(); len(kinds) != 1 || kinds[0] != string(cause) {
		t.Errorf("events say %q, want %q once", kinds, cause)
	}
	w.rp.Refresh(w.tokens.Text("refresh_token")).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
	w.browser.Get(w.rp.AuthorizationURL(map[string]string{"prompt": "none"})).WantError(t, oauth.LoginRequired)
}

func (w *world) wantSignedIn(t *testing.T) {
	t.Helper()
	if kinds := w.causes(); len(kinds) > 0 {
		t.Errorf("ended by %q", kinds)
	}
	w.tokens = w.rp.Refresh(w.tokens.Text("refresh_token")).WantOK(t)
	w.browser.Get(w.rp.AuthorizationURL(map[string]string{"prompt": "none"})).Code(t)
}

func look(t *testing.T, w *world) {
	t.Helper()
	if err := w.Provider.Watch().Look(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestNamedUsersAreLookedAt(t *testing.T) {
	for cause, change := range map[account.Cause]func(*directustest.User){
		account.Suspended: func(u *directustest.User) { u.Status = "suspended" },
		account.Archived:  func(u *directustest.User) { u.Status = "archived" },
		account.Email:     func(u *directustest.User) { u.Email = "countess@example.com" },
		account.Role: func(u *directustest.User) {
			u.Fields = map[string]any{"role": "0b9b5f2e-6a53-4c8e-9b5e-1d2f3a4b5c6d"}
		},
	} {
		t.Run(string(cause), func(t *testing.T) {
			w := signedIn(t, providertest.Options{}, nil)
			w.Directus.Update(w.ada, change)
			// Nobody has waited: it is the message that counts, not the staleness.
			w.Provider.Watch().Named(w.ada, "nobody")
			look(t, w)
			w.wantEnded(t, cause)
		})
	}
	t.Run("deleted", func(t *testing.T) {
		w := signedIn(t, providertest.Options{}, nil)
		w.Directus.Delete(w.ada)
		w.Provider.Watch().Named(w.ada)
		look(t, w)
		w.wantEnded(t, account.Deleted)
	})
}

// What a message says decides nothing: a forged one signs nobody out.
func TestForgedMessageEndsNothing(t *testing.T) {
	w := signedIn(t, providertest.Options{}, nil)
	w.Provider.Watch().Named(w.ada)
	look(t, w)
	w.wantSignedIn(t)
}

// Directus is asked about those who are signed in here, once for all of them.
func TestOnlyUsersWithSessionsAreAskedAbout(t *testing.T) {
	w := signedIn(t, providertest.Options{}, nil)
	for i := range 150 {
		w.Provider.Watch().Named(w.ada, fmt.Sprintf("00000000-0000-4000-8000-%012d", i))
	}
	before := w.Directus.Calls("/users")
	look(t, w)
	if calls := w.Directus.Calls("/users") - before; calls != 1 {
		t.Errorf("Directus was asked %d times", calls)
	}
	w.browser.Get(w.rp.AuthorizationURL(map[string]string{"prompt": "none"})).Code(t)
}

// While Directus is away nobody is ended, and nobody forgotten.
func TestOutageEndsNothing(t *testing.T) {
	w := signedIn(t, providertest.Options{}, nil)
	w.Directus.SetStatus(w.ada, "suspended")
	w.Directus.Inject(directustest.Fault{Path: "/users", Status: http.StatusServiceUnavailable, Code: "SERVICE_UNAVAILABLE"})
	w.Provider.Watch().Named(w.ada)
	if err := w.Provider.Watch().Look(t.Context()); err == nil {
		t.Fatal("looked at a Directus that is away")
	}
	if err := w.Provider.Watch().Sweep(t.Context()); err == nil {
		t.Fatal("swept a Directus that is away")
	}
	if kinds := w.causes(); len(kinds) > 0 {
		t.Errorf("ended by %q", kinds)
	}
	w.Directus.ClearFaults()
	look(t, w)
	w.wantEnded(t, account.Suspended)
}

// A token that is shown no users must not sign everybody out.
func TestBlindTokenEndsNothing(t *testing.T) {
	w := signedIn(t, providertest.Options{}, nil)
	w.Clock.Advance(2 * time.Minute)
	w.Directus.Hide(true, true)
	w.Provider.Watch().Named(w.ada)
	if err := w.Provider.Watch().Look(t.Context()); err == nil {
		t.Fatal("a token that sees nobody finds that all are gone")
	}
	w.Directus.Hide(false, false)
	w.wantSignedIn(t)
}

func TestSweep(t *testing.T) {
	for name, change := range map[string]map[string]string{"session": nil, "grant that outlives its session": offline} {
		t.Run(name, func(t *testing.T) {
			w := signedIn(t, providertest.Options{}, change)
			if change != nil {
				// Only the grant is left.
				for record, err := range w.Store.Sessions.All(t.Context()) {
					if err != nil {
						t.Fatal(err)
					}
					if err := w.Provider.Desk().EndSession(t.Context(), w.ada, record.Value.ID, "test"); err != nil {
						t.Fatal(err)
					}
				}
			}
			sweep := func() {
				t.Helper()
				if err := w.Provider.Watch().Sweep(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			sweep()
			w.Directus.SetStatus(w.ada, "suspended")
			before := w.Directus.Calls("/users")
			sweep()
			if calls := w.Directus.Calls("/users") - before; calls != 0 {
				t.Errorf("Directus was asked %d times in an interval that another node took", calls)
			}
			w.Clock.Advance(providertest.SweepEvery)
			sweep()
			w.wantEnded(t, account.Suspended)
		})
	}
}

func TestPasswordChange(t *testing.T) {
	t.Run("ends what is older", func(t *testing.T) {
		w := signedIn(t, providertest.Options{}, nil)
		w.Clock.Advance(time.Second)
		w.Provider.Watch().PasswordChanged(w.ada)
		later := w.NewBrowser(t)
		w.Clock.Advance(time.Second)
		later.SignIn(w.rp, ada, nil)
		look(t, w)
		w.wantEnded(t, account.Password)
		later.Get(w.rp.AuthorizationURL(map[string]string{"prompt": "none"})).Code(t)
	})
	t.Run("not chosen", func(t *testing.T) {
		w := signedIn(t, providertest.Options{EndOn: []account.Cause{account.Email, account.Role}}, nil)
		w.Clock.Advance(time.Second)
		w.Provider.Watch().PasswordChanged(w.ada)
		look(t, w)
		w.wantSignedIn(t)
	})
	t.Run("on a page of ours", func(t *testing.T) {
		w := signedIn(t, providertest.Options{}, nil)
		w.Clock.Advance(time.Second)
		if err := w.Provider.Desk().ExpectPasswordChange(t.Context(), w.ada); err != nil {
			t.Fatal(err)
		}
		w.Provider.Watch().PasswordChanged(w.ada)
		look(t, w)
		w.wantSignedIn(t)
		// Once only.
		w.Provider.Watch().PasswordChanged(w.ada)
		look(t, w)
		w.wantEnded(t, account.Password)
	})
	t.Run("long after a page of ours", func(t *testing.T) {
		w := signedIn(t, providertest.Options{}, nil)
		if err := w.Provider.Desk().ExpectPasswordChange(t.Context(), w.ada); err != nil {
			t.Fatal(err)
		}
		w.Clock.Advance(time.Minute)
		w.Provider.Watch().PasswordChanged(w.ada)
		look(t, w)
		w.wantEnded(t, account.Password)
	})
}

// An administrator who changes more than the password of somebody who was robbed
// means the thief too, who signed in in between.
func TestPasswordChangeBesidesAnother(t *testing.T) {
	w := signedIn(t, providertest.Options{}, nil)
	w.Directus.Update(w.ada, func(u *directustest.User) { u.Fields = map[string]any{"role": "0b9b5f2e-6a53-4c8e-9b5e-1d2f3a4b5c6d"} })
	w.Clock.Advance(time.Second)
	thief := w.NewBrowser(t)
	thief.SignIn(w.rp, ada, nil)
	w.Clock.Advance(time.Second)
	w.Provider.Watch().PasswordChanged(w.ada)
	look(t, w)
	thief.Get(w.rp.AuthorizationURL(map[string]string{"prompt": "none"})).WantError(t, oauth.LoginRequired)
	w.rp.Refresh(w.tokens.Text("refresh_token")).WantError(t, http.StatusBadRequest, oauth.InvalidGrant)
}

// Whoever knows the password could have changes refused without end, each of which
// is expected for a while.
// A look at everybody, which stands for more names than are kept, sees no passwords.
func TestPasswordChangeAmongTooManyNames(t *testing.T) {
	w := signedIn(t, providertest.Options{}, nil)
	w.Clock.Advance(time.Second)
	w.Provider.Watch().PasswordChanged(w.ada)
	for i := range 10_000 {
		w.Provider.Watch().Named(fmt.Sprintf("00000000-0000-4000-8000-%012d", i))
	}
	look(t, w)
	w.wantEnded(t, account.Password)
}

func TestRefusedChangeOfPasswordIsNotExpected(t *testing.T) {
	w := signedIn(t, providertest.Options{}, nil)
	w.Clock.Advance(time.Second)
	if err := w.Provider.Desk().ExpectPasswordChange(t.Context(), w.ada); err != nil {
		t.Fatal(err)
	}
	if err := w.Provider.Desk().PasswordStays(t.Context(), storage.Session{Subject: w.ada}); err != nil {
		t.Fatal(err)
	}
	w.Provider.Watch().PasswordChanged(w.ada)
	look(t, w)
	w.wantEnded(t, account.Password)
}

// Run looks at once, and again after a pause where Directus was away.
func TestRun(t *testing.T) {
	w := signedIn(t, providertest.Options{}, nil)
	ctx, stop := context.WithCancel(t.Context())
	ticks, done := make(chan time.Time), make(chan struct{})
	go func() {
		defer close(done)
		w.Provider.Watch().Run(ctx, ticks)
	}()
	w.Directus.SetStatus(w.ada, "suspended")
	ticks <- w.Clock.Now()
	ticks <- w.Clock.Now() // the first was taken when the second is
	stop()
	<-done
	if ctx.Err() == nil || errors.Is(ctx.Err(), context.DeadlineExceeded) {
		t.Fatal("not stopped")
	}
	w.wantEnded(t, account.Suspended)
}
