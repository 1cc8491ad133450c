package web

import (
	"maps"
	"math"
	"net/http"
	"strconv"
	"time"

	"gatehouse/provider/authorize"
	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
)

// errorKind is a kind of error that has words of its own.
type errorKind struct {
	// name picks the words: error.<name>.heading and error.<name>.words.
	name string
	// code stands on the page for whoever is asked for help, and description,
	// which is in English, for the developer of the app.
	code, description string
	// minutes is how long to wait, where that helps.
	minutes int
	// retry is the address of another try.
	retry string
}

// errorPage is the data of error.html.
type errorPage struct {
	page
	Kind                         string
	Code, Description, RequestID string
	Minutes                      int
	RetryURL                     string
	App                          app
	AgainURL                     string
	HelpURL                      string
}

// Error shows a protocol error that must not go to the client. again is the way
// on, and may be zero.
func (web *Web) Error(w http.ResponseWriter, r *http.Request, err *oauth.Error, again authorize.StartAgain) {
	kind := errorKind{name: "request", code: err.Code, description: err.Description}
	switch {
	case err.Code == oauth.AccessDenied:
		kind = errorKind{name: "denied", code: err.Code}
	case err.Code == oauth.TemporarilyUnavailable:
		kind.name = "unavailable"
	case err.Status >= http.StatusInternalServerError:
		kind.name = "server"
	}
	maps.Copy(w.Header(), err.Header)
	web.showError(w, r, err.Status, kind, again)
}

func (web *Web) showError(w http.ResponseWriter, r *http.Request, status int, kind errorKind, again authorize.StartAgain) {
	data := errorPage{
		page: web.page(r, reader{}), Kind: kind.name, Code: kind.code, Description: kind.description,
		RequestID: event.RequestOf(r.Context()).ID, Minutes: kind.minutes, RetryURL: kind.retry,
		App: app{Name: again.ClientName}, AgainURL: webAddress(again.URL), HelpURL: web.help,
	}
	if data.App.Name == "" && data.AgainURL != "" {
		// A page of ours has no other name.
		data.App.Name = data.Project
	}
	data.Failed = true
	web.show(w, r, status, "error", data, web.policy(nil))
}

// broken shows a fault of ours, of which only the log learns more.
func (web *Web) broken(w http.ResponseWriter, r *http.Request, err error) {
	web.sink.Emit(r.Context(), event.Event{Name: event.InternalError, Kind: "screen", Err: err})
	web.Error(w, r, oauth.AsError(err), authorize.StartAgain{})
}

// unavailable says that the user store does not answer now. The same screen can
// be called again.
func (s *screens) unavailable(w http.ResponseWriter, r *http.Request) {
	s.outage(w, r, errorKind{name: "unavailable"}, 10*time.Second)
}

// outage is unavailable in the words of a kind. The page does not reload by
// itself: that would take readers away from where they are (WCAG 2.2, 2.2.1).
func (s *screens) outage(w http.ResponseWriter, r *http.Request, kind errorKind, wait time.Duration) {
	kind.code, kind.retry = oauth.TemporarilyUnavailable, here(r, "", "")
	w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	s.showError(w, r, http.StatusServiceUnavailable, kind, s.interactions.StartAgain(r))
}

// isAway shows, in the words of a kind, that the user store does not answer, and
// says whether it did: before somebody fills in a form in vain. The button of
// that page leads back to the form.
func (s *screens) isAway(w http.ResponseWriter, r *http.Request, kind errorKind) bool {
	if s.userStore == nil {
		return false
	}
	wait := s.userStore()
	if wait > 0 {
		s.outage(w, r, kind, wait)
	}
	return wait > 0
}

// crossOrigin refuses a form that another site sent.
func (web *Web) crossOrigin(w http.ResponseWriter, r *http.Request) {
	kind := errorKind{name: "cross_origin", code: "cross_origin"}
	web.showError(w, r, http.StatusForbidden, kind, authorize.StartAgain{})
}

// methodNotAllowed says that there is no such page to whoever calls a screen in
// another way than browsers do (RFC 9110, section 15.5.6).
func (web *Web) methodNotAllowed(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Allow", "GET, POST")
	web.showError(w, r, http.StatusMethodNotAllowed, errorKind{name: "not_found", code: "method_not_allowed"}, authorize.StartAgain{})
}

// NotFound says that there is no such page.
func (web *Web) NotFound(w http.ResponseWriter, r *http.Request) {
	web.showError(w, r, http.StatusNotFound, errorKind{name: "not_found", code: "not_found"}, authorize.StartAgain{})
}
