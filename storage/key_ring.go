package storage

import "time"

// KeyRing is every signing key of the issuer, one sealed record that all nodes
// share.
type KeyRing struct {
	Keys []SigningKey `json:"keys"`
}

// SigningKey is one key and where it is in its life: published but not used
// (next), used (current), published until its last token has expired (retired).
type SigningKey struct {
	ID        string `json:"kid"`
	Algorithm string `json:"alg"`
	// PKCS8 is the private key in DER.
	PKCS8     []byte    `json:"pkcs8"`
	State     KeyState  `json:"state"`
	CreatedAt time.Time `json:"created_at"`
	// ActivatedAt and RetiredAt are zero until it happens.
	ActivatedAt time.Time `json:"activated_at,omitzero"`
	RetiredAt   time.Time `json:"retired_at,omitzero"`
}

// KeyState is a step in the life of a SigningKey.
type KeyState string

// The steps, in order.
const (
	KeyNext    KeyState = "next"
	KeyCurrent KeyState = "current"
	KeyRetired KeyState = "retired"
)
