package storage

import "time"

// RegistrationToken is an initial access token (RFC 7591, section 3). Only its
// digest is kept.
type RegistrationToken struct {
	ID     string `json:"id"`
	Digest []byte `json:"digest"`
	// Note says in the operator's words whom it was made for.
	Note      string    `json:"note,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	// Uses is how many clients may still be registered with it; below zero any
	// number.
	Uses int `json:"uses"`
}

// RegisteredClients are the clients that registered themselves. An entry is
// written before the client it names and removed after; whoever finds no client
// to an entry may remove it.
type RegisteredClients struct {
	Clients []RegisteredClient `json:"clients,omitempty"`
	// PrunedAt is when somebody last looked for entries without client.
	PrunedAt time.Time `json:"pruned_at,omitzero"`
}

// RegisteredClient is one entry of RegisteredClients.
type RegisteredClient struct {
	ID string    `json:"id"`
	At time.Time `json:"at"`
}
