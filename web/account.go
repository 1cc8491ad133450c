package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/go-chi/chi/v5"

	"gatehouse/provider/account"
	"gatehouse/provider/authorize"
	"gatehouse/provider/oauth"
	"gatehouse/provider/session"
	"gatehouse/storage"
)

const (
	accountPath = "/account"
	otherPath   = accountPath + "/other"
)

// freshness is how old a sign-in may be for steps that would help a thief of an
// unlocked device most: a new password, a one-time password, the end of every
// session.
const freshness = 10 * time.Minute

// visitor is the person whose account a page is about: the one that the browser
// is signed in as, never one that an address or a form names.
type visitor struct {
	// path is the page that a sign-in comes back to, below the issuer.
	path    string
	browser session.Browser
	session storage.Session
	account storage.Account
}

// section is a page of "My account".
type section struct {
	Key, URL string
	// Path is below the issuer, and ID is that of the link.
	Path, ID string
	Current  bool
}

// accountPage begins the data of every page of "My account", which
// account_layout.html frames.
type accountPage struct {
	page
	Sections []section
	// Overview marks the page that a phone lists the sections on.
	Overview             bool
	OverviewURL          string
	Name, Email, Initial string
	SignOutURL           string
	// OtherURL leads to the other accounts of the browser.
	OtherURL string
	// Notice is the key of what was just done.
	Notice string
	// Problem is the key of an error that is of no single field.
	Problem string
}

// accountRoutes mounts "My account".
func (s *screens) accountRoutes(r chi.Router) {
	s.mount(r,
		route{otherPath, s.otherAccount, nil},
		route{sessionsPath, s.sessions, s.sessionsPost},
		route{othersPath, s.endOthers, s.endOthers},
		route{everywherePath, s.endAll, s.endAll},
		route{appsPath, s.apps, nil},
		route{appsPath + "/{app}", s.removeApp, s.removeApp},
		route{historyPath, s.history, nil},
	)
	if s.profiles == nil {
		s.mount(r, route{accountPath, s.profile, nil})
	} else {
		s.mount(r,
			route{accountPath, s.profile, s.profilePost},
			route{picturePath, nil, s.picturePost},
			route{pictureRemovePath, nil, s.pictureRemove},
			route{picturePath + "/{id}", s.picture, nil},
		)
	}
	if s.hasPassword() {
		s.mount(r, route{passwordPath, s.accountPassword, s.accountPasswordPost})
	}
	if s.oneTimePasswords != nil {
		s.mount(r, route{accountOTPPath, s.accountOTP, s.accountOTPPost})
	}
}

// enter finds out who calls the page of "My account" with the path. If that is nobody it leads
// to a sign-in that comes back to the page, as it does if the person's role or the
// like has changed; if the account has ended it says so. Then there is nothing more
// to do.
func (s *screens) enter(w http.ResponseWriter, r *http.Request, path string) (visitor, bool) {
	browser, err := s.desk.Browser(r)
	if err != nil {
		s.broken(w, r, err)
		return visitor{}, false
	}
	current, ok := browser.Current()
	if !ok || current.MustEnrolOTP {
		// With a one-time password to be set up first, the policy leads there.
		s.begin(w, r, authorize.OwnRequest{Path: path})
		return visitor{}, false
	}
	user, err := s.desk.Account(r.Context(), current)
	switch {
	case errors.Is(err, account.ErrChanged):
		s.begin(w, r, authorize.OwnRequest{Path: path})
		return visitor{}, false
	case errors.Is(err, account.ErrInactive):
		s.ended(w, r)
		return visitor{}, false
	case err != nil:
		s.accountFailed(w, r, err)
		return visitor{}, false
	}
	return visitor{path: path, browser: browser, session: current, account: user}, true
}

// ended tells somebody that he has been signed out, since he has no account any
// more.
func (s *screens) ended(w http.ResponseWriter, r *http.Request) {
	kind := errorKind{name: "account_ended", code: "account_ended", retry: s.prefix + accountPath}
	s.showError(w, r, http.StatusForbidden, kind, authorize.StartAgain{})
}

// otherAccount leads to the chooser, and from there to the overview.
func (s *screens) otherAccount(w http.ResponseWriter, r *http.Request) {
	s.begin(w, r, authorize.OwnRequest{Path: accountPath, SelectAccount: true})
}

// begin leads to a sign-in.
func (s *screens) begin(w http.ResponseWriter, r *http.Request, own authorize.OwnRequest) {
	address, err := s.desk.Begin(w, r, own)
	if refused, ok := errors.AsType[*oauth.Error](err); ok {
		// Too many from this network, or no page that somebody sees.
		s.Error(w, r, refused, authorize.StartAgain{})
		return
	}
	if err != nil {
		s.accountFailed(w, r, err)
		return
	}
	seeOther(w, r, address)
}

// fresh says whether the sign-in is recent enough for a sensitive step. If not
// it leads to another one, by the same person, that comes back to the page.
func (s *screens) fresh(w http.ResponseWriter, r *http.Request, who visitor) bool {
	if s.now().Sub(who.session.AuthenticatedAt) <= freshness {
		return true
	}
	s.signInAgain(w, r, who)
	return false
}

// signInAgain leads to a sign-in of the same person that comes back to the page,
// unless the last one just showed that this is of no use.
func (s *screens) signInAgain(w http.ResponseWriter, r *http.Request, who visitor) {
	useless, err := s.uselessSignIn(r.Context(), who)
	if err == nil && useless {
		err = errAccessTooShort
	}
	if err != nil {
		s.broken(w, r, err)
		return
	}
	s.begin(w, r, authorize.OwnRequest{Path: who.path, Subject: who.session.Subject, Fresh: true})
}

// accountFailed shows an error of the user store or of ours. The page can be
// called again.
func (s *screens) accountFailed(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, storage.ErrUnavailable) {
		s.unavailable(w, r)
		return
	}
	s.broken(w, r, err)
}

// accountPage begins a page of "My account"; path is that of its section.
func (s *screens) accountPage(w http.ResponseWriter, r *http.Request, who visitor, path string) accountPage {
	name := fullName(who.account)
	p := accountPage{
		page: s.screen(w, r, reader{account: who.account.Language}), Overview: path == accountPath, OverviewURL: s.prefix + accountPath,
		Name: name, Email: who.account.Email, Initial: initial(name + who.account.Email),
		SignOutURL: s.prefix + "/logout", OtherURL: s.prefix + otherPath, Notice: noticeOf(r),
	}
	p.Wide = true
	for _, one := range s.sections() {
		one.URL, one.Current = s.prefix+one.Path, one.Path == path
		p.Sections = append(p.Sections, one)
	}
	return p
}

// sections are the pages that there are, in the order in which they are listed.
func (s *screens) sections() []section {
	all := []section{
		{Key: "account.profile", Path: accountPath, ID: "account-profile"},
		{Key: "account.password", Path: passwordPath, ID: "account-password"},
		{Key: "account.otp", Path: accountOTPPath, ID: "account-otp"},
		{Key: "account.sessions", Path: sessionsPath, ID: "account-sessions"},
		{Key: "account.apps", Path: appsPath, ID: "account-apps"},
		{Key: "account.history", Path: historyPath, ID: "account-history"},
	}
	return slices.DeleteFunc(all, func(one section) bool {
		return one.Path == accountOTPPath && s.oneTimePasswords == nil || one.Path == passwordPath && !s.hasPassword()
	})
}

// hasPassword says that there is a way for people to change their passwords.
func (s *screens) hasPassword() bool { return s.profiles != nil || s.passwords != nil }

// showAccount shows a page of "My account", with the logos of apps.
func (s *screens) showAccount(w http.ResponseWriter, r *http.Request, status int, name string, data any, logos ...string) {
	s.show(w, r, status, name, data, s.policy(nil, logos...))
}

// noticeOf is what was just done. The address says which of these: it can be
// made up, so the words promise nothing that matters.
func noticeOf(r *http.Request) string {
	return map[string]string{
		"profile":         "account.notice.profile",
		"picture":         "account.notice.picture",
		"picture-removed": "account.notice.picture_removed",
		"password":        "account.notice.password",
		"password-only":   "account.notice.password_only",
		"password-mail":   "account.notice.password_mail",
		"session":         "account.notice.session",
		"others":          "account.notice.others",
		"app":             "account.notice.app",
		"otp-on":          "account.notice.otp_on",
		"otp-off":         "account.notice.otp_off",
	}[r.URL.Query().Get("notice")]
}

// done leads to a page that says what was done, so that reloading repeats
// nothing.
func (s *screens) done(w http.ResponseWriter, r *http.Request, path, notice string) {
	seeOther(w, r, s.prefix+path+"?"+url.Values{"notice": {notice}}.Encode())
}
