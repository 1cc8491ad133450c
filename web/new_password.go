package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// newPasswordKind is one of the two mails that let people set a password.
type newPasswordKind struct {
	link linkKind
	done doneKind
	// action is where the form goes, submit the id of its button.
	action, submit string
	// heading, lead and button are keys.
	heading, lead, button string
	event                 event.Name
	reason                string
	spend                 func(p Passwords, ctx context.Context, token, password storage.Secret, caller storage.Caller) (storage.Account, error)
}

func resetPassword() newPasswordKind {
	return newPasswordKind{
		link: resetLink(), done: passwordDone(), action: "/reset-password/new", submit: "password-submit",
		heading: "reset.new.heading", lead: "reset.new.lead", button: "reset.new.submit",
		event: event.PasswordReset, reason: "password was reset", spend: Passwords.ResetPassword,
	}
}

func acceptInvitation() newPasswordKind {
	return newPasswordKind{
		link: invitationLink(), done: invitationDone(), action: "/accept-invite", submit: "invitation-submit",
		heading: "invitation.heading", lead: "invitation.lead", button: "invitation.submit",
		event: event.InvitationAccepted, reason: "invitation was accepted", spend: Passwords.AcceptInvitation,
	}
}

// newPasswordPage is the data of new_password.html.
type newPasswordPage struct {
	page
	// Heading, Lead, Button and Hint are keys, Submit is an id.
	Heading, Lead, Button, Submit, Hint string
	Action, Token                       string
	// Email is there for password managers only.
	Email    string
	Problems problems
	HelpURL  string
}

// newPassword shows the form and does nothing else.
func (s *screens) newPassword(kind newPasswordKind) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		e := s.errand(r)
		given := r.URL.Query().Get(tokenParameter)
		if given == "" {
			w.Header().Set("Referrer-Policy", "no-referrer")
			s.toSignIn(w, r, e, "")
			return
		}
		token, ok := readToken(given)
		if !ok {
			s.linkRefused(w, r, e, kind.link, storage.ErrLinkInvalid)
			return
		}
		s.showNewPassword(w, r, e, http.StatusOK, kind, token, nil)
	}
}

func (s *screens) showNewPassword(w http.ResponseWriter, r *http.Request, e errand, status int, kind newPasswordKind, token storage.Secret, problems problems) {
	data := newPasswordPage{
		page: s.private(w, r, e), Heading: kind.heading, Lead: kind.lead, Button: kind.button, Submit: kind.submit,
		Hint: s.passwordRules.hint(), Action: s.link(e, kind.action), Token: token.Reveal(), Email: addressOf(token),
		Problems: problems, HelpURL: s.help,
	}
	data.Failed = len(problems) > 0
	s.show(w, r, status, "new_password", data, closedPolicy())
}

// newPasswordPost spends the token. A password that is refused leaves it good.
func (s *screens) newPasswordPost(kind newPasswordKind) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		e := s.errand(r)
		form, err := oauth.ReadBody(w, r)
		if err != nil {
			s.Error(w, r, oauth.AsError(err), s.interactions.StartAgain(r))
			return
		}
		token, ok := readToken(form.Get(tokenParameter))
		if !ok {
			s.linkRefused(w, r, e, kind.link, storage.ErrLinkInvalid)
			return
		}
		password := form.Get("new-password")
		key, err := s.newPasswordProblem(r, password)
		var wrong problems
		wrong.add("new-password", key, 0)
		switch {
		case s.linkThrottled(w, r, err):
			return
		case err != nil:
			s.refuse(w, r, err)
			return
		case len(wrong) > 0:
			s.showNewPassword(w, r, e, http.StatusOK, kind, token, wrong)
			return
		}
		account, err := s.spend(r, token, spending{
			how: func(ctx context.Context, caller storage.Caller) (storage.Account, error) {
				return kind.spend(s.passwords, ctx, token, storage.Secret(password), caller)
			},
			spent: func(ctx context.Context, account storage.Account) error { return s.endOld(ctx, e, kind, account) },
		})
		switch {
		case err == nil:
			s.passwordSet(w, r, e, kind, account)
		case s.linkThrottled(w, r, err), s.linkRefused(w, r, e, kind.link, err):
		case errors.Is(err, storage.ErrPasswordPolicy):
			wrong.add("new-password", s.passwordRules.problem(), 0)
			s.showNewPassword(w, r, e, http.StatusOK, kind, token, wrong)
		case errors.Is(err, storage.ErrUnavailable):
			p, status := away(w, "new-password")
			s.showNewPassword(w, r, e, status, kind, token, problems{p})
		default:
			s.refuse(w, r, err)
		}
	}
}

// endOld ends whatever hangs on the old password.
func (s *screens) endOld(ctx context.Context, e errand, kind newPasswordKind, account storage.Account) error {
	s.sink.Emit(ctx, event.Event{Name: kind.event, ClientID: e.clientID(), Subject: account.ID})
	err := persistently(func() error { return s.desk.EndUser(ctx, account.ID, kind.reason) })
	if err != nil {
		return fmt.Errorf("end the sessions of an old password: %w", err)
	}
	s.verified(ctx, account)
	return nil
}

// passwordSet lets the person try the new password: from this browser, which has
// shown whose mail it reads, and within the limits from others, also where
// strangers used up what there was.
func (s *screens) passwordSet(w http.ResponseWriter, r *http.Request, e errand, kind newPasswordKind, account storage.Account) {
	lasting := context.WithoutCancel(r.Context())
	_, err := s.limiter.Reset(lasting, account.Email)
	if err == nil {
		err = s.devices.remember(w, r, account.Email, account.ID)
	}
	if err != nil {
		// Signing in may take longer then; the password is set all the same.
		s.sink.Emit(lasting, event.Event{Name: event.InternalError, Kind: "throttle", Subject: account.ID, Reason: "attempts were not given back", Err: err})
	}
	s.finish(w, r, e, kind.done)
}
