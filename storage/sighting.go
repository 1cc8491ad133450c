package storage

import (
	"crypto/sha256"
	"crypto/subtle"
	"strings"
)

// Sighting is what was seen of a user when a session or grant was last held
// against Directus. Another look that differs tells what has changed since.
type Sighting struct {
	Status string `json:"status,omitempty"`
	// Role is the id of the user's role, or empty.
	Role string `json:"role,omitempty"`
	// EmailDigest is of the address, in small letters: it tells a change and not
	// the address.
	EmailDigest []byte `json:"email_digest,omitempty"`
}

// emailDigestSize is enough to tell two addresses apart.
const emailDigestSize = 16

// Sight returns what is to be remembered of the account.
func Sight(account Account) Sighting {
	digest := sha256.Sum256([]byte(strings.ToLower(account.Email)))
	return Sighting{Status: account.Status, Role: account.Role, EmailDigest: digest[:emailDigestSize]}
}

// Zero says that nothing was remembered, as in records of earlier versions.
func (s Sighting) Zero() bool { return s.Status == "" && s.Role == "" && len(s.EmailDigest) == 0 }

// SameEmail says whether the address is the same in both.
func (s Sighting) SameEmail(other Sighting) bool {
	return subtle.ConstantTimeCompare(s.EmailDigest, other.EmailDigest) == 1
}
