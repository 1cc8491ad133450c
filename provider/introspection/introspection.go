package introspection

import (
	"context"
	"errors"
	"net/http"
	"slices"

	oidc "github.com/zitadel/oidc/v3/pkg/oidc"

	"gatehouse/provider/account"
	"gatehouse/provider/allow"
	"gatehouse/provider/claims"
	"gatehouse/provider/clientauth"
	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/provider/refuse"
	"gatehouse/provider/token"
	"gatehouse/storage"
)

// Config is what an Endpoint needs.
type Config struct {
	Issuer  string
	Clients *clientauth.Authenticator
	Tokens  *token.Service
	// Accounts tells whether users may go on.
	Accounts *account.Gate
	// Allow, Claims and Evidence are asked only where claims of the user go into
	// access tokens.
	Allow    *allow.Rules
	Claims   *claims.Releaser
	Evidence claims.Evidence
	Sink     event.Sink
}

// Endpoint is the introspection endpoint. It is safe for concurrent use.
type Endpoint struct {
	Config
}

// New returns the endpoint.
func New(config Config) *Endpoint { return &Endpoint{Config: config} }

// ServeHTTP answers for the client's own tokens and those of clients it may
// look at. Of any other token it says no more than that it is not active (RFC
// 7662, section 2.2).
func (e *Endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, err := e.introspect(w, r)
	if err != nil {
		refuse.JSON(w, r, e.Sink, event.Event{Name: event.TokenRefused}, err)
		return
	}
	oauth.WriteJSON(w, http.StatusOK, answer)
}

func (e *Endpoint) introspect(w http.ResponseWriter, r *http.Request) (*oidc.IntrospectionResponse, error) {
	form, err := oauth.ReadForm(w, r)
	if err != nil {
		return nil, err
	}
	client, _, err := e.Clients.Authenticate(r, form)
	if err != nil {
		return nil, err
	}
	if client.Public() {
		// Anybody could be this client, and try tokens (RFC 7662, section 2.1).
		return nil, oauth.NewError(oauth.UnauthorizedClient, "a public client cannot introspect").WithStatus(http.StatusForbidden)
	}
	if form.Get("token") == "" {
		return nil, oauth.NewError(oauth.InvalidRequest, "token is missing")
	}
	active, err := e.find(r, form.Get("token"))
	switch {
	case errors.Is(err, token.ErrInactive):
		return &oidc.IntrospectionResponse{}, nil
	case err != nil:
		return nil, err
	case !mayLook(client, active.Grant.ClientID):
		return &oidc.IntrospectionResponse{}, nil
	}
	var released map[string]any
	if active.Grant.Subject != "" {
		user, err := e.user(r.Context(), active)
		if errors.Is(err, account.ErrInactive) {
			return &oidc.IntrospectionResponse{}, nil
		}
		if err != nil {
			return nil, err
		}
		err = e.Allow.Enforce(r.Context(), active.Client, active.Grant, user)
		if errors.Is(err, allow.ErrDenied) {
			return &oidc.IntrospectionResponse{}, nil
		}
		if err != nil {
			return nil, err
		}
		// A resource grants no more than the user's roles permit now.
		withheld, err := e.Allow.Withheld(r.Context(), active.Client, user)
		if err != nil {
			return nil, err
		}
		active.Scopes = allow.Narrow(active.Scopes, withheld)
		if released, err = e.claims(r.Context(), active, user); err != nil {
			return nil, err
		}
	}
	e.Sink.Emit(r.Context(), event.Event{
		Name: event.IntrospectionAnswered, ClientID: client.ID, Subject: active.Grant.Subject, GrantID: active.Grant.ID,
	})
	answer := e.describe(active)
	answer.Claims = released
	return answer, nil
}

// user asks for the user of a token. While Directus does not answer, that he may go
// on is enough where nothing is told of him and no rule of the client needs more.
func (e *Endpoint) user(ctx context.Context, active token.Active) (storage.Account, error) {
	if e.tells(active) || !active.Client.Allow.Empty() || len(active.Client.ScopeRoles) > 0 {
		return e.Accounts.Grant(ctx, active.Grant)
	}
	user, _, err := e.Accounts.AdmitGrant(ctx, active.Grant)
	return user, err
}

func (e *Endpoint) tells(active token.Active) bool {
	return !active.Refresh && e.Claims.Releases(active.Scopes, nil, claims.AccessToken)
}

// claims are those of the user that a JWT access token holds, as they are now.
func (e *Endpoint) claims(ctx context.Context, active token.Active, user storage.Account) (map[string]any, error) {
	if !e.tells(active) {
		return nil, nil
	}
	person, err := e.Claims.Look(ctx, user, active.Scopes, nil, claims.AccessToken)
	if err != nil {
		return nil, err
	}
	return e.Claims.ForAccessToken(ctx, person, active.Scopes, e.Evidence)
}

// find ignores token_type_hint: the two kinds cannot be mistaken.
func (e *Endpoint) find(r *http.Request, presented string) (token.Active, error) {
	active, err := e.Tokens.AccessToken(r.Context(), presented)
	if errors.Is(err, token.ErrInactive) {
		return e.Tokens.RefreshToken(r.Context(), presented)
	}
	return active, err
}

func mayLook(client storage.Client, owner string) bool {
	return client.ID == owner || slices.Contains(client.Introspects, owner) || slices.Contains(client.Introspects, "*")
}

func (e *Endpoint) describe(active token.Active) *oidc.IntrospectionResponse {
	grant := active.Grant
	answer := &oidc.IntrospectionResponse{
		Active: true, Scope: active.Scopes, ClientID: grant.ClientID, Issuer: e.Issuer, Subject: active.Subject,
		Expiration: oidc.FromTime(active.Expires), AuthTime: oidc.FromTime(grant.AuthenticatedAt),
		AuthenticationMethodsReferences: grant.AMR, Audience: active.Audience,
	}
	if !active.Refresh {
		answer.TokenType, answer.JWTID, answer.IssuedAt = oidc.BearerToken, active.JTI, oidc.FromTime(active.IssuedAt)
	}
	return answer
}
