package storage

import (
	"bytes"
	"crypto/sha256"
	"time"
)

// VerifiedEmail says that a person proved through us that mail to an address
// reaches him. Another address voids it.
type VerifiedEmail struct {
	// AddressDigest is the SHA-256 digest of the AccountName.
	AddressDigest []byte    `json:"address_digest"`
	At            time.Time `json:"at"`
}

// NewVerifiedEmail is the evidence for an address. It is kept under the id of
// the user who has the address now.
func NewVerifiedEmail(email string, at time.Time) VerifiedEmail {
	return VerifiedEmail{AddressDigest: addressDigest(email), At: at}
}

// Proves says whether the evidence is for this address: one that Directus could
// tell from it is another.
func (v VerifiedEmail) Proves(email string) bool {
	return email != "" && bytes.Equal(v.AddressDigest, addressDigest(email))
}

func addressDigest(email string) []byte {
	sum := sha256.Sum256([]byte(AccountName(email)))
	return sum[:]
}
