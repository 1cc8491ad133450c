package web

import (
	"errors"
	"net/http"
	"net/url"

	"gatehouse/provider/authorize"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

const accountOTPPath = "/account/one-time-password"

// accountOTPPage is the data of account_one_time_password.html. Where it
// shows none of the forms, the rest says why.
type accountOTPPage struct {
	accountPage
	otpForms
	// On says that there is a one-time password.
	On bool
	// Blocked says that the project does not let the person change it,
	// Enforced that it demands one.
	Blocked, Enforced bool
	HelpURL           string
}

// accountOTP is the page for a person's own one-time password. Who sets one up
// gives his password, and who turns it off has just signed in: both are as good
// as a fresh sign-in, so that looking at the page asks for nothing.
func (s *screens) accountOTP(w http.ResponseWriter, r *http.Request) {
	if who, ok := s.enterOTP(w, r); ok {
		s.showAccountOTP(w, r, who, "")
	}
}

// enterOTP is enter with the account as it is now: whether there is a one-time
// password may have changed a moment ago.
func (s *screens) enterOTP(w http.ResponseWriter, r *http.Request) (visitor, bool) {
	who, ok := s.enter(w, r, accountOTPPath)
	if !ok {
		return visitor{}, false
	}
	account, err := s.accounts.Find(r.Context(), who.session.Subject, 0)
	switch {
	case errors.Is(err, storage.ErrNotFound), err == nil && !account.Active:
		return s.enter(w, r, accountOTPPath) // which ends what he has
	case err != nil:
		s.accountFailed(w, r, err)
		return visitor{}, false
	}
	who.account = account
	return who, true
}

func (s *screens) accountOTPPage(w http.ResponseWriter, r *http.Request, who visitor) accountOTPPage {
	return accountOTPPage{
		accountPage: s.accountPage(w, r, who, accountOTPPath), otpForms: otpForms{Action: s.prefix + accountOTPPath}, On: who.account.HasOTP, HelpURL: s.help,
	}
}

// showAccountOTP shows how things stand; problem is the key of what is wrong
// with the code, or of why the secret is gone.
func (s *screens) showAccountOTP(w http.ResponseWriter, r *http.Request, who visitor, problem string) {
	data := s.accountOTPPage(w, r, who)
	change := s.offerOTP
	if data.On {
		change = s.offerNoOTP
	}
	if err := change(r, who, &data, problem); err != nil {
		s.accountFailed(w, r, err)
		return
	}
	data.Failed = problem != ""
	s.showAccount(w, r, http.StatusOK, "account_one_time_password", data)
}

// offerOTP offers to set a one-time password up.
func (s *screens) offerOTP(r *http.Request, who visitor, data *accountOTPPage, problem string) error {
	waiting, err := s.enrolment(r.Context(), who)
	if err == nil {
		data.Setup, err = newSetupForm(data.Project, who.account.Email, waiting, problem)
		return err
	}
	if !errors.Is(err, errEnrolmentGone) {
		return err
	}
	rights, err := s.otpRights(r.Context(), who)
	if rights.OneTimePassword {
		data.Start = &startForm{Email: who.account.Email, External: who.external(), Problem: problem}
	}
	data.Blocked = !rights.OneTimePassword
	return err
}

// offerNoOTP offers to turn it off.
func (s *screens) offerNoOTP(r *http.Request, who visitor, data *accountOTPPage, problem string) error {
	rights, err := s.otpRights(r.Context(), who)
	if err != nil {
		return err
	}
	data.Enforced, data.Blocked = rights.OTPEnforced, !rights.OTPEnforced && !rights.OneTimePassword
	if data.Enforced || data.Blocked {
		return nil
	}
	fresh, err := s.justSignedIn(r, who)
	switch {
	case err != nil:
	case fresh:
		data.Disable = &disableForm{Problem: problem}
	default:
		data.Again = &againForm{Problem: problem}
	}
	return err
}

// justSignedIn says that the session is fresh, and that what the sign-in gave is
// still there.
func (s *screens) justSignedIn(r *http.Request, who visitor) (bool, error) {
	if s.now().Sub(who.session.AuthenticatedAt) > freshness {
		return false, nil
	}
	_, err := s.access(r.Context(), who)
	if errors.Is(err, errAccessGone) {
		return false, nil
	}
	return err == nil, err
}

func (s *screens) accountOTPPost(w http.ResponseWriter, r *http.Request) {
	who, ok := s.enterOTP(w, r)
	if !ok {
		return
	}
	form, err := oauth.ReadBody(w, r)
	if err != nil {
		s.Error(w, r, oauth.AsError(err), authorize.StartAgain{})
		return
	}
	switch form.Get("action") {
	case "start":
		s.accountOTPStart(w, r, who, form)
	case "confirm":
		s.accountOTPConfirm(w, r, who, form)
	case "disable":
		s.accountOTPDisable(w, r, who, form)
	case "sign-in":
		s.signInAgain(w, r, who)
	case "cancel":
		if err := s.store.Enrolments.Delete(r.Context(), who.session.ID); err != nil {
			s.accountFailed(w, r, err)
			return
		}
		fallthrough
	default:
		seeOther(w, r, s.prefix+accountOTPPath)
	}
}

func (s *screens) accountOTPStart(w http.ResponseWriter, r *http.Request, who visitor, form url.Values) {
	if who.account.HasOTP {
		seeOther(w, r, s.prefix+accountOTPPath)
		return
	}
	problem := ""
	if form.Get("current-password") == "" && !who.external() {
		problem = "login.problem.password_missing"
	} else {
		err := s.startEnrolment(r, who, storage.Secret(form.Get("current-password")))
		switch {
		case err == nil, errors.Is(err, storage.ErrOTPIsSet):
			seeOther(w, r, s.prefix+accountOTPPath)
			return
		case errors.Is(err, storage.ErrForbidden):
			s.cannotChangeOTP(w, r, who)
			return
		case errors.Is(err, errAccessGone):
			s.signInAgain(w, r, who)
			return
		case errors.Is(err, storage.ErrInvalidCredentials), errors.Is(err, storage.ErrMalformed):
			problem = "enrol.problem.password"
		case errors.Is(err, storage.ErrRestricted):
			problem = "login.problem.restricted"
		default:
			if !s.tooMany(w, r, s.ownAttempt(), err) {
				s.accountFailed(w, r, err)
			}
			return
		}
	}
	data := s.accountOTPPage(w, r, who)
	data.Start = &startForm{Email: who.account.Email, External: who.external(), PasswordProblem: problem}
	data.Failed = true
	s.showAccount(w, r, http.StatusOK, "account_one_time_password", data)
}

// ownAttempt is the way on from an attempt for a page of "My account".
func (s *screens) ownAttempt() attemptFor {
	return attemptFor{back: s.prefix + accountOTPPath, other: s.prefix + "/account/other", again: authorize.StartAgain{}}
}

// cannotChangeOTP names the way on.
func (s *screens) cannotChangeOTP(w http.ResponseWriter, r *http.Request, who visitor) {
	data := s.accountOTPPage(w, r, who)
	data.Blocked = true
	s.showAccount(w, r, http.StatusOK, "account_one_time_password", data)
}

func (s *screens) accountOTPConfirm(w http.ResponseWriter, r *http.Request, who visitor, form url.Values) {
	code, ok := readOTP(form.Get("otp"))
	if !ok {
		s.showAccountOTP(w, r, who, "otp.problem.form")
		return
	}
	err := s.confirmEnrolment(r, who, code)
	problem, known := enrolmentProblem(err)
	switch {
	case err == nil:
		s.done(w, r, accountOTPPath, "otp-on")
	case errors.Is(err, storage.ErrOTPIsSet):
		seeOther(w, r, s.prefix+accountOTPPath)
	case errors.Is(err, storage.ErrForbidden):
		s.cannotChangeOTP(w, r, who)
	case known:
		s.showAccountOTP(w, r, who, problem)
	default:
		s.accountFailed(w, r, err)
	}
}

func (s *screens) accountOTPDisable(w http.ResponseWriter, r *http.Request, who visitor, form url.Values) {
	if !who.account.HasOTP {
		seeOther(w, r, s.prefix+accountOTPPath)
		return
	}
	fresh, err := s.justSignedIn(r, who)
	if err != nil {
		s.accountFailed(w, r, err)
		return
	}
	if !fresh {
		s.signInAgain(w, r, who)
		return
	}
	code, ok := readOTP(form.Get("otp"))
	if !ok {
		s.showAccountOTP(w, r, who, "otp.problem.form")
		return
	}
	err = s.disableOTP(r, who, code)
	switch {
	case err == nil:
		s.done(w, r, accountOTPPath, "otp-off")
	case errors.Is(err, errOTPEnforced):
		seeOther(w, r, s.prefix+accountOTPPath)
	case errors.Is(err, storage.ErrInvalidOTP):
		s.showAccountOTP(w, r, who, "otp.problem.refused")
	case errors.Is(err, errTooManyCodes):
		s.showAccountOTP(w, r, who, "login.problem.otp_failures")
	case errors.Is(err, errAccessGone):
		s.signInAgain(w, r, who)
	case errors.Is(err, storage.ErrForbidden):
		s.cannotChangeOTP(w, r, who)
	default:
		s.accountFailed(w, r, err)
	}
}
