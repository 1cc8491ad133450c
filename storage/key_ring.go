package storage

import "time"

// KeyRing is every key of the issuer, for signing and for being encrypted to, one
// sealed record that all nodes share.
type KeyRing struct {
	Keys []RingKey `json:"keys"`
}

// RingKey is one key and where it is in its life: waiting (next), used (current),
// kept for what was made with it (retired).
type RingKey struct {
	ID string `json:"kid"`
	// Algorithm is what the key signs with, or RSA-OAEP-256 or ECDH-ES for a key
	// that is encrypted to.
	Algorithm string `json:"alg"`
	// PKCS8 is the private key in DER.
	PKCS8     []byte    `json:"pkcs8"`
	State     KeyState  `json:"state"`
	CreatedAt time.Time `json:"created_at"`
	// ActivatedAt and RetiredAt are zero until it happens.
	ActivatedAt time.Time `json:"activated_at,omitzero"`
	RetiredAt   time.Time `json:"retired_at,omitzero"`
}

// KeyState is a step in the life of a RingKey.
type KeyState string

// The steps, in order.
const (
	KeyNext    KeyState = "next"
	KeyCurrent KeyState = "current"
	KeyRetired KeyState = "retired"
)
