package authorize

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/go-chi/chi/v5"

	"gatehouse/provider/clients"
	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/provider/session"
	"gatehouse/storage"
)

// Mount adds the endpoint's routes.
func (e *Endpoint) Mount(router chi.Router) {
	router.Get("/authorize", e.begin)
	router.Post("/authorize", e.begin)
	router.Get("/authorize/{handle}", e.resume)
	router.HandleFunc(clients.OpenPath, e.initiate)
}

// begin takes a new request.
func (e *Endpoint) begin(w http.ResponseWriter, r *http.Request) {
	parameters, err := readParameters(w, r)
	if err != nil {
		e.page(w, r, err, StartAgain{})
		return
	}
	a, trusted, err := e.check(r.Context(), parameters)
	switch {
	case err != nil && !trusted:
		e.page(w, r, err, e.wayBackIfKnown(a.client))
	case err != nil:
		e.refuse(w, r, a.request, err)
	case r.Method == http.MethodPost && unattended(r):
		e.refuse(w, r, a.request, oauth.NewError(oauth.InteractionRequired, "the request was not made by a page that the user sees"))
	case r.Method == http.MethodPost:
		// A cross-site POST carries no Lax cookies, so the session is not
		// seen yet. The redirect's GET carries them.
		e.wait(w, r, a.request, "/authorize/", false)
	default:
		e.proceed(w, r, a)
	}
}

func (e *Endpoint) wayBackIfKnown(client storage.Client) StartAgain {
	if client.ID == "" {
		return StartAgain{}
	}
	return e.wayBack(client)
}

// proceed answers at once when nothing has to be asked.
func (e *Endpoint) proceed(w http.ResponseWriter, r *http.Request, a *attempt) {
	browser, known, err := e.load(r.Context(), r, a.request, a.client)
	if err != nil {
		e.refuse(w, r, a.request, err)
		return
	}
	v, err := e.decide(r.Context(), a.request, a.client, browser, known)
	switch {
	case err != nil:
		e.refuse(w, r, a.request, err)
	case v.next == PromptNone:
		e.touch(r.Context(), browser, v.session)
		e.respond(w, r, v.request, a.client, v)
	case silent(a.request), unattended(r):
		e.refuse(w, r, a.request, refusal(v))
	case v.next == PromptDenied:
		e.turnedAway(r, a.client.ID, v)
		e.wait(w, r, a.request, v.next.Screen(), true)
	default:
		e.wait(w, r, a.request, v.next.Screen(), true)
	}
}

// unattended says that the answer will not be seen: a frame, which our screens
// refuse to be in, an image, or a script. Nothing is kept for those, or any page
// could have its visitors fill the store.
func unattended(r *http.Request) bool {
	destination := r.Header.Get("Sec-Fetch-Dest")
	return destination != "" && destination != "document"
}

// refusal is the policy saying no to prompt=none.
func refusal(v verdict) error {
	switch {
	case v.next == PromptDenied:
		return denied(v.reason)
	case v.refusal == oauth.UnmetAuthenticationRequirements:
		return unmet().WithCause(errors.New(v.reason))
	}
	return oauth.NewError(v.refusal, "the request cannot be answered without asking the user").WithCause(errors.New(v.reason))
}

// wait keeps the request and sends the browser on: to a screen, which finds the
// handle in its query, or to the resuming address, which ends in it.
func (e *Endpoint) wait(w http.ResponseWriter, r *http.Request, request storage.AuthorizationRequest, path string, screen bool) {
	if err := e.flooded(r); err != nil {
		e.page(w, r, err, StartAgain{})
		return
	}
	handle, err := e.save(w, r, request)
	if err != nil {
		e.refuse(w, r, request, err)
		return
	}
	if screen {
		e.seeOther(w, r, e.address(path)+"?request="+url.QueryEscape(handle))
		return
	}
	e.seeOther(w, r, e.address(path)+handle)
}

// resume asks the policy again after a screen has done its part.
func (e *Endpoint) resume(w http.ResponseWriter, r *http.Request) {
	handle := chi.URLParam(r, "handle")
	interaction, err := e.open(r.Context(), r, handle)
	if err != nil && interaction == nil {
		e.lost(w, r, err, handle)
		return
	}
	request := interaction.Request
	silent := silent(request)
	switch v := interaction.verdict; {
	case errors.Is(err, storage.ErrUnavailable) && !silent:
		// The request stays: the person can try again in a moment.
		e.page(w, r, err, e.startAgain(r.Context(), handle))
	case err != nil:
		e.finish(w, r, interaction, func() { e.refuse(w, r, request, err) })
	case v.next == PromptNone:
		e.touch(r.Context(), interaction.Browser, v.session)
		e.finish(w, r, interaction, func() { e.answer(w, r, interaction) })
	case silent:
		e.finish(w, r, interaction, func() { e.refuse(w, r, request, refusal(v)) })
	default:
		if v.next == PromptDenied {
			e.turnedAway(r, request.ClientID, v)
		}
		e.seeOther(w, r, e.address(v.next.Screen())+"?request="+url.QueryEscape(handle))
	}
}

// answer gives whoever asked what he asked for.
func (e *Endpoint) answer(w http.ResponseWriter, r *http.Request, interaction *Interaction) {
	if interaction.Request.OwnPath != "" {
		e.respondOwn(w, r, interaction)
		return
	}
	e.respond(w, r, interaction.Request, interaction.Client, interaction.verdict)
}

// finish takes the request out of the store, so that of several tabs one
// answers, and clears its cookie.
func (e *Endpoint) finish(w http.ResponseWriter, r *http.Request, interaction *Interaction, answer func()) {
	_, err := e.Store.AuthorizationRequests.Take(r.Context(), interaction.Request.ID)
	if err != nil {
		e.lost(w, r, err, interaction.Handle)
		return
	}
	e.Sessions.Cookies.Clear(w, cookieFor(interaction.Request.ID))
	answer()
}

// deny ends the request because the person said no.
func (e *Endpoint) deny(w http.ResponseWriter, r *http.Request, interaction *Interaction) {
	if interaction.Request.OwnPath != "" {
		e.denyOwn(w, r, interaction)
		return
	}
	switch {
	case interaction.Next == PromptDenied:
		e.answerDenied(w, r, interaction)
		return
	case interaction.Next == PromptEnrolOTP && interaction.StepUp:
		// What is demanded cannot be had, whosever fault that is.
		e.finish(w, r, interaction, func() { e.refuse(w, r, interaction.Request, unmet()) })
		return
	}
	e.Sink.Emit(r.Context(), event.Event{
		Name: event.ConsentDenied, ClientID: interaction.Request.ClientID,
		Subject: interaction.Session.Subject, SessionID: interaction.Session.ID,
	})
	e.finish(w, r, interaction, func() {
		e.refuse(w, r, interaction.Request, oauth.NewError(oauth.AccessDenied, "the user did not allow it"))
	})
}

// touch is a convenience for the person, not worth failing the request for.
func (e *Endpoint) touch(ctx context.Context, browser session.Browser, s storage.Session) {
	if err := e.Sessions.Touch(ctx, browser, s); err != nil {
		e.Sink.Emit(ctx, event.Event{Name: event.InternalError, Kind: "touch session", Err: err})
	}
}
