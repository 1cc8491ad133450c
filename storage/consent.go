package storage

import (
	"slices"
	"time"
)

// Consents are what a user allowed clients, by client_id. They are one record,
// so that a person can be shown all of them.
type Consents struct {
	Clients map[string]Consent `json:"clients,omitempty"`
}

// Consent remembers what a user allowed one client.
type Consent struct {
	Scopes []string `json:"scopes"`
	// Claims are those that the client asked for one by one, by name.
	Claims []string `json:"claims,omitempty"`
	// Directus says that the client may have tokens of Directus, with which it does
	// there whatever the user may.
	Directus bool      `json:"directus,omitempty"`
	At       time.Time `json:"at"`
	// SessionID is the session that it was last given in: what an openly
	// registered client was allowed is remembered no longer than that.
	SessionID string `json:"session_id,omitempty"`
}

// Allow adds what the user allowed the client now to what he allowed it before.
// What another client of the same id was allowed, or this one under another name or
// address, is dropped, and so is what an openly registered one was allowed in another
// session.
func (c *Consents) Allow(client Client, now Consent) {
	if c.Clients == nil {
		c.Clients = map[string]Consent{}
	}
	before := c.Clients[client.ID]
	another := client.CreatedAt.After(before.At) || !before.At.After(client.PresentedAt)
	if another || client.Registered == RegisteredOpenly && before.SessionID != now.SessionID {
		before = Consent{}
	}
	now.Scopes = union(before.Scopes, now.Scopes)
	now.Claims = union(before.Claims, now.Claims)
	now.Directus = before.Directus || now.Directus
	c.Clients[client.ID] = now
}

// union returns a followed by what of b is not in it.
func union(a, b []string) []string {
	all := slices.Clone(a)
	for _, name := range b {
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}
