package clientauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/zitadel/oidc/v3/pkg/oidc"

	"gatehouse/provider/clients"
	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// Clients finds registered clients.
type Clients interface {
	// Client returns a client, or an error wrapping storage.ErrNotFound.
	Client(ctx context.Context, id string) (storage.Client, error)
}

// Seen remembers what may be used once. The table Store.Seen satisfies it.
type Seen interface {
	// Add returns an error wrapping storage.ErrExists if the name is there
	// already.
	Add(ctx context.Context, name string, mark storage.Mark, ttl time.Duration) error
}

// Keys checks signatures with the keys of clients. clientkeys.Keys satisfies it.
type Keys interface {
	// Verify returns nil if a key of the client made the signature.
	Verify(ctx context.Context, client storage.Client, token *jwt.JSONWebToken) error
}

// Config is what an Authenticator needs. Endpoints and Profile are optional.
type Config struct {
	Clients Clients
	Seen    Seen
	Keys    Keys
	// Issuer and Endpoints are what an assertion may name as its audience: the
	// issuer, the token endpoint, which is the first of the endpoints, and that
	// endpoint that is called.
	Issuer    string
	Endpoints []string
	// Profile is clients.ProfileOf if nil.
	Profile func(storage.Client) clients.Profile
	Now     func() time.Time
	Sink    event.Sink
}

// Authenticator authenticates clients. It is safe for concurrent use.
type Authenticator struct {
	config Config
}

// New returns an Authenticator.
func New(config Config) (*Authenticator, error) {
	if config.Clients == nil || config.Seen == nil || config.Keys == nil ||
		config.Issuer == "" || config.Now == nil || config.Sink == nil {
		return nil, errors.New("client authentication: incomplete configuration")
	}
	if config.Profile == nil {
		config.Profile = clients.ProfileOf
	}
	return &Authenticator{config: config}, nil
}

// endpoints are the URLs that an assertion sent to the endpoint of a path may name.
func (a *Authenticator) endpoints(path string) []string {
	var named []string
	for i, endpoint := range a.config.Endpoints {
		u, err := url.Parse(endpoint)
		if i == 0 || err == nil && u.Path == path {
			named = append(named, endpoint)
		}
	}
	return named
}

// method is a way to authenticate.
type method struct {
	name oidc.AuthMethod
	// presented says whether the request carries credentials of this method,
	// whole or in part.
	presented func(r *http.Request, form url.Values) bool
	// read takes them out of the request.
	read func(r *http.Request, form url.Values) (credentials, error)
}

// credentials are what a client presented.
type credentials interface {
	// clientID is who the client says it is.
	clientID() string
	// prove checks that it is. known is false for a client that does not
	// exist: then the work is done all the same and the answer is no.
	prove(ctx context.Context, a *Authenticator, client storage.Client, known bool) error
}

// methodSecretJWT is missing in the library.
const methodSecretJWT oidc.AuthMethod = "client_secret_jwt"

// methods lists every method. The last is chosen if no other is presented.
func methods() []method {
	return []method{
		{oidc.AuthMethodBasic, presentsBasic, readBasic},
		{oidc.AuthMethodPost, presentsPost, readPost},
		{methodSecretJWT, presentsSecretJWT, readSecretJWT},
		{oidc.AuthMethodPrivateKeyJWT, presentsPrivateKeyJWT, readPrivateKeyJWT},
		{oidc.AuthMethodNone, presentsNone, readNone},
	}
}

// Methods lists the methods for discovery.
func Methods() []oidc.AuthMethod {
	var names []oidc.AuthMethod
	for _, m := range methods() {
		names = append(names, m.name)
	}
	return names
}

// Authenticate returns the client that made the request, and how it proved that.
// Errors are oauth.Error, ready for the client, except when something of ours
// failed. A public client is returned without proof: whether that will do is for
// the endpoint to say.
func (a *Authenticator) Authenticate(r *http.Request, form url.Values) (storage.Client, oidc.AuthMethod, error) {
	client, name, err := a.authenticate(r, form)
	if err == nil {
		return client, name, nil
	}
	var refusal *oauth.Error
	if !errors.As(err, &refusal) {
		return storage.Client{}, name, fmt.Errorf("authenticate client: %w", err)
	}
	if refusal.Code == oauth.InvalidClient && presentsBasic(r, form) {
		// RFC 6749, section 5.2. To other clients a browser would show its
		// own dialogue, so they get no challenge.
		refusal = refusal.WithHeader("WWW-Authenticate", fmt.Sprintf("Basic realm=%q", a.config.Issuer))
	}
	a.config.Sink.Emit(r.Context(), event.Event{
		Name: event.ClientAuthFailed, ClientID: client.ID, Kind: string(name), Reason: refusal.Description, Err: refusal.Unwrap(),
	})
	return storage.Client{}, name, refusal
}

// authenticate returns the client even with an error, once it is known.
func (a *Authenticator) authenticate(r *http.Request, form url.Values) (storage.Client, oidc.AuthMethod, error) {
	m, err := choose(r, form)
	if err != nil {
		return storage.Client{}, "", err
	}
	presented, err := m.read(r, form)
	if err != nil {
		return storage.Client{}, m.name, err
	}
	if id := form.Get("client_id"); id != "" && id != presented.clientID() {
		return storage.Client{}, m.name, refuse("client_id is not that of the client's credentials", nil)
	}
	client, err := a.config.Clients.Client(r.Context(), presented.clientID())
	known := err == nil
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return storage.Client{}, m.name, err
	}
	if known && !slices.Contains(permitted(client), m.name) {
		return client, m.name, wrongMethod(client, m.name)
	}
	if known && clients.UsesSecret(client) && !a.config.Profile(client).SharedSecrets {
		return client, m.name, refuse("the security profile of the client allows no client secret", nil)
	}
	return client, m.name, presented.prove(r.Context(), a, client, known)
}

// choose finds the one method of the request.
func choose(r *http.Request, form url.Values) (method, error) {
	var chosen []method
	for _, m := range methods() {
		if m.presented(r, form) {
			chosen = append(chosen, m)
		}
	}
	switch {
	case len(chosen) == 0:
		return method{}, refuse("the request has no client authentication", nil)
	case len(chosen) > 1:
		// RFC 6749, section 5.2 gives this code to "more than one mechanism
		// for authenticating the client".
		return method{}, oauth.NewError(oauth.InvalidRequest,
			fmt.Sprintf("the request authenticates the client by %s and by %s; use one", chosen[0].name, chosen[1].name))
	}
	return chosen[0], nil
}

// permitted lists the methods a client may use. One that registered none may use
// either form of its secret; every other is held to its word, or a stolen secret
// would open what a key was to protect.
func permitted(client storage.Client) []oidc.AuthMethod {
	if client.TokenEndpointAuthMethod == "" {
		return []oidc.AuthMethod{oidc.AuthMethodBasic, oidc.AuthMethodPost}
	}
	return []oidc.AuthMethod{oidc.AuthMethod(client.TokenEndpointAuthMethod)}
}

// wrongMethod tells developers what to change. That the client exists is no
// secret: its id stands in every authorization request.
func wrongMethod(client storage.Client, used oidc.AuthMethod) error {
	registered := client.TokenEndpointAuthMethod
	if registered == "" {
		registered = "client_secret_basic or client_secret_post"
	}
	return refuse(fmt.Sprintf("the client is registered for %s but used %s", registered, used), nil)
}

// errFailed is the one answer to an unknown client and to wrong credentials.
func errFailed(cause error) error { return refuse("client authentication failed", cause) }

func refuse(description string, cause error) error {
	return oauth.NewError(oauth.InvalidClient, description).WithCause(cause)
}
