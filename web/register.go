package web

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"gatehouse/provider/authorize"
	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// registerPage is the data of register.html.
type registerPage struct {
	page
	App                          app
	Action, SignInURL            string
	GivenName, FamilyName, Email string
	// Hint is the key of what a password must be like.
	Hint     string
	Problems problems
	HelpURL  string
}

// registration says whether strangers may make accounts, and whether they have to
// prove their address then.
func (web *Web) registration(ctx context.Context) (open, verifies bool, err error) {
	if web.registrar == nil || web.brand.source == nil {
		return false, false, nil
	}
	project, err := web.brand.source.Project(ctx)
	return project.Registration && err == nil, project.VerifiesEmail, err
}

// registering finds the errand of whoever may use the page, or leads elsewhere:
// people who are signed in already, and everybody while registration is closed.
func (s *screens) registering(w http.ResponseWriter, r *http.Request) (e errand, verifies, ok bool) {
	e = s.errand(r)
	if e.lost != nil {
		s.refuse(w, r, e.lost)
		return e, false, false
	}
	if address, err := s.sentOn(r, e); err != nil || address != "" {
		if err != nil {
			s.refuse(w, r, err)
		} else {
			seeOther(w, r, address)
		}
		return e, false, false
	}
	open, verifies, err := s.registration(r.Context())
	switch {
	case err != nil:
		s.refuse(w, r, err)
		return e, false, false
	case !open && e.interaction != nil:
		seeOther(w, r, s.link(e, "/login"))
		return e, false, false
	case !open:
		s.closed(w, r)
		return e, false, false
	}
	return e, verifies, true
}

// sentOn is where somebody goes who needs no account, and empty for others.
func (s *screens) sentOn(r *http.Request, e errand) (string, error) {
	if e.interaction != nil {
		_, signedIn := e.interaction.Browser.Current()
		if signedIn || !wantsSignIn(e.interaction) {
			return e.interaction.ResumeURL, nil
		}
		return "", nil
	}
	browser, err := s.desk.Browser(r)
	if err != nil {
		return "", err
	}
	if _, signedIn := browser.Current(); signedIn {
		return s.prefix + "/account", nil
	}
	return "", nil
}

// closed says that nobody can register, where there is no sign-in to lead to.
func (s *screens) closed(w http.ResponseWriter, r *http.Request) {
	kind := errorKind{name: "registration_closed", code: "registration_closed", retry: s.prefix + "/account"}
	s.showError(w, r, http.StatusNotFound, kind, authorize.StartAgain{})
}

func (s *screens) register(w http.ResponseWriter, r *http.Request) {
	e, _, ok := s.registering(w, r)
	if !ok || s.isAway(w, r, errorKind{name: "away"}) {
		return
	}
	data := registerPage{}
	if e.interaction != nil && emailProblem(e.interaction.Request.LoginHint) == "" {
		data.Email = e.interaction.Request.LoginHint
	}
	s.showRegister(w, r, e, http.StatusOK, data)
}

func (s *screens) showRegister(w http.ResponseWriter, r *http.Request, e errand, status int, data registerPage) {
	data.page, data.App, data.Action, data.HelpURL = s.errandPage(w, r, e), e.app(), here(r, "", ""), s.help
	data.Hint, data.Failed = s.passwordRules.hint(), len(data.Problems) > 0
	data.SignInURL = s.wayOn(e).URL
	s.show(w, r, status, "register", data, s.ends(e))
}

func (s *screens) registerPost(w http.ResponseWriter, r *http.Request) {
	e, verifies, ok := s.registering(w, r)
	if !ok {
		return
	}
	form, err := oauth.ReadBody(w, r)
	if err != nil {
		s.Error(w, r, oauth.AsError(err), s.interactions.StartAgain(r))
		return
	}
	data := registerPage{
		GivenName: strings.TrimSpace(form.Get("given-name")), FamilyName: strings.TrimSpace(form.Get("family-name")),
		Email: strings.TrimSpace(form.Get("username")),
	}
	password := form.Get("new-password")
	data.Problems.add("given-name", nameProblem(data.GivenName), storage.MaxNameLength)
	data.Problems.add("family-name", nameProblem(data.FamilyName), storage.MaxNameLength)
	address, err := s.newAddressProblem(r, data.Email)
	secret, throttled := s.newPasswordProblem(r, password)
	if err = errors.Join(err, throttled); err != nil {
		s.notRegistered(w, r, e, data, err)
		return
	}
	data.Problems.add("username", address, storage.MaxEmailLength)
	data.Problems.add("new-password", secret, 0)
	if len(data.Problems) > 0 {
		s.showRegister(w, r, e, http.StatusOK, data)
		return
	}
	err = s.quietly(r, verification, data.Email, func(ctx context.Context, caller storage.Caller) error {
		return s.registrar.Register(ctx, storage.Registration{
			Email: data.Email, Password: storage.Secret(password), FirstName: data.GivenName, LastName: data.FamilyName,
			VerificationURL: s.mailed(e, "/verify-email"), Caller: caller,
		})
	})
	if err != nil {
		s.notRegistered(w, r, e, data, err)
		return
	}
	s.registered(w, r, e, verifies, data.Email)
}

// registered goes on in the same way whether the account is new or was there.
// Nobody is signed in: that would work for new accounts only.
func (s *screens) registered(w http.ResponseWriter, r *http.Request, e errand, verifies bool, email string) {
	s.sink.Emit(r.Context(), event.Event{Name: event.RegistrationRequested, ClientID: e.clientID()})
	if verifies {
		s.withReceipt(w, r, e, "/register/done", registeredReceipt, email)
		return
	}
	s.toSignIn(w, r, e, "registered")
}

func (s *screens) notRegistered(w http.ResponseWriter, r *http.Request, e errand, data registerPage, err error) {
	if s.askedTooOften(w, r, verification, s.interactions.StartAgain(r), err) {
		return
	}
	status := http.StatusOK
	switch {
	case errors.Is(err, storage.ErrPasswordPolicy):
		data.Problems.add("new-password", s.passwordRules.problem(), 0)
	case errors.Is(err, storage.ErrMalformed):
		data.Problems.add("username", "login.problem.email_form", 0)
	case errors.Is(err, storage.ErrRegistrationClosed):
		data.Problems.add("username", "register.problem.closed", 0)
	case errors.Is(err, storage.ErrUnavailable), errors.Is(err, storage.ErrRestricted):
		var p problem
		p, status = away(w, "given-name")
		data.Problems = problems{p}
	default:
		s.refuse(w, r, err)
		return
	}
	s.showRegister(w, r, e, status, data)
}
