package storage

import "time"

// Consent remembers what a user allowed a client.
type Consent struct {
	Subject  string    `json:"sub"`
	ClientID string    `json:"client_id"`
	Scopes   []string  `json:"scopes"`
	At       time.Time `json:"at"`
}

// ConsentName names the consent of a user for a client.
func ConsentName(subject, clientID string) string { return subject + "\x00" + clientID }
