package token

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
	"time"

	oidc "github.com/zitadel/oidc/v3/pkg/oidc"

	"gatehouse/provider/oauth"
	"gatehouse/storage"
)

// refreshPayload is what a refresh token names. Its generation makes an old
// token recognisable for as long as the grant lives, without a record for each.
type refreshPayload struct {
	GrantID    string `json:"g"`
	SessionID  string `json:"s,omitempty"`
	Generation int    `json:"n"`
}

// refreshes says whether the grant gets a refresh token: one that is bound to
// its session, or, with offline_access, one that outlives it.
func refreshes(client storage.Client, grant storage.Grant) bool {
	return grant.Subject != "" && slices.Contains(client.GrantTypes, string(oidc.GrantTypeRefreshToken))
}

// maxRotations bounds the rotations that one grant remembers: far more than any
// client makes within the replay window.
const maxRotations = 32

// rotates says whether a refresh replaces the refresh token. RFC 9700, section
// 4.14.2 demands it of public clients.
func rotates(client storage.Client) bool {
	switch client.RefreshTokenRotation {
	case "never":
		return client.Public()
	case "public_only":
		return client.Public()
	}
	return true
}

func (s *Service) sealRefresh(grant storage.Grant, generation int) (string, error) {
	return s.Handles.Seal(oauth.RefreshTokenHandle, refreshPayload{
		GrantID: grant.ID, SessionID: grant.SessionID, Generation: generation,
	})
}

func (s *Service) firstRefresh(grant storage.Grant) (*storage.Refresh, string, error) {
	token, err := s.sealRefresh(grant, 1)
	if err != nil {
		return nil, "", err
	}
	return &storage.Refresh{
		Generation: 1, Digest: oauth.Digest(token), Expires: s.Now().Add(s.Lifetimes.RefreshToken),
	}, token, nil
}

// rotated returns the state after the presented token was replaced, and its
// successor.
func (s *Service) rotated(grant storage.Grant, presented string) (*storage.Refresh, string, error) {
	now, old := s.Now(), grant.Refresh
	successor, err := s.sealRefresh(grant, old.Generation+1)
	if err != nil {
		return nil, "", err
	}
	wrapped, err := s.wrapSuccessor(presented, successor)
	if err != nil {
		return nil, "", err
	}
	next := &storage.Refresh{
		Generation: old.Generation + 1, Digest: oauth.Digest(successor), Expires: now.Add(s.Lifetimes.RefreshToken),
	}
	for _, rotation := range old.Rotations {
		if now.Sub(rotation.At) < s.Lifetimes.ReplayWindow {
			// The successor of that rotation is being used just now, which
			// closes its window.
			rotation.Successor = nil
			next.Rotations = append(next.Rotations, rotation)
		}
	}
	next.Rotations = append(next.Rotations, storage.Rotation{
		Generation: old.Generation, Digest: old.Digest, At: now, Successor: wrapped,
	})
	// Whoever refreshes without pause must not make the record grow.
	next.Rotations = next.Rotations[max(0, len(next.Rotations)-maxRotations):]
	return next, successor, nil
}

// used returns the state of a refresh token that stays the same: it begins to
// lie unused anew.
func (s *Service) used(old *storage.Refresh) *storage.Refresh {
	next := *old
	next.Expires = s.Now().Add(s.Lifetimes.RefreshToken)
	return &next
}

// justUsed says that noting another use is not worth a write.
func (s *Service) justUsed(refresh *storage.Refresh) bool {
	return s.Now().Add(s.Lifetimes.RefreshToken).Sub(refresh.Expires) < min(time.Minute, s.Lifetimes.RefreshToken/60)
}

// wrapSuccessor encrypts the successor under a key that only the presented
// token yields: the store alone, even opened, cannot reveal a valid token.
func (s *Service) wrapSuccessor(presented, successor string) ([]byte, error) {
	aead, err := successorAEAD(presented)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, aead.NonceSize())
	if _, err := io.ReadFull(s.Random, nonce); err != nil {
		return nil, fmt.Errorf("read randomness: %w", err)
	}
	return aead.Seal(nonce, nonce, []byte(successor), nil), nil
}

func unwrapSuccessor(presented string, wrapped []byte) (string, error) {
	aead, err := successorAEAD(presented)
	if err != nil {
		return "", err
	}
	if len(wrapped) < aead.NonceSize() {
		return "", oauth.ErrHandle
	}
	plain, err := aead.Open(nil, wrapped[:aead.NonceSize()], wrapped[aead.NonceSize():], nil)
	if err != nil {
		return "", fmt.Errorf("open successor: %w", err)
	}
	return string(plain), nil
}

func successorAEAD(presented string) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, []byte(presented), nil, "gatehouse refresh token successor", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// recentRotation finds the rotation that replaced the generation, if its replay
// window has not passed.
func (s *Service) recentRotation(refresh *storage.Refresh, generation int) (storage.Rotation, bool) {
	for _, rotation := range refresh.Rotations {
		if rotation.Generation == generation && s.Now().Sub(rotation.At) < s.Lifetimes.ReplayWindow {
			return rotation, true
		}
	}
	return storage.Rotation{}, false
}

func (s *Service) refreshTTL() time.Duration {
	return max(s.Lifetimes.RefreshToken, s.Lifetimes.AccessToken) + codeGrace
}
