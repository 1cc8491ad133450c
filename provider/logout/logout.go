package logout

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/go-chi/chi/v5"

	"gatehouse/provider/claims"
	"gatehouse/provider/clients"
	"gatehouse/provider/event"
	"gatehouse/provider/frontchannel"
	"gatehouse/provider/oauth"
	"gatehouse/provider/refuse"
	"gatehouse/provider/session"
	"gatehouse/provider/token"
	"gatehouse/storage"
)

// Pages shows what only HTML can say. web satisfies it.
type Pages interface {
	// Confirm asks whether to sign out, by a form that posts Fields to Action,
	// together with a parameter cancel if the person wants to stay.
	Confirm(w http.ResponseWriter, r *http.Request, confirmation Confirmation)
	// SigningOut loads frames by which apps hear of it, and leads on when they
	// have loaded or after a moment.
	SigningOut(w http.ResponseWriter, r *http.Request, leaving Leaving)
	// LoggedOut says that it is done.
	LoggedOut(w http.ResponseWriter, r *http.Request, done Done)
	// Error shows a request that cannot be followed.
	Error(w http.ResponseWriter, r *http.Request, err *oauth.Error)
}

// Confirmation is what the person is asked.
type Confirmation struct {
	// ClientName and ClientLogo are empty where the app is unknown.
	ClientName, ClientLogo string
	// Subject is the account that would be signed out.
	Subject string
	Action  string
	Fields  url.Values
	// ReturnURL is where the answer leads the browser on to, if anywhere:
	// a Content-Security-Policy of the page has to allow it.
	ReturnURL string
}

// Leaving is a browser whose session has ended and whose apps do not know yet.
type Leaving struct {
	// Frames are the addresses of the apps, Next where to go then.
	Frames []string
	Next   string
}

// Done is how a sign-out ended.
type Done struct {
	// ClientName and ReturnURL are empty where the app is unknown.
	ClientName, ReturnURL string
	// Kept says that the person chose to stay signed in, and Everywhere that the
	// sign-out was on every device.
	Kept, Everywhere bool
}

// Clients looks relying parties up.
type Clients interface {
	Client(ctx context.Context, id string) (storage.Client, error)
}

// Config is what an Endpoint needs.
type Config struct {
	Issuer   string
	Clients  Clients
	Sessions *session.Manager
	Tokens   *token.Service
	Subjects *claims.Subjects
	Frames   frontchannel.Frames
	Handles  *oauth.Handles
	Pages    Pages
	Sink     event.Sink
}

// Endpoint is the end-session endpoint. It is safe for concurrent use.
type Endpoint struct {
	Config
}

// New returns the endpoint.
func New(config Config) *Endpoint { return &Endpoint{Config: config} }

// Mount adds the endpoint's routes.
func (e *Endpoint) Mount(router chi.Router) {
	router.Get("/logout", e.begin)
	router.Post("/logout", e.begin)
	router.Get("/logged-out", e.loggedOut)
}

// ticket is a request to sign out that the person is asked about. It is sealed,
// so that the answer can only be given on our own page, and names the session,
// so that it serves no other.
type ticket struct {
	SessionID string `json:"s"`
	ClientID  string `json:"c,omitempty"`
	ReturnURL string `json:"u,omitempty"`
}

func (e *Endpoint) begin(w http.ResponseWriter, r *http.Request) {
	parameters, err := readParameters(w, r)
	if err != nil {
		e.fail(w, r, err)
		return
	}
	browser, err := e.Sessions.Load(r.Context(), r)
	if err != nil {
		e.fail(w, r, err)
		return
	}
	if sealed := parameters.Get("logout"); sealed != "" && r.Method == http.MethodPost {
		e.answer(w, r, browser, sealed, parameters.Has("cancel"))
		return
	}
	asked, err := e.asked(r.Context(), r.Method, parameters)
	if err != nil {
		e.fail(w, r, err)
		return
	}
	if r.Method == http.MethodPost {
		e.again(w, r, asked)
		return
	}
	s, ok := e.meant(browser, asked)
	switch {
	case !ok:
		e.done(w, asked.client, asked.unasked())
	case e.names(asked, s):
		e.end(w, r, browser, s, asked.client, asked.returnURL)
	default:
		e.confirm(w, r, s, asked)
	}
}

// meant is the session of this browser that the request is about.
func (e *Endpoint) meant(browser session.Browser, asked request) (storage.Session, bool) {
	if asked.subject != "" {
		if s, ok := browser.OfUser(func(userID string) bool { return e.Subjects.Is(asked.client, asked.subject, userID) }); ok {
			return s, true
		}
	}
	return browser.Current()
}

// names says whether a verified hint is about exactly this session, so that
// nobody has to be asked.
func (e *Endpoint) names(asked request, s storage.Session) bool {
	return e.Subjects.Is(asked.client, asked.subject, s.Subject) && asked.sid == session.SID(s.ID, asked.client.ID)
}

func (e *Endpoint) confirm(w http.ResponseWriter, r *http.Request, s storage.Session, asked request) {
	sealed, err := e.Handles.Seal(oauth.LogoutHandle, ticket{SessionID: s.ID, ClientID: asked.client.ID, ReturnURL: asked.returnURL})
	if err != nil {
		e.fail(w, r, err)
		return
	}
	confirmation := Confirmation{
		Subject: s.Subject, ClientLogo: asked.client.LogoURI, ReturnURL: asked.returnURL,
		Action: e.address("/logout"), Fields: url.Values{"logout": {sealed}},
	}
	if asked.client.ID != "" {
		confirmation.ClientName = asked.client.DisplayName()
	}
	e.Pages.Confirm(w, r, confirmation)
}

// answer takes the person's answer. If the session is gone meanwhile, what they
// want is so already.
func (e *Endpoint) answer(w http.ResponseWriter, r *http.Request, browser session.Browser, sealed string, cancelled bool) {
	var t ticket
	if err := e.Handles.Open(oauth.LogoutHandle, sealed, &t); err != nil {
		e.fail(w, r, oauth.NewError(oauth.InvalidRequest, "the form is not one of ours"))
		return
	}
	var client storage.Client
	if t.ClientID != "" {
		found, err := e.Clients.Client(r.Context(), t.ClientID)
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			e.fail(w, r, err)
			return
		}
		client = found
	}
	if cancelled {
		e.Pages.LoggedOut(w, r, e.outcome(client, true))
		return
	}
	s, ok := browser.ByID(t.SessionID)
	if !ok {
		e.done(w, client, t.ReturnURL)
		return
	}
	e.end(w, r, browser, s, client, t.ReturnURL)
}

func (e *Endpoint) end(w http.ResponseWriter, r *http.Request, browser session.Browser, s storage.Session, client storage.Client, returnURL string) {
	ended, err := e.Sessions.End(r.Context(), w, browser, s, "signed out")
	if err != nil {
		e.fail(w, r, err)
		return
	}
	if frames := e.Frames.Of(r.Context(), ended); len(frames) > 0 {
		e.Pages.SigningOut(w, r, Leaving{Frames: frames, Next: e.next(client, returnURL)})
		return
	}
	e.done(w, client, returnURL)
}

func (e *Endpoint) done(w http.ResponseWriter, client storage.Client, returnURL string) {
	e.seeOther(w, e.next(client, returnURL))
}

// next leads back to the client, or to a page of ours that may be reloaded.
func (e *Endpoint) next(client storage.Client, returnURL string) string {
	if returnURL != "" {
		return returnURL
	}
	address := e.address("/logged-out")
	if client.ID != "" {
		address = oauth.AddQuery(address, url.Values{"client_id": {client.ID}})
	}
	return address
}

// seeOther leads to a page of ours, or to an address that a client registered.
func (e *Endpoint) seeOther(w http.ResponseWriter, address string) {
	header := w.Header()
	header.Set("Location", address)
	header.Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusSeeOther)
}

func (e *Endpoint) loggedOut(w http.ResponseWriter, r *http.Request) {
	client, err := e.Clients.Client(r.Context(), r.URL.Query().Get("client_id"))
	if err != nil {
		client = storage.Client{}
	}
	done := e.outcome(client, false)
	done.Everywhere = r.URL.Query().Has("everywhere")
	e.Pages.LoggedOut(w, r, done)
}

func (e *Endpoint) outcome(client storage.Client, kept bool) Done {
	if client.ID == "" {
		return Done{Kept: kept}
	}
	return Done{ClientName: client.DisplayName(), ReturnURL: clients.HomeURL(e.Issuer, client), Kept: kept}
}

func (e *Endpoint) fail(w http.ResponseWriter, r *http.Request, err error) {
	shown := refuse.AsError(err)
	refuse.Emit(r, e.Sink, event.Event{Name: event.AuthorizationRefused}, shown)
	e.Pages.Error(w, r, shown)
}

func (e *Endpoint) address(path string) string { return oauth.Below(e.Issuer, path) }
