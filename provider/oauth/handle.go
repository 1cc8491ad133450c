package oauth

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ErrHandle says that a handle is not one of ours: forged, truncated, changed,
// or of another kind.
var ErrHandle = errors.New("not a handle of this issuer")

// HandleKind separates the keys of the kinds of handles, so that none is taken
// for another.
type HandleKind string

// The kinds of handles.
const (
	CodeHandle          HandleKind = "code"
	RefreshTokenHandle  HandleKind = "refresh_token"
	AccessTokenHandle   HandleKind = "access_token"
	RequestHandle       HandleKind = "authorization_request"
	DeviceHandle        HandleKind = "device"
	LogoutHandle        HandleKind = "logout"
	LogoutRequestHandle HandleKind = "logout_request"
	GrantHandle         HandleKind = "grant"
	ExternalHandle      HandleKind = "external_sign_in"
	ReceiptHandle       HandleKind = "receipt"
	// RegistrationAccessHandle and InitialAccessHandle are those of RFC 7592 and
	// RFC 7591.
	RegistrationAccessHandle HandleKind = "registration_access_token"
	InitialAccessHandle      HandleKind = "initial_access_token"
)

// Handles makes and opens the opaque values that leave the provider: an
// AES-256-GCM sealed payload, base64url. Whatever was not made here is refused
// before the store is asked, and a handle shows nothing of what it names.
// It is safe for concurrent use.
type Handles struct {
	aeads  map[HandleKind][]cipher.AEAD
	random io.Reader
}

// NewHandles derives the keys of all kinds (HKDF-SHA-256) from secrets of at
// least 32 bytes. The first seals, any opens.
func NewHandles(random io.Reader, secrets ...[]byte) (*Handles, error) {
	if len(secrets) == 0 {
		return nil, errors.New("handles without secret")
	}
	if random == nil {
		random = rand.Reader
	}
	h := &Handles{aeads: map[HandleKind][]cipher.AEAD{}, random: random}
	for _, kind := range []HandleKind{CodeHandle, RefreshTokenHandle, AccessTokenHandle, RequestHandle, DeviceHandle, LogoutHandle, LogoutRequestHandle, GrantHandle, ExternalHandle, ReceiptHandle, RegistrationAccessHandle, InitialAccessHandle} {
		for _, secret := range secrets {
			aead, err := deriveAEAD(secret, "gatehouse handle "+string(kind))
			if err != nil {
				return nil, err
			}
			h.aeads[kind] = append(h.aeads[kind], aead)
		}
	}
	return h, nil
}

func deriveAEAD(secret []byte, info string) (cipher.AEAD, error) {
	if len(secret) < 32 {
		return nil, errors.New("a secret for handles needs 32 bytes")
	}
	key, err := hkdf.Key(sha256.New, secret, nil, info, 32)
	if err != nil {
		return nil, fmt.Errorf("derive handle key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// Seal makes a handle of the kind with the payload in it.
func (h *Handles) Seal(kind HandleKind, payload any) (string, error) {
	plain, err := json.Marshal(payload)
	if err != nil {
		return "", fmt.Errorf("encode handle: %w", err)
	}
	aead := h.aeads[kind][0]
	sealed := make([]byte, aead.NonceSize(), aead.NonceSize()+len(plain)+aead.Overhead())
	if _, err := io.ReadFull(h.random, sealed); err != nil {
		return "", fmt.Errorf("seal handle: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(aead.Seal(sealed, sealed, plain, nil)), nil
}

// Open reads the payload of a handle of the kind, or returns ErrHandle.
func (h *Handles) Open(kind HandleKind, handle string, payload any) error {
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(handle)
	// The decoder skips line breaks; a handle has one spelling only.
	if err != nil || strings.ContainsAny(handle, "\r\n") {
		return ErrHandle
	}
	for _, aead := range h.aeads[kind] {
		if len(sealed) < aead.NonceSize() {
			return ErrHandle
		}
		plain, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], nil)
		if err != nil {
			continue
		}
		if json.Unmarshal(plain, payload) != nil {
			return ErrHandle
		}
		return nil
	}
	return ErrHandle
}

// Digest is the SHA-256 digest of a handle or secret.
func Digest(value string) []byte {
	sum := sha256.Sum256([]byte(value))
	return sum[:]
}

// DigestMatches compares the digest of a value with a stored one in constant time.
func DigestMatches(value string, digest []byte) bool {
	return subtle.ConstantTimeCompare(Digest(value), digest) == 1
}

// RandomID returns size random bytes as base64url.
func RandomID(random io.Reader, size int) (string, error) {
	raw := make([]byte, size)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", fmt.Errorf("read randomness: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(raw), nil
}
