package storage

import (
	"errors"
	"time"
)

// What asking for a token of a DirectusSession can end in, besides
// ErrNotFound and ErrUnavailable. In both cases the record is gone.
var (
	// ErrPairLost says that an interrupted refresh of ours used the token pair
	// up. It says nothing against the user: sessions and grants go on.
	ErrPairLost = errors.New("directus token pair lost")
	// ErrSessionRevoked says that Directus ended the session: a changed
	// password, a suspended user, or a token that somebody else used.
	ErrSessionRevoked = errors.New("directus session revoked")
)

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
	// RefreshingBy is the owner of the lease under which Refreshing was set.
	RefreshingBy string `json:"refreshing_by,omitempty"`
}

// Lease is held by its owner until it expires.
type Lease struct {
	Owner string `json:"owner"`
}

// Mark says that something was seen.
type Mark struct{}
