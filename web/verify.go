package web

import (
	"context"
	"errors"
	"net/http"

	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// verifyPage is the data of verify_email.html.
type verifyPage struct {
	page
	Action  string
	Token   string
	Problem string
}

// verify shows a button and does nothing: programs that look through mails open
// every address in them, and would spend the token.
func (s *screens) verify(w http.ResponseWriter, r *http.Request) {
	e := s.errand(r)
	token, ok := readToken(r.URL.Query().Get(tokenParameter))
	if !ok {
		// Also where the mail's address lost its token: another mail does no harm.
		s.linkRefused(w, r, e, verificationLink(), storage.ErrLinkInvalid)
		return
	}
	s.showVerify(w, r, e, http.StatusOK, verifyPage{Token: token.Reveal()})
}

func (s *screens) showVerify(w http.ResponseWriter, r *http.Request, e errand, status int, data verifyPage) {
	data.page, data.Action = s.private(w, r, e), s.link(e, "/verify-email")
	data.Failed = data.Problem != ""
	s.show(w, r, status, "verify_email", data, closedPolicy())
}

func (s *screens) verifyPost(w http.ResponseWriter, r *http.Request) {
	e := s.errand(r)
	form, err := oauth.ReadBody(w, r)
	if err != nil {
		s.Error(w, r, oauth.AsError(err), s.interactions.StartAgain(r))
		return
	}
	token, ok := readToken(form.Get(tokenParameter))
	if !ok {
		s.linkRefused(w, r, e, verificationLink(), storage.ErrLinkInvalid)
		return
	}
	account, err := s.spend(r, token, spending{
		how: func(ctx context.Context, caller storage.Caller) (storage.Account, error) {
			return s.registrar.VerifyEmail(ctx, token, caller)
		},
		spent: func(ctx context.Context, account storage.Account) error {
			s.sink.Emit(ctx, event.Event{Name: event.EmailVerified, ClientID: e.clientID(), Subject: account.ID})
			return nil
		},
		again: true,
	})
	if account.ID != "" && (err == nil || errors.Is(err, storage.ErrLinkUsed)) {
		// Also where the answer to the first try was lost.
		s.confirmed(w, r, account)
	}
	switch {
	case err == nil:
		s.finish(w, r, e, verifiedDone())
	case s.linkThrottled(w, r, err), s.linkRefused(w, r, e, verificationLink(), err):
	case errors.Is(err, storage.ErrUnavailable):
		p, status := away(w, "verify-submit")
		s.showVerify(w, r, e, status, verifyPage{Token: token.Reveal(), Problem: p.Key})
	default:
		s.refuse(w, r, err)
	}
}

// verified notes that mail to the address reaches whoever knows the password.
// Without the note he only counts as not having shown it; that is not worth
// failing for.
func (web *Web) verified(ctx context.Context, account storage.Account) {
	evidence := storage.NewVerifiedEmail(account.Email, web.now())
	err := web.store.VerifiedEmails.Put(ctx, account.ID, evidence, storage.NoExpiry)
	if err != nil {
		web.sink.Emit(ctx, event.Event{Name: event.InternalError, Kind: "screen", Subject: account.ID, Reason: "a verified address was not noted", Err: err})
	}
}
