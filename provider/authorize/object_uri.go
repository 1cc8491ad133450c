package authorize

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"

	"gatehouse/provider/clients"
	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

const (
	// fetchesPerSecond and fetchBurst bound what strangers can make us ask of the
	// server of one client: whoever knows a client_id and its request_uri can
	// start a request.
	fetchesPerSecond = 10
	fetchBurst       = 50
	watchedClients   = 1_000
	// keptDocuments bounds the memory: together they are at most 8 MiB.
	keptDocuments = 256
)

// Fetcher reads the documents at request_uri. fetch.Fetcher satisfies it.
type Fetcher interface {
	Get(ctx context.Context, address string) ([]byte, error)
}

// documents reads request objects by reference.
type documents struct {
	fetcher  Fetcher
	now      func() time.Time
	limiters *lru.Cache[string, *rate.Limiter]
	// kept holds documents by the request_uri whose fragment is their digest:
	// such a one cannot change.
	kept *lru.Cache[string, string]
}

func newDocuments(fetcher Fetcher, now func() time.Time) (*documents, error) {
	limiters, err := lru.New[string, *rate.Limiter](watchedClients)
	if err != nil {
		return nil, err
	}
	kept, err := lru.New[string, string](keptDocuments)
	return &documents{fetcher: fetcher, now: now, limiters: limiters, kept: kept}, err
}

func invalidURI(description string) *oauth.Error {
	return oauth.NewError(oauth.InvalidRequestURI, description)
}

// get returns the request object at an address that the client registered, to the
// letter and with its fragment (OpenID Connect Core 1.0, section 6.2). No other is
// ever asked, so that a request cannot make us call any server its sender likes.
//
// The fragment says whether a kept document is still the one that is meant. A
// document with another digest is used, for its signature is what counts, but not
// kept: clients register an address before they know what will be there.
func (d *documents) get(ctx context.Context, client storage.Client, reference string) (string, error) {
	switch {
	case len(reference) > clients.MaxRequestURI:
		return "", invalidURI("request_uri is too long")
	case !slices.Contains(client.RequestURIs, reference):
		return "", invalidURI("request_uri is not registered for this client")
	}
	if document, ok := d.kept.Get(reference); ok {
		return document, nil
	}
	if !d.limiter(client.ID).AllowN(d.now(), 1) {
		return "", oauth.NewError(oauth.TemporarilyUnavailable, "too many request objects of this client were asked for")
	}
	address, fragment, _ := strings.Cut(reference, "#")
	body, err := d.fetcher.Get(ctx, address)
	switch {
	case err != nil:
		return "", invalidURI("the request object could not be fetched").WithCause(err)
	case len(body) > maxObject:
		return "", invalidURI("what is at request_uri is too long for a request object")
	}
	document := strings.TrimSpace(string(body))
	if sum := sha256.Sum256(body); fragment == base64.RawURLEncoding.EncodeToString(sum[:]) {
		d.kept.Add(reference, document)
	}
	return document, nil
}

func (d *documents) limiter(clientID string) *rate.Limiter {
	limiter, ok := d.limiters.Get(clientID)
	if !ok {
		limiter = rate.NewLimiter(fetchesPerSecond, fetchBurst)
		if other, found, _ := d.limiters.PeekOrAdd(clientID, limiter); found {
			limiter = other
		}
	}
	return limiter
}
