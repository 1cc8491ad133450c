package web

import (
	"errors"
	"html/template"
	"net/http"
	"net/url"

	"gatehouse/provider/authorize"
	"gatehouse/storage"
)

// enrolPage is the data of enrol.html.
type enrolPage struct {
	page
	otpForms
	App app
	// Asker is who asks for the one-time password: the project, or the app.
	Asker string
	// Blocked says that the project demands a one-time password, and does not
	// let the person set one up: only an administrator can help.
	Blocked    bool
	HelpURL    string
	OtherURL   string
	SignOutURL string
}

// otpForms are the forms that set a one-time password up or turn it off. A page
// shows one of them.
type otpForms struct {
	Action string
	// Start makes a secret, and Setup shows it and turns it on.
	Start *startForm
	Setup *setupForm
	// Disable turns it off, for which Again asks for another sign-in first.
	Disable *disableForm
	Again   *againForm
}

// startForm asks for the password that Directus makes a secret for.
type startForm struct {
	Email string
	// External says that the person has no password here.
	External bool
	// Problem is the key of an error that is of no field, PasswordProblem that
	// of the password.
	Problem, PasswordProblem string
}

// setupForm shows the secret and asks for its first code.
type setupForm struct {
	Email string
	QR    qrCode
	Link  template.URL
	// Secret is in groups of four.
	Secret string
	// Problem is the key of what is wrong with the code.
	Problem string
}

// disableForm asks for a code.
type disableForm struct {
	// Problem is the key of what is wrong with the code.
	Problem string
}

// againForm leads to another sign-in.
type againForm struct {
	// Problem is the key of why it is needed, or empty.
	Problem string
}

// newSetupForm names the secret after the project and the address, for the app.
func newSetupForm(project, email string, waiting storage.Enrolment, problem string) (*setupForm, error) {
	link := otpLink(project, email, waiting.OTP)
	code, err := newQRCode(string(link))
	if err != nil {
		return nil, err
	}
	return &setupForm{Email: email, QR: code, Link: link, Secret: inFours(waiting.OTP.Secret), Problem: problem}, nil
}

// enrol asks somebody to set up a one-time password before he may go on, since
// a policy of the project demands it.
func (s *screens) enrol(w http.ResponseWriter, r *http.Request) {
	interaction, ok := s.open(w, r)
	if !ok {
		return
	}
	if who, ok := s.mustEnrol(w, r, interaction); ok {
		s.showEnrol(w, r, interaction, who, "")
	}
}

// mustEnrol returns who has to set up a one-time password for a request; if
// nobody has, it leads on.
func (s *screens) mustEnrol(w http.ResponseWriter, r *http.Request, interaction *authorize.Interaction) (visitor, bool) {
	if interaction.Next != authorize.PromptEnrolOTP {
		seeOther(w, r, interaction.ResumeURL)
		return visitor{}, false
	}
	account, err := s.accounts.Find(r.Context(), interaction.Session.Subject, s.accountAge)
	if errors.Is(err, storage.ErrNotFound) {
		seeOther(w, r, interaction.ResumeURL) // the policy asks for another sign-in
		return visitor{}, false
	}
	if err != nil {
		s.refuse(w, r, err)
		return visitor{}, false
	}
	return visitor{browser: interaction.Browser, session: interaction.Session, account: account}, true
}

func (s *screens) enrolPage(w http.ResponseWriter, r *http.Request, interaction *authorize.Interaction) enrolPage {
	frame := s.screen(w, r, s.readerOf(r, interaction))
	asker := frame.Project
	if interaction.StepUp {
		asker = interaction.Client.DisplayName()
	}
	return enrolPage{
		page: frame, App: frame.asking(interaction), Asker: asker,
		HelpURL: s.help, OtherURL: s.prefix + "/login" + here(r, "other", "1"),
		SignOutURL: s.prefix + "/logout",
		otpForms:   otpForms{Action: here(r, "", "")},
	}
}

// showEnrol shows the secret that waits, or the form that makes one; problem is
// the key of what is wrong with the code, or of why the secret is gone.
func (s *screens) showEnrol(w http.ResponseWriter, r *http.Request, interaction *authorize.Interaction, who visitor, problem string) {
	data := s.enrolPage(w, r, interaction)
	waiting, err := s.enrolment(r.Context(), who)
	switch {
	case err == nil:
		if data.Setup, err = newSetupForm(data.Project, who.account.Email, waiting, problem); err != nil {
			s.broken(w, r, err)
			return
		}
	case errors.Is(err, errEnrolmentGone):
		may := s.oneTimePasswords != nil
		if may {
			var rights storage.OwnRights
			rights, err = s.otpRights(r.Context(), who)
			may = rights.OneTimePassword
		}
		if err != nil && !errors.Is(err, errEnrolmentGone) {
			s.refuse(w, r, err)
			return
		}
		if !may && interaction.StepUp {
			s.deny(w, r, interaction)
			return
		}
		if data.Blocked = !may; may {
			data.Start = &startForm{Email: who.account.Email, External: who.external(), Problem: problem}
		}
	default:
		s.refuse(w, r, err)
		return
	}
	data.Failed = problem != ""
	s.show(w, r, http.StatusOK, "enrol", data, s.endsAt(interaction))
}

func (s *screens) enrolPost(w http.ResponseWriter, r *http.Request) {
	interaction, form, ok := s.submitted(w, r)
	if !ok {
		return
	}
	who, ok := s.mustEnrol(w, r, interaction)
	switch {
	case !ok:
		return
	case s.oneTimePasswords == nil:
		s.cannotEnrol(w, r, interaction)
	case form.Get("action") == "start":
		s.enrolStart(w, r, interaction, who, form)
	default:
		s.enrolConfirm(w, r, interaction, who, form)
	}
}

// cannotEnrol names the way on, and grants nothing. An app that asked is told.
func (s *screens) cannotEnrol(w http.ResponseWriter, r *http.Request, interaction *authorize.Interaction) {
	if interaction.StepUp {
		s.deny(w, r, interaction)
		return
	}
	data := s.enrolPage(w, r, interaction)
	data.Blocked = true
	s.show(w, r, http.StatusOK, "enrol", data, s.endsAt(interaction))
}

func (s *screens) enrolStart(w http.ResponseWriter, r *http.Request, interaction *authorize.Interaction, who visitor, form url.Values) {
	password := form.Get("current-password")
	if password == "" && !who.external() {
		s.showEnrolStart(w, r, interaction, who, "", "login.problem.password_missing")
		return
	}
	err := s.startEnrolment(r, who, storage.Secret(password))
	switch {
	case err == nil:
		s.to(w, r, interaction, "/login/enrol", "", "")
	case s.throttled(w, r, interaction, err):
	case errors.Is(err, storage.ErrForbidden):
		s.cannotEnrol(w, r, interaction)
	case errors.Is(err, storage.ErrOTPIsSet):
		s.enrolled(w, r, interaction)
	case errors.Is(err, errAccessGone):
		s.to(w, r, interaction, "/login", "other", "1")
	case errors.Is(err, storage.ErrRestricted):
		s.showEnrolStart(w, r, interaction, who, "login.problem.restricted", "")
	case errors.Is(err, storage.ErrInvalidCredentials), errors.Is(err, storage.ErrMalformed):
		s.showEnrolStart(w, r, interaction, who, "", "enrol.problem.password")
	default:
		s.refuse(w, r, err)
	}
}

func (s *screens) showEnrolStart(w http.ResponseWriter, r *http.Request, interaction *authorize.Interaction, who visitor, problem, passwordProblem string) {
	data := s.enrolPage(w, r, interaction)
	data.Start = &startForm{Email: who.account.Email, External: who.external(), Problem: problem, PasswordProblem: passwordProblem}
	data.Failed = true
	s.show(w, r, http.StatusOK, "enrol", data, s.endsAt(interaction))
}

// enrolled asks for a sign-in with the one-time password that is there by now:
// it was set up elsewhere meanwhile.
func (s *screens) enrolled(w http.ResponseWriter, r *http.Request, interaction *authorize.Interaction) {
	seeOther(w, r, s.prefix+"/login?"+url.Values{"request": {interaction.Handle}, "other": {"1"}, "again": {"enrolled"}}.Encode())
}

func (s *screens) enrolConfirm(w http.ResponseWriter, r *http.Request, interaction *authorize.Interaction, who visitor, form url.Values) {
	code, ok := readOTP(form.Get("otp"))
	if !ok {
		s.showEnrol(w, r, interaction, who, "otp.problem.form")
		return
	}
	err := s.confirmEnrolment(r, who, code)
	switch {
	case err == nil:
		seeOther(w, r, interaction.ResumeURL)
	case errors.Is(err, storage.ErrForbidden):
		s.cannotEnrol(w, r, interaction)
	case errors.Is(err, storage.ErrOTPIsSet):
		s.enrolled(w, r, interaction)
	default:
		problem, ok := enrolmentProblem(err)
		if !ok {
			s.refuse(w, r, err)
			return
		}
		s.showEnrol(w, r, interaction, who, problem)
	}
}

// enrolmentProblem is the key of what went wrong with a code.
func enrolmentProblem(err error) (string, bool) {
	switch {
	case errors.Is(err, storage.ErrInvalidOTP):
		return "otp.problem.refused", true
	case errors.Is(err, errTooManyCodes):
		return "enrol.problem.failures", true
	case errors.Is(err, errEnrolmentGone):
		return "enrol.problem.expired", true
	}
	return "", false
}
