package authorize

import (
	"errors"
	"net/http"
	"net/url"

	"gatehouse/provider/account"
	"gatehouse/provider/allow"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// initiate sends the browser to where the app starts a sign-in (OpenID Connect
// Core 1.0, section 4): to the registered address and no other, so that nobody
// is led astray by a link to us. Where anybody could have registered it, that takes
// a click on a page of ours, which names the app.
//
// Of the parameters that the section knows, only iss goes along. A login_hint
// would tell the app, and whoever reads its logs, who is signed in here, and a
// target_link_uri of a stranger's could lead on from the app to anywhere.
func (e *Endpoint) initiate(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		e.page(w, r, oauth.NewError(oauth.InvalidRequest, "an app is opened by GET").WithStatus(http.StatusMethodNotAllowed), e.ownStart())
		return
	}
	a := &attempt{ctx: r.Context(), endpoint: e}
	var err error
	if a.parameters, err = url.ParseQuery(r.URL.RawQuery); err != nil {
		e.page(w, r, invalid("the query is malformed"), e.ownStart())
		return
	}
	if err := checkClient(a); err != nil {
		e.page(w, r, err, e.ownStart())
		return
	}
	switch {
	case a.client.InitiateLoginURI == "":
		e.page(w, r, invalid("the client has no initiate_login_uri"), e.wayBack(a.client))
		return
	case a.client.Registered == storage.RegisteredOpenly && fromElsewhere(r):
		e.page(w, r, invalid("an app that anybody could have registered is opened from a page of ours only"), e.wayBack(a.client))
		return
	}
	switch closed, err := e.closed(r, a.client); {
	case err != nil:
		// Another try is all that helps.
		e.page(w, r, err, e.wayBack(a.client))
		return
	case closed:
		e.page(w, r, denied("the user opened it from here").WithStatus(http.StatusForbidden), e.ownStart())
		return
	}
	e.seeOther(w, r, oauth.AddQuery(a.client.InitiateLoginURI, url.Values{"iss": {e.Issuer}}))
}

// closed says that somebody is signed in, and that the client is open to none of the
// accounts in this browser: the app would only send the person back to hear so.
func (e *Endpoint) closed(r *http.Request, client storage.Client) (bool, error) {
	if client.Allow.Empty() {
		return false, nil
	}
	browser, err := e.Sessions.Load(r.Context(), r)
	if err != nil {
		return false, err
	}
	for _, s := range browser.Sessions {
		user, err := e.Accounts.Session(r.Context(), s)
		if err == nil {
			err = e.Allow.Check(r.Context(), client, user)
		}
		if !errors.Is(err, allow.ErrDenied) && !errors.Is(err, account.ErrInactive) {
			return false, err
		}
	}
	return len(browser.Sessions) > 0, nil
}

// fromElsewhere says that a browser came by the link of another site, of a mail or
// the like. Browsers that do not tell are old.
func fromElsewhere(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return site != "" && site != "same-origin"
}
