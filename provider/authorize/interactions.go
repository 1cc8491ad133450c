package authorize

import (
	"context"
	"errors"
	"net/http"

	"gatehouse/provider/oauth"
	"gatehouse/provider/session"
	"gatehouse/storage"
)

// Errors of Interactions.Open.
var (
	// ErrExpired says that the request has ended or was never there.
	ErrExpired = errors.New("authorization request has expired")
	// ErrOtherBrowser says that the request was started in another browser:
	// somebody may have sent its address to this person.
	ErrOtherBrowser = errors.New("authorization request belongs to another browser")
	// ErrConsentChanged says that what was allowed is not what is asked now.
	ErrConsentChanged = errors.New("consent was given to something else")
)

// Interaction is a waiting authorization request, opened in the browser that
// started it, with what the policy wants of the person now.
type Interaction struct {
	// Handle names the request in addresses (?request=…).
	Handle  string
	Request storage.AuthorizationRequest
	// Client is zero for a request of our own, and so is its name: the page
	// shows the project's.
	Client  storage.Client
	Browser session.Browser
	// Next is what is to be asked, and may differ from the screen that was
	// called: then the screen redirects to ResumeURL.
	Next Prompt
	// Session is the sign-in that consent would be given with. Zero while
	// Next is PromptLogin, PromptCreate or PromptSelectAccount.
	Session storage.Session
	// Wanted is the browser's session of the user whom the request is meant for,
	// zero where there is none. It is nil where anybody may answer.
	Wanted *storage.Session
	// StepUp says that it is the client who asks for a one-time password, by
	// PromptLogin of somebody who has one and by PromptEnrolOTP of somebody who has
	// none. If he would rather not set one up, Deny tells the client.
	StepUp bool
	// Claims are those about the user, by name, that are asked for beyond the
	// scopes.
	Claims []string
	// ConsentDigest must come back with the person's consent. It covers the
	// request, the session, the subject, the scopes, Claims, and whether the client
	// may have tokens of Directus.
	ConsentDigest string
	// ResumeURL is where every screen returns to.
	ResumeURL string

	verdict verdict
}

// StartAgain is how a person whose request is gone gets back to the app.
type StartAgain struct {
	// ClientName and URL are empty where the app is unknown or gave no address.
	// A page of ours has an address but no name: that of the project stands for
	// it.
	ClientName string
	URL        string
}

// Interactions is what screens may do with waiting requests. All of it is bound
// to the browser that started the request. It is safe for concurrent use.
type Interactions struct {
	endpoint *Endpoint
}

// Open returns the interaction that the request parameter of r names, or
// ErrExpired or ErrOtherBrowser; StartAgain then tells the way on.
func (i *Interactions) Open(r *http.Request) (*Interaction, error) {
	interaction, err := i.endpoint.open(r.Context(), r, r.URL.Query().Get("request"))
	var refused *oauth.Error
	if interaction != nil && errors.As(err, &refused) {
		// The policy says no; resuming tells the client.
		interaction.Next = PromptNone
		return interaction, nil
	}
	if err != nil {
		return nil, err
	}
	return interaction, nil
}

// StartAgain returns the way back to the app of a request that cannot go on.
func (i *Interactions) StartAgain(r *http.Request) StartAgain {
	return i.endpoint.startAgain(r.Context(), r.URL.Query().Get("request"))
}

// SignIn notes a sign-in that just succeeded, starts or renews the browser's
// session, and returns that session and the address to go to. If the sessions of
// the user were ended since the sign-in began it returns session.ErrEnded; the
// request goes on.
func (i *Interactions) SignIn(ctx context.Context, w http.ResponseWriter, interaction *Interaction, signIn session.SignIn) (storage.Session, string, error) {
	signIn.RequestID = interaction.Request.ID
	s, err := i.endpoint.Sessions.Start(ctx, w, interaction.Browser, signIn)
	if err != nil {
		return storage.Session{}, "", err
	}
	err = i.endpoint.change(ctx, interaction, func(request *storage.AuthorizationRequest) { request.SessionID = s.ID })
	return s, interaction.ResumeURL, err
}

// Select notes which of the browser's accounts the person chose, makes it the
// current one, and returns the address to go to. A session that this browser
// does not hold is ErrExpired.
func (i *Interactions) Select(ctx context.Context, w http.ResponseWriter, interaction *Interaction, sessionID string) (string, error) {
	s, ok := interaction.Browser.ByID(sessionID)
	if !ok {
		return "", ErrExpired
	}
	i.endpoint.Sessions.Select(w, interaction.Browser, s)
	err := i.endpoint.change(ctx, interaction, func(request *storage.AuthorizationRequest) { request.SessionID = s.ID })
	return interaction.ResumeURL, err
}

// Consent notes that the person allowed what the digest covers, and returns the
// address to go to. If anything changed since the screen was shown, such as the
// account in another tab, it returns ErrConsentChanged.
func (i *Interactions) Consent(ctx context.Context, interaction *Interaction, digest string) (string, error) {
	return i.endpoint.consent(ctx, interaction, digest)
}

// Deny ends the request: the app is told access_denied. It writes the answer.
func (i *Interactions) Deny(w http.ResponseWriter, r *http.Request, interaction *Interaction) {
	i.endpoint.deny(w, r, interaction)
}
