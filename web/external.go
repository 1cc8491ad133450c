package web

import (
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/go-chi/chi/v5"

	"gatehouse/provider/authorize"
	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

const (
	externalCookie = "external"
	// externalPatience is how long a person may take at the other provider.
	externalPatience = 15 * time.Minute
	externalPath     = "/login/external/"
	externalReturn   = externalPath + "callback"
)

// directusCookies are those that Directus leaves after a sign-in elsewhere, by
// AUTH_<PROVIDER>_MODE: cookie, and session.
func directusCookies() []string { return []string{"directus_refresh_token", "directus_session_token"} }

// departure is what a browser carries while its person is at another provider,
// sealed. Directus's own cookies are those of a whole domain and say nothing of
// who began a sign-in: without this one somebody could leave his own in another's
// browser and have him sign in as himself (login CSRF).
type departure struct {
	RequestID string `json:"r"`
	// Handle is that of the request: of a sign-in that failed, Directus brings
	// nothing back but a reason.
	Handle   string    `json:"h"`
	Provider string    `json:"p"`
	At       time.Time `json:"t"`
}

// stateOf is what has to come back in the address of a departure. It is a digest:
// the address is seen by Directus and lands in its log.
func stateOf(sealed string) string {
	return base64.RawURLEncoding.EncodeToString(oauth.Digest("external\x00" + sealed))
}

// externalLink is a button of the sign-in page.
type externalLink struct {
	Name, Label, Action string
}

// externalLinks are the other providers. The page does without them where Directus
// cannot be asked.
func (s *screens) externalLinks(r *http.Request) []externalLink {
	if s.external == nil {
		return nil
	}
	offered, err := s.external.Providers(r.Context())
	if err != nil {
		s.sink.Emit(r.Context(), event.Event{Name: event.InternalError, Kind: "screen", Reason: "other providers are not known", Err: err})
		return nil
	}
	links := make([]externalLink, len(offered))
	for i, provider := range offered {
		links[i] = externalLink{
			Name: provider.Name, Label: provider.Label,
			Action: s.prefix + externalPath + url.PathEscape(provider.Name) + here(r, "", ""),
		}
	}
	return links
}

// depart leads to another provider, by way of Directus.
func (s *screens) depart(w http.ResponseWriter, r *http.Request) {
	interaction, ok := s.open(w, r)
	if !ok {
		return
	}
	name := chi.URLParam(r, "provider")
	sealed, err := s.handles.Seal(oauth.ExternalHandle, departure{RequestID: interaction.Request.ID, Handle: interaction.Handle, Provider: name, At: s.now()})
	if err != nil {
		s.broken(w, r, err)
		return
	}
	back := oauth.Below(s.issuer, externalReturn) + "?" + url.Values{"request": {interaction.Handle}, "state": {stateOf(sealed)}}.Encode()
	address, err := s.external.Begin(r.Context(), name, back)
	if errors.Is(err, storage.ErrNotFound) {
		s.NotFound(w, r)
		return
	}
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	s.cookies.Set(w, externalCookie, sealed, externalPatience)
	seeOther(w, r, address)
}

// arrive takes a person back who was at another provider.
func (s *screens) arrive(w http.ResponseWriter, r *http.Request) {
	if !r.URL.Query().Has("request") {
		s.arriveWithout(w, r)
		return
	}
	interaction, ok := s.open(w, r)
	if !ok {
		return
	}
	left, err := s.departed(r, interaction)
	s.cookies.Clear(w, externalCookie)
	if err != nil {
		// Directus's cookies stay as they are: they may be of somebody at work
		// in the Studio.
		s.notArrived(w, r, interaction, err)
		return
	}
	if r.URL.Query().Has("reason") {
		s.notArrived(w, r, interaction, storage.ErrInvalidCredentials)
		return
	}
	var values []storage.Secret
	for _, name := range directusCookies() {
		if cookie, err := r.Cookie(name); err == nil && cookie.Value != "" {
			values = append(values, storage.Secret(cookie.Value))
		}
	}
	caller := event.RequestOf(r.Context())
	result, err := s.external.Redeem(r.Context(), left.Provider, values, storage.Caller{ClientAddress: caller.ClientAddress, UserAgent: caller.UserAgent})
	if err != nil {
		s.notArrived(w, r, interaction, err)
		return
	}
	// Not the return: what he was asked there, he was asked before.
	result.Began = left.At
	s.clearDirectusCookies(w, r)
	s.signedIn(w, r, interaction, result, arrival{provider: left.Provider})
}

// arriveWithout takes a person back whose sign-in failed: Directus leaves our
// query out then. The request is the one that this browser set out for, and
// nothing is done but to show its sign-in page.
func (s *screens) arriveWithout(w http.ResponseWriter, r *http.Request) {
	var left departure
	if s.handles.Open(oauth.ExternalHandle, s.cookies.Read(r, externalCookie), &left) != nil {
		s.refuse(w, r, authorize.ErrExpired)
		return
	}
	s.cookies.Clear(w, externalCookie)
	s.sink.Emit(r.Context(), event.Event{Name: event.SignInFailed, Kind: "external", Reason: reasonOf(storage.ErrInvalidCredentials)})
	seeOther(w, r, s.prefix+"/login?"+url.Values{"request": {left.Handle}, "again": {"external"}}.Encode())
}

// errNotDeparted says that this browser did not set out for this sign-in.
var errNotDeparted = errors.New("the sign-in elsewhere was not begun here")

// departed returns what the browser set out for, if it is this.
func (s *screens) departed(r *http.Request, interaction *authorize.Interaction) (departure, error) {
	sealed := s.cookies.Read(r, externalCookie)
	state := r.URL.Query().Get("state")
	var left departure
	switch {
	case sealed == "" || s.handles.Open(oauth.ExternalHandle, sealed, &left) != nil,
		subtle.ConstantTimeCompare([]byte(state), []byte(stateOf(sealed))) != 1,
		left.RequestID != interaction.Request.ID,
		s.now().Sub(left.At) >= externalPatience:
		return departure{}, errNotDeparted
	}
	// One return for each: a program could send the same cookie again and again,
	// and have Directus asked each time.
	err := s.store.Seen.Add(r.Context(), "external\x00"+stateOf(sealed), storage.Mark{}, externalPatience)
	if errors.Is(err, storage.ErrExists) {
		return departure{}, errNotDeparted
	}
	return left, err
}

// notArrived shows the sign-in page again. What Directus gives as reason is not
// repeated: it tells whether an address is taken.
func (s *screens) notArrived(w http.ResponseWriter, r *http.Request, interaction *authorize.Interaction, err error) {
	reason := "credentials refused"
	switch {
	case errors.Is(err, errNotDeparted):
		reason = err.Error()
	case errors.Is(err, storage.ErrRestricted):
		reason = reasonOf(err)
	case !errors.Is(err, storage.ErrInvalidCredentials):
		s.refuse(w, r, err)
		return
	}
	s.sink.Emit(r.Context(), event.Event{Name: event.SignInFailed, ClientID: interaction.Client.ID, Kind: "external", Reason: reason, Err: err})
	// Not shown here: the address of this page holds what must be used once.
	s.to(w, r, interaction, "/login", "again", "external")
}

// clearDirectusCookies takes the cookies away that Directus left in the browser:
// the session that they name has ended. They are those of its domain, or of its
// host where that is ours.
func (s *screens) clearDirectusCookies(w http.ResponseWriter, r *http.Request) {
	for _, name := range directusCookies() {
		if _, err := r.Cookie(name); err != nil {
			continue
		}
		domains := []string{""}
		if s.externalCookieDomain != "" {
			domains = append(domains, s.externalCookieDomain)
		}
		for _, domain := range domains {
			http.SetCookie(w, &http.Cookie{ //nolint:gosec // only an http issuer on a loopback host goes without Secure
				Name: name, Path: "/", Domain: domain, MaxAge: -1, Secure: s.cookies.Secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
			})
		}
	}
}
