package storage

import (
	"strings"
	"time"
)

// Attempts are the sign-ins under all account names that look alike that
// failed, or have not ended yet. They exist for unknown accounts just the same.
//
// Names that look alike may be one account or several: that depends on the
// database below Directus, which does not tell. So each failure keeps the exact
// name that it was made under.
type Attempts struct {
	// Sequence is the number of the last failure.
	Sequence int              `json:"sequence,omitempty"`
	Failures []AttemptFailure `json:"failures,omitempty"`
	// Dropped is the number up to which failures of strangers may have been
	// left out, because there were too many.
	Dropped int `json:"dropped,omitempty"`
	// Pending attempts count as failures, and become some at the time they give.
	Pending []PendingAttempt `json:"pending,omitempty"`
	// Names are the exact names of which more is known.
	Names []AttemptName `json:"names,omitempty"`
}

// AttemptFailure is a failed sign-in. Failures are numbered in the order in
// which they became known.
type AttemptFailure struct {
	Number int `json:"n"`
	// Name is the digest of the AccountName that was given.
	Name string `json:"name"`
	// Account is the digest of the account that the browser had signed in to
	// before under this name; empty for a stranger.
	Account string `json:"account,omitempty"`
}

// PendingAttempt is a sign-in that has not ended yet. Name and Account are those
// of AttemptFailure.
type PendingAttempt struct {
	Until   time.Time `json:"until"`
	Name    string    `json:"name"`
	Account string    `json:"account,omitempty"`
}

// AttemptName is what is known of one exact name.
type AttemptName struct {
	Name string `json:"name"`
	// Forgiven is the number up to which failures, under whatever name, say
	// nothing about attempts under this one: somebody signed in under it since.
	Forgiven int `json:"forgiven,omitempty"`
	// Unlocked says that an operator allowed more attempts, until somebody
	// signs in.
	Unlocked bool `json:"unlocked,omitempty"`
}

// AccountName is the exact name of an account: texts that Directus could tell
// apart have different names. Directus compares e-mail addresses without regard
// to case, but only of the letters of ASCII all its databases agree ("İ" and "i"
// are one letter to some, "É" and "é" two).
func AccountName(email string) string {
	return strings.Map(func(c rune) rune {
		if 'A' <= c && c <= 'Z' {
			return c - 'A' + 'a'
		}
		return c
	}, strings.TrimSpace(email))
}
