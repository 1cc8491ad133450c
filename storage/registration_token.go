package storage

import "time"

// RegistrationToken is an initial access token (RFC 7591, section 3). Only its
// digest is kept, as the name of the record.
type RegistrationToken struct {
	// Note says in the operator's words whom it was made for.
	Note      string    `json:"note,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	// Uses is how many clients may still be registered with it; below zero any
	// number.
	Uses int `json:"uses"`
}
