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
	Claims []string  `json:"claims,omitempty"`
	At     time.Time `json:"at"`
	// SessionID is the session that it was last given in: what an openly
	// registered client was allowed is remembered no longer than that.
	SessionID string `json:"session_id,omitempty"`
}

// Allow adds scopes to what the user allowed the client.
func (c *Consents) Allow(clientID string, scopes []string, at time.Time) {
	if c.Clients == nil {
		c.Clients = map[string]Consent{}
	}
	consent := Consent{Scopes: slices.Clone(c.Clients[clientID].Scopes), At: at}
	for _, scope := range scopes {
		if !slices.Contains(consent.Scopes, scope) {
			consent.Scopes = append(consent.Scopes, scope)
		}
	}
	c.Clients[clientID] = consent
}
