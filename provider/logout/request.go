package logout

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"gatehouse/provider/clients"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// readParameters takes GET and POST alike (RP-Initiated Logout 1.0, section 2).
func readParameters(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	if r.Method == http.MethodPost {
		return oauth.ReadBody(w, r)
	}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, oauth.NewError(oauth.InvalidRequest, "the query is malformed")
	}
	return values, oauth.RefuseDuplicates(values)
}

// request is what a relying party asked for, as far as it can be believed.
type request struct {
	client storage.Client
	// subject is the sub by which the client knows the user.
	subject   string
	sid       string
	returnURL string
}

// unasked is where the browser may be led on to although nobody was asked and no
// session ended. Of an app that anybody can register a hint must show that the
// person was there, or a link to us would lead anybody anywhere (RP-Initiated
// Logout 1.0, section 3).
func (r request) unasked() string {
	if r.client.Registered == storage.RegisteredOpenly && r.subject == "" {
		return ""
	}
	return r.returnURL
}

// asked is what a request asks for: its parameters, or those of a POST that was
// answered by again.
func (e *Endpoint) asked(ctx context.Context, method string, parameters url.Values) (request, error) {
	if sealed := parameters.Get("resume"); sealed != "" && method == http.MethodGet {
		return e.resumed(ctx, sealed)
	}
	return e.parse(ctx, parameters)
}

// sealedRequest is a request on its way from a POST to the GET that follows.
type sealedRequest struct {
	ClientID  string `json:"c,omitempty"`
	Subject   string `json:"s,omitempty"`
	SID       string `json:"i,omitempty"`
	ReturnURL string `json:"u,omitempty"`
}

// again answers a POST. One from another site carries no Lax cookies, so that
// nobody seems to be signed in; the redirect's GET carries them. What was found
// in the request goes along sealed: an ID token would be seen in the address.
func (e *Endpoint) again(w http.ResponseWriter, r *http.Request, asked request) {
	sealed, err := e.Handles.Seal(oauth.LogoutRequestHandle, sealedRequest{
		ClientID: asked.client.ID, Subject: asked.subject, SID: asked.sid, ReturnURL: asked.returnURL,
	})
	if err != nil {
		e.fail(w, r, err)
		return
	}
	e.seeOther(w, oauth.AddQuery(e.address("/logout"), url.Values{"resume": {sealed}}))
}

func (e *Endpoint) resumed(ctx context.Context, sealed string) (request, error) {
	var opened sealedRequest
	if err := e.Handles.Open(oauth.LogoutRequestHandle, sealed, &opened); err != nil {
		return request{}, oauth.NewError(oauth.InvalidRequest, "the address is not one of ours")
	}
	asked := request{subject: opened.Subject, sid: opened.SID}
	if opened.ClientID == "" {
		return asked, nil
	}
	client, err := e.Clients.Client(ctx, opened.ClientID)
	if errors.Is(err, storage.ErrNotFound) {
		return asked, nil
	}
	asked.client, asked.returnURL = client, opened.ReturnURL
	return asked, err
}

func (e *Endpoint) parse(ctx context.Context, parameters url.Values) (request, error) {
	var asked request
	clientID := parameters.Get("client_id")
	if hint := parameters.Get("id_token_hint"); hint != "" {
		hinted, err := e.Tokens.IDTokenHint(ctx, hint)
		if err != nil {
			// Whoever sends one that we cannot verify is not believed in anything
			// else: the person is asked, and led to no app.
			return request{}, nil //nolint:nilerr // no fault of the person's
		}
		if clientID != "" && clientID != hinted.Audience[0] {
			return request{}, oauth.NewError(oauth.InvalidRequest, "client_id is not the client of id_token_hint")
		}
		clientID, asked.subject, asked.sid = hinted.Audience[0], hinted.Subject, hinted.SessionID
	}
	if clientID != "" {
		client, err := e.Clients.Client(ctx, clientID)
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return request{}, err
		}
		asked.client = client
	}
	returnURL := parameters.Get("post_logout_redirect_uri")
	if returnURL == "" || asked.client.ID == "" {
		return asked, nil
	}
	if !clients.MatchPostLogoutRedirectURI(asked.client, returnURL) {
		return request{}, oauth.NewError(oauth.InvalidRequest, "post_logout_redirect_uri is not registered for this client")
	}
	if state := parameters.Get("state"); state != "" {
		returnURL = oauth.AddQuery(returnURL, url.Values{"state": {state}})
	}
	asked.returnURL = returnURL
	return asked, nil
}
