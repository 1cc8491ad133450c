package registration

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"gatehouse/provider/clients"
	"gatehouse/provider/event"
	"gatehouse/provider/oauth"
	"gatehouse/provider/refuse"
	"gatehouse/storage"
)

// Mode says who may register clients.
type Mode string

// The modes. The empty one is Off.
const (
	Off Mode = "off"
	// ByToken is for holders of an initial access token.
	ByToken Mode = "token"
	// Open is for anybody.
	Open Mode = "open"
)

// Settings are what an operator decides.
type Settings struct {
	Mode Mode
	// LimitPerHour is how many clients may be registered from one network
	// without a token.
	LimitPerHour int
	// MaxClients is how many clients that registered themselves there may be
	// at a time.
	MaxClients int
}

// On says whether there is an endpoint at all.
func (s Settings) On() bool { return s.Mode == ByToken || s.Mode == Open }

// Clients is told what changed. clients.Source satisfies it.
type Clients interface {
	// Forget drops what this node remembers of a client.
	Forget(id string)
}

// Fetcher reads the document at a sector_identifier_uri. fetch.Fetcher satisfies
// it.
type Fetcher interface {
	Get(ctx context.Context, address string) ([]byte, error)
}

// Config is what an Endpoint needs.
type Config struct {
	Settings
	// Address is where clients are registered; each has its own below it.
	Address string
	Store   *storage.Store
	Clients Clients
	Handles *oauth.Handles
	Rules   clients.Rules
	// Scopes are those there are.
	Scopes  []string
	Fetcher Fetcher
	Now     func() time.Time
	Random  io.Reader
	Sink    event.Sink
}

// Endpoint is the client registration endpoint. It is safe for concurrent use.
type Endpoint struct {
	Config
	tokens *Tokens
}

// New returns the endpoint.
func New(config Config) (*Endpoint, error) {
	if config.Store == nil || config.Clients == nil || config.Handles == nil || config.Fetcher == nil ||
		config.Now == nil || config.Random == nil || config.Sink == nil || config.Address == "" {
		return nil, errors.New("client registration: incomplete configuration")
	}
	if config.On() && (config.LimitPerHour < 1 || config.MaxClients < 1) {
		return nil, errors.New("client registration: limits are needed")
	}
	return &Endpoint{Config: config, tokens: &Tokens{
		Table: config.Store.RegistrationTokens, Handles: config.Handles, Now: config.Now, Random: config.Random,
	}}, nil
}

// Register answers POST: a new client.
func (e *Endpoint) Register(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		refuse.JSON(w, r, e.Sink, event.Event{Name: event.ClientRegistrationRefused}, wrongMethod(http.MethodPost))
		return
	}
	answer, client, err := e.register(w, r)
	if err != nil {
		refuse.JSON(w, r, e.Sink, event.Event{Name: event.ClientRegistrationRefused}, err)
		return
	}
	e.Sink.Emit(r.Context(), event.Event{Name: event.ClientRegistered, ClientID: client.ID, Kind: string(client.Registered)})
	oauth.WriteJSON(w, http.StatusCreated, answer)
}

func (e *Endpoint) register(w http.ResponseWriter, r *http.Request) (map[string]any, storage.Client, error) {
	ctx := r.Context()
	// Whoever may not register learns nothing of what is wrong with his metadata.
	ticket, err := e.admit(r)
	if err != nil {
		return nil, storage.Client{}, err
	}
	given, err := readMembers(w, r)
	if err != nil {
		return nil, storage.Client{}, err
	}
	client, secret, err := e.compose(given, ticket.registered())
	if err != nil {
		return nil, client, err
	}
	accessToken, err := e.Handles.Seal(oauth.RegistrationAccessHandle, accessHandle{ClientID: client.ID})
	if err != nil {
		return nil, client, err
	}
	client.RegistrationAccessDigest = oauth.Digest(accessToken)
	if ticket.id == "" {
		// Before anything that costs more than reading: addresses that are
		// fetched, and room in the store.
		if err := e.count(ctx); err != nil {
			return nil, client, err
		}
	}
	if err := e.checkSector(ctx, client); err != nil {
		return nil, client, err
	}
	if err := e.add(ctx, ticket, client); err != nil {
		return nil, client, err
	}
	return e.shown(client, accessToken, secret), client, nil
}

// compose makes a valid client of the metadata.
func (e *Endpoint) compose(given members, by storage.RegisteredBy) (storage.Client, storage.Secret, error) {
	client, err := e.read(given, storage.Client{Registered: by, CreatedAt: e.Now().UTC()})
	if err != nil {
		return client, "", err
	}
	id, err := oauth.RandomID(e.Random, 16)
	if err != nil {
		return client, "", err
	}
	client.ID = "app_" + id
	secret, err := e.newSecret(&client)
	if err != nil {
		return client, "", err
	}
	return client, secret, e.validate(client)
}

// add stores the client. The entry in the list comes first, so that no client
// goes uncounted; a token is spent last, so that it is not wasted.
func (e *Endpoint) add(ctx context.Context, ticket ticket, client storage.Client) error {
	if err := e.reserve(ctx, client.ID); err != nil {
		return err
	}
	err := e.tokens.spend(ctx, ticket.id)
	if err == nil {
		err = e.Store.Clients.Add(ctx, client.ID, client, storage.NoExpiry)
		if err != nil {
			err = errors.Join(fmt.Errorf("store client: %w", err), e.tokens.giveBack(ctx, ticket.id))
		}
	}
	if err != nil {
		return errors.Join(err, e.release(ctx, client.ID))
	}
	return nil
}

// newSecret gives the client a secret, if it authenticates by one.
func (e *Endpoint) newSecret(client *storage.Client) (storage.Secret, error) {
	client.SecretDigests = nil
	if !clients.UsesSecret(*client) {
		return "", nil
	}
	random, err := oauth.RandomID(e.Random, clients.SecretSize(*client))
	if err != nil {
		return "", err
	}
	clients.ReplaceSecret(client, storage.Secret(random), time.Time{})
	return storage.Secret(random), nil
}

func wrongMethod(allowed string) error {
	return oauth.NewError(oauth.InvalidRequest, "this address answers "+allowed+" only").
		WithStatus(http.StatusMethodNotAllowed).WithHeader("Allow", allowed)
}
