package grant

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	oidc "github.com/zitadel/oidc/v3/pkg/oidc"

	"gatehouse/provider/account"
	"gatehouse/provider/allow"
	"gatehouse/provider/claims"
	"gatehouse/provider/clientauth"
	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/provider/refuse"
	"gatehouse/provider/session"
	"gatehouse/provider/token"
	"gatehouse/storage"
)

// Config is what an Endpoint needs.
type Config struct {
	Clients  *clientauth.Authenticator
	Tokens   *token.Service
	Sessions *session.Manager
	Accounts *account.Gate
	// Allow says who may use a client, and grant it which scopes.
	Allow    *allow.Rules
	Claims   *claims.Releaser
	Evidence claims.Evidence
	// Upstream hands out tokens of Directus, which DirectusURLs name, without a
	// slash at the end. Both are empty where no client may have any.
	Upstream     Upstream
	DirectusURLs []string
	Now          func() time.Time
	Sink         event.Sink
}

// Upstream gives the tokens of users at Directus. *upstream.Keeper satisfies it.
type Upstream interface {
	// Token returns one for the user of the grant, which was opened in the session,
	// if that lives. The error is upstream.ErrSignInAgain,
	// storage.ErrSessionRevoked, ErrRestricted or ErrUnavailable.
	Token(ctx context.Context, grant storage.Grant, session *storage.Session) (storage.DirectusToken, error)
}

// Endpoint is the token endpoint. It is safe for concurrent use.
type Endpoint struct {
	Config
}

// New returns the endpoint.
func New(config Config) *Endpoint { return &Endpoint{Config: config} }

// grantType is one way to obtain tokens.
type grantType struct {
	name string
	// authorize returns what tokens are to be issued for. The client has been
	// authenticated and may use the grant type.
	authorize func(*Endpoint, context.Context, storage.Client, url.Values, *user) (token.Authorization, error)
	// answer, instead of authorize, is for one that issues no token of ours.
	answer func(*Endpoint, context.Context, storage.Client, url.Values, *user) (any, error)
	// upstream says that it needs tokens of Directus.
	upstream bool
}

// grantTypes is every grant type there is; discovery lists them.
func grantTypes() []grantType {
	return []grantType{
		{name: string(oidc.GrantTypeCode), authorize: (*Endpoint).code},
		{name: string(oidc.GrantTypeRefreshToken), authorize: (*Endpoint).refreshToken},
		{name: string(oidc.GrantTypeClientCredentials), authorize: (*Endpoint).clientCredentials},
		{name: TokenExchange, answer: (*Endpoint).tokenExchange, upstream: true},
	}
}

// Types lists the grant types, for discovery: those that exchange tokens only
// where some client may have tokens of Directus.
func Types(exchange bool) []string {
	var names []string
	for _, g := range grantTypes() {
		if exchange || !g.upstream {
			names = append(names, g.name)
		}
	}
	return names
}

// ServeHTTP answers a token request.
func (e *Endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, clientID, err := e.answer(w, r)
	if err != nil {
		refuse.JSON(w, r, e.Sink, event.Event{Name: event.TokenRefused, ClientID: clientID}, err)
		return
	}
	oauth.WriteJSON(w, http.StatusOK, answer)
}

func (e *Endpoint) answer(w http.ResponseWriter, r *http.Request) (answer any, clientID string, err error) {
	form, err := oauth.ReadForm(w, r, "resource", "audience")
	if err != nil {
		return nil, "", err
	}
	client, _, err := e.Clients.Authenticate(r, form)
	if err != nil {
		return nil, "", err
	}
	kind, err := e.chosen(client, form.Get("grant_type"))
	if err != nil {
		return nil, client.ID, err
	}
	whose := &user{
		accounts: e.Accounts, allow: e.Allow, sessions: e.Sessions, tokens: e.Tokens, claims: e.Claims, client: client, described: kind.upstream,
	}
	if kind.answer != nil {
		answer, err = kind.answer(e, r.Context(), client, form, whose)
		return answer, client.ID, err
	}
	authorization, err := kind.authorize(e, r.Context(), client, form, whose)
	if err != nil {
		return nil, client.ID, err
	}
	authorization.Scopes = allow.Narrow(authorization.Scopes, whose.withheld)
	authorization.Grant.Claims = e.Claims.Withhold(authorization.Grant.Claims, whose.withheld)
	identity, err := e.identity(r.Context(), authorization, whose.person)
	if err != nil {
		return nil, client.ID, err
	}
	if authorization.Grant.Subject != "" {
		authorization.Claims, err = e.Claims.ForAccessToken(r.Context(), whose.person, authorization.Scopes, e.Evidence)
		if err != nil {
			return nil, client.ID, err
		}
	}
	answer, err = e.Tokens.Issue(r.Context(), authorization, identity)
	return answer, client.ID, err
}

func (e *Endpoint) chosen(client storage.Client, name string) (grantType, error) {
	if name == "" {
		return grantType{}, oauth.NewError(oauth.InvalidRequest, "grant_type is missing")
	}
	for _, kind := range grantTypes() {
		if kind.name != name || kind.upstream && e.Upstream == nil {
			continue
		}
		if !slices.Contains(client.GrantTypes, name) {
			return grantType{}, oauth.NewError(oauth.UnauthorizedClient, "the grant type is not registered for this client")
		}
		return kind, nil
	}
	return grantType{}, oauth.NewError(oauth.UnsupportedGrantType, "the grant type is not supported")
}

// identity returns the claims about the user that go into the ID token: those that
// belong there, those that were asked for there by name, and those of userinfo for
// clients that want them there as well.
func (e *Endpoint) identity(ctx context.Context, authorization token.Authorization, person claims.Person) (map[string]any, error) {
	requested, in := authorization.Grant.Claims.IDToken, claims.InIDToken(authorization.Client)
	if authorization.Grant.Subject == "" || !e.Claims.Releases(authorization.Scopes, requested, in...) {
		return nil, nil
	}
	return e.Claims.Release(ctx, person, authorization.Scopes, requested, e.Evidence, in...)
}

// user is whom the tokens are about. The account is looked up once, before a code
// or refresh token is spent, so that an outage of Directus costs neither; nor does one of
// the client's own key set.
type user struct {
	accounts *account.Gate
	allow    *allow.Rules
	sessions *session.Manager
	tokens   *token.Service
	claims   *claims.Releaser
	client   storage.Client
	person   claims.Person
	// described says that the account itself is asked for, whatever is told of it.
	described bool
	// withheld are the scopes that the user's roles keep from the client now.
	withheld []string
	// account is empty while Directus does not answer, unless something asks
	// for it.
	account storage.Account
}

func (u *user) check(ctx context.Context, grant storage.Grant) error {
	found, err := u.look(ctx, grant)
	if errors.Is(err, account.ErrInactive) {
		return oauth.NewError(oauth.InvalidGrant, "the user may not sign in any more").WithCause(err)
	}
	if err != nil {
		return err
	}
	u.account = found
	if err := u.admit(ctx, grant); err != nil {
		return err
	}
	if found.ID == "" { // nothing is told of him
		return u.tokens.CheckEncryption(ctx, u.client, grant.Scopes)
	}
	// Only for what the tokens tell: what userinfo alone would is no reason to ask.
	in := append(claims.InIDToken(u.client), claims.AccessToken)
	if u.person, err = u.claims.Look(ctx, found, allow.Narrow(grant.Scopes, u.withheld), grant.Claims.IDToken, in...); err != nil {
		return err
	}
	return u.tokens.CheckEncryption(ctx, u.client, grant.Scopes)
}

// checkFor is check for a refresh that asks for scopes: what is left of them must
// be something (RFC 6749, section 6).
func (u *user) checkFor(scopes []string) check {
	return func(ctx context.Context, grant storage.Grant) error {
		if err := u.check(ctx, grant); err != nil {
			return err
		}
		if len(scopes) > 0 && len(allow.Narrow(scopes, u.withheld)) == 0 {
			return oauth.NewError(oauth.InvalidScope, "the user can grant none of the scopes any more")
		}
		return nil
	}
}

// admit refuses, and revokes, a grant whose client is not open to the user any
// more, and finds out which scopes it may still have. Whatever a grant of a user is
// traded for is asked this first.
func (u *user) admit(ctx context.Context, grant storage.Grant) error {
	err := u.allow.Enforce(ctx, u.client, grant, u.account)
	if errors.Is(err, allow.ErrDenied) {
		return oauth.NewError(oauth.InvalidGrant, "the client is not open to the user any more").WithCause(err)
	}
	if err != nil {
		return err
	}
	if u.withheld, err = u.allow.Withheld(ctx, u.client, u.account); err != nil {
		return err
	}
	if len(grant.Scopes) > 0 && len(allow.Narrow(grant.Scopes, u.withheld)) == 0 {
		return oauth.NewError(oauth.InvalidScope, "the user can grant none of the scopes any more")
	}
	return u.present(ctx, grant)
}

// present refuses a grant that has outlived its session while the user's roles keep
// offline_access from the client: it is as good then as one that is bound to it.
func (u *user) present(ctx context.Context, grant storage.Grant) error {
	if !grant.Offline || !slices.Contains(u.withheld, oidc.ScopeOfflineAccess) {
		return nil
	}
	s, err := u.sessions.Find(ctx, grant.SessionID)
	if err != nil {
		return err
	}
	if s == nil || s.Subject != grant.Subject {
		return oauth.NewError(oauth.InvalidGrant, "the user has signed out, and cannot grant offline_access any more")
	}
	return nil
}

// look asks for the user of a grant.
func (u *user) look(ctx context.Context, grant storage.Grant) (storage.Account, error) {
	if u.asks(grant) {
		return u.accounts.Grant(ctx, grant)
	}
	found, _, err := u.accounts.AdmitGrant(ctx, grant)
	return found, err
}

// asks says whether more must be known of the user than that he may go on. Where
// not, tokens are issued while Directus does not answer (account.Gate), so
// whatever needs the account must be counted here.
func (u *user) asks(grant storage.Grant) bool {
	in := append(claims.InIDToken(u.client), claims.AccessToken)
	return u.claims.Releases(grant.Scopes, grant.Claims.IDToken, in...) || !u.client.Allow.Empty() || len(u.client.ScopeRoles) > 0 || u.described
}
