package storage

import "time"

// Count is how often something was done in a window of time that began at Since.
type Count struct {
	Since time.Time `json:"since"`
	Count int       `json:"count"`
}
