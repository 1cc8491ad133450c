package web

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"strings"

	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// The kinds of receipts of mails.
const (
	registeredReceipt = "registered"
	resetReceipt      = "reset"
)

// mailSentPage is the data of mail_sent.html, which says to check the mail. It is
// the same whether a mail was sent.
type mailSentPage struct {
	page
	Email string
	// Reset tells the two kinds apart: a link to a new password, or to verify
	// the address.
	Reset bool
	// Again says that the mail was asked for once more.
	Again     bool
	ResendURL string
	SignIn    wayOn
}

func (s *screens) registerDone(w http.ResponseWriter, r *http.Request) {
	s.mailSent(w, r, registeredReceipt, "/verify-email/resend")
}

func (s *screens) resetSent(w http.ResponseWriter, r *http.Request) {
	s.mailSent(w, r, resetReceipt, "/reset-password")
}

// mailSent leads to the form that asks for the mail if it does not know, or no
// longer, where the mail went to.
func (s *screens) mailSent(w http.ResponseWriter, r *http.Request, kind, again string) {
	e := s.errand(r)
	got, ok := s.readReceipt(r, kind)
	if !ok {
		seeOther(w, r, s.link(e, again))
		return
	}
	data := mailSentPage{
		page: s.errandPage(w, r, e), Email: got.Email, Reset: kind == resetReceipt, Again: r.URL.Query().Get("again") != "",
		ResendURL: s.link(e, again), SignIn: s.wayOn(e),
	}
	s.show(w, r, http.StatusOK, "mail_sent", data, s.ends(e))
}

// resendPage is the data of resend.html.
type resendPage struct {
	page
	Action, Email string
	SignIn        wayOn
	Problems      problems
}

// resend asks for the mail that verifies an address once more.
func (s *screens) resend(w http.ResponseWriter, r *http.Request) {
	if e, ok := s.resending(w, r); ok && !s.isAway(w, r, errorKind{name: "away"}) {
		s.showResend(w, r, e, http.StatusOK, resendPage{})
	}
}

// resending is not there where no address is verified.
func (s *screens) resending(w http.ResponseWriter, r *http.Request) (errand, bool) {
	e := s.errand(r)
	open, verifies, err := s.registration(r.Context())
	if err != nil {
		s.refuse(w, r, err)
		return e, false
	}
	if !open || !verifies {
		s.closed(w, r)
		return e, false
	}
	return e, true
}

func (s *screens) showResend(w http.ResponseWriter, r *http.Request, e errand, status int, data resendPage) {
	data.page, data.Action, data.SignIn = s.errandPage(w, r, e), here(r, "", ""), s.wayOn(e)
	data.Failed = len(data.Problems) > 0
	s.show(w, r, status, "resend", data, s.ends(e))
}

// resendPost registers once more: that is how Directus sends the mail again, to
// addresses that still wait for it. It changes neither their password nor their
// names. An address that nobody registered gets an account that nobody knows the
// password of; whoever has the mail can choose one.
func (s *screens) resendPost(w http.ResponseWriter, r *http.Request) {
	e, ok := s.resending(w, r)
	if !ok {
		return
	}
	form, err := oauth.ReadBody(w, r)
	if err != nil {
		s.Error(w, r, oauth.AsError(err), s.interactions.StartAgain(r))
		return
	}
	data := resendPage{Email: strings.TrimSpace(form.Get("username"))}
	data.Problems.add("username", emailProblem(data.Email), storage.MaxEmailLength)
	if len(data.Problems) > 0 {
		s.showResend(w, r, e, http.StatusOK, data)
		return
	}
	err = s.quietly(r, verification, data.Email, func(ctx context.Context, caller storage.Caller) error {
		err := s.registrar.Register(ctx, storage.Registration{
			Email: data.Email, Password: unknownPassword(), VerificationURL: s.mailed(e, "/verify-email"), Caller: caller,
		})
		if errors.Is(err, storage.ErrPasswordPolicy) || errors.Is(err, storage.ErrRegistrationClosed) {
			// There is no account that waits, and the person is told nothing else.
			return nil
		}
		return err
	})
	status := http.StatusOK
	switch {
	case err == nil:
		s.withReceipt(w, r, e, "/register/done", registeredReceipt, data.Email, "again", "1")
		return
	case s.askedTooOften(w, r, verification, s.interactions.StartAgain(r), err):
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
	s.showResend(w, r, e, status, data)
}

// unknownPassword is one that nobody knows. Beside its randomness it has what
// policies usually ask for.
func unknownPassword() storage.Secret { return storage.Secret("Aa1!" + rand.Text()) }
