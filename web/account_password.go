package web

import (
	"context"
	"errors"
	"net/http"

	"gatehouse/provider/authorize"
	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

const passwordPath = accountPath + "/password"

// accountPasswordPage is the data of account_password.html. One of Form, Mail and
// Provider says how the password is changed; without any of them it is not.
type accountPasswordPage struct {
	accountPage
	Action string
	// Form asks for the old password and a new one.
	Form bool
	// Mail offers a mail with a link.
	Mail bool
	// Provider is where the person's password is kept.
	Provider string
	// Hint is the key of what a new password should be like.
	Hint     string
	Problems problems
}

// accountPassword shows the way to a new password that the project leaves to the
// person.
func (s *screens) accountPassword(w http.ResponseWriter, r *http.Request) {
	who, ok := s.enter(w, r, passwordPath)
	if !ok {
		return
	}
	if data, _, ok := s.passwordWay(w, r, who); ok {
		s.showPassword(w, r, http.StatusOK, data, nil)
	}
}

// passwordWay finds the way, and the access that a form would need. The form
// takes a sign-in made just now: if there is none it leads to one, and there is
// nothing more to do.
func (s *screens) passwordWay(w http.ResponseWriter, r *http.Request, who visitor) (accountPasswordPage, storage.DirectusAccess, bool) {
	data := accountPasswordPage{Action: s.prefix + passwordPath, Hint: s.passwordRules.hint()}
	var access storage.DirectusAccess
	switch {
	case who.external():
		data.Provider = who.account.Provider
	case s.profiles != nil:
		may, found, locked, err := s.mayChange(r.Context(), who)
		switch {
		case err != nil:
			s.accountFailed(w, r, err)
			return data, access, false
		case locked:
			s.signInAgain(w, r, who)
			return data, access, false
		case may.Password && !s.fresh(w, r, who):
			return data, access, false
		}
		data.Form, access = may.Password, found
	}
	data.Mail = !data.Form && data.Provider == "" && s.passwords != nil
	data.accountPage = s.accountPage(w, r, who, passwordPath)
	return data, access, true
}

func (s *screens) showPassword(w http.ResponseWriter, r *http.Request, status int, data accountPasswordPage, wrong problems) {
	data.Problems, data.Failed = wrong, len(wrong) > 0
	s.showAccount(w, r, status, "account_password", data)
}

func (s *screens) accountPasswordPost(w http.ResponseWriter, r *http.Request) {
	who, ok := s.enter(w, r, passwordPath)
	if !ok {
		return
	}
	data, access, ok := s.passwordWay(w, r, who)
	if !ok {
		return
	}
	form, err := oauth.ReadBody(w, r)
	switch {
	case err != nil:
		s.Error(w, r, oauth.AsError(err), authorize.StartAgain{})
	case data.Form:
		s.changePassword(w, r, who, data, access, storage.Secret(form.Get("current-password")), storage.Secret(form.Get("new-password")))
	case data.Mail && form.Get("action") == "mail":
		s.mailPassword(w, r, who)
	default:
		s.showPassword(w, r, http.StatusOK, data, nil)
	}
}

// changePassword asks Directus whether the old password is right, as a sign-in
// with it would: within the same limits.
func (s *screens) changePassword(w http.ResponseWriter, r *http.Request, who visitor, data accountPasswordPage, access storage.DirectusAccess, old, fresh storage.Secret) {
	var wrong problems
	if old == "" {
		wrong.add("current-password", "password.problem.current_missing", 0)
	}
	key, err := s.newPasswordProblem(r, fresh.Reveal())
	switch wrong.add("new-password", key, 0); {
	case s.tooMany(w, r, attemptFor{back: s.prefix + passwordPath, other: s.prefix + passwordPath}, err):
		return
	case err != nil:
		s.broken(w, r, err)
		return
	case len(wrong) > 0:
		s.showPassword(w, r, http.StatusOK, data, wrong)
		return
	}
	lasting := context.WithoutCancel(r.Context())
	err = s.checkPassword(r, who, old)
	if err == nil {
		// Directus tells of the change as well, and this session is to stay.
		err = s.desk.ExpectPasswordChange(lasting, who.session.Subject)
	}
	if err == nil {
		err = s.desk.ExpectDirectusEnd(lasting, who.session)
	}
	asked := err == nil
	if asked {
		// Begun, it goes on when the browser hangs up: what hangs on the old
		// password has to end with it.
		err = s.profiles.ChangePassword(lasting, who.session.Subject, access, fresh)
	}
	if asked && err != nil && !errors.Is(err, storage.ErrUncertain) {
		// Whoever knows a password could otherwise have new ones refused without end,
		// so that nobody ever notices the change that is to end what he has.
		err = errors.Join(err, s.desk.PasswordStays(lasting, who.session))
	}
	status := http.StatusOK
	switch {
	case err == nil:
		s.passwordChanged(w, r, who, fresh)
		return
	case errors.Is(err, storage.ErrUncertain) && asked:
		// Perhaps it was changed: then whoever knows the old one must not stay.
		if err := s.endOthersOf(lasting, who); err != nil {
			s.broken(w, r, err)
			return
		}
		var p problem
		p, status = away(w, "current-password")
		p.Key = "password.problem.uncertain"
		wrong = problems{p}
	case errors.Is(err, storage.ErrAccessEnded):
		s.signInAgain(w, r, who)
		return
	case s.tooMany(w, r, attemptFor{back: s.prefix + passwordPath, other: s.prefix + passwordPath}, err):
		return
	case errors.Is(err, storage.ErrInvalidCredentials):
		wrong.add("current-password", "password.problem.current", 0)
	case errors.Is(err, storage.ErrPasswordPolicy):
		wrong.add("new-password", s.passwordRules.problem(), 0)
	case errors.Is(err, storage.ErrForbidden):
		data.Form, data.Mail = false, s.passwords != nil
	case errors.Is(err, storage.ErrRestricted):
		wrong = problems{{Field: "current-password", General: true, Key: "login.problem.restricted"}}
	case errors.Is(err, storage.ErrUnavailable):
		var p problem
		p, status = away(w, "current-password")
		wrong = problems{p}
	default:
		s.broken(w, r, err)
		return
	}
	s.showPassword(w, r, status, data, wrong)
}

// checkPassword says whether a password is the visitor's. The address that it is
// tried with has to be his now: it may be another's by tomorrow.
func (s *screens) checkPassword(r *http.Request, who visitor, password storage.Secret) error {
	account, err := s.accounts.Find(r.Context(), who.session.Subject, 0)
	if err != nil {
		return err
	}
	result, err := s.authenticate(r, storage.Credentials{Email: account.Email, Password: password, OnlyCheck: true})
	switch {
	case errors.Is(err, storage.ErrOTPRequired):
		return nil // which Directus says once the password was right
	case err == nil && result.Account.ID != who.session.Subject, errors.Is(err, storage.ErrMalformed):
		err = storage.ErrInvalidCredentials
	}
	if err != nil {
		s.sink.Emit(r.Context(), event.Event{
			Name: event.SignInFailed, Subject: who.session.Subject, SessionID: who.session.ID, Kind: "password", Reason: reasonOf(err), Err: err,
		})
	}
	return err
}

// passwordChanged ends whatever else hangs on the old password.
func (s *screens) passwordChanged(w http.ResponseWriter, r *http.Request, who visitor, password storage.Secret) {
	lasting := context.WithoutCancel(r.Context())
	s.sink.Emit(lasting, event.Event{Name: event.PasswordChanged, Subject: who.session.Subject, SessionID: who.session.ID})
	s.renewDirectusSession(r, who, password)
	notice := "password"
	if err := s.endOthersOf(lasting, who); err != nil {
		// The person can do it by himself, if he knows.
		s.sink.Emit(lasting, event.Event{Name: event.InternalError, Kind: "screen", Subject: who.session.Subject, Reason: "other sessions were not ended", Err: err})
		notice = "password-only"
	}
	s.done(w, r, passwordPath, notice)
}

// renewDirectusSession signs the visitor in again at the user store, which has
// ended his sessions there, if apps may need one. Whoever has a one-time password
// would have to be asked for it: for him it is his next sign-in that makes one, as
// for anybody whom the user store does not let in at once.
func (s *screens) renewDirectusSession(r *http.Request, who visitor, password storage.Secret) {
	if who.session.DirectusSession == "" {
		return
	}
	lasting := context.WithoutCancel(r.Context())
	var result SignInResult
	var failure error
	if !who.account.HasOTP {
		result, failure = s.authenticate(r, storage.Credentials{Email: who.account.Email, Password: password})
		if failure == nil && result.Account.ID != who.session.Subject {
			result, failure = SignInResult{}, errors.New("the address has become another's")
		}
	}
	if err := errors.Join(failure, s.desk.SetDirectusSession(lasting, who.session, result.DirectusSession)); err != nil {
		s.sink.Emit(lasting, event.Event{
			Name: event.InternalError, Kind: "screen", Subject: who.session.Subject, SessionID: who.session.ID,
			Reason: "apps get no Directus tokens until the next sign-in", Err: err,
		})
	}
}

// endOthersOf ends all sessions of the visitor but this one.
func (s *screens) endOthersOf(ctx context.Context, who visitor) error {
	return persistently(func() error {
		return s.desk.EndOthers(ctx, who.session.Subject, who.session.ID, "password was changed")
	})
}

// mailPassword sends the mail that people get who forgot their password.
func (s *screens) mailPassword(w http.ResponseWriter, r *http.Request, who visitor) {
	err := s.quietly(r, reset, who.account.Email, func(ctx context.Context, caller storage.Caller) error {
		return s.passwords.RequestReset(ctx, storage.ResetRequest{Email: who.account.Email, URL: s.mailed(errand{}, "/reset-password"), Caller: caller})
	})
	switch {
	case err == nil:
		s.sink.Emit(r.Context(), event.Event{Name: event.PasswordResetRequested, Subject: who.session.Subject, SessionID: who.session.ID})
		s.done(w, r, passwordPath, "password-mail")
	case s.askedTooOften(w, r, reset, authorize.StartAgain{}, err):
	default:
		s.accountFailed(w, r, err)
	}
}
