package keys

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Ring signs, verifies and decrypts with the keys of the issuer. It is safe for concurrent
// use; Sign and PublicSet never wait for the store.
type Ring struct {
	config   Config
	snapshot atomic.Pointer[snapshot]
	// loading lets one reload at a time run; the others find its result.
	loading sync.Mutex
}

// Open reads the ring from the store, or creates it. Of any number of nodes that
// start at once one creates it and the others read what it made.
func Open(ctx context.Context, config Config) (*Ring, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	r := &Ring{config: config}
	if err := r.Tick(ctx); err != nil {
		return nil, err
	}
	return r, nil
}

// Algorithms lists what the ring is configured to sign with, RS256 first.
func (r *Ring) Algorithms() []jose.SignatureAlgorithm {
	return append([]jose.SignatureAlgorithm(nil), r.config.Algorithms...)
}

// ReloadEvery is the interval at which Tick is to be called.
func (r *Ring) ReloadEvery() time.Duration { return r.config.ReloadEvery }

// PublicSet is the JWKS document (RFC 7517, section 5) and how to serve it.
type PublicSet struct {
	// JSON must not be changed.
	JSON []byte
	// ETag is a strong entity tag with its quotes.
	ETag string
	// MaxAge is how long the document may be cached.
	MaxAge time.Duration
}

// PublicSet returns the public halves of all keys that others may use.
//
// A key that this node has not read yet was created after the last reload, so it
// signs no earlier than settle after that. A document from a node that has lost
// the store may therefore be cached only until then, or not at all.
func (r *Ring) PublicSet() PublicSet {
	s := r.snapshot.Load()
	left := s.loadedAt.Add(r.config.settle()).Sub(r.config.Now())
	return PublicSet{JSON: s.set, ETag: s.etag, MaxAge: max(0, min(r.config.PublishAhead, left))}
}

// Age is how long ago the ring was last read from the store.
func (r *Ring) Age() time.Duration { return r.config.Now().Sub(r.snapshot.Load().loadedAt) }
