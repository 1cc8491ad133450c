package directus

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"gatehouse/storage"
	"gatehouse/storage/directus/internal/rest"
)

const (
	// maxMessage bounds a message of Directus. One that is longer ends the
	// connection, and what is missed is looked for when there is another.
	maxMessage = 1 << 20
	// shakeTime bounds connecting, authentication and subscription together.
	shakeTime = 15 * time.Second
	// pingEvery is how often Directus is asked for a sign of life; a connection
	// without any in between is given up.
	pingEvery = 30 * time.Second
	// leastWait and mostWait are between two attempts to connect, less up to half
	// of it. A connection that stood for steady is a good one.
	leastWait, mostWait = time.Second, time.Minute
	steady              = time.Minute
)

// ErrPlainWebSocket says that the connection would carry the service token in
// clear through a network.
var ErrPlainWebSocket = errors.New("directus: events need https, or Directus on this machine")

// EventsConfig is what Events need. All but HTTPClient and Logger are required.
type EventsConfig struct {
	BaseURL      string
	ServiceToken storage.Secret
	// Named is told the ids of users who changed or were deleted, Missed that
	// changes may have gone by unheard. Both return at once.
	Named  func(ids ...string)
	Missed func()
	// HTTPClient connects; nil stands for one of our own.
	HTTPClient *http.Client
	// Sleep waits for a while or until the context ends.
	Sleep  func(ctx context.Context, d time.Duration) error
	Now    func() time.Time
	Random io.Reader
	Logger *slog.Logger
}

// Events hears of changes of users by Directus's WebSocket. From what Directus
// sends it takes ids and nothing else, and it logs none of it.
type Events struct {
	EventsConfig
	address string
	// heard says that something came since it was last asked for.
	heard atomic.Bool
}

// NewEvents returns Events, or ErrPlainWebSocket where Directus is reached without
// TLS and not on this machine.
func NewEvents(config EventsConfig) (*Events, error) {
	base, err := rest.ParseBase(config.BaseURL)
	if err != nil {
		return nil, err
	}
	if config.ServiceToken == "" || config.Named == nil || config.Missed == nil || config.Sleep == nil || config.Now == nil || config.Random == nil {
		return nil, errors.New("directus events: every field of the configuration but HTTPClient and Logger is needed")
	}
	if base.Scheme != "https" && !onThisMachine(base.Hostname()) {
		return nil, ErrPlainWebSocket
	}
	if config.HTTPClient == nil {
		dialer := &net.Dialer{Timeout: 5 * time.Second}
		config.HTTPClient = &http.Client{
			Transport: &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: 5 * time.Second, MaxResponseHeaderBytes: 1 << 16},
			// A redirect would lead to an address that nobody configured.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	return &Events{EventsConfig: config, address: webSocket(*base)}, nil
}

func onThisMachine(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// webSocket is where Directus has it unless WEBSOCKETS_REST_PATH says otherwise.
func webSocket(base url.URL) string {
	base.Scheme = map[string]string{"https": "wss", "http": "ws"}[base.Scheme]
	return base.JoinPath("websocket").String()
}

// Run listens until the context ends, and connects again whenever a connection is
// lost. Each time it has connected it says that changes may have been missed.
func (e *Events) Run(ctx context.Context) {
	wait, lost := leastWait, false
	for {
		began := e.Now()
		err := e.listen(ctx, func() {
			lost = false
			e.Logger.InfoContext(ctx, "Directus tells of changes of users")
			e.Missed()
		})
		if ctx.Err() != nil {
			return
		}
		if !lost {
			lost = true
			e.Logger.WarnContext(ctx, "Directus does not tell of changes of users; they are noticed later (directus.sweep_interval, directus.staleness)",
				slog.Any("error", err))
		}
		if e.Now().Sub(began) >= steady {
			wait = leastWait
		}
		if e.Sleep(ctx, e.jitter(wait)) != nil {
			return
		}
		wait = min(2*wait, mostWait)
	}
}

// jitter takes up to half of a wait away, so that nodes do not come all at once.
func (e *Events) jitter(wait time.Duration) time.Duration {
	var raw [8]byte
	if _, err := io.ReadFull(e.Random, raw[:]); err != nil {
		return wait
	}
	return wait - time.Duration(binary.BigEndian.Uint64(raw[:])%uint64(wait/2)) //nolint:gosec // a duration below a minute
}

// listen returns when the connection has ended, and why.
func (e *Events) listen(ctx context.Context, subscribed func()) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	connection, err := e.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = connection.CloseNow() }()
	subscribed()
	e.heard.Store(true)
	ended := make(chan struct{})
	defer func() { <-ended }()
	defer cancel(nil)
	go func() {
		defer close(ended)
		cancel(e.keepAlive(ctx, connection))
	}()
	for {
		message, err := receive(ctx, connection)
		if err != nil {
			if cause := context.Cause(ctx); cause != nil {
				return cause
			}
			return err
		}
		e.heard.Store(true)
		if message.isError() {
			return errors.New("directus events: the subscription does not stand any more")
		}
		if message.Type == "ping" {
			if err := send(ctx, connection, map[string]string{"type": "pong"}); err != nil {
				return err
			}
			continue
		}
		e.tell(message)
	}
}

// Try connects, authenticates, subscribes and leaves again.
func (e *Events) Try(ctx context.Context) error {
	connection, err := e.connect(ctx)
	if err != nil {
		return err
	}
	return connection.CloseNow()
}

// keepAlive returns when Directus has given no sign of life.
func (e *Events) keepAlive(ctx context.Context, connection *websocket.Conn) error {
	for {
		if err := e.Sleep(ctx, pingEvery); err != nil {
			return err
		}
		if !e.heard.Swap(false) {
			return errors.New("directus events: no sign of life")
		}
		if err := send(ctx, connection, map[string]string{"type": "ping"}); err != nil {
			return err
		}
	}
}

// connect authenticates by a message: in the address, the token would end up in
// logs.
func (e *Events) connect(ctx context.Context) (*websocket.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, shakeTime)
	defer cancel()
	connection, response, err := websocket.Dial(ctx, e.address, &websocket.DialOptions{HTTPClient: e.HTTPClient}) //nolint:bodyclose // Dial closes it
	if err != nil {
		if response != nil {
			return nil, fmt.Errorf("directus events: connect: status %d (WEBSOCKETS_ENABLED, and what stands between must let WebSockets through)", response.StatusCode)
		}
		return nil, fmt.Errorf("directus events: connect: %w", err)
	}
	connection.SetReadLimit(maxMessage)
	if err := e.subscribe(ctx, connection); err != nil {
		_ = connection.CloseNow()
		return nil, err
	}
	return connection, nil
}

// subscribe asks for two kinds of events by themselves: a user who was just made
// has nothing to lose, and with all kinds Directus would begin by sending rows.
func (e *Events) subscribe(ctx context.Context, connection *websocket.Conn) error {
	err := send(ctx, connection, map[string]string{"type": "auth", "access_token": e.ServiceToken.Reveal()})
	if err == nil {
		err = await(ctx, connection, "auth", "")
	}
	for _, kind := range []string{"update", "delete"} {
		if err == nil {
			err = send(ctx, connection, map[string]any{
				"type": "subscribe", "collection": "directus_users", "event": kind, "uid": kind,
				// Without a limit, QUERY_LIMIT_DEFAULT would say how many are named.
				"query": map[string]any{"fields": []string{"id"}, "limit": mostRows},
			})
		}
		if err == nil {
			err = await(ctx, connection, "subscription", kind)
		}
	}
	return err
}
