package keys

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"

	"gatehouse/storage"
)

// maxKeyID bounds key ids, which stand in the header of every token.
const maxKeyID = 128

// ErrKeyExists says that the ring has a key of the same id already.
var ErrKeyExists = errors.New("the ring has this key already")

// ImportedKey is a private key from elsewhere that was found fit to sign. It is
// made by ImportPEM and ImportJWK.
type ImportedKey struct {
	key storage.RingKey
}

// ID is the key id under which tokens will name the key.
func (k ImportedKey) ID() string { return k.key.ID }

// Algorithm is what the key will sign with.
func (k ImportedKey) Algorithm() jose.SignatureAlgorithm {
	return jose.SignatureAlgorithm(k.key.Algorithm)
}

// ImportPEM reads a private key in PEM: PKCS #8, PKCS #1 or SEC 1, unencrypted.
// An empty algorithm means the usual one of the key's type. An empty id means the
// RFC 7638 thumbprint; another provider's id keeps its tokens verifiable.
func ImportPEM(text []byte, algorithm jose.SignatureAlgorithm, id string) (ImportedKey, error) {
	block, rest := pem.Decode(text)
	for block != nil && block.Type == "EC PARAMETERS" { // openssl ecparam writes it in front
		block, rest = pem.Decode(rest)
	}
	if block == nil {
		return ImportedKey{}, errors.New("import key: no PEM block found")
	}
	private, err := parsePEM(block)
	if err != nil {
		return ImportedKey{}, fmt.Errorf("import key: %w", err)
	}
	if more, _ := pem.Decode(rest); more != nil {
		return ImportedKey{}, errors.New("import key: more than one PEM block")
	}
	return imported(private, algorithm, id)
}

func parsePEM(block *pem.Block) (any, error) {
	switch {
	case block.Type == "PRIVATE KEY":
		return x509.ParsePKCS8PrivateKey(block.Bytes)
	case block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "":
		return nil, errors.New("the private key is encrypted: decrypt it first, as with openssl pkey")
	case block.Type == "RSA PRIVATE KEY":
		return x509.ParsePKCS1PrivateKey(block.Bytes)
	case block.Type == "EC PRIVATE KEY":
		return x509.ParseECPrivateKey(block.Bytes)
	case block.Type == "PUBLIC KEY" || block.Type == "RSA PUBLIC KEY" || block.Type == "CERTIFICATE":
		return nil, fmt.Errorf("%q holds no private key", block.Type)
	}
	return nil, fmt.Errorf("PEM block %q is not a private key", block.Type)
}

// ImportJWK reads a private key in the form of RFC 7517. Its members alg and kid
// are taken where the arguments are empty; an alg that differs from the argument
// is refused.
func ImportJWK(text []byte, algorithm jose.SignatureAlgorithm, id string) (ImportedKey, error) {
	var jwk jose.JSONWebKey
	if err := jwk.UnmarshalJSON(text); err != nil {
		return ImportedKey{}, fmt.Errorf("import key: %w", err)
	}
	if jwk.Use != "" && jwk.Use != "sig" {
		return ImportedKey{}, fmt.Errorf("import key: its use is %q, not signing", jwk.Use)
	}
	if algorithm != "" && jwk.Algorithm != "" && string(algorithm) != jwk.Algorithm {
		return ImportedKey{}, fmt.Errorf("import key: it is for %s, not %s", jwk.Algorithm, algorithm)
	}
	if algorithm == "" {
		algorithm = jose.SignatureAlgorithm(jwk.Algorithm)
	}
	if id == "" {
		id = jwk.KeyID
	}
	return imported(jwk.Key, algorithm, id)
}

func imported(parsed any, algorithm jose.SignatureAlgorithm, id string) (ImportedKey, error) {
	switch parsed.(type) {
	case *rsa.PublicKey, *ecdsa.PublicKey, ed25519.PublicKey:
		return ImportedKey{}, errors.New("import key: it is only the public half")
	}
	private, ok := parsed.(crypto.Signer)
	if !ok {
		return ImportedKey{}, fmt.Errorf("import key: type %T does not sign", parsed)
	}
	if algorithm == "" {
		algorithm = usualAlgorithm(private.Public())
	}
	if algorithm == "" {
		return ImportedKey{}, fmt.Errorf("import key: %s fits none of %v", describe(private.Public()), Algorithms())
	}
	if !slices.Contains(Algorithms(), algorithm) {
		return ImportedKey{}, fmt.Errorf("import key: algorithm %q is not one of %v", algorithm, Algorithms())
	}
	if err := fits(algorithm, private.Public()); err != nil {
		return ImportedKey{}, fmt.Errorf("import key: %w", err)
	}
	if err := checkKeyID(id); err != nil {
		return ImportedKey{}, err
	}
	key, err := newRingKey(string(algorithm), id, private)
	if err != nil {
		return ImportedKey{}, err
	}
	// What was written must read back: this checks the numbers of the key.
	if _, err := parse(key); err != nil {
		return ImportedKey{}, err
	}
	return ImportedKey{key: key}, nil
}

func usualAlgorithm(public crypto.PublicKey) jose.SignatureAlgorithm {
	switch public := public.(type) {
	case *rsa.PublicKey:
		return jose.RS256
	case *ecdsa.PublicKey:
		if public.Curve == elliptic.P256() {
			return jose.ES256
		}
	case ed25519.PublicKey:
		return jose.EdDSA
	}
	return ""
}

func checkKeyID(id string) error {
	if len(id) > maxKeyID {
		return fmt.Errorf("import key: its id is longer than %d bytes", maxKeyID)
	}
	for _, char := range []byte(id) {
		if char <= ' ' || char > '~' {
			return errors.New("import key: its id has other characters than visible ASCII")
		}
	}
	return nil
}

// Import adds a key as the next of its algorithm, in place of one that waits, and
// returns when it begins to sign. With now it signs at once, which relying parties
// that cached the JWKS do not know of. It returns ErrKeyExists for an id that the
// ring has.
func (r *Ring) Import(ctx context.Context, imported ImportedKey, now bool) (time.Time, error) {
	if !slices.Contains(r.config.Algorithms, imported.Algorithm()) {
		return time.Time{}, fmt.Errorf("import key: %s is not configured", imported.Algorithm())
	}
	var signsAt time.Time
	err := r.change(ctx, func(l *lifecycle) error {
		for _, key := range l.keys {
			if key.ID == imported.ID() {
				return ErrKeyExists
			}
		}
		l.publish(imported.key)
		signsAt = l.activation(*l.find(string(imported.Algorithm()), storage.KeyNext))
		if now {
			l.activate(string(imported.Algorithm()))
			signsAt = l.now
		}
		return nil
	})
	return signsAt, err
}
