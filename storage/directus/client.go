package directus

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"

	"gatehouse/storage"
	"gatehouse/storage/directus/internal/rest"
)

// Defaults of Config.
const (
	DefaultTimeout       = 10 * time.Second
	DefaultMaxConcurrent = 32
	DefaultLoginWait     = 2 * time.Second
	DefaultCacheSize     = 10_000

	DefaultBreakerFailures = 5
	DefaultBreakerPause    = 10 * time.Second
)

// Config is what a Client needs. BaseURL, ServiceToken, Now and Random are
// required.
type Config struct {
	// BaseURL is where Directus lives, such as https://directus.example.com;
	// it may have a path.
	BaseURL string
	// ServiceToken is a static token that may read users and roles.
	ServiceToken storage.Secret
	// WriteToken is a static token that may create and update users, or empty:
	// then people change their accounts with access tokens of their own.
	WriteToken storage.Secret
	// PublicURL is where browsers find Directus, if not at BaseURL.
	PublicURL string
	// RegisterByToken makes Register create users with WriteToken, which have
	// RegistrationRole (the id of a role) and are active at once. Otherwise
	// Register asks for what Directus lets anybody do.
	RegisterByToken  bool
	RegistrationRole string
	// Transport carries every request, so that telemetry can be put around
	// it; nil stands for one that suits Directus.
	Transport http.RoundTripper
	// Timeout bounds each request, waiting for its turn included.
	Timeout time.Duration
	// MaxConcurrent bounds the requests that are under way at a time. Three
	// quarters are for logins alone, the rest for everything else.
	MaxConcurrent int
	// LoginWait is how long a login waits for its turn before it is refused.
	LoginWait time.Duration
	// BreakerFailures is after how many requests in a row that Directus did not
	// answer it is left alone for BreakerPause: requests then fail at once. One
	// is let through after the pause; if it is answered, all are.
	BreakerFailures int
	BreakerPause    time.Duration
	// Changed is told when Directus begins to be left alone (away), and when it
	// answers again. It must not call the Client, and may be nil.
	Changed func(away bool)
	// Fields are the columns of directus_users that the claims need, besides
	// those that are always read. A dot reaches into a relation: role.name.
	Fields []string
	// ClientsCollection is the collection that clients stand in, or empty.
	ClientsCollection string
	// CacheSize is the number of users that Find remembers.
	CacheSize int
	// ForwardClientAddress sends the address of the person at sign-in as
	// X-Forwarded-For, for Directus's limits and activity log.
	ForwardClientAddress bool

	Now    func() time.Time
	Random io.Reader
	Logger *slog.Logger
}

// Client speaks to one Directus. It is safe for concurrent use.
type Client struct {
	rest  *rest.Caller
	token storage.Secret
	// writeToken is empty if none may write, publicURL has no slash at the end.
	writeToken storage.Secret
	publicURL  string
	columns    columns
	clients    string
	forward    bool
	now        func() time.Time
	random     io.Reader
	log        *slog.Logger

	lookups singleflight.Group
	cache   *lru.Cache[string, storage.Account]
	// forgetting guards cache against a look-up that began before Forget and
	// ends after it.
	forgetting sync.Mutex
	forgotten  uint64

	access    *accessCache
	sight     sight
	providers providers
	register  registering
	brand     *brand
	avatars   *avatars
}

// New returns a Client; it does not speak to Directus yet.
func New(config Config) (*Client, error) {
	switch {
	case config.ServiceToken == "":
		return nil, errors.New("directus: no service token")
	case config.Now == nil:
		return nil, errors.New("directus: no clock")
	case config.Random == nil:
		return nil, errors.New("directus: no source of randomness")
	case config.ClientsCollection != "" && !IsCollection(config.ClientsCollection):
		return nil, fmt.Errorf("directus: %q is not the name of a collection", config.ClientsCollection)
	}
	columns, err := newColumns(config.Fields)
	if err != nil {
		return nil, err
	}
	register, err := newRegistering(config)
	if err != nil {
		return nil, err
	}
	caller, err := rest.New(rest.Config{
		BaseURL:         config.BaseURL,
		Transport:       config.Transport,
		Timeout:         orDefault(config.Timeout, DefaultTimeout),
		MaxConcurrent:   orDefault(config.MaxConcurrent, DefaultMaxConcurrent),
		LoginWait:       orDefault(config.LoginWait, DefaultLoginWait),
		BreakerFailures: orDefault(config.BreakerFailures, DefaultBreakerFailures),
		BreakerPause:    orDefault(config.BreakerPause, DefaultBreakerPause),
		Changed:         config.Changed,
		Now:             config.Now,
	})
	if err != nil {
		return nil, err
	}
	publicURL, err := publicURL(config.PublicURL, caller.BaseURL())
	if err != nil {
		return nil, err
	}
	cache, err := lru.New[string, storage.Account](orDefault(config.CacheSize, DefaultCacheSize))
	if err != nil {
		return nil, fmt.Errorf("directus: cache: %w", err)
	}
	access, err := newAccessCache(orDefault(config.CacheSize, DefaultCacheSize))
	if err != nil {
		return nil, err
	}
	brand, err := newBrand()
	if err != nil {
		return nil, fmt.Errorf("directus: cache: %w", err)
	}
	avatars, err := newAvatars()
	if err != nil {
		return nil, fmt.Errorf("directus: cache: %w", err)
	}
	logger := config.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return &Client{
		rest: caller, token: config.ServiceToken, writeToken: config.WriteToken, publicURL: publicURL, columns: columns, clients: config.ClientsCollection, forward: config.ForwardClientAddress,
		now: config.Now, random: config.Random, log: logger, cache: cache, access: access,
		register: register, brand: brand, avatars: avatars,
	}, nil
}

func orDefault[T comparable](value, otherwise T) T {
	var zero T
	if value == zero {
		return otherwise
	}
	return value
}

// Away is how long Directus is still left alone because it did not answer, or
// zero.
func (c *Client) Away() time.Duration { return c.rest.Away() }

// maxPong is room for what Directus says to a ping, and for little else.
const maxPong = 16

// Ping says whether Directus answers. Directus counts it toward its limits.
func (c *Client) Ping(ctx context.Context) error {
	answer, err := c.rest.Fetch(ctx, rest.Request{Name: "ping", Method: http.MethodGet, Path: "/server/ping"}, maxPong)
	if err == nil && string(answer.Bytes) != "pong" {
		err = errors.New("ping: something else answers than directus")
	}
	return unavailable(err)
}
