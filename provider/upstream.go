package provider

import (
	"context"
	"strings"
	"time"

	"gatehouse/provider/upstream"
	"gatehouse/storage"
)

// Upstream is what is known of the sessions at Directus.
type Upstream struct {
	// Sessions is nil where no client may have tokens of Directus.
	Sessions upstream.Sessions
	// URLs are the addresses by which clients may name Directus.
	URLs []string
	// IdleLifetime is how long Directus keeps a session that is not used.
	IdleLifetime time.Duration
}

// keepUpstream builds what looks after the sessions at Directus, if any are kept.
func (p *Provider) keepUpstream(config Config) (err error) {
	if config.Upstream.Sessions == nil {
		return nil
	}
	p.upstream, err = upstream.New(upstream.Config{
		Store: config.Store, Sessions: config.Upstream.Sessions, SessionAlive: p.alive,
		EndSignIn: func(ctx context.Context, subject, directusSession, reason string) error {
			return p.desk.EndSignIn(ctx, subject, directusSession, reason)
		},
		IdleLifetime: config.Upstream.IdleLifetime, Now: config.Now, Random: config.Random, Sink: config.Sink,
	})
	return err
}

func (p *Provider) alive(s storage.Session) bool { return !p.sessions.Idle(s) }

// release hears of token pairs of Directus that may be left over.
func (p *Provider) release(directusSessions ...string) {
	if p.upstream != nil {
		p.upstream.Release(directusSessions...)
	}
}

// Upstream returns what looks after the sessions at Directus, nil where none is
// kept. It has to be run.
func (p *Provider) Upstream() *upstream.Keeper { return p.upstream }

// withoutSlash makes addresses compare, whether written with a slash at the end or
// without.
func withoutSlash(addresses []string) []string {
	var trimmed []string
	for _, address := range addresses {
		if address = strings.TrimRight(address, "/"); address != "" {
			trimmed = append(trimmed, address)
		}
	}
	return trimmed
}
