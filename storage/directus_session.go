package storage

import "time"

// DirectusSession is the token pair of one sign-in at Directus.
type DirectusSession struct {
	Subject        string    `json:"sub"`
	AccessToken    string    `json:"access_token"`
	AccessExpires  time.Time `json:"access_expires"`
	RefreshToken   string    `json:"refresh_token"`
	RefreshExpires time.Time `json:"refresh_expires"`
	// Generation counts the refreshes. A writer that finds another generation
	// than the one it read was late, and does not write.
	Generation int `json:"generation"`
	// Refreshing is the generation that a refresh was begun for. If it equals
	// Generation long after, that refresh was interrupted, and a token that
	// Directus refuses may be one that the interrupted refresh used up.
	Refreshing int `json:"refreshing,omitempty"`
}

// Lease is held by its owner until it expires.
type Lease struct {
	Owner string `json:"owner"`
}

// Mark says that something was seen.
type Mark struct{}
