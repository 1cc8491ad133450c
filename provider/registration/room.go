package registration

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

const (
	// registeredName is the one record of Store.RegisteredClients.
	registeredName = "clients"
	// pruneEvery bounds how often a full list is compared with the store, and
	// how young an entry may be whose client is not there yet.
	pruneEvery = time.Minute
	// batch is how many clients are read in one round trip.
	batch = 100
)

// errFull says that there are as many clients as there may be.
var errFull = errors.New("as many clients registered themselves as may")

// reserve puts a client into the list of those that registered themselves, so
// that nobody has to count them.
func (e *Endpoint) reserve(ctx context.Context, id string) error {
	err := e.enter(ctx, id)
	if errors.Is(err, errFull) {
		if err := e.prune(ctx); err != nil {
			return err
		}
		err = e.enter(ctx, id)
	}
	if errors.Is(err, errFull) {
		return oauth.NewError(oauth.TemporarilyUnavailable, "no more clients can be registered here").WithCause(err)
	}
	return err
}

func (e *Endpoint) enter(ctx context.Context, id string) error {
	err := e.Store.RegisteredClients.Upsert(ctx, registeredName, storage.NoExpiry, func(list *storage.RegisteredClients) error {
		if len(list.Clients) >= e.MaxClients {
			return errFull
		}
		list.Clients = append(list.Clients, storage.RegisteredClient{ID: id, At: e.Now()})
		return nil
	})
	if err != nil && !errors.Is(err, errFull) {
		return fmt.Errorf("list client: %w", err)
	}
	return err
}

// release removes a client from the list.
func (e *Endpoint) release(ctx context.Context, id string) error {
	return e.strike(ctx, []string{id})
}

func (e *Endpoint) strike(ctx context.Context, ids []string) error {
	err := e.Store.RegisteredClients.Update(ctx, registeredName, func(list *storage.RegisteredClients) error {
		list.Clients = slices.DeleteFunc(list.Clients, func(c storage.RegisteredClient) bool { return slices.Contains(ids, c.ID) })
		return nil
	})
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("unlist client: %w", err)
	}
	return nil
}

// prune strikes entries whose client was deleted by command, or never came to be.
// A flood on a full list makes one node look at it once a minute.
func (e *Endpoint) prune(ctx context.Context) error {
	now := e.Now()
	errRecent := errors.New("pruned a moment ago")
	var entries []storage.RegisteredClient
	err := e.Store.RegisteredClients.Update(ctx, registeredName, func(list *storage.RegisteredClients) error {
		if now.Sub(list.PrunedAt) < pruneEvery {
			return errRecent
		}
		list.PrunedAt, entries = now, slices.Clone(list.Clients)
		return nil
	})
	if errors.Is(err, errRecent) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("prune clients: %w", err)
	}
	var dangling []string
	for part := range slices.Chunk(entries, batch) {
		missing, err := e.missing(ctx, part, now)
		if err != nil {
			return err
		}
		dangling = append(dangling, missing...)
	}
	return e.strike(ctx, dangling)
}

func (e *Endpoint) missing(ctx context.Context, entries []storage.RegisteredClient, now time.Time) ([]string, error) {
	records := make([]*storage.Record[storage.Client], len(entries))
	reads := make([]storage.Read, len(entries))
	for i, entry := range entries {
		reads[i] = e.Store.Clients.Read(entry.ID, &records[i])
	}
	if err := e.Store.Load(ctx, reads...); err != nil {
		return nil, fmt.Errorf("prune clients: %w", err)
	}
	var ids []string
	for i, entry := range entries {
		if records[i] == nil && now.Sub(entry.At) >= pruneEvery {
			ids = append(ids, entry.ID)
		}
	}
	return ids, nil
}
