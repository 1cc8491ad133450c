package storage

import (
	"errors"
	"time"
)

// What asking for a token of a DirectusSession can end in, besides
// ErrNotFound, ErrRestricted and ErrUnavailable.
var (
	// ErrPairLost says that an interrupted refresh of ours used the token pair
	// up. It says nothing against the user: sessions and grants go on. The
	// record is gone.
	ErrPairLost = errors.New("directus token pair lost")
	// ErrSessionRevoked says that Directus ended the session: a changed
	// password, a suspended user, or a token that somebody else used. The record
	// stays until it is ended, so that whoever comes next learns of it too.
	ErrSessionRevoked = errors.New("directus session revoked")
)

// DirectusSession is the token pair of one sign-in at Directus. The session of
// that sign-in and its grants name it; nothing of it lives longer than they do.
type DirectusSession struct {
	// ID is what the record is named by.
	ID            string    `json:"id"`
	Subject       string    `json:"sub"`
	AccessToken   string    `json:"access_token"`
	AccessExpires time.Time `json:"access_expires"`
	RefreshToken  string    `json:"refresh_token"`
	// Administrator is what the access token says of its user.
	Administrator bool `json:"administrator,omitempty"`
	// KeptAt is when the pair was first kept, RefreshedAt when it was last
	// replaced.
	KeptAt      time.Time `json:"kept_at"`
	RefreshedAt time.Time `json:"refreshed_at"`
	// Generation counts the refreshes. A writer that finds another generation
	// than the one it read was late, and does not write.
	Generation int `json:"generation"`
	// Refreshing is the generation that a refresh was begun for. If it equals
	// Generation long after, that refresh was interrupted, and a token that
	// Directus refuses may be one that the interrupted refresh used up.
	Refreshing int `json:"refreshing,omitempty"`
	// RefreshingBy is the owner of the lease under which Refreshing was set.
	RefreshingBy string `json:"refreshing_by,omitempty"`
	// ExpectedAt is when we were about to do what makes Directus end the session:
	// then a refusal is none that says something of the user.
	ExpectedAt time.Time `json:"expected_at,omitzero"`
	// Revoked says that Directus refused the pair. What came of the sign-in has
	// to end; then the record goes.
	Revoked bool `json:"revoked,omitempty"`
	// Ended says that we are done with the pair, though Directus may not have
	// heard of it yet. It counts as gone; the record follows.
	Ended bool `json:"ended,omitempty"`
}

// DirectusToken is what Directus takes as bearer token for a while.
type DirectusToken struct {
	Token   Secret
	Expires time.Time
	// Subject is the user's id.
	Subject string
	// Administrator says that the token may do everything.
	Administrator bool
}

// Lease is held by its owner until it expires.
type Lease struct {
	Owner string `json:"owner"`
}

// Mark says that something was seen.
type Mark struct{}
