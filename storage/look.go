package storage

import "time"

// Look is when a user was last seen in Directus, and whether he might go on then.
// Nothing else is kept of him: it is what the nodes tell each other for the time
// when Directus does not answer.
type Look struct {
	At     time.Time `json:"at"`
	Active bool      `json:"active,omitempty"`
}
