package authorize

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"gatehouse/provider/claims"
	"gatehouse/provider/clients"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// requestPayload is what the handle of a waiting request names. The client is
// in it so that a person whose request is gone still finds the way to the app; a
// request of our own has none.
type requestPayload struct {
	ID       string `json:"r"`
	ClientID string `json:"c"`
}

// maxWaiting bounds the requests that one browser may have open: its cookies
// would otherwise grow until no server takes them any more.
const maxWaiting = 12

const requestCookie = "request_"

// cookieFor names the cookie of one request, so that several tabs do not
// overwrite each other's.
func cookieFor(id string) string {
	return requestCookie + base64.RawURLEncoding.EncodeToString(oauth.Digest(id)[:6])
}

// save keeps the request and binds it to this browser by a cookie of its own.
// Without that binding somebody could start a request, have a victim sign in to
// it, and resume it himself.
func (e *Endpoint) save(w http.ResponseWriter, r *http.Request, request storage.AuthorizationRequest) (string, error) {
	var err error
	request.CreatedAt = e.Now()
	if request.ID, err = oauth.RandomID(e.Random, 16); err != nil {
		return "", err
	}
	binding, err := oauth.RandomID(e.Random, 24)
	if err != nil {
		return "", err
	}
	handle, err := e.Handles.Seal(oauth.RequestHandle, requestPayload{ID: request.ID, ClientID: request.ClientID})
	if err != nil {
		return "", err
	}
	request.BrowserDigest = oauth.Digest(binding)
	if err := e.Store.AuthorizationRequests.Put(r.Context(), request.ID, request, e.RequestLifetime); err != nil {
		return "", fmt.Errorf("save authorization request: %w", err)
	}
	e.limitWaiting(w, r)
	e.Sessions.Cookies.Set(w, cookieFor(request.ID), binding, e.RequestLifetime)
	return handle, nil
}

func (e *Endpoint) limitWaiting(w http.ResponseWriter, r *http.Request) {
	prefix := e.Sessions.Cookies.Name(requestCookie)
	var waiting []string
	for _, cookie := range r.Cookies() {
		if id, ok := strings.CutPrefix(cookie.Name, prefix); ok {
			waiting = append(waiting, requestCookie+id)
		}
	}
	// Browsers send the oldest cookie first (RFC 6265, section 5.4).
	for ; len(waiting) >= maxWaiting; waiting = waiting[1:] {
		e.Sessions.Cookies.Clear(w, waiting[0])
	}
}

// open finds the waiting request of a handle in the browser that started it.
func (e *Endpoint) open(ctx context.Context, r *http.Request, handle string) (*Interaction, error) {
	var payload requestPayload
	if err := e.Handles.Open(oauth.RequestHandle, handle, &payload); err != nil {
		return nil, ErrExpired
	}
	record, err := e.Store.AuthorizationRequests.Get(ctx, payload.ID)
	if errors.Is(err, storage.ErrNotFound) {
		return nil, ErrExpired
	}
	if err != nil {
		return nil, err
	}
	request := record.Value
	if !oauth.DigestMatches(e.Sessions.Cookies.Read(r, cookieFor(request.ID)), request.BrowserDigest) {
		return nil, ErrOtherBrowser
	}
	client, err := e.client(ctx, request)
	if err != nil {
		return nil, err
	}
	browser, known, err := e.load(ctx, r, request, client)
	if err != nil {
		return nil, err
	}
	v, err := e.decide(ctx, request, client, browser, known)
	request = v.request
	interaction := &Interaction{
		Handle: handle, Request: request, Client: client, Browser: browser,
		Next: v.next, Session: v.session, StepUp: v.stepUp, verdict: v, ResumeURL: e.address("/authorize/" + handle),
	}
	interaction.Claims = e.Claims.Beyond(request.Claims, request.Scopes)
	if wantsSubject(request) {
		s, _ := browser.OfUser(e.means(request, client))
		interaction.Wanted = &s
	}
	if v.next == PromptConsent {
		interaction.ConsentDigest = e.consentDigest(request, client, v.session)
	}
	return interaction, err
}

// client is who made the request; nobody made one of our own.
func (e *Endpoint) client(ctx context.Context, request storage.AuthorizationRequest) (storage.Client, error) {
	if request.OwnPath != "" {
		return storage.Client{}, nil
	}
	client, err := e.Clients.Client(ctx, request.ClientID)
	if errors.Is(err, storage.ErrNotFound) || err == nil && outdated(request, client) {
		return storage.Client{}, ErrExpired
	}
	return client, err
}

// outdated says that the request was checked against a registration that the client
// no longer has. Tokens would go to an address that was taken from it, since it was
// lost to somebody, or that only an earlier client of the same id ever had.
func outdated(request storage.AuthorizationRequest, client storage.Client) bool {
	return client.CreatedAt.After(request.CreatedAt) ||
		!clients.MatchRedirectURI(client, request.RedirectURI) ||
		!slices.Contains(client.ResponseTypes, request.ResponseType) ||
		slices.ContainsFunc(request.Scopes, func(scope string) bool { return !claims.Allowed(client, scope) })
}

// startAgain finds the app of a handle, whether its request exists or not.
func (e *Endpoint) startAgain(ctx context.Context, handle string) StartAgain {
	var payload requestPayload
	if err := e.Handles.Open(oauth.RequestHandle, handle, &payload); err != nil {
		return StartAgain{}
	}
	if payload.ClientID == "" {
		return e.ownStart()
	}
	client, err := e.Clients.Client(ctx, payload.ClientID)
	if err != nil {
		return StartAgain{}
	}
	return e.wayBack(client)
}

// wayBack leads to the app.
func (e *Endpoint) wayBack(client storage.Client) StartAgain {
	return StartAgain{ClientName: client.DisplayName(), URL: clients.HomeURL(e.Issuer, client)}
}

func (e *Endpoint) address(path string) string { return oauth.Below(e.Issuer, path) }
