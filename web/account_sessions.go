package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"gatehouse/provider/authorize"
	"gatehouse/provider/logout"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

const (
	sessionsPath   = "/account/sessions"
	othersPath     = sessionsPath + "/others"
	everywherePath = sessionsPath + "/everywhere"
)

// sessionsPage is the data of account_sessions.html.
type sessionsPage struct {
	accountPage
	Action    string
	Sessions  []sessionItem
	OthersURL string
	AllURL    string
}

// sessionItem is a session as a person recognises it.
type sessionItem struct {
	Number int
	// Value names the session in the form. It is a digest: session ids stay
	// with us.
	Value              string
	UserAgent, Address string
	SignedIn, LastSeen time.Time
	// Here marks the session of this browser.
	Here bool
}

func (s *screens) sessions(w http.ResponseWriter, r *http.Request) {
	who, ok := s.enter(w, r, sessionsPath)
	if !ok {
		return
	}
	sessions, err := s.desk.Sessions(r.Context(), who.session.Subject)
	if err != nil {
		s.accountFailed(w, r, err)
		return
	}
	data := sessionsPage{
		accountPage: s.accountPage(w, r, who, sessionsPath), Action: s.prefix + sessionsPath,
		AllURL: s.prefix + everywherePath,
	}
	// That of this browser stands first, whenever it was used.
	for _, here := range []bool{true, false} {
		for _, one := range sessions {
			if (one.ID == who.session.ID) != here {
				continue
			}
			data.Sessions = append(data.Sessions, sessionItem{
				Number: len(data.Sessions) + 1, Value: choiceValue(one.ID), UserAgent: one.UserAgent, Address: one.ClientAddress,
				SignedIn: one.AuthenticatedAt, LastSeen: one.LastSeen, Here: here,
			})
		}
	}
	if len(data.Sessions) > 1 {
		data.OthersURL = s.prefix + othersPath
	}
	s.showAccount(w, r, http.StatusOK, "account_sessions", data)
}

// sessionsPost ends one session. Which the form says by a digest, and it is
// looked for among those of the visitor only.
func (s *screens) sessionsPost(w http.ResponseWriter, r *http.Request) {
	who, ok := s.enter(w, r, sessionsPath)
	if !ok {
		return
	}
	form, err := oauth.ReadBody(w, r)
	if err != nil {
		s.Error(w, r, oauth.AsError(err), authorize.StartAgain{})
		return
	}
	sessions, err := s.desk.Sessions(r.Context(), who.session.Subject)
	if err != nil {
		s.accountFailed(w, r, err)
		return
	}
	for _, one := range sessions {
		if choiceValue(one.ID) != form.Get("session") {
			continue
		}
		if one.ID == who.session.ID {
			// That is signing out, which has a page of its own.
			seeOther(w, r, s.prefix+"/logout")
			return
		}
		err := s.desk.EndSession(r.Context(), who.session.Subject, one.ID, "ended by its user")
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			s.accountFailed(w, r, err)
			return
		}
		s.done(w, r, sessionsPath, "session")
		return
	}
	// It ended meanwhile: the list shows what is left.
	seeOther(w, r, s.prefix+sessionsPath)
}

// endOthers asks, and then ends every session but this one.
func (s *screens) endOthers(w http.ResponseWriter, r *http.Request) {
	who, ok := s.enter(w, r, othersPath)
	if !ok {
		return
	}
	if r.Method != http.MethodPost {
		s.confirm(w, r, who, sessionsPath, confirmation{
			Heading: "sessions.end_others", Words: "sessions.end_others_words", Submit: "sessions.end_others", ID: "sessions-end-others-confirm",
		})
		return
	}
	if err := s.desk.EndOthers(r.Context(), who.session.Subject, who.session.ID, "ended by its user"); err != nil {
		s.accountFailed(w, r, err)
		return
	}
	s.done(w, r, sessionsPath, "others")
}

// endAll asks, and then signs the person out everywhere. Since that ends apps
// too that go on without him, it takes a sign-in made just now.
func (s *screens) endAll(w http.ResponseWriter, r *http.Request) {
	who, ok := s.enter(w, r, everywherePath)
	if !ok || !s.fresh(w, r, who) {
		return
	}
	if r.Method != http.MethodPost {
		s.confirm(w, r, who, sessionsPath, confirmation{
			Heading: "sessions.end_all", Words: "sessions.end_all_words", Submit: "sessions.end_all", ID: "sessions-end-all-confirm",
		})
		return
	}
	// Begun, it goes on when the browser hangs up.
	if err := s.desk.EndUser(context.WithoutCancel(r.Context()), who.session.Subject, "signed out everywhere"); err != nil {
		s.accountFailed(w, r, err)
		return
	}
	s.desk.Forget(w, who.browser, who.session.ID)
	if frames := s.desk.Frames(r.Context(), who.session); len(frames) > 0 {
		next := s.prefix + "/logged-out?everywhere=1"
		s.signingOut(w, r, reader{account: who.account.Language}, logout.Leaving{Frames: frames, Next: next})
		return
	}
	data := loggedOutPage{page: s.page(r, reader{account: who.account.Language}), Everywhere: true}
	s.show(w, r, http.StatusOK, "logged_out", data, s.policy(nil))
}
