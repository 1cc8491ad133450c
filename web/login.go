package web

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"gatehouse/provider/authorize"
	"gatehouse/provider/event"
	"gatehouse/provider/session"
	"gatehouse/storage"
)

// longestEmail is that of RFC 5321, section 4.5.3.1.
const longestEmail = 254

// loginPage is the data of login.html.
type loginPage struct {
	page
	App    app
	Action string
	Email  string
	// Again says that the person is signed in already and is asked once more.
	Again bool
	// StepUp says that the app asks for the one-time password of that account.
	StepUp   bool
	OtherURL string
	Remember bool
	// Problem is the key of an error that is of no single field, EmailProblem
	// and PasswordProblem those of the fields.
	Problem, EmailProblem, PasswordProblem string
	HelpURL                                string
	// Notice is the key of what was done just now, such as a new password.
	Notice string
	// ForgotURL, RegisterURL and ResendURL are empty where there is no such
	// page.
	ForgotURL, RegisterURL, ResendURL string
	// External are the other places to sign in.
	External []externalLink
}

func (s *screens) loginPage(w http.ResponseWriter, r *http.Request, interaction *authorize.Interaction) loginPage {
	frame := s.screen(w, r, s.readerOf(r, interaction))
	return loginPage{
		page: frame, App: frame.asking(interaction),
		Action: here(r, "", ""), OtherURL: here(r, "other", "1"), HelpURL: s.help,
	}
}

// login shows the sign-in page. It also serves whoever wants to sign in with
// another account while the policy would ask something else.
func (s *screens) login(w http.ResponseWriter, r *http.Request) {
	interaction, ok := s.open(w, r)
	if !ok {
		return
	}
	other := r.URL.Query().Get("other") != ""
	if !wantsSignIn(interaction) && !other {
		seeOther(w, r, interaction.ResumeURL)
		return
	}
	if s.isAway(w, r, errorKind{name: "unavailable"}) {
		return
	}
	data := s.loginPage(w, r, interaction)
	data.Notice = loginNotice(r)
	if !other {
		data.Email, data.Again = s.expected(r, interaction)
		data.StepUp = interaction.StepUp && data.Again
	}
	switch r.URL.Query().Get("again") {
	case "otp":
		data.Problem = "login.problem.otp_failures"
	case "expired":
		data.Problem = "login.problem.otp_expired"
	case "enrolled":
		data.Problem = "login.problem.otp_enrolled"
	case "external":
		data.Problem = "login.problem.external"
	}
	s.showLogin(w, r, interaction, http.StatusOK, data)
}

// wantsSignIn says that somebody has to sign in before the request can go on. An
// app that asks for a new account (prompt=create) takes one that is there, too.
func wantsSignIn(interaction *authorize.Interaction) bool {
	return interaction.Next == authorize.PromptLogin || interaction.Next == authorize.PromptCreate
}

// expected is the e-mail address that the person will probably type, and
// whether it is that of the account the browser is signed in to.
func (s *screens) expected(r *http.Request, interaction *authorize.Interaction) (email string, again bool) {
	hint := strings.TrimSpace(interaction.Request.LoginHint)
	if len(hint) > longestEmail {
		hint = ""
	}
	current, ok := interaction.Browser.ByID(interaction.Request.SessionID)
	if interaction.Wanted != nil {
		current, ok = *interaction.Wanted, interaction.Wanted.ID != ""
	} else if !ok {
		current, ok = interaction.Browser.Current()
	}
	if !ok {
		return hint, false
	}
	// The page does without: the person can type the address.
	account, err := s.accounts.Find(r.Context(), current.Subject, s.accountAge)
	if err != nil || (hint != "" && storage.AccountName(hint) != storage.AccountName(account.Email)) {
		return hint, false
	}
	return account.Email, true
}

func (s *screens) showLogin(w http.ResponseWriter, r *http.Request, interaction *authorize.Interaction, status int, data loginPage) {
	data.Failed = data.Problem != "" || data.EmailProblem != "" || data.PasswordProblem != ""
	s.offer(r, interaction, &data)
	targets := onward(interaction.Request.RedirectURI)
	if len(data.External) > 0 && !s.cookies.Secure {
		targets = onward("http://localhost") // Directus on this machine, beside an issuer on it
	}
	s.show(w, r, status, "login", data, s.policy(targets, interaction.Client.LogoURI))
}

// endsAt is the policy of a page whose form may end at the client.
func (web *Web) endsAt(interaction *authorize.Interaction) string {
	return web.policy(onward(interaction.Request.RedirectURI), interaction.Client.LogoURI)
}

func (s *screens) loginPost(w http.ResponseWriter, r *http.Request) {
	interaction, form, ok := s.submitted(w, r)
	if !ok {
		return
	}
	email, password := strings.TrimSpace(form.Get("username")), form.Get("password")
	data := s.loginPage(w, r, interaction)
	data.Email, data.Remember = email, form.Get("remember") != ""
	if email == "" {
		data.EmailProblem = "login.problem.email_missing"
	} else if len(email) > longestEmail || !strings.Contains(email, "@") {
		data.EmailProblem = "login.problem.email_form"
	}
	if password == "" {
		data.PasswordProblem = "login.problem.password_missing"
	}
	if data.EmailProblem != "" || data.PasswordProblem != "" {
		s.showLogin(w, r, interaction, http.StatusOK, data)
		return
	}
	credentials := storage.Credentials{Email: email, Password: storage.Secret(password)}
	result, err := s.authenticate(r, credentials)
	if err == nil {
		s.signedIn(w, r, interaction, result, arrival{email: email, password: credentials.Password, remember: data.Remember})
		return
	}
	if errors.Is(err, storage.ErrOTPRequired) {
		s.askOTP(w, r, interaction, storage.PendingSignIn{Email: email, Password: password, Remember: data.Remember})
		return
	}
	s.notSignedIn(w, r, interaction, err, data)
}

// notSignedIn says that a sign-in failed, in the same words for every cause that
// could tell whether the account exists.
func (s *screens) notSignedIn(w http.ResponseWriter, r *http.Request, interaction *authorize.Interaction, err error, data loginPage) {
	if s.throttled(w, r, interaction, err) {
		return
	}
	s.sink.Emit(r.Context(), event.Event{Name: event.SignInFailed, ClientID: interaction.Client.ID, Kind: "password", Reason: reasonOf(err), Err: err})
	switch {
	case errors.Is(err, storage.ErrInvalidCredentials), errors.Is(err, storage.ErrInvalidOTP):
		data.Problem = "login.problem.refused"
	case errors.Is(err, storage.ErrMalformed):
		data.EmailProblem = "login.problem.email_form"
	case errors.Is(err, storage.ErrRestricted):
		data.Problem = "login.problem.restricted"
	default:
		s.refuse(w, r, err)
		return
	}
	s.showLogin(w, r, interaction, http.StatusOK, data)
}

// arrival is what a person gave to sign in.
type arrival struct {
	email string
	// password is empty where it is not at hand.
	password storage.Secret
	remember bool
	// provider is where the person signed in, if not here.
	provider string
}

// kind is what the audit log calls it.
func (a arrival) kind() string {
	if a.provider != "" {
		return "external"
	}
	return "password"
}

// again says why the sign-in page is shown once more if it came too late.
func (a arrival) again() string {
	if a.provider != "" {
		return "external"
	}
	return "expired"
}

// signedIn starts the session and returns to the policy.
func (s *screens) signedIn(w http.ResponseWriter, r *http.Request, interaction *authorize.Interaction, result SignInResult, given arrival) {
	signIn := session.SignIn{
		Subject: result.Account.ID, Began: result.Began, ACR: session.ACRPassword, AMR: session.AMRPassword(), MustEnrolOTP: result.MustEnrolOTP,
		Remember: given.remember, DirectusSession: result.DirectusSession, Seen: storage.Sight(result.Account),
	}
	if result.OTPUsed {
		signIn.ACR, signIn.AMR = session.ACROTP, session.AMROTP()
	}
	if given.provider != "" {
		signIn.ACR, signIn.AMR = session.ACRExternal, nil
	}
	s.forgetPassword(r, interaction)
	started, next, err := s.interactions.SignIn(r.Context(), w, interaction, signIn)
	if errors.Is(err, session.ErrEnded) {
		// What he signed in with may be the old password of a person who has a
		// new one.
		s.sink.Emit(r.Context(), event.Event{Name: event.SignInFailed, ClientID: interaction.Client.ID, Subject: signIn.Subject, Kind: given.kind(), Reason: "everything of the user was ended meanwhile"})
		s.to(w, r, interaction, "/login", "again", given.again())
		return
	}
	// The cookie goes out even if the request turns out to be gone: the person
	// did sign in.
	if given.provider == "" {
		if s.devices.confirmed(r, result.Account) {
			s.verified(context.WithoutCancel(r.Context()), result.Account)
		}
		if err := s.devices.remember(w, r, given.email, result.Account.ID); err != nil {
			s.broken(w, r, err)
			return
		}
	}
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	s.remember(r, interaction, signIn)
	s.prepare(r, interaction, started, result, given.password)
	s.sink.Emit(r.Context(), event.Event{Name: event.SignInSucceeded, ClientID: interaction.Client.ID, Subject: signIn.Subject, Kind: signIn.ACR})
	seeOther(w, r, next)
}
