package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	"github.com/go-jose/go-jose/v4"

	"gatehouse/storage"
)

const rsaBits = 2048

// generate makes a new key. Each signature algorithm has keys of its own, RS256 and PS256
// too: the JWK member alg then says exactly one thing, and a signature made by one
// algorithm cannot be presented under another.
func generate(algorithm string, random io.Reader) (storage.RingKey, error) {
	var (
		private crypto.Signer
		err     error
	)
	switch algorithm {
	case string(jose.RS256), string(jose.PS256), rsaEncryption:
		private, err = rsa.GenerateKey(random, rsaBits)
	case string(jose.ES256), ecEncryption:
		private, err = ecdsa.GenerateKey(elliptic.P256(), random)
	case string(jose.EdDSA):
		_, private, err = ed25519.GenerateKey(random)
	default:
		err = errors.New("unknown algorithm")
	}
	if err != nil {
		return storage.RingKey{}, fmt.Errorf("generate %s key: %w", algorithm, err)
	}
	return newRingKey(algorithm, "", private)
}

// newRingKey makes the record of a private key, named by its RFC 7638
// thumbprint unless an id is given.
func newRingKey(algorithm, id string, private crypto.Signer) (storage.RingKey, error) {
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return storage.RingKey{}, fmt.Errorf("encode %s key: %w", algorithm, err)
	}
	if id == "" {
		jwk := jose.JSONWebKey{Key: private.Public()}
		thumbprint, err := jwk.Thumbprint(crypto.SHA256)
		if err != nil {
			return storage.RingKey{}, fmt.Errorf("name %s key: %w", algorithm, err)
		}
		id = base64.RawURLEncoding.EncodeToString(thumbprint)
	}
	return storage.RingKey{ID: id, Algorithm: algorithm, PKCS8: der}, nil
}

// parse reads back the private key of a record and checks that it fits its
// algorithm.
func parse(key storage.RingKey) (crypto.Signer, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(key.PKCS8)
	if err != nil {
		return nil, fmt.Errorf("key %q: %w", key.ID, err)
	}
	private, ok := parsed.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("key %q: %T is no key pair", key.ID, parsed)
	}
	if useOf(key.Algorithm) == UseEncryption {
		err = fitsEncryption(key.Algorithm, private.Public())
	} else {
		err = fits(jose.SignatureAlgorithm(key.Algorithm), private.Public())
	}
	if err != nil {
		return nil, fmt.Errorf("key %q: %w", key.ID, err)
	}
	return private, nil
}

// fits says whether a key may sign with the algorithm (RFC 7518, sections 3.3
// to 3.5; RFC 8037, section 3.1).
func fits(algorithm jose.SignatureAlgorithm, public crypto.PublicKey) error {
	switch public := public.(type) {
	case *rsa.PublicKey:
		if algorithm != jose.RS256 && algorithm != jose.PS256 {
			break
		}
		if bits := public.N.BitLen(); bits < rsaBits {
			return fmt.Errorf("RSA key of %d bits is too weak: at least %d are required", bits, rsaBits)
		}
		return nil
	case *ecdsa.PublicKey:
		if algorithm == jose.ES256 && public.Curve == elliptic.P256() {
			return nil
		}
	case ed25519.PublicKey:
		if algorithm == jose.EdDSA {
			return nil
		}
	}
	return fmt.Errorf("%s does not fit %s", describe(public), algorithm)
}

func describe(public crypto.PublicKey) string {
	switch public := public.(type) {
	case *rsa.PublicKey:
		return "RSA key"
	case *ecdsa.PublicKey:
		return "key on curve " + public.Params().Name
	case ed25519.PublicKey:
		return "Ed25519 key"
	}
	return fmt.Sprintf("key of type %T", public)
}

// digest is SHA-256, the hash of every algorithm but EdDSA.
func digest(input []byte) []byte {
	sum := sha256.Sum256(input)
	return sum[:]
}
