package web

import (
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"gatehouse/provider/authorize"
	"gatehouse/provider/logout"
	"gatehouse/provider/oauth"
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
	account := l.web.glance(r.Context(), confirmation.Subject)
	data := logoutPage{
		page: l.web.page(r, reader{account: account.Language}), Action: confirmation.Action, Fields: confirmation.Fields,
		App: app{Name: confirmation.ClientName, Logo: webAddress(confirmation.ClientLogo)}, Email: account.Email,
	}
	l.web.show(w, r, http.StatusOK, "logout", data, l.web.policy(onward(confirmation.ReturnURL), confirmation.ClientLogo))
}

// signingOutPage is the data of signing_out.html.
type signingOutPage struct {
	page
	Frames []frame
	Next   template.URL
}

type frame struct{ Host, URL string }

// SigningOut shows a page with a hidden frame for each app (Front-Channel Logout
// 1.0, section 2). What is in a frame may clear its own state by script, but not
// lead the whole window elsewhere, open others or ask questions in our name: anybody
// may have registered it. The page goes on by itself when they have loaded, or after a moment,
// and has a link for whom it does not.
func (l LogoutPages) SigningOut(w http.ResponseWriter, r *http.Request, leaving logout.Leaving) {
	l.web.signingOut(w, r, reader{}, leaving)
}

func (web *Web) signingOut(w http.ResponseWriter, r *http.Request, reader reader, leaving logout.Leaving) {
	data := signingOutPage{page: web.page(r, reader), Next: template.URL(leaving.Next)} //nolint:gosec // registered by the app and matched, or ours
	var origins []string
	for _, address := range leaving.Frames {
		// Whatever is no address of the web would be a script of ours.
		origin := source(address)
		if webAddress(address) == "" || origin == "" {
			continue
		}
		data.Frames = append(data.Frames, frame{Host: hostOf(address), URL: address})
		if !slices.Contains(origins, origin) {
			origins = append(origins, origin)
		}
	}
	data.SubmitScript, data.Refresh = web.assets.leave, data.Next
	policy := web.policy(nil)
	if len(origins) > 0 {
		policy += "; frame-src " + strings.Join(origins, " ")
	}
	web.show(w, r, http.StatusOK, "signing_out", data, policy)
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
	data := loggedOutPage{page: l.web.page(r, reader{}), App: app{Name: done.ClientName}, Return: webAddress(done.ReturnURL), Kept: done.Kept, Everywhere: done.Everywhere}
	if r.Method == http.MethodGet {
		data.page = l.web.screen(w, r, reader{})
	}
	l.web.show(w, r, http.StatusOK, "logged_out", data, l.web.policy(nil))
}

// Error shows a request to sign out that cannot be followed.
func (l LogoutPages) Error(w http.ResponseWriter, r *http.Request, err *oauth.Error) {
	l.web.Error(w, r, err, authorize.StartAgain{})
}
