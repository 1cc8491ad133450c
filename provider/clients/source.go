package clients

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/golang-lru/v2"

	"gatehouse/storage"
)

// ErrTwoSources says that a client of the configuration is also in the store.
// Which of the two holds would be a matter of luck, so nothing may start.
var ErrTwoSources = errors.New("client is in the configuration and in the store")

// maxCached bounds the stored clients that one node keeps in memory.
const maxCached = 4096

// CacheFor is how long a change of a stored client may go unnoticed on another
// node.
const CacheFor = 3 * time.Second

// Source looks clients up: those of the configuration, which never change while
// we run, then those of the collection, if there is one, then those in the store. It
// is safe for concurrent use.
type Source struct {
	configured map[string]storage.Client
	collection *Collection
	store      *storage.Store
	now        func() time.Time
	cached     *lru.Cache[string, cachedClient]
}

type cachedClient struct {
	client storage.Client
	until  time.Time
}

// SourceConfig is what a Source needs.
type SourceConfig struct {
	// Configured are valid and have distinct ids.
	Configured []storage.Client
	// Collection is nil where clients are edited nowhere else.
	Collection *Collection
	Store      *storage.Store
	Now        func() time.Time
}

// NewSource returns a Source.
func NewSource(config SourceConfig) (*Source, error) {
	if config.Store == nil || config.Now == nil {
		return nil, errors.New("client source: store and clock are needed")
	}
	cached, err := lru.New[string, cachedClient](maxCached)
	if err != nil {
		return nil, fmt.Errorf("client source: %w", err)
	}
	s := &Source{configured: map[string]storage.Client{}, collection: config.Collection, store: config.Store, now: config.Now, cached: cached}
	for _, client := range config.Configured {
		if _, ok := s.configured[client.ID]; ok {
			return nil, fmt.Errorf("client source: client %q is configured twice", client.ID)
		}
		s.configured[client.ID] = client
	}
	return s, nil
}

// Client returns the client with the id, or storage.ErrNotFound. As long as the
// collection was not read yet, an id that nobody else has is storage.ErrUnavailable:
// apps would give up what they hold, and nobody would tell them of sign-outs, if
// they were said not to exist.
func (s *Source) Client(ctx context.Context, id string) (storage.Client, error) {
	if client, ok := s.configured[id]; ok {
		return client, nil
	}
	if s.collection != nil {
		if client, ok := s.collection.Client(id); ok {
			return client, nil
		}
	}
	if hit, ok := s.cached.Get(id); ok && s.now().Before(hit.until) {
		return hit.client, nil
	}
	record, err := s.store.Clients.Get(ctx, id)
	if err != nil {
		// Unknown ids are not remembered: strangers could push the known out.
		s.cached.Remove(id)
		if errors.Is(err, storage.ErrNotFound) && s.collection != nil && !s.collection.Known() {
			return storage.Client{}, fmt.Errorf("look up client: %w: those in Directus were not read yet", storage.ErrUnavailable)
		}
		return storage.Client{}, fmt.Errorf("look up client: %w", err)
	}
	s.cached.Add(id, cachedClient{client: record.Value, until: s.now().Add(CacheFor)})
	return record.Value, nil
}

// Forget drops what is remembered of a stored client that was changed or deleted
// here. Other nodes know of it within CacheFor.
func (s *Source) Forget(id string) { s.cached.Remove(id) }

// Configured says whether a client comes from the configuration, where commands
// cannot change it.
func (s *Source) Configured(id string) bool {
	_, ok := s.configured[id]
	return ok
}

// CheckSources returns ErrTwoSources, naming the client, if one comes from both.
func (s *Source) CheckSources(ctx context.Context) error {
	for id := range s.configured {
		_, err := s.store.Clients.Get(ctx, id)
		switch {
		case errors.Is(err, storage.ErrNotFound):
		case err != nil:
			return fmt.Errorf("look up client: %w", err)
		default:
			return fmt.Errorf("%w: %q; remove it from the configuration, or run: gatehouse client delete %s", ErrTwoSources, id, id)
		}
	}
	return nil
}
