package clients

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse/provider/event"
	"gatehouse/storage"
)

// ReadEvery is how often a Collection asks for changes. With the time of two
// requests it stays below the five seconds in which a change takes effect.
const ReadEvery = 3 * time.Second

// readAnyway is how long a Collection believes that nothing has changed: some
// changes are made past whatever counts them.
const readAnyway = time.Minute

// Rows is where people edit clients.
type Rows interface {
	// ClientsVersion is cheap, and changes when a row does.
	ClientsVersion(ctx context.Context) (string, error)
	// ClientRows reads all of them.
	ClientRows(ctx context.Context) ([]storage.ClientRow, error)
}

// CollectionConfig is what a Collection needs; Logger and Sink may be nil.
type CollectionConfig struct {
	Rows  Rows
	Store *storage.Store
	// Configured are the clients of the configuration, whose ids are taken.
	Configured []storage.Client
	// Rights are what the configuration says of clients that stand in rows, and
	// no row can: they have an ID and nothing that a row may set.
	Rights []storage.Client
	Rules  Rules
	Now    func() time.Time
	Logger *slog.Logger
	Sink   event.Sink
}

// Collection keeps in memory the clients that people edit elsewhere. Whoever looks
// one up never waits for that place; while it does not answer, the clients that it
// last told of go on. It is safe for concurrent use.
type Collection struct {
	config     CollectionConfig
	configured map[string]bool
	rights     map[string]storage.Client
	// good is nil until the first reading.
	good atomic.Pointer[map[string]storage.Client]

	reading sync.Mutex // guards what follows
	last    reading
	failing bool
}

// reading is one that succeeded.
type reading struct {
	version string
	// settled says that a second reading came after the version was first seen:
	// two changes may share it.
	settled bool
	at      time.Time
	rows    map[string]Row
}

// NewCollection returns a Collection that knows no client yet.
func NewCollection(config CollectionConfig) (*Collection, error) {
	if config.Rows == nil || config.Store == nil || config.Now == nil {
		return nil, errors.New("collection of clients: rows, store and clock are needed")
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	if config.Sink == nil {
		config.Sink = event.Discard
	}
	c := &Collection{config: config, configured: map[string]bool{}, rights: map[string]storage.Client{}}
	for _, client := range config.Configured {
		c.configured[client.ID] = true
	}
	for _, client := range config.Rights {
		c.rights[client.ID] = client
	}
	return c, nil
}

// Client returns the client with the id, if there is one that may be used.
func (c *Collection) Client(id string) (storage.Client, bool) {
	good := c.good.Load()
	if good == nil {
		return storage.Client{}, false
	}
	client, ok := (*good)[id]
	return client, ok
}

// Known says whether the rows were read at all. Before that nobody can tell a
// client that does not exist from one that was not read yet.
func (c *Collection) Known() bool { return c.good.Load() != nil }

// Run reads at once and then at every tick, until ctx ends.
func (c *Collection) Run(ctx context.Context, ticks <-chan time.Time) {
	for {
		// What failed is logged; the next tick tries again.
		_ = c.Refresh(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticks:
		}
	}
}

// Refresh reads the rows if they seem to have changed. After an error everything
// stays as it was.
func (c *Collection) Refresh(ctx context.Context) error {
	c.reading.Lock()
	defer c.reading.Unlock()
	next, err := c.read(ctx)
	if err != nil {
		c.tellFailure(ctx, err)
		return err
	}
	if c.failing {
		c.failing = false
		c.config.Logger.InfoContext(ctx, "Directus tells of its clients again")
	}
	if next == nil {
		return nil
	}
	c.tellChanges(ctx, *next)
	c.last = *next
	return nil
}

// read returns nil if nothing has changed.
func (c *Collection) read(ctx context.Context) (*reading, error) {
	version, err := c.config.Rows.ClientsVersion(ctx)
	if err != nil {
		return nil, err
	}
	now := c.config.Now()
	age := now.Sub(c.last.at)
	if c.last.rows != nil && c.last.settled && c.last.version == version && age >= 0 && age < readAnyway {
		return nil, nil
	}
	found, err := c.config.Rows.ClientRows(ctx)
	if err != nil {
		return nil, err
	}
	next := &reading{version: version, settled: c.last.rows != nil && c.last.version == version, at: now, rows: map[string]Row{}}
	good, err := c.judge(ctx, found, next.rows)
	if err != nil {
		return nil, err
	}
	c.good.Store(&good)
	return next, nil
}

// judge sorts the rows, and returns the clients that may be used.
func (c *Collection) judge(ctx context.Context, found []storage.ClientRow, rows map[string]Row) (map[string]storage.Client, error) {
	sightings := make([]*storage.Record[storage.ClientSighting], len(found))
	stored := make([]*storage.Record[storage.Client], len(found))
	var reads []storage.Read
	for i, row := range found {
		reads = append(reads, c.config.Store.ClientSightings.Read(row.ID, &sightings[i]), c.config.Store.Clients.Read(row.ID, &stored[i]))
	}
	if len(reads) > 0 {
		if err := c.config.Store.Load(ctx, reads...); err != nil {
			return nil, fmt.Errorf("compare clients with those in the store: %w", err)
		}
	}
	inStore := map[string]bool{}
	for i, row := range found {
		inStore[row.ID] = stored[i] != nil
	}
	good := map[string]storage.Client{}
	judged := Judge(found, c.rights, c.config.Rules, func(id string) string { return TakenBy(c.configured[id], inStore[id]) })
	for i, row := range judged {
		if row.Good() {
			client, err := c.sight(ctx, row, sightings[i])
			if err != nil {
				return nil, err
			}
			row.Client, good[row.ID] = client, client
		}
		rows[row.ID] = row
	}
	return good, nil
}

// TakenBy says in words which other source a client_id has, or nothing.
func TakenBy(configuration, store bool) string {
	switch {
	case configuration:
		return "is that of a client in the configuration, which holds"
	case store:
		return "is that of a client that registered itself or was made by a command, which holds"
	}
	return ""
}

// sight dates the client by our own clock, for all nodes the same. A row that was
// made anew is another client: nothing that was given to the earlier one is good
// for it. One that people would not know again asks them again.
func (c *Collection) sight(ctx context.Context, row Row, known *storage.Record[storage.ClientSighting]) (storage.Client, error) {
	client, presentation := row.Client, presentationDigest(row.Client)
	same := func(s storage.ClientSighting) bool {
		return !anotherRow(s, row) && s.Made == row.made && bytes.Equal(s.Presentation, presentation)
	}
	var sighting storage.ClientSighting
	if known != nil {
		sighting = known.Value
	}
	if !same(sighting) {
		now := c.config.Now().UTC()
		err := c.config.Store.ClientSightings.Upsert(ctx, row.ID, storage.NoExpiry, func(s *storage.ClientSighting) error {
			if anotherRow(*s, row) {
				*s = storage.ClientSighting{FirstSeen: now}
			}
			s.Made = row.made
			if !bytes.Equal(s.Presentation, presentation) {
				s.Presentation, s.PresentedAt = presentation, now
			}
			sighting = *s
			return nil
		})
		if err != nil {
			return storage.Client{}, fmt.Errorf("remember client: %w", err)
		}
	}
	client.CreatedAt, client.PresentedAt = sighting.FirstSeen, sighting.PresentedAt
	return client, nil
}

// anotherRow says that the row is not the one that was seen. A collection without
// dates does not tell.
func anotherRow(seen storage.ClientSighting, row Row) bool {
	return seen.FirstSeen.IsZero() || seen.Made != 0 && row.made != 0 && seen.Made != row.made
}
