package backchannel

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"gatehouse/provider/event"
	"gatehouse/storage"
)

// Clients looks relying parties up.
type Clients interface {
	// Client returns the client, or an error that wraps storage.ErrNotFound.
	Client(ctx context.Context, id string) (storage.Client, error)
}

// Signer signs with the current key of an algorithm. keys.Ring satisfies it.
type Signer interface {
	Sign(algorithm jose.SignatureAlgorithm, typ string, payload []byte) (string, error)
}

// Encrypter encrypts to a key of a client. clientkeys.Keys satisfies it.
type Encrypter interface {
	Encrypt(ctx context.Context, client storage.Client, algorithm, encryption, contentType string, payload []byte) (string, error)
}

// Subjects says by which sub a client knows a user. claims.Subjects satisfies it.
type Subjects interface {
	Of(client storage.Client, userID string) string
}

// Poster posts forms to addresses that clients registered. It follows no
// redirect, asks no address of a private network, and returns the status of the
// answer. fetch.Fetcher satisfies it.
type Poster interface {
	Post(ctx context.Context, address string, form url.Values) (status int, err error)
}

// Config is what a Deliverer needs.
type Config struct {
	Issuer    string
	Store     *storage.Store
	Clients   Clients
	Signer    Signer
	Encrypter Encrypter
	Subjects  Subjects
	Poster    Poster
	Now       func() time.Time
	Sink      event.Sink
}

// Deliverer tells clients of sessions that have ended. It is safe for concurrent
// use, by any number of nodes on one store: a delivery is in the hands of one at
// a time. A client is told at least once; whoever crashed after he was answered
// may tell it again, with the same jti.
type Deliverer struct {
	Config
	hints chan string
	slots *slots
	hand  *hand

	mu sync.Mutex
	// failing says that the last look at the outboxes failed.
	failing bool
}

// New checks the configuration.
func New(config Config) (*Deliverer, error) {
	if config.Issuer == "" || config.Store == nil || config.Clients == nil || config.Signer == nil || config.Encrypter == nil ||
		config.Subjects == nil || config.Poster == nil || config.Now == nil || config.Sink == nil {
		return nil, errors.New("back-channel logout: every field of the configuration is needed")
	}
	return &Deliverer{Config: config, hints: make(chan string, maxHeld), slots: newSlots(), hand: newHand()}, nil
}

// Notify says that deliveries may go out at once. It does not block: what there
// is no room for is found by the next look at the outboxes.
func (d *Deliverer) Notify(deliveries ...string) {
	for _, id := range deliveries {
		select {
		case d.hints <- id:
		default:
			return
		}
	}
}

// Run delivers what Notify names at once and whatever is due at each tick, until
// the context ends. It returns when what was being posted then has been answered
// or has run out of time.
func (d *Deliverer) Run(ctx context.Context, ticks <-chan time.Time) {
	var work sync.WaitGroup
	defer work.Wait()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case id := <-d.hints:
			err = d.begin(ctx, &work, d.hinted(id), nil)
		case <-ticks:
			err = d.look(ctx, &work)
		}
		d.report(ctx, err)
	}
}

// Deliver delivers what Notify named and what is due, and returns when all of it
// has been tried once.
func (d *Deliverer) Deliver(ctx context.Context) error {
	var work sync.WaitGroup
	defer work.Wait()
	return errors.Join(d.begin(ctx, &work, d.hinted(), nil), d.look(ctx, &work))
}

// hinted takes first in hand, and the deliveries that Notify has named since, and
// returns those that there is room for.
func (d *Deliverer) hinted(first ...string) []string {
	named := first
	for more := true; more && len(named) < maxHeld; {
		select {
		case id := <-d.hints:
			named = append(named, id)
		default:
			more = false
		}
	}
	return slices.DeleteFunc(named, func(id string) bool { return !d.hand.take(id, "") })
}

// report tells once that the store cannot be read, not at every tick.
func (d *Deliverer) report(ctx context.Context, err error) {
	d.mu.Lock()
	first := err != nil && !d.failing
	d.failing = err != nil
	d.mu.Unlock()
	if first && ctx.Err() == nil {
		d.Sink.Emit(ctx, event.Event{Name: event.InternalError, Kind: "logout deliveries", Err: err})
	}
}
