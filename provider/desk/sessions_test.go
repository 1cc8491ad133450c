package desk_test

import (
	"slices"
	"testing"
	"time"

	"gatehouse/provider/event"
	"gatehouse/provider/providertest"
	"gatehouse/provider/session"
	"gatehouse/storage"
	"gatehouse/storage/directus/directustest"
)

func TestSessionsAreThoseAlive(t *testing.T) {
	w := newWorld(t, providertest.Options{})
	desk := w.Provider.Desk()
	w.Clock.Advance(2 * time.Minute)
	w.wantSignedIn(t, w.first, true) // used last
	sessions, err := desk.Sessions(t.Context(), w.ada)
	ok(t, err)
	if len(sessions) != 2 || sessions[0].ID != w.current(t, w.first).ID || sessions[1].ID != w.current(t, w.other).ID {
		t.Fatalf("sessions %+v", sessions)
	}
	if first := sessions[0]; first.ClientAddress != "192.0.2.1" || first.UserAgent != providertest.DefaultUserAgent || first.Subject != w.ada {
		t.Errorf("the session came from %q by %q", first.ClientAddress, first.UserAgent)
	}
	if others, err := desk.Sessions(t.Context(), w.grace); err != nil || len(others) != 0 {
		t.Errorf("somebody who never signed in has %v (%v)", others, err)
	}
	// One that is left alone ends by itself.
	w.Clock.Advance(providertest.SessionIdle - time.Minute)
	w.wantSignedIn(t, w.first, true)
	w.Clock.Advance(2 * time.Minute)
	sessions, err = desk.Sessions(t.Context(), w.ada)
	ok(t, err)
	if len(sessions) != 1 || sessions[0].ID != w.current(t, w.first).ID {
		t.Errorf("with one idle, sessions %+v", sessions)
	}
}

func TestEndSession(t *testing.T) {
	w := newWorld(t, providertest.Options{})
	desk, ended := w.Provider.Desk(), w.current(t, w.other)
	for _, foreign := range []struct{ subject, session string }{
		{w.grace, ended.ID}, {"", ended.ID}, {w.ada, "nothing"}, {w.ada, ""},
	} {
		wantNotFound(t, desk.EndSession(t.Context(), foreign.subject, foreign.session, "test"))
	}
	w.wantAlive(t, w.otherTokens)
	ok(t, w.Store.DirectusAccesses.Put(t.Context(), ended.ID, storage.DirectusAccess{Subject: w.ada, AccessToken: "secret"}, time.Hour))
	ok(t, w.Store.Enrolments.Put(t.Context(), ended.ID, storage.Enrolment{Subject: w.ada}, time.Hour))

	ok(t, desk.EndSession(t.Context(), w.ada, ended.ID, "ended by the user"))
	w.wantSignedIn(t, w.other, false)
	w.wantDead(t, w.otherTokens)
	w.wantSignedIn(t, w.first, true)
	w.wantAlive(t, w.tokens)
	index := w.index(t, w.ada)
	if slices.ContainsFunc(index.Sessions, func(e storage.SessionEntry) bool { return e.ID == ended.ID }) ||
		slices.ContainsFunc(index.Grants, func(e storage.GrantEntry) bool { return e.SessionID == ended.ID }) {
		t.Errorf("the index still knows the session: %+v", index)
	}
	for _, err := range w.Store.DirectusAccesses.All(t.Context()) {
		t.Errorf("an access outlived its session (%v)", err)
	}
	for _, err := range w.Store.Enrolments.All(t.Context()) {
		t.Errorf("an enrolment outlived its session (%v)", err)
	}
	if w.Events.Count(event.SessionEnded) != 1 {
		t.Errorf("%d sessions ended", w.Events.Count(event.SessionEnded))
	}
	wantNotFound(t, desk.EndSession(t.Context(), w.ada, ended.ID, "ended by the user"))
}

func TestEndOthers(t *testing.T) {
	w := newWorld(t, providertest.Options{})
	offline := w.signIn(t, w.first, w.app, map[string]string{"scope": "openid offline_access", "prompt": "consent"})
	ok(t, w.Provider.Desk().EndOthers(t.Context(), w.ada, w.current(t, w.first).ID, "password changed"))
	w.wantSignedIn(t, w.first, true)
	w.wantAlive(t, w.tokens)
	w.wantSignedIn(t, w.other, false)
	w.wantDead(t, w.otherTokens)
	// Nobody can tell whose it is: it does not depend on this session.
	w.wantDead(t, offline)
}

func TestEndUser(t *testing.T) {
	w := newWorld(t, providertest.Options{})
	stranger := w.NewBrowser(t)
	strangers := w.app.Exchange(stranger.SignIn(w.app, grace, nil)).WantOK(t)
	ok(t, w.Provider.Desk().EndUser(t.Context(), w.ada, "password reset"))
	w.wantDead(t, w.tokens)
	w.wantDead(t, w.otherTokens)
	w.wantSignedIn(t, w.first, false)
	w.wantSignedIn(t, w.other, false)
	w.UserInfo(t, strangers.Text("access_token")).WantOK(t)
	if index := w.index(t, w.ada); len(index.Sessions)+len(index.Grants) != 0 {
		t.Errorf("the index still knows %+v", index)
	}
	// What was allowed is remembered.
	w.Clock.Advance(time.Millisecond)
	w.first.Password(w.first.Get(w.app.AuthorizationURL(nil)), ada).Code(t)
}

func TestSetOTP(t *testing.T) {
	w := newWorld(t, providertest.Options{})
	desk := w.Provider.Desk()
	mine, others := w.current(t, w.first), w.current(t, w.other)
	wantNotFound(t, desk.SetOTP(t.Context(), w.held(t, w.first), others.ID, true))
	wantNotFound(t, desk.SetOTP(t.Context(), session.Browser{}, mine.ID, true))
	for _, test := range []struct {
		has  bool
		want string
	}{{true, session.ACROTP}, {false, session.ACRPassword}} {
		ok(t, desk.SetOTP(t.Context(), w.held(t, w.first), mine.ID, test.has))
		if got := w.current(t, w.first); got.ACR != test.want || !got.AuthenticatedAt.Equal(mine.AuthenticatedAt) {
			t.Errorf("with %v: acr %s at %v", test.has, got.ACR, got.AuthenticatedAt)
		}
		if got := w.current(t, w.other); got.ACR != session.ACRPassword {
			t.Errorf("another session has acr %s", got.ACR)
		}
	}
	// Elsewhere nobody asked for it.
	ok(t, w.Store.Sessions.Update(t.Context(), mine.ID, func(s *storage.Session) error {
		s.ACR, s.AMR, s.MustEnrolOTP = session.ACRExternal, nil, true
		return nil
	}))
	ok(t, desk.SetOTP(t.Context(), w.held(t, w.first), mine.ID, true))
	if got := w.current(t, w.first); got.ACR != session.ACRExternal || len(got.AMR) != 0 || got.MustEnrolOTP {
		t.Errorf("a session of an external sign-in has %s %v %v", got.ACR, got.AMR, got.MustEnrolOTP)
	}
}

// The user agent is whatever a stranger sends, and stands on a page later.
func TestUserAgentIsCleaned(t *testing.T) {
	long := make([]rune, 2000)
	for i := range long {
		long[i] = 'é'
	}
	for _, test := range []struct{ name, sent, want string }{
		{"plain", "Mozilla/5.0 (X11; Linux x86_64)", "Mozilla/5.0 (X11; Linux x86_64)"},
		{"other writing", "Ünïcode 浏览器", "Ünïcode 浏览器"},
		{"turned direction", "Safe\u202egnp.exe\u2066", "Safegnp.exe"},
		{"broken bytes", "a\xff\xfeb", "ab"},
		{"tab", "a\tb", "ab"},
		{"long", string(long), string(long[:256])},
		{"none", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := providertest.New(t, providertest.Options{})
			subject := s.Directus.AddUser(directustest.User{Email: ada, Password: providertest.Password})
			browser := s.NewBrowser(t)
			browser.UserAgent = test.sent
			browser.SignIn(s.Second(t), ada, nil)
			sessions, err := s.Provider.Desk().Sessions(t.Context(), subject)
			ok(t, err)
			if len(sessions) != 1 || sessions[0].UserAgent != test.want {
				t.Errorf("%q became %q", test.sent, sessions[0].UserAgent)
			}
		})
	}
}
