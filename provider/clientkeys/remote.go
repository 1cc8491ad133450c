package clientkeys

import (
	"context"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/singleflight"
)

const (
	// keepKeys is how long fetched keys are used: a key that a client withdrew
	// is refused after that.
	keepKeys = 10 * time.Minute
	// minRefetch is the least time between two fetches of one address, or
	// strangers could make us hammer it with tokens that do not verify.
	minRefetch = 10 * time.Second
	// maxRemote bounds how many addresses are remembered.
	maxRemote = 4096
)

// remoteKeys reads and remembers the keys at the jwks_uri of clients.
type remoteKeys struct {
	fetcher Fetcher
	now     func() time.Time
	flights singleflight.Group
	entries *lru.Cache[string, remoteEntry]
}

type remoteEntry struct {
	keys      []jose.JSONWebKey
	fetchedAt time.Time
	// triedAt and err are of the last fetch, which may have failed.
	triedAt time.Time
	err     error
}

// usable returns the keys of an entry unless they are too old.
func (e remoteEntry) usable(now time.Time) ([]jose.JSONWebKey, error) {
	if e.keys != nil && now.Sub(e.fetchedAt) < keepKeys {
		return e.keys, nil
	}
	return nil, fmt.Errorf("no keys from jwks_uri: %w", e.err)
}

func newRemoteKeys(fetcher Fetcher, now func() time.Time) (*remoteKeys, error) {
	entries, err := lru.New[string, remoteEntry](maxRemote)
	if err != nil {
		return nil, err
	}
	return &remoteKeys{fetcher: fetcher, now: now, entries: entries}, nil
}

// get returns the keys at an address, fetched at most keepKeys ago.
func (k *remoteKeys) get(ctx context.Context, uri string) ([]jose.JSONWebKey, error) {
	if entry, ok := k.entries.Get(uri); ok {
		if keys, err := entry.usable(k.now()); err == nil {
			return keys, nil
		}
	}
	return k.refresh(ctx, uri)
}

// refresh fetches the keys again, unless that was tried within minRefetch: then it
// returns what there is, which may be newer than what the caller had.
func (k *remoteKeys) refresh(ctx context.Context, uri string) ([]jose.JSONWebKey, error) {
	if entry, ok := k.entries.Get(uri); ok && k.now().Sub(entry.triedAt) < minRefetch {
		return entry.usable(k.now())
	}
	// The fetch belongs to none of those who wait for it: one that gives up
	// must not make it fail for the others.
	detached := context.WithoutCancel(ctx)
	result := k.flights.DoChan(uri, func() (any, error) {
		return k.fetch(detached, uri), nil
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case fetched := <-result:
		entry, _ := fetched.Val.(remoteEntry)
		return entry.usable(k.now())
	}
}

// fetch reads the address and remembers the outcome. A failure leaves the keys that
// were read before: a stranger who provokes a fetch while the client's server
// is down must not lock the client out.
func (k *remoteKeys) fetch(ctx context.Context, uri string) remoteEntry {
	entry, _ := k.entries.Get(uri)
	entry.triedAt = k.now()
	document, err := k.fetcher.Get(ctx, uri)
	var keys []jose.JSONWebKey
	if err == nil {
		keys, err = parseKeys(document)
	}
	entry.err = err
	if err == nil {
		entry.keys, entry.fetchedAt = keys, entry.triedAt
	}
	k.entries.Add(uri, entry)
	return entry
}
