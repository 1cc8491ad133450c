package web

import (
	"net/http"
	"net/url"

	"gatehouse/provider/authorize"
	"gatehouse/provider/logout"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// LogoutPages are the pages of signing out.
type LogoutPages struct {
	web *Web
}

var _ logout.Pages = LogoutPages{}

// LogoutPages returns what the logout endpoint needs.
func (web *Web) LogoutPages() LogoutPages { return LogoutPages{web: web} }

// logoutPage is the data of logout.html.
type logoutPage struct {
	page
	App    app
	Email  string
	Action string
	Fields url.Values
}

// Confirm asks whether to sign out.
func (l LogoutPages) Confirm(w http.ResponseWriter, r *http.Request, confirmation logout.Confirmation) {
	// Signing out must be possible while Directus is away: then the page has
	// neither address nor language of the account.
	account, err := l.web.accounts.Find(r.Context(), confirmation.Subject, l.web.accountAge)
	if err != nil {
		account = storage.Account{}
	}
	data := logoutPage{
		page: l.web.page(r, reader{account: account.Language}), Action: confirmation.Action, Fields: confirmation.Fields,
		App: app{Name: confirmation.ClientName, Logo: webAddress(confirmation.ClientLogo)}, Email: account.Email,
	}
	l.web.show(w, r, http.StatusOK, "logout", data, l.web.policy(onward(confirmation.ReturnURL), confirmation.ClientLogo))
}

// loggedOutPage is the data of logged_out.html.
type loggedOutPage struct {
	page
	App    app
	Return string
	Kept   bool
	// Everywhere says that it was on every device.
	Everywhere bool
}

// LoggedOut says how it ended, with the way back to the app.
func (l LogoutPages) LoggedOut(w http.ResponseWriter, r *http.Request, done logout.Done) {
	data := loggedOutPage{page: l.web.page(r, reader{}), App: app{Name: done.ClientName}, Return: webAddress(done.ReturnURL), Kept: done.Kept}
	if r.Method == http.MethodGet {
		data.page = l.web.screen(w, r, reader{})
	}
	l.web.show(w, r, http.StatusOK, "logged_out", data, l.web.policy(nil))
}

// Error shows a request to sign out that cannot be followed.
func (l LogoutPages) Error(w http.ResponseWriter, r *http.Request, err *oauth.Error) {
	l.web.Error(w, r, err, authorize.StartAgain{})
}
