package clients

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"strings"
	"time"

	"gatehouse/provider/event"
	"gatehouse/storage"
)

// tellFailure logs the first of several failures. The clients of a node that has
// just started are then unknown to it.
func (c *Collection) tellFailure(ctx context.Context, err error) {
	if c.failing || ctx.Err() != nil {
		return
	}
	c.failing = true
	if c.last.rows == nil {
		c.config.Logger.ErrorContext(ctx, "the clients in Directus are unknown until they can be read", slog.Any("error", err))
		return
	}
	c.config.Logger.WarnContext(ctx, "the clients in Directus cannot be read; those that were read last go on",
		slog.Any("error", err), slog.Time("read_at", c.last.at))
}

// tellChanges says what became of each row that is not as it was. What was there
// before this node started is no change, but a row that is refused keeps an app out.
func (c *Collection) tellChanges(ctx context.Context, next reading) {
	count := map[string]int{}
	for id, row := range next.rows {
		count[row.state()]++
		before, known := c.last.rows[id]
		if known && before.digest == row.digest && before.state() == row.state() {
			continue
		}
		e := event.Event{Name: event.ClientRowChanged, ClientID: id, Kind: row.state()}
		switch {
		case row.Active && row.Refused != nil:
			e = event.Event{Name: event.ClientRowRefused, ClientID: id, Reason: Words(row.Refused)}
		case c.last.rows == nil:
			continue
		case !known:
			e.Name = event.ClientRowAdded
		}
		c.tell(ctx, next.version, row.digest, e)
	}
	for id, row := range c.last.rows {
		if _, ok := next.rows[id]; !ok {
			c.tell(ctx, next.version, row.digest, event.Event{Name: event.ClientRowRemoved, ClientID: id})
		}
	}
	if c.last.rows != nil {
		return
	}
	c.config.Logger.InfoContext(ctx, "clients read from Directus",
		slog.Int("active", count[stateActive]), slog.Int("off", count[stateOff]), slog.Int("refused", count[stateRefused]))
	for id := range c.rights {
		if _, ok := next.rows[id]; !ok {
			c.config.Logger.WarnContext(ctx, "the configuration gives rights to a client that does not stand in Directus: whoever adds it there has them",
				slog.String("client_id", id))
		}
	}
}

// toldFor is how long one event stands for all nodes that read the same.
const toldFor = time.Minute

// tell says once what all nodes read.
func (c *Collection) tell(ctx context.Context, version string, digest [sha256.Size]byte, e event.Event) {
	about := strings.Join([]string{string(e.Name), e.ClientID, e.Kind, version, string(digest[:])}, " ")
	if err := c.config.Store.Seen.Add(ctx, about, storage.Mark{}, toldFor); errors.Is(err, storage.ErrExists) {
		return
	}
	// Twice told is better than not at all.
	c.config.Sink.Emit(ctx, e)
}

// What a row is.
const (
	stateActive  = "active"
	stateOff     = "off"
	stateRefused = "refused"
)

func (r Row) state() string {
	switch {
	case !r.Active:
		return stateOff
	case r.Refused != nil:
		return stateRefused
	}
	return stateActive
}
