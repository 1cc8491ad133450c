package web

import (
	"errors"
	"net/http"
	"net/url"

	"gatehouse/provider/authorize"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// errand is what a page is wanted for that people reach with a waiting request
// or without one: a link in a mail may be opened in another browser than the one
// that asked for it, or days later.
type errand struct {
	// interaction is nil without a request that waits in this browser, and lost
	// says why it could not be opened.
	interaction *authorize.Interaction
	lost        error
	// handle names the request in the addresses of the pages that follow, and is
	// empty unless we made it.
	handle string
	again  authorize.StartAgain
}

// errand finds the request of a page. One that cannot be opened is no reason not
// to show it.
func (s *screens) errand(r *http.Request) errand {
	handle := r.URL.Query().Get("request")
	if handle == "" {
		return errand{}
	}
	interaction, err := s.interactions.Open(r)
	if err == nil {
		return errand{interaction: interaction, handle: handle}
	}
	e := errand{lost: err, again: s.interactions.StartAgain(r)}
	if e.again != (authorize.StartAgain{}) || errors.Is(err, storage.ErrUnavailable) {
		e.handle = handle
	}
	return e
}

// page begins the data of a screen that can be called again.
func (s *screens) errandPage(w http.ResponseWriter, r *http.Request, e errand) page {
	if e.interaction == nil {
		return s.screen(w, r, reader{})
	}
	return s.screen(w, r, s.readerOf(r, e.interaction))
}

// app is who the person is on the way to, and empty where nobody knows.
func (e errand) app() app {
	if e.interaction == nil || e.interaction.Client.ID == "" {
		return app{}
	}
	return appOf(e.interaction.Client)
}

// ends is the policy of a page whose form may end at the client.
func (s *screens) ends(e errand) string {
	if e.interaction == nil {
		return s.policy(nil)
	}
	return s.endsAt(e.interaction)
}

// query is the request, and pairs of names and values, as the query of an
// address.
func (e errand) query(pairs ...string) string {
	query := url.Values{}
	if e.handle != "" {
		query.Set("request", e.handle)
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		query.Set(pairs[i], pairs[i+1])
	}
	if len(query) == 0 {
		return ""
	}
	return "?" + query.Encode()
}

// link is a page of ours for the same errand.
func (s *screens) link(e errand, path string, pairs ...string) string {
	return s.prefix + path + e.query(pairs...)
}

// mailed is the address that Directus puts into a mail. Allow-lists of Directus
// compare what stands before the query.
func (s *screens) mailed(e errand, path string) string {
	return oauth.Below(s.issuer, path) + e.query()
}

// wayOn is where a person goes on after an errand: to the sign-in that waits in
// this browser, to the app, or to the own account.
type wayOn struct {
	URL string
	// App is set where the address is the app's.
	App string
}

func (s *screens) wayOn(e errand) wayOn {
	if e.interaction != nil {
		return wayOn{URL: s.link(e, "/login")}
	}
	if address := webAddress(e.again.URL); address != "" {
		return wayOn{URL: address, App: e.again.ClientName}
	}
	return wayOn{URL: s.prefix + "/account"}
}

// toSignIn leads to a sign-in, which shows the notice if there is one.
func (s *screens) toSignIn(w http.ResponseWriter, r *http.Request, e errand, notice string) {
	parameters := url.Values{}
	if notice != "" {
		parameters.Set("notice", notice)
	}
	if e.interaction != nil {
		parameters.Set("request", e.handle)
		seeOther(w, r, s.prefix+"/login?"+parameters.Encode())
		return
	}
	address, err := s.desk.Begin(w, r, authorize.OwnRequest{Path: "/account", First: authorize.PromptLogin})
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	if notice != "" {
		address = oauth.AddQuery(address, parameters)
	}
	seeOther(w, r, address)
}

// clientID is the app's, for events, and empty where there is none.
func (e errand) clientID() string {
	if e.interaction == nil {
		return ""
	}
	return e.interaction.Client.ID
}
