package quota

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gatehouse/provider/event"
	"gatehouse/storage"
)

// wideFactor is how many times the limit of an IPv6 /64 that of its /48 is.
const wideFactor = 10

// Quota is how often something may be done. Name says by whom, or to whom.
type Quota struct {
	Name  string
	Limit int
}

// FullError says that a quota is used up until Wait is over.
type FullError struct {
	Name string
	Wait time.Duration
}

func (e *FullError) Error() string { return "a quota is used up" }

// Counter is safe for concurrent use.
type Counter struct {
	Table  *storage.Table[storage.Count]
	Now    func() time.Time
	Window time.Duration
}

// Networks are the quotas of those that hold a network address: none for what is
// no address.
func Networks(prefix, address string, limit int) []Quota {
	var quotas []Quota
	for _, network := range event.NetworksOf(address) {
		most := limit
		if network.Wide {
			most *= wideFactor
		}
		quotas = append(quotas, Quota{prefix + network.Name, most})
	}
	return quotas
}

// Take counts one use in every quota before it is made, or in none and returns a
// *FullError.
func (c Counter) Take(ctx context.Context, quotas ...Quota) error {
	for i, one := range quotas {
		if err := c.take(ctx, one); err != nil {
			return errors.Join(err, c.GiveBack(ctx, quotas[:i]...))
		}
	}
	return nil
}

func (c Counter) take(ctx context.Context, one Quota) error {
	err := c.Table.Upsert(ctx, one.Name, c.Window, func(count *storage.Count) error {
		now := c.Now()
		if now.Sub(count.Since) >= c.Window {
			*count = storage.Count{Since: now}
		}
		if count.Count >= one.Limit {
			return &FullError{Name: one.Name, Wait: count.Since.Add(c.Window).Sub(now)}
		}
		count.Count++
		return nil
	})
	if _, full := errors.AsType[*FullError](err); err != nil && !full {
		return fmt.Errorf("count uses: %w", err)
	}
	return err
}

// GiveBack takes back what Take counted, of a use that came to nothing.
func (c Counter) GiveBack(ctx context.Context, quotas ...Quota) error {
	for _, one := range quotas {
		err := c.Table.Update(ctx, one.Name, func(count *storage.Count) error {
			count.Count = max(0, count.Count-1)
			return nil
		})
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return fmt.Errorf("count uses: %w", err)
		}
	}
	return nil
}
