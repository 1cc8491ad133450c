package web

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// resetPage is the data of reset_password.html, which asks for a mail.
type resetPage struct {
	page
	App           app
	Action, Email string
	SignIn        wayOn
	Problems      problems
}

// reset serves both who forgot his password and who comes with the link of the
// mail. An address with an empty token has lost it on its way and leads to the
// sign-in, where the way here is.
func (s *screens) reset(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	if query.Has(tokenParameter) {
		s.newPassword(resetPassword())(w, r)
		return
	}
	if s.isAway(w, r, errorKind{name: "away"}) {
		return
	}
	e := s.errand(r)
	data := resetPage{}
	if e.interaction != nil {
		if email, _ := s.expected(r, e.interaction); emailProblem(email) == "" {
			data.Email = email
		}
	}
	s.showReset(w, r, e, http.StatusOK, data)
}

func (s *screens) showReset(w http.ResponseWriter, r *http.Request, e errand, status int, data resetPage) {
	data.page, data.App, data.Action, data.SignIn = s.errandPage(w, r, e), e.app(), here(r, "", ""), s.wayOn(e)
	data.Failed = len(data.Problems) > 0
	s.show(w, r, status, "reset_password", data, s.ends(e))
}

func (s *screens) resetPost(w http.ResponseWriter, r *http.Request) {
	e := s.errand(r)
	form, err := oauth.ReadBody(w, r)
	if err != nil {
		s.Error(w, r, oauth.AsError(err), s.interactions.StartAgain(r))
		return
	}
	data := resetPage{Email: strings.TrimSpace(form.Get("username"))}
	data.Problems.add("username", emailProblem(data.Email), storage.MaxEmailLength)
	if len(data.Problems) > 0 {
		s.showReset(w, r, e, http.StatusOK, data)
		return
	}
	err = s.quietly(r, reset, data.Email, func(ctx context.Context, caller storage.Caller) error {
		return s.passwords.RequestReset(ctx, storage.ResetRequest{Email: data.Email, URL: s.mailed(e, "/reset-password"), Caller: caller})
	})
	status := http.StatusOK
	switch {
	case err == nil:
		s.sink.Emit(r.Context(), event.Event{Name: event.PasswordResetRequested, ClientID: e.clientID()})
		s.withReceipt(w, r, e, "/reset-password/sent", resetReceipt, data.Email)
		return
	case s.askedTooOften(w, r, reset, s.interactions.StartAgain(r), err):
		return
	case errors.Is(err, storage.ErrMalformed):
		data.Problems.add("username", "login.problem.email_form", 0)
	case errors.Is(err, storage.ErrUnavailable), errors.Is(err, storage.ErrRestricted):
		var p problem
		p, status = away(w, "username")
		data.Problems = problems{p}
	default:
		s.refuse(w, r, err)
		return
	}
	s.showReset(w, r, e, status, data)
}
