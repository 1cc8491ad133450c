package storage

import (
	"encoding/json"
	"time"
)

// ClientRow is a client as people edit it in a collection of Directus: whatever
// stands there, not checked yet.
type ClientRow struct {
	ID string
	// Values are those of the columns, as JSON.
	Values map[string]json.RawMessage
	// TooLarge says that the row is larger than any client, and was not read.
	TooLarge bool
}

// ClientSighting remembers of a client in a collection of Directus what the
// collection does not tell: when a change of it was seen, by our own clock. It
// outlasts the row.
type ClientSighting struct {
	// Made is when the row was made by the clock of Directus, in seconds since
	// 1970: another row of the same client_id has another.
	Made int64 `json:"made,omitempty"`
	// FirstSeen is when the row was first seen here.
	FirstSeen time.Time `json:"first_seen,omitzero"`
	// Presentation is a digest of what people know the client by, which it had
	// since PresentedAt.
	Presentation []byte    `json:"presentation,omitempty"`
	PresentedAt  time.Time `json:"presented_at,omitzero"`
}
