package directus

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"time"

	"gatehouse/storage"
)

// lease is the right to refresh one session until a time.
type lease struct {
	table *storage.Table[storage.Lease]
	name  string
	owner string
	until time.Time
}

// takeLease takes the lease on a session, or returns storage.ErrExists if it
// is another's. A lease that was given back stands there without owner until it
// expires and may be taken by whoever replaces exactly that.
func (s *Sessions) takeLease(ctx context.Context, id string) (*lease, error) {
	owner, err := newID(s.client.random)
	if err != nil {
		return nil, err
	}
	l := &lease{table: s.store.Leases, name: leaseName(id), owner: owner}
	// Counted from before the request, it ends for us before it does for others.
	l.until = s.client.now().Add(s.leaseTime)
	value := storage.Lease{Owner: owner}
	err = l.table.Add(ctx, l.name, value, s.leaseTime)
	if !errors.Is(err, storage.ErrExists) {
		return l, err
	}
	standing, err := l.table.Get(ctx, l.name)
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return nil, storage.ErrExists // the caller comes again
	case err != nil:
		return nil, err
	case standing.Value.Owner != "":
		return nil, storage.ErrExists
	}
	err = l.table.SwapFor(ctx, standing, value, s.leaseTime)
	if errors.Is(err, storage.ErrConflict) || errors.Is(err, storage.ErrNotFound) {
		return nil, storage.ErrExists
	}
	return l, err
}

// giveBack lets the next one in at once. It does nothing to a lease that is not
// ours any more, and if it fails the lease expires by itself.
func (l *lease) giveBack(ctx context.Context) error {
	standing, err := l.table.Get(ctx, l.name)
	if errors.Is(err, storage.ErrNotFound) || err == nil && standing.Value.Owner != l.owner {
		return nil
	}
	if err != nil {
		return err
	}
	err = l.table.Swap(ctx, standing, storage.Lease{})
	if errors.Is(err, storage.ErrConflict) || errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	return err
}

func leaseName(id string) string { return "directus session " + id }

// newID makes an identifier of 256 random bits.
func newID(random io.Reader) (string, error) {
	raw := make([]byte, 32)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", fmt.Errorf("make identifier: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(raw), nil
}
