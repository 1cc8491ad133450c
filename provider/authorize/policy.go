package authorize

import (
	"context"
	"errors"
	"slices"
	"time"

	oidc "github.com/zitadel/oidc/v3/pkg/oidc"

	"gatehouse/provider/account"
	"gatehouse/provider/allow"
	"gatehouse/provider/oauth"
	"gatehouse/provider/session"
	"gatehouse/provider/token"
	"gatehouse/storage"
)

// verdict is what the policy says of a request as things stand.
type verdict struct {
	// next is what is to be asked, reason why, and refusal what the client is
	// told where nothing may be asked.
	next    Prompt
	reason  string
	refusal string
	// session and index are set once it is clear who answers.
	session storage.Session
	index   token.Index
	// stepUp says that a one-time password is asked for by the client.
	stepUp bool
	// request is the one that was decided, without what the user's roles keep from
	// the client.
	request storage.AuthorizationRequest
	// account is empty while Directus does not answer, unless something asks for
	// it; seen is what a grant has to remember of it in any case.
	account storage.Account
	seen    storage.Sighting
}

func ask(next Prompt, refusal, reason string) verdict {
	return verdict{next: next, refusal: refusal, reason: reason}
}

// decide says what is next for a request in a browser, from stored state alone.
// It looks at the browser's sessions as they are now, never at what the record
// says happened before. An error is an *oauth.Error for the client, or our own.
func (e *Endpoint) decide(ctx context.Context, request storage.AuthorizationRequest, client storage.Client, browser session.Browser, known knowledge) (verdict, error) {
	v, err := e.next(ctx, &request, client, browser, known)
	v.request = request
	return v, err
}

func (e *Endpoint) next(ctx context.Context, asked *storage.AuthorizationRequest, client storage.Client, browser session.Browser, known knowledge) (verdict, error) {
	request := *asked
	own := request.OwnPath != ""
	s, ok := e.chosen(request, client, browser)
	if !ok && request.SessionID != "" && len(browser.Sessions) > 0 {
		// The account that was chosen is gone. Answering as another one would
		// be nobody's choice.
		return ask(PromptSelectAccount, oauth.AccountSelectionRequired, "the chosen session has ended"), nil
	}
	if v, done := e.signInNeeded(request, s, ok); done {
		return v, nil
	}
	if wantsSubject(request) && !e.means(request, client)(s.Subject) {
		if own {
			return ask(PromptLogin, oauth.LoginRequired, "the page is another user's"), nil
		}
		// Somebody else signed in than the client has in mind (OpenID
		// Connect Core 1.0, sections 3.1.2.1, id_token_hint, and 5.5.1).
		return verdict{}, oauth.NewError(oauth.LoginRequired, "another user is signed in than the one that was asked for")
	}
	if slices.Contains(request.Prompts, string(PromptSelectAccount)) && request.SessionID == "" {
		return ask(PromptSelectAccount, oauth.AccountSelectionRequired, "select_account was asked for"), nil
	}
	user, seen, err := e.look(ctx, request, client, s)
	if errors.Is(err, account.ErrInactive) {
		return ask(PromptLogin, oauth.LoginRequired, "the user may not sign in any more"), nil
	}
	if err != nil {
		return verdict{}, err
	}
	v := verdict{next: PromptNone, session: s, account: user, seen: seen}
	if s.MustEnrolOTP {
		v.next, v.refusal, v.reason = PromptEnrolOTP, oauth.InteractionRequired, "a one-time password must be set up first"
		return v, nil
	}
	if own {
		return v, nil
	}
	err = e.Allow.Check(ctx, client, user)
	if errors.Is(err, allow.ErrDenied) {
		v.next, v.refusal, v.reason = PromptDenied, oauth.AccessDenied, err.Error()
		return v, nil
	}
	if err != nil {
		return verdict{}, err
	}
	if request, err = e.narrowed(ctx, request, client, user); err != nil {
		return verdict{}, err
	}
	*asked = request
	if v, needed, err := e.stepUp(request, s, user); needed || err != nil {
		return v, err
	}
	if known.subject != s.Subject {
		if err := e.Store.Load(ctx, e.reads(&known, s.Subject)...); err != nil {
			return verdict{}, err
		}
	}
	v.index = known.index
	if reason := e.consentNeeded(request, client, s, known); reason != "" {
		v.next, v.refusal, v.reason = PromptConsent, oauth.ConsentRequired, reason
	}
	return v, nil
}

// look asks for the user of a session. While Directus does not answer, that he
// was seen a short while ago is enough where nothing more must be known of him.
func (e *Endpoint) look(ctx context.Context, request storage.AuthorizationRequest, client storage.Client, s storage.Session) (storage.Account, storage.Sighting, error) {
	if asks(request, client) {
		user, err := e.Accounts.Session(ctx, s)
		return user, storage.Sight(user), err
	}
	user, known, err := e.Accounts.AdmitSession(ctx, s)
	if !known {
		return user, s.Seen, err
	}
	return user, storage.Sight(user), err
}

// asks says whether more must be known of the user than that he may go on:
// whatever needs the account must be counted here.
func asks(request storage.AuthorizationRequest, client storage.Client) bool {
	_, acr := request.Claims.IDToken["acr"]
	return oauth.FrontChannel(request.ResponseType) || !client.Allow.Empty() || len(client.ScopeRoles) > 0 || acr || len(request.ACRValues) > 0
}

// chosen is the session that was made or picked for this request, else the one
// of the user that the client has in mind, else the browser's current one.
func (e *Endpoint) chosen(request storage.AuthorizationRequest, client storage.Client, browser session.Browser) (storage.Session, bool) {
	if request.SessionID != "" {
		return browser.ByID(request.SessionID)
	}
	if wantsSubject(request) {
		return browser.OfUser(e.means(request, client))
	}
	return browser.Current()
}

// signInNeeded: a sign-in satisfies prompt=login or max_age only if this very
// session signed in for this very request, so that no mark in the record can
// stand for it.
func (e *Endpoint) signInNeeded(request storage.AuthorizationRequest, s storage.Session, ok bool) (verdict, bool) {
	if !ok && slices.Contains(request.Prompts, string(PromptCreate)) {
		return ask(PromptCreate, oauth.LoginRequired, "registration was asked for"), true
	}
	if !ok {
		return ask(PromptLogin, oauth.LoginRequired, "no session"), true
	}
	if s.AuthenticatedFor == request.ID && request.ID != "" {
		return verdict{}, false
	}
	if slices.Contains(request.Prompts, string(PromptLogin)) {
		return ask(PromptLogin, oauth.LoginRequired, "login was asked for"), true
	}
	if request.MaxAge != nil && older(e.Now().Sub(s.AuthenticatedAt), *request.MaxAge) {
		return ask(PromptLogin, oauth.LoginRequired, "the sign-in is older than max_age"), true
	}
	return verdict{}, false
}

// older compares with max_age; zero asks for a sign-in in any case (OpenID
// Connect Core 1.0, section 3.1.2.1).
func older(age time.Duration, maxAge int) bool {
	return maxAge == 0 || age.Seconds() > float64(maxAge)
}

// consentNeeded returns why the person must be asked, or nothing.
func (e *Endpoint) consentNeeded(request storage.AuthorizationRequest, client storage.Client, s storage.Session, known knowledge) string {
	if oauth.DigestMatches(e.consentText(request, client, s), request.ConsentDigest) {
		return ""
	}
	remembered, ok := known.consent(client.ID)
	switch {
	case slices.Contains(request.Prompts, string(PromptConsent)):
		return "consent was asked for"
	case client.FirstParty && !impersonable(client):
		return ""
	case !ok, client.CreatedAt.After(remembered.At):
		// A client that was removed and made anew may be another app.
		return "no consent yet"
	case !remembered.At.After(client.PresentedAt):
		// One that registered itself could take the name of another once it is
		// allowed.
		return "the client goes by another name or address since"
	case client.Registered == storage.RegisteredOpenly && remembered.SessionID != s.ID:
		// Anybody could have registered it (docs/adr/0007).
		return "consent of an openly registered client is not remembered beyond its session"
	case impersonable(client):
		return "consent of a native public client is not remembered"
	case client.DirectusExchange != "" && !remembered.Directus:
		return "tokens of Directus have not been allowed yet"
	}
	for _, scope := range request.Scopes {
		if !slices.Contains(remembered.Scopes, scope) {
			return "a scope has not been allowed yet"
		}
	}
	for _, claim := range e.Claims.Beyond(request.Claims, request.Scopes) {
		if !e.Claims.Covered(claim, remembered.Scopes, remembered.Claims) {
			return "a claim has not been allowed yet"
		}
	}
	return ""
}

// impersonable says that any app on the device could claim to be this client
// (RFC 8252, section 8.6), and that the operator has not taken that upon himself.
func impersonable(client storage.Client) bool {
	return client.Native() && client.Public() && !client.Trusted
}

// offline says whether the grant outlives its session: the client asked, and
// the person saw it (OpenID Connect Core 1.0, section 11) or the operator
// vouches for the client.
func offline(request storage.AuthorizationRequest) bool {
	return slices.Contains(request.Scopes, oidc.ScopeOfflineAccess)
}
