package clientkeys

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const (
	// maxCandidates bounds how many keys are tried for a token without key id: each
	// costs a signature check.
	maxCandidates = 8
	minRSABits    = 2048
)

// parseKeys reads the public keys of a JWK Set. Keys of types we do not know are
// left out (RFC 7517, section 5), and so are secrets: what is published cannot
// prove anything.
func parseKeys(document []byte) ([]jose.JSONWebKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(document, &set); err != nil {
		return nil, fmt.Errorf("parse JWKS: %w", err)
	}
	var keys []jose.JSONWebKey
	for _, raw := range set.Keys {
		var key jose.JSONWebKey
		if key.UnmarshalJSON(raw) == nil && key.IsPublic() {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("JWKS has no usable public key")
	}
	return keys, nil
}

// verifyWith checks the signature with each key that may have made it.
func verifyWith(keys []jose.JSONWebKey, token *jwt.JSONWebToken) error {
	header := token.Headers[0]
	tried := 0
	for _, key := range keys {
		if !mayVerify(key, header) {
			continue
		}
		if tried++; tried > maxCandidates {
			return errors.New("too many keys fit the token; it needs a kid")
		}
		// The bare key: given a JWK, the library would look at its own idea
		// of which one is meant.
		if token.Claims(key.Key) == nil {
			return nil
		}
	}
	if tried == 0 {
		return fmt.Errorf("%w: kid and alg of the token name another", ErrNoKey)
	}
	return errors.New("signature is invalid")
}

// mayVerify says whether the key is the one the header means (RFC 7515, section
// 4.1.4), is for signatures and for this algorithm (RFC 7517, sections 4.2 and 4.4).
func mayVerify(key jose.JSONWebKey, header jose.Header) bool {
	if header.KeyID != "" && key.KeyID != header.KeyID {
		return false
	}
	if key.Use != "" && key.Use != "sig" {
		return false
	}
	if key.Algorithm != "" && key.Algorithm != header.Algorithm {
		return false
	}
	return fits(key.Key, jose.SignatureAlgorithm(header.Algorithm))
}

// fits says whether type and size of the key belong to the algorithm (RFC 7518,
// sections 3.3 to 3.5; RFC 8037, section 3.1).
func fits(key any, algorithm jose.SignatureAlgorithm) bool {
	switch key := key.(type) {
	case *rsa.PublicKey:
		family := strings.HasPrefix(string(algorithm), "RS") || strings.HasPrefix(string(algorithm), "PS")
		return family && key.N.BitLen() >= minRSABits
	case *ecdsa.PublicKey:
		return algorithm == jose.ES256 && key.Curve == elliptic.P256() ||
			algorithm == jose.ES384 && key.Curve == elliptic.P384() ||
			algorithm == jose.ES512 && key.Curve == elliptic.P521()
	case ed25519.PublicKey:
		return algorithm == jose.EdDSA
	}
	return false
}
