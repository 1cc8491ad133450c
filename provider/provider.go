package provider

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/text/language"

	"gatehouse/keys"
	"gatehouse/provider/account"
	"gatehouse/provider/allow"
	"gatehouse/provider/authorize"
	"gatehouse/provider/backchannel"
	"gatehouse/provider/checksession"
	"gatehouse/provider/claims"
	"gatehouse/provider/clientauth"
	"gatehouse/provider/clientkeys"
	"gatehouse/provider/desk"
	"gatehouse/provider/discovery"
	"gatehouse/provider/event"
	"gatehouse/provider/frontchannel"
	"gatehouse/provider/grant"
	"gatehouse/provider/introspection"
	"gatehouse/provider/logout"
	"gatehouse/provider/oauth"
	"gatehouse/provider/picture"
	"gatehouse/provider/registration"
	"gatehouse/provider/revocation"
	"gatehouse/provider/session"
	"gatehouse/provider/token"
	"gatehouse/provider/upstream"
	"gatehouse/provider/userevents"
	"gatehouse/provider/userinfo"
	"gatehouse/provider/watch"
	"gatehouse/storage"
)

// Clients looks relying parties up. clients.Source satisfies it.
type Clients interface {
	Client(ctx context.Context, id string) (storage.Client, error)
	// Forget drops what is remembered of a client that was changed or deleted.
	Forget(id string)
}

// Fetcher is the way out to addresses that clients registered. fetch.Fetcher
// satisfies it.
type Fetcher interface {
	clientkeys.Fetcher
	backchannel.Poster
}

// Directory looks users up, and says where they stand. storage/directus satisfies
// it.
type Directory interface {
	account.Directory
	allow.Directory
	watch.Directory
}

// Config is what a Provider needs.
type Config struct {
	Issuer    string
	Store     *storage.Store
	Keys      *keys.Ring
	Handles   *oauth.Handles
	Clients   Clients
	Directory Directory
	Claims    *claims.Releaser
	// Fetcher gets the keys of clients from their jwks_uri and request objects
	// from their request_uri, and tells clients of the end of sessions.
	Fetcher     Fetcher
	Pages       authorize.Pages
	LogoutPages logout.Pages

	Tokens   token.Lifetimes
	Sessions session.Lifetimes
	// PairwiseSecret, if there is one, lets clients have pairwise subjects. It
	// has at least claims.MinPairwiseSecret bytes and never changes.
	PairwiseSecret []byte

	// Upstream, if any, is where the token pairs of sign-ins are kept, so that
	// clients may have tokens of Directus for their users.
	Upstream Upstream
	// Pictures shows those of users; nil shows none.
	Pictures *picture.Endpoint

	// SessionManagement lets apps ask in the browser whether its sign-in has
	// changed (OpenID Connect Session Management 1.0).
	SessionManagement bool
	// Registration says that people may be sent to register (prompt=create), and
	// ExternalSignIn that they may sign in elsewhere.
	Registration, ExternalSignIn bool
	// ClientRegistration says which clients may register themselves.
	ClientRegistration registration.Settings
	// RequestLifetime is how long a person may take to sign in.
	RequestLifetime time.Duration
	// Staleness is how old the last look at a user may be.
	Staleness time.Duration
	// Users says how changes of users are noticed, and what they end.
	Users Users

	UILocales           []language.Tag
	PolicyURI, TermsURI string

	Now    func() time.Time
	Random io.Reader
	Sink   event.Sink
}

// paths are where the endpoints are found below the issuer.
func paths() discovery.Paths {
	return discovery.Paths{
		Authorization: "/authorize", Token: "/token", UserInfo: "/userinfo", Introspection: "/introspect",
		Revocation: "/revoke", EndSession: "/logout", JWKS: "/jwks", Registration: "/clients",
	}
}

// GrantTypes lists every grant type that there is.
func GrantTypes() []string { return grantTypes(true) }

// grantTypes are those of an issuer, where clients may have tokens of Directus or
// may not.
func grantTypes(exchange bool) []string {
	return append(grant.Types(exchange), authorize.GrantTypes()...)
}

// Provider is safe for concurrent use.
type Provider struct {
	base          string
	authorize     *authorize.Endpoint
	grant         *grant.Endpoint
	userinfo      *userinfo.Endpoint
	introspection *introspection.Endpoint
	revocation    *revocation.Endpoint
	logout        *logout.Endpoint
	registration  *registration.Endpoint
	discovery     *discovery.Document
	jwks          http.Handler
	deliverer     *backchannel.Deliverer
	sessions      *session.Manager
	tokens        *token.Service
	clientKeys    *clientkeys.Keys
	subjects      *claims.Subjects
	desk          *desk.Desk
	pictures      *picture.Endpoint
	gate          *account.Gate
	watch         *watch.Watch
	events        *userevents.Endpoint
	// upstream is nil where no session at Directus is kept.
	upstream *upstream.Keeper
}

// New builds the endpoints.
func New(config Config) (*Provider, error) {
	base, err := basePath(config.Issuer)
	if err != nil {
		return nil, fmt.Errorf("provider: %w", err)
	}
	if config.Clients == nil || config.Directory == nil || config.Claims == nil || config.Keys == nil || config.LogoutPages == nil {
		return nil, errors.New("provider: clients, directory, claims, keys and pages are needed")
	}
	p := &Provider{base: base, pictures: config.Pictures}
	if err := p.shared(config); err != nil {
		return nil, fmt.Errorf("provider: %w", err)
	}
	if err := p.endpoints(config); err != nil {
		return nil, fmt.Errorf("provider: %w", err)
	}
	return p, nil
}

// basePath is the issuer's path. It is part of every route, so that it must read
// the same escaped or not and hold nothing that a route takes for a pattern.
func basePath(issuer string) (string, error) {
	u, err := url.Parse(issuer)
	switch {
	case err != nil, u.Scheme == "", u.Host == "", u.User != nil, strings.ContainsAny(issuer, "?#"):
		// OpenID Connect Discovery 1.0, section 3.
		return "", errors.New("the issuer must be an address without user, query and fragment")
	case u.EscapedPath() != u.Path, strings.ContainsAny(u.Path, "{}*"):
		return "", errors.New("the path of the issuer must do without escapes, braces and stars")
	}
	return strings.TrimSuffix(u.Path, "/"), nil
}

// shared builds what several endpoints use.
func (p *Provider) shared(config Config) (err error) {
	p.clientKeys, err = clientkeys.New(clientkeys.Config{Fetcher: config.Fetcher, Now: config.Now})
	if err != nil {
		return err
	}
	if p.subjects, err = claims.NewSubjects(config.PairwiseSecret); err != nil {
		return err
	}
	p.deliverer, err = backchannel.New(backchannel.Config{
		Issuer: config.Issuer, Store: config.Store, Clients: config.Clients, Signer: config.Keys, Encrypter: p.clientKeys,
		Subjects: p.subjects, Poster: config.Fetcher, Now: config.Now, Sink: config.Sink,
	})
	if err != nil {
		return err
	}
	p.sessions, err = session.NewManager(session.Config{
		Store: config.Store, Cookies: session.NewCookies(config.Issuer), Lifetimes: config.Sessions, StateShown: config.SessionManagement, Deliver: p.deliverer.Notify,
		Release: p.release,
		Now:     config.Now, Random: config.Random, Sink: config.Sink,
	})
	if err != nil {
		return err
	}
	p.tokens, err = token.New(token.Config{
		Issuer: config.Issuer, Store: config.Store, Clients: config.Clients, Signer: config.Keys, Encrypter: p.clientKeys, Handles: config.Handles,
		Lifetimes: config.Tokens, SID: session.SID, Subject: p.subjects.Of,
		Release: p.release, SessionAlive: p.alive,
		Now: config.Now, Random: config.Random, Sink: config.Sink,
	})
	if err != nil {
		return err
	}
	return p.keepUpstream(config)
}

func (p *Provider) endpoints(config Config) (err error) {
	if err := p.users(config); err != nil {
		return err
	}
	rules, err := allow.New(allow.Config{Directory: config.Directory, Staleness: config.Staleness, Revoke: p.tokens.Revoke})
	if err != nil {
		return err
	}
	where := paths()
	base := strings.TrimSuffix(config.Issuer, "/")
	authenticator, err := clientauth.New(clientauth.Config{
		Clients: config.Clients, Seen: config.Store.Seen, Keys: p.clientKeys, Issuer: config.Issuer,
		Endpoints: []string{base + where.Token, base + where.Introspection, base + where.Revocation},
		Now:       config.Now, Sink: config.Sink,
	})
	if err != nil {
		return err
	}
	p.authorize, err = authorize.New(authorize.Config{
		Issuer: config.Issuer, Store: config.Store, Clients: config.Clients, Sessions: p.sessions, Tokens: p.tokens,
		Subjects: p.subjects, Accounts: p.gate, Allow: rules, Handles: config.Handles, Claims: config.Claims, Evidence: config.Store.VerifiedEmails,
		Pages: config.Pages, RequestLifetime: config.RequestLifetime,
		Signatures: p.clientKeys, Decrypter: config.Keys, Fetcher: config.Fetcher,
		Registration: config.Registration, Now: config.Now, Random: config.Random, Sink: config.Sink,
	})
	if err != nil {
		return err
	}
	granting := grant.Config{
		Clients: authenticator, Tokens: p.tokens, Sessions: p.sessions, Accounts: p.gate, Allow: rules, Claims: config.Claims,
		Evidence: config.Store.VerifiedEmails, Now: config.Now, Sink: config.Sink,
	}
	serving := desk.Config{
		Issuer: config.Issuer, Store: config.Store, Clients: config.Clients, Claims: config.Claims, Requests: p.authorize.Interactions(), Sessions: p.sessions,
		Tokens: p.tokens, Accounts: p.gate, Closed: closed(rules), Now: config.Now, Sink: config.Sink,
	}
	if p.upstream != nil {
		granting.Upstream, granting.DirectusURLs = p.upstream, withoutSlash(config.Upstream.URLs)
		serving.Upstream = p.upstream
	}
	p.grant = grant.New(granting)
	p.userinfo = userinfo.New(userinfo.Config{
		Tokens: p.tokens, Accounts: p.gate, Allow: rules, Claims: config.Claims, Evidence: config.Store.VerifiedEmails, Sink: config.Sink,
	})
	p.introspection = introspection.New(introspection.Config{
		Issuer: config.Issuer, Clients: authenticator, Tokens: p.tokens,
		Accounts: p.gate, Allow: rules, Claims: config.Claims, Evidence: config.Store.VerifiedEmails, Sink: config.Sink,
	})
	p.revocation = revocation.New(revocation.Config{Clients: authenticator, Tokens: p.tokens, Sink: config.Sink})
	frames := frontchannel.Frames{Issuer: config.Issuer, Clients: config.Clients, Sink: config.Sink}
	p.logout = logout.New(logout.Config{
		Issuer: config.Issuer, Clients: config.Clients, Sessions: p.sessions, Tokens: p.tokens, Subjects: p.subjects,
		Frames: frames, Handles: config.Handles, Pages: config.LogoutPages, Sink: config.Sink,
	})
	serving.Frames = frames
	if p.desk, err = desk.New(serving); err != nil {
		return err
	}
	p.registration, err = registration.New(registration.Config{
		Settings: config.ClientRegistration, Address: base + where.Registration, Store: config.Store, Clients: config.Clients,
		Handles: config.Handles, Rules: p.clientRules(config), Scopes: claims.Scopes(), Fetcher: config.Fetcher,
		Now: config.Now, Random: config.Random, Sink: config.Sink,
	})
	if err != nil {
		return err
	}
	if !config.ClientRegistration.On() {
		// Discovery names only what is there.
		where.Registration = ""
	}
	p.jwks = discovery.JWKS(config.Keys)
	if config.SessionManagement {
		where.CheckSession = checksession.Path
	}
	p.discovery, err = discovery.New(discovery.Config{
		Issuer: config.Issuer, Paths: where, Scopes: config.Claims.Scopes(), Claims: config.Claims.Supported(),
		ResponseTypes: oauth.ResponseTypes(), ResponseModes: authorize.ResponseModes(), GrantTypes: grantTypes(p.upstream != nil),
		Prompts: authorize.Prompts(config.Registration), Displays: authorize.Displays(), ACRValues: session.ACRValues(config.ExternalSignIn),
		SubjectTypes: p.subjects.Types(), SigningAlgorithms: config.Keys.Algorithms(), ClientAuthentication: clientauth.Methods(),
		AssertionAlgorithms: clientauth.AssertionAlgorithms(), ObjectAlgorithms: authorize.ObjectAlgorithms(),
		Encryption:       discovery.Encryption{Algorithms: clientkeys.EncryptionAlgorithms(), Contents: clientkeys.ContentEncryptions()},
		ObjectEncryption: discovery.Encryption{Algorithms: config.Keys.EncryptionAlgorithms(), Contents: config.Keys.ContentEncryptions()},
		UILocales:        config.UILocales,
		PolicyURI:        config.PolicyURI, TermsURI: config.TermsURI,
	})
	return err
}

// closed says whether a client is not open to a user. A rule at fault, which the log
// tells of wherever it matters, is no reason not to show a person what is his.
func closed(rules *allow.Rules) func(context.Context, storage.Client, storage.Account) (bool, error) {
	return func(ctx context.Context, client storage.Client, user storage.Account) (bool, error) {
		err := rules.Check(ctx, client, user)
		if errors.Is(err, storage.ErrUnavailable) {
			return false, err
		}
		return err != nil, nil
	}
}

// Interactions returns what screens may do.
func (p *Provider) Interactions() *authorize.Interactions { return p.authorize.Interactions() }

// Desk returns where people see and end what is kept of them.
func (p *Provider) Desk() *desk.Desk { return p.desk }

// Deliveries returns what tells clients of the end of sessions. It has to be run.
func (p *Provider) Deliveries() *backchannel.Deliverer { return p.deliverer }

// EndUser ends every session and grant of a user.
func (p *Provider) EndUser(ctx context.Context, subject, reason string) error {
	return p.desk.EndUser(ctx, subject, reason)
}
