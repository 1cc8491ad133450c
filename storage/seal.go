package storage

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// SealingKeySize is the length of a sealing key in bytes (AES-256).
const SealingKeySize = 32

// ErrSeal says that an envelope was not opened: another key, another place, or
// changed bytes. It does not tell which.
var ErrSeal = errors.New("sealed value does not open")

const (
	sealVersion = 1
	keyIDSize   = 4
	nonceSize   = 12
)

// Sealer encrypts values at rest with AES-256-GCM. The envelope is
//
//	version (1) | key id (4) | nonce (12) | ciphertext and tag
//
// and the associated data binds it to its place, so that a value moved to
// another key or table does not open. A Sealer is safe for concurrent use.
type Sealer struct {
	keys   []sealingKey
	random io.Reader
}

type sealingKey struct {
	id   uint32
	aead cipher.AEAD
}

// NewSealer seals with the first key and opens with any of them, so that a key
// is changed by putting the new one in front. Each key has SealingKeySize bytes.
// random must be a cryptographic source.
func NewSealer(random io.Reader, keys ...[]byte) (*Sealer, error) {
	if len(keys) == 0 {
		return nil, errors.New("no sealing key")
	}
	s := &Sealer{random: random}
	for i, key := range keys {
		if len(key) != SealingKeySize {
			return nil, fmt.Errorf("sealing key %d has %d bytes instead of %d", i+1, len(key), SealingKeySize)
		}
		k, err := newSealingKey(key)
		if err != nil {
			return nil, fmt.Errorf("sealing key %d: %w", i+1, err)
		}
		s.keys = append(s.keys, k)
	}
	return s, nil
}

func newSealingKey(key []byte) (sealingKey, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return sealingKey{}, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return sealingKey{}, err
	}
	// The id names the key without telling anything about it.
	id, err := hkdf.Key(sha256.New, key, nil, "gatehouse sealing key id", keyIDSize)
	if err != nil {
		return sealingKey{}, err
	}
	return sealingKey{id: binary.BigEndian.Uint32(id), aead: aead}, nil
}

// Seal encrypts plain for the place.
func (s *Sealer) Seal(place string, plain []byte) ([]byte, error) {
	key := s.keys[0]
	header := 1 + keyIDSize
	envelope := make([]byte, header+nonceSize, header+nonceSize+len(plain)+key.aead.Overhead())
	envelope[0] = sealVersion
	binary.BigEndian.PutUint32(envelope[1:], key.id)
	nonce := envelope[header:]
	if _, err := io.ReadFull(s.random, nonce); err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return key.aead.Seal(envelope, nonce, plain, []byte(place)), nil //nolint:gosec // the nonce was just read from random
}

// Open decrypts an envelope that was sealed for the same place, or returns ErrSeal.
func (s *Sealer) Open(place string, envelope []byte) ([]byte, error) {
	header := 1 + keyIDSize
	if len(envelope) < header+nonceSize || envelope[0] != sealVersion {
		return nil, ErrSeal
	}
	id := binary.BigEndian.Uint32(envelope[1:])
	nonce, ciphertext := envelope[header:header+nonceSize], envelope[header+nonceSize:]
	for _, key := range s.keys {
		if key.id != id {
			continue
		}
		if plain, err := key.aead.Open(nil, nonce, ciphertext, []byte(place)); err == nil {
			return plain, nil
		}
	}
	return nil, ErrSeal
}
