package userinfo

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	oidc "github.com/zitadel/oidc/v3/pkg/oidc"

	"gatehouse/provider/account"
	"gatehouse/provider/allow"
	"gatehouse/provider/claims"
	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/provider/refuse"
	"gatehouse/provider/token"
)

// Config is what an Endpoint needs.
type Config struct {
	Tokens   *token.Service
	Accounts *account.Gate
	// Allow says who may use a client, and grant it which scopes.
	Allow    *allow.Rules
	Claims   *claims.Releaser
	Evidence claims.Evidence
	Sink     event.Sink
}

// Endpoint is the UserInfo endpoint. It is safe for concurrent use.
type Endpoint struct {
	Config
}

// New returns the endpoint.
func New(config Config) *Endpoint { return &Endpoint{Config: config} }

// ServeHTTP answers GET and POST.
func (e *Endpoint) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	released, active, err := e.claims(w, r)
	if err != nil {
		refuse.JSON(w, r, e.Sink, event.Event{Name: event.TokenRefused}, err)
		return
	}
	jwt, err := e.Tokens.UserInfoJWT(r.Context(), active.Client, released)
	if err != nil {
		refuse.JSON(w, r, e.Sink, event.Event{Name: event.TokenRefused, ClientID: active.Client.ID}, err)
		return
	}
	e.Sink.Emit(r.Context(), event.Event{
		Name: event.UserInfoAnswered, ClientID: active.Grant.ClientID, Subject: active.Grant.Subject, GrantID: active.Grant.ID,
	})
	if jwt != "" {
		oauth.WriteJWT(w, jwt)
		return
	}
	oauth.WriteJSON(w, http.StatusOK, released)
}

func (e *Endpoint) claims(w http.ResponseWriter, r *http.Request) (map[string]any, token.Active, error) {
	bearer, err := bearerToken(w, r)
	if err != nil {
		return nil, token.Active{}, err
	}
	active, err := e.Tokens.AccessToken(r.Context(), bearer)
	if errors.Is(err, token.ErrInactive) {
		return nil, token.Active{}, challenge(oauth.InvalidToken, "the access token is invalid, expired or revoked")
	}
	if err != nil {
		return nil, token.Active{}, err
	}
	if active.Grant.Subject == "" || !slices.Contains(active.Scopes, oidc.ScopeOpenID) {
		return nil, token.Active{}, challenge(oauth.InsufficientScope, "the access token was not issued with scope openid")
	}
	user, err := e.Accounts.Grant(r.Context(), active.Grant)
	if errors.Is(err, account.ErrInactive) {
		return nil, token.Active{}, challenge(oauth.InvalidToken, "the access token is invalid, expired or revoked").WithCause(err)
	}
	if err != nil {
		return nil, token.Active{}, err
	}
	err = e.Allow.Enforce(r.Context(), active.Client, active.Grant, user)
	if errors.Is(err, allow.ErrDenied) {
		return nil, token.Active{}, challenge(oauth.InvalidToken, "the access token is invalid, expired or revoked").WithCause(err)
	}
	if err != nil {
		return nil, token.Active{}, err
	}
	withheld, err := e.Allow.Withheld(r.Context(), active.Client, user)
	if err != nil {
		return nil, token.Active{}, err
	}
	requested := e.Claims.Withhold(active.Grant.Claims, withheld).UserInfo
	scopes := allow.Narrow(active.Scopes, withheld)
	person, err := e.Claims.Look(r.Context(), user, scopes, requested, claims.UserInfo)
	if err != nil {
		return nil, token.Active{}, err
	}
	released, err := e.Claims.Release(r.Context(), person, scopes, requested, e.Evidence, claims.UserInfo)
	if err != nil {
		return nil, token.Active{}, err
	}
	released["sub"] = active.Subject
	return released, active, nil
}

// bearerToken takes the token from the header, or from the form of a POST, and
// from one of them only (RFC 6750, section 2). The query is refused: it ends up
// in logs.
func bearerToken(w http.ResponseWriter, r *http.Request) (string, error) {
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		return "", oauth.NewError(oauth.InvalidRequest, "this endpoint answers GET and POST").
			WithStatus(http.StatusMethodNotAllowed).WithHeader("Allow", "GET, POST")
	}
	if r.URL.Query().Has("access_token") {
		return "", challenge(oauth.InvalidRequest, "the access token does not belong in the query")
	}
	header, err := fromHeader(r)
	if err != nil {
		return "", err
	}
	body := ""
	if r.Method == http.MethodPost && strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		form, err := oauth.ReadBody(w, r)
		if err != nil {
			return "", err
		}
		body = form.Get("access_token")
	}
	switch {
	case header != "" && body != "":
		return "", challenge(oauth.InvalidRequest, "the access token is given twice")
	case header == "" && body == "":
		// Without a token there is no error code either (RFC 6750, section 3.1).
		return "", oauth.NewError(oauth.InvalidToken, "an access token is needed").WithHeader("WWW-Authenticate", "Bearer")
	}
	return header + body, nil
}

func fromHeader(r *http.Request) (string, error) {
	values := r.Header.Values("Authorization")
	if len(values) == 0 {
		return "", nil
	}
	scheme, credentials, _ := strings.Cut(values[0], " ")
	if len(values) > 1 || !strings.EqualFold(scheme, oidc.BearerToken) || strings.TrimSpace(credentials) == "" {
		return "", challenge(oauth.InvalidRequest, "the Authorization header must be Bearer and a token").WithStatus(http.StatusUnauthorized)
	}
	return strings.TrimSpace(credentials), nil
}

func challenge(code, description string) *oauth.Error {
	return oauth.NewError(code, description).
		WithHeader("WWW-Authenticate", `Bearer error="`+code+`", error_description="`+description+`"`)
}
