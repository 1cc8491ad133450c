package providertest

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-jose/go-jose/v4"

	"gatehouse/keys"
	"gatehouse/provider"
	"gatehouse/provider/account"
	"gatehouse/provider/backchannel"
	"gatehouse/provider/claims"
	"gatehouse/provider/clients"
	"gatehouse/provider/event"
	"gatehouse/provider/fetch"
	"gatehouse/provider/oauth"
	"gatehouse/provider/picture"
	"gatehouse/provider/registration"
	"gatehouse/provider/session"
	"gatehouse/provider/token"
	"gatehouse/storage"
	"gatehouse/storage/bolt"
	"gatehouse/storage/directus"
	"gatehouse/storage/directus/directustest"
)

// Lifetimes of the provider under test.
const (
	CodeLifetime         = time.Minute
	AccessTokenLifetime  = 10 * time.Minute
	RefreshTokenLifetime = 24 * time.Hour
	ReplayWindow         = 30 * time.Second
	SessionIdle          = 2 * time.Hour
	SessionAbsolute      = 12 * time.Hour
	Staleness            = time.Minute
	OutageStaleness      = 5 * time.Minute
	RequestLifetime      = 30 * time.Minute
	SweepEvery           = time.Minute
)

// Options change what is started. The zero value will do.
type Options struct {
	// Clients are registered besides those that every provider under test has.
	Clients []storage.Client
	// ClientRows makes a collection of clients in the fake Directus, which
	// Server.Refresh reads; ClientRights are what the configuration says of them.
	ClientRows   bool
	ClientRights []storage.Client
	// Mapping replaces the default mapping of claims.
	Mapping claims.Mapping
	// Rules are claims in the long form.
	Rules map[string]claims.Rule
	// Logger is told of claims that do not convert. It may be nil.
	Logger *slog.Logger
	// EmailVerified is how email_verified is told, by evidence if empty.
	EmailVerified claims.EmailVerified
	// IssuerPath is put behind the issuer's host.
	IssuerPath string
	// Backend wraps the store, to count or to fail.
	Backend func(storage.Backend) storage.Backend
	// Staleness is how old the last look at a user may be, Staleness if zero;
	// below zero Directus is asked every time.
	Staleness time.Duration
	// OutageStaleness is how old it may be while Directus does not answer,
	// OutageStaleness if zero; below zero no older than Staleness.
	OutageStaleness time.Duration
	// EndOn are the changes of a user that end what is older; all if nil.
	EndOn []account.Cause
	// FlowSecret lets a Flow of Directus tell of changes.
	FlowSecret storage.Secret
	// Algorithms to sign with; RS256 and ES256 if empty.
	Algorithms []jose.SignatureAlgorithm
	// EncryptionAlgorithms that request objects may be encrypted by; ECDH-ES if
	// empty, since making an RSA key takes its time.
	EncryptionAlgorithms []jose.KeyAlgorithm
	// NoRegistration says that nobody can register.
	NoRegistration bool
	// Pictures shows those of users.
	Pictures bool
	// PasswordPolicy is what the screens know of the project's; Directus has its
	// own.
	PasswordPolicy func(password string) bool
	// WriteToken gives the provider a token that may write users.
	WriteToken bool
	// ExternalSignIn offers the providers of the fake Directus.
	ExternalSignIn bool
	// SessionManagement tells apps whether the sign-in of a browser has changed.
	SessionManagement bool
	// PairwiseSecret lets clients have pairwise subjects.
	PairwiseSecret []byte
	// ClientRegistration says which clients may register themselves; none if
	// empty. Limits that are left out are ample.
	ClientRegistration registration.Settings
	// Fetcher reads the addresses of clients, instead of one that takes
	// loopback hosts by http too.
	Fetcher registration.Fetcher
	// Transport is the way to Directus, net/http's if nil; DirectusTimeout how
	// long each request may take, 10 seconds if zero, and CacheSize how many users
	// are remembered, 1000 if zero.
	Transport       http.RoundTripper
	DirectusTimeout time.Duration
	CacheSize       int
	// Directus is used instead of the fake one, where its URL is set.
	Directus RealDirectus
	// TLS serves https. The certificate is that of net/http/httptest, which the
	// provider trusts in what it fetches, too.
	TLS bool

	trusted *x509.CertPool
}

// Server is a running provider.
type Server struct {
	Issuer   string
	Store    *storage.Store
	Directus *directustest.Server
	Clock    *Clock
	Events   *Events
	Keys     *keys.Ring
	Provider *provider.Provider
	// ClientRows is the collection of clients of the fake Directus, and Collection
	// what is read of it, or of that of a real one; nil unless asked for.
	ClientRows *directustest.Collection
	Collection *clients.Collection
	// DirectusSessions keeps the token pairs of sign-ins, nil where no client may
	// have tokens of Directus.
	DirectusSessions *directus.Sessions
	// RegistrationTokens makes initial access tokens.
	RegistrationTokens *registration.Tokens
	// Handler serves the issuer; tests that need no network call it directly.
	Handler http.Handler
	// Transport trusts the certificate of the issuer.
	Transport http.RoundTripper
}

// New starts a provider that stops with the test.
func New(t testing.TB, options Options) *Server {
	t.Helper()
	s := &Server{Clock: NewClock(), Events: &Events{}, Directus: directustest.New(t)}
	s.Directus.SetClock(s.Clock.Now)
	listening := httptest.NewUnstartedServer(nil)
	s.Issuer, s.Transport = "http://"+listening.Listener.Addr().String()+options.IssuerPath, http.DefaultTransport
	start := listening.Start
	if options.TLS {
		s.Issuer, start = "https://"+listening.Listener.Addr().String()+options.IssuerPath, listening.StartTLS
		options.trusted = trusted(t)
		s.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: options.trusted}, MaxIdleConnsPerHost: 8}
	}
	s.Store = newStore(t, s.Clock, options.Backend)
	s.Handler = withRequest(s.handler(t, options))
	listening.Config.Handler = s.Handler
	start()
	t.Cleanup(listening.Close)
	return s
}

// trusted holds the one certificate that every server of httptest has.
func trusted(t testing.TB) *x509.CertPool {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	return pool
}

func newStore(t testing.TB, clock *Clock, wrap func(storage.Backend) storage.Backend) *storage.Store {
	t.Helper()
	opened, err := bolt.Open(bolt.Options{Path: filepath.Join(t.TempDir(), "store"), Now: clock.Now})
	if err != nil {
		t.Fatalf("open store: %v", err)
	}
	t.Cleanup(func() { _ = opened.Close() })
	var backend storage.Backend = opened
	if wrap != nil {
		backend = wrap(opened)
	}
	sealer, err := storage.NewSealer(rand.Reader, randomBytes(t, storage.SealingKeySize))
	if err != nil {
		t.Fatalf("make sealer: %v", err)
	}
	store, err := storage.New(storage.Config{Backend: backend, Sealer: sealer, Now: clock.Now})
	if err != nil {
		t.Fatalf("make store: %v", err)
	}
	return store
}

func (s *Server) handler(t testing.TB, options Options) http.Handler {
	t.Helper()
	pictures := s.pictures(t, options)
	releaser := s.releaser(t, options, pictures)
	users := s.userStore(t, options, releaser)
	users.Fields = releaser.Fields()
	users.Transport, users.Timeout = options.Transport, cmp.Or(options.DirectusTimeout, 10*time.Second)
	users.MaxConcurrent, users.CacheSize, users.Now, users.Random = 32, cmp.Or(options.CacheSize, 1000), s.Clock.Now, rand.Reader
	client, err := directus.New(users)
	if err != nil {
		t.Fatalf("make Directus client: %v", err)
	}
	if pictures != nil {
		pictures.Source = client
	}
	algorithms := options.Algorithms
	if algorithms == nil {
		algorithms = []jose.SignatureAlgorithm{jose.RS256, jose.ES256}
	}
	encryption := options.EncryptionAlgorithms
	if encryption == nil {
		encryption = []jose.KeyAlgorithm{jose.ECDH_ES}
	}
	s.Keys, err = keys.Open(context.Background(), keys.Config{
		Rings: s.Store.KeyRings, Algorithms: algorithms, EncryptionAlgorithms: encryption, Now: s.Clock.Now,
	})
	if err != nil {
		t.Fatalf("open keys: %v", err)
	}
	handles, err := oauth.NewHandles(rand.Reader, randomBytes(t, 32))
	if err != nil {
		t.Fatalf("make handles: %v", err)
	}
	s.RegistrationTokens = &registration.Tokens{Table: s.Store.RegistrationTokens, Handles: handles, Now: s.Clock.Now, Random: rand.Reader}
	upstream := s.upstream(t, options, client)
	screens := s.screens(t, options, client, handles)
	source := s.source(t, options, users.ClientsCollection, client)
	s.Provider, err = provider.New(provider.Config{
		Issuer: s.Issuer, Store: s.Store, Keys: s.Keys, Handles: handles, Clients: source, Directory: client,
		Claims: releaser.WithAccess(client, cmp.Or(options.Staleness, Staleness)), Fetcher: options.fetcher(), Pages: screens, LogoutPages: screens.LogoutPages(),
		Tokens: token.Lifetimes{
			Code: CodeLifetime, AccessToken: AccessTokenLifetime, IDToken: AccessTokenLifetime,
			RefreshToken: RefreshTokenLifetime, ReplayWindow: ReplayWindow,
		},
		Sessions: session.Lifetimes{
			Idle: SessionIdle, Absolute: SessionAbsolute, RememberedIdle: 20 * 24 * time.Hour, RememberedAbsolute: 90 * 24 * time.Hour,
		},
		SessionManagement: options.SessionManagement, Upstream: upstream, Pictures: pictures,
		PairwiseSecret: options.PairwiseSecret, ClientRegistration: options.clientRegistration(),
		Registration: !options.NoRegistration, ExternalSignIn: options.ExternalSignIn,
		RequestLifetime: RequestLifetime, Staleness: cmp.Or(options.Staleness, Staleness),
		Users: options.users(),
		Now:   s.Clock.Now, Random: rand.Reader, Sink: s.Events,
	})
	if err != nil {
		t.Fatalf("make provider: %v", err)
	}
	return s.Provider.Handler(func(router chi.Router) {
		screens.Routes(router, s.Provider.Interactions(), s.Provider.Desk())
		router.Get(ownPath, s.beginOwn)
	})
}

// pictures is nil if they are not shown.
func (s *Server) pictures(t testing.TB, options Options) *picture.Endpoint {
	t.Helper()
	if !options.Pictures {
		return nil
	}
	links, err := picture.NewLinks(s.Issuer, s.Clock.Now, randomBytes(t, 32))
	if err != nil {
		t.Fatalf("make addresses of pictures: %v", err)
	}
	return &picture.Endpoint{Links: links, Sink: s.Events}
}

func (s *Server) releaser(t testing.TB, options Options, pictures *picture.Endpoint) *claims.Releaser {
	t.Helper()
	mapping := options.Mapping
	if mapping == nil {
		mapping = claims.DefaultMapping()
	}
	config := claims.Config{Mapping: mapping, Rules: options.Rules, EmailVerified: options.EmailVerified, Logger: options.Logger}
	if pictures != nil {
		config.Picture = pictures.Links.URL
	}
	releaser, err := claims.New(config)
	if err != nil {
		t.Fatalf("make claims: %v", err)
	}
	return releaser
}

func (o Options) fetcher() provider.Fetcher {
	ours := fetch.New(fetch.Config{AllowLoopback: true, RootCAs: o.trusted})
	if o.Fetcher == nil {
		return ours
	}
	return struct {
		registration.Fetcher
		backchannel.Poster
	}{o.Fetcher, ours}
}

func (o Options) users() provider.Users {
	users := provider.Users{EndOn: o.EndOn, SweepEvery: SweepEvery, FlowSecret: o.FlowSecret}
	users.OutageStaleness = max(0, cmp.Or(o.OutageStaleness, OutageStaleness))
	if users.EndOn == nil {
		users.EndOn = account.Choices()
	}
	return users
}

func (o Options) clientRegistration() registration.Settings {
	settings := o.ClientRegistration
	settings.LimitPerHour = cmp.Or(settings.LimitPerHour, 1000)
	settings.MaxClients = cmp.Or(settings.MaxClients, 1000)
	return settings
}

// withRequest does what the front of the real server does.
func withRequest(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := event.WithRequest(r.Context(), event.Request{ID: "test", ClientAddress: "192.0.2.1", UserAgent: r.UserAgent()})
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

func randomBytes(t testing.TB, size int) []byte {
	t.Helper()
	raw := make([]byte, size)
	if _, err := rand.Read(raw); err != nil {
		t.Fatalf("read randomness: %v", err)
	}
	return raw
}
