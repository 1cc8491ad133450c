package storage

import (
	"strings"
	"time"
)

// Attempts counts the failed sign-ins of one account since the last success.
// It exists for unknown accounts just the same.
type Attempts struct {
	Strangers AttemptCount `json:"strangers"`
	// Known are browsers that signed in to this account before.
	Known AttemptCount `json:"known"`
	// Successes counts what made Directus forget failures, so that an attempt
	// can tell whether that happened since it began.
	Successes int `json:"successes,omitempty"`
}

// AttemptCount counts failures, and attempts that have not ended yet. A pending
// attempt counts as a failure, and becomes one at the time it gives.
type AttemptCount struct {
	Failures int         `json:"failures"`
	Pending  []time.Time `json:"pending,omitempty"`
}

// AddressAttempts counts the failed sign-ins from one address in a window of
// time that began at Since.
type AddressAttempts struct {
	Since    time.Time `json:"since"`
	Failures int       `json:"failures"`
}

// AccountName names the attempts on an account. Directus compares e-mail
// addresses without regard to case, and so do we.
func AccountName(email string) string { return strings.ToLower(strings.TrimSpace(email)) }
