package authorize

import (
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"

	"gatehouse/provider/oauth"
	"gatehouse/provider/session"
	"gatehouse/storage"
)

// OwnRequest is a request that no client made: a sign-in that leads to a page of
// ours.
type OwnRequest struct {
	// Path is the page, below the issuer, such as /account. It is written in
	// the code, never taken from a parameter: whoever could choose it could lead
	// a person who just signed in where he likes.
	Path string
	// Subject is who has to sign in, empty for anybody.
	Subject string
	// Fresh asks for a sign-in even if there is a session.
	Fresh bool
	// SelectAccount lets the person choose among the accounts of the browser.
	SelectAccount bool
	// First is the screen to begin with, for one that has something to say first.
	// It asks the policy like any other. Empty lets the policy say.
	First Prompt
}

// ownStart is the first page of ours.
const ownStart = "/account"

// isOwnPage says whether a path is one that own requests may lead to: ownStart
// or a page below it, as plain as we write them.
func isOwnPage(page string) bool {
	if page != ownStart && !strings.HasPrefix(page, ownStart+"/") {
		return false
	}
	return path.Clean(page) == page && url.PathEscape(strings.ReplaceAll(page, "/", "")) == strings.ReplaceAll(page, "/", "")
}

// Browser returns the sessions of the browser that sent r, and notes that the
// current one is in use.
func (i *Interactions) Browser(r *http.Request) (session.Browser, error) {
	browser, err := i.endpoint.Sessions.Load(r.Context(), r)
	if err != nil {
		return session.Browser{}, err
	}
	if current, ok := browser.Current(); ok {
		i.endpoint.touch(r.Context(), browser, current)
	}
	return browser, nil
}

// Begin saves a request of our own, binds it to the browser, and returns the
// address to go to, which asks whatever has to be asked and ends at the page. An
// *oauth.Error says why it was refused: like any request it is limited by
// network address, and nothing is kept for what the person does not see.
func (i *Interactions) Begin(w http.ResponseWriter, r *http.Request, own OwnRequest) (string, error) {
	e := i.endpoint
	if !isOwnPage(own.Path) {
		return "", fmt.Errorf("own request: %q is no page that a sign-in may lead to", own.Path)
	}
	if unattended(r) {
		return "", oauth.NewError(oauth.InteractionRequired, "the request was not made by a page that the user sees")
	}
	if err := e.flooded(r); err != nil {
		return "", err
	}
	request := storage.AuthorizationRequest{OwnPath: own.Path, HintSubject: own.Subject}
	if own.Fresh {
		// As if an app had asked for it: only a sign-in for this very request
		// satisfies it.
		request.Prompts = append(request.Prompts, string(PromptLogin))
	}
	if own.SelectAccount {
		request.Prompts = append(request.Prompts, string(PromptSelectAccount))
	}
	handle, err := e.save(w, r, request)
	if err != nil {
		return "", err
	}
	if own.First != "" {
		return e.address(own.First.Screen()) + "?request=" + url.QueryEscape(handle), nil
	}
	return e.address("/authorize/" + handle), nil
}

// respondOwn leads to the page. The account that answered becomes the current
// one, since it is that one's page that the person is to see.
func (e *Endpoint) respondOwn(w http.ResponseWriter, r *http.Request, interaction *Interaction) {
	answered := interaction.Session
	if current, ok := interaction.Browser.Current(); !ok || current.ID != answered.ID {
		e.Sessions.Select(w, interaction.Browser, answered)
	}
	e.seeOther(w, r, e.address(interaction.Request.OwnPath))
}

// denyOwn ends the request because the person would rather not: a page says so,
// which leads back to the start. Going there by itself would only ask again.
func (e *Endpoint) denyOwn(w http.ResponseWriter, r *http.Request, interaction *Interaction) {
	e.finish(w, r, interaction, func() {
		e.refuse(w, r, interaction.Request, oauth.NewError(oauth.AccessDenied, "the user did not want to go on"))
	})
}

// ownStart is the way back to the first page of ours.
func (e *Endpoint) ownStart() StartAgain { return StartAgain{URL: e.address(ownStart)} }
