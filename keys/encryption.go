package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"fmt"
	"slices"

	"github.com/go-jose/go-jose/v4"
)

// Use says what a key is for (RFC 7517, section 4.2). A key has one use.
type Use string

// The uses.
const (
	UseSignature  Use = "sig"
	UseEncryption Use = "enc"
)

// The kinds of encryption keys, named after the algorithm that each is kept
// under. A key of one kind serves every algorithm of its family.
const (
	rsaEncryption = string(jose.RSA_OAEP_256)
	ecEncryption  = string(jose.ECDH_ES)
)

func encryptionKinds() []string { return []string{rsaEncryption, ecEncryption} }

// useOf tells the use of a key by the algorithm that it is kept under: none is for
// both.
func useOf(algorithm string) Use {
	if slices.Contains(encryptionKinds(), algorithm) {
		return UseEncryption
	}
	return UseSignature
}

// EncryptionAlgorithms lists every algorithm by which a content encryption key can
// be encrypted to the issuer (RFC 7518, section 4.1), preferred first. RSA1_5 is
// not among them: it lends itself to decryption by asking (RFC 8725, section 3.2).
func EncryptionAlgorithms() []jose.KeyAlgorithm {
	return []jose.KeyAlgorithm{
		jose.RSA_OAEP_256, jose.RSA_OAEP,
		jose.ECDH_ES, jose.ECDH_ES_A128KW, jose.ECDH_ES_A256KW,
	}
}

// DefaultEncryptionAlgorithms is one algorithm for each kind of key.
func DefaultEncryptionAlgorithms() []jose.KeyAlgorithm {
	return []jose.KeyAlgorithm{jose.RSA_OAEP_256, jose.ECDH_ES}
}

// ContentEncryptions lists how content that is encrypted to the issuer can be
// encrypted (RFC 7518, section 5.1). The first is what OpenID Connect falls back
// to.
func ContentEncryptions() []jose.ContentEncryption {
	return []jose.ContentEncryption{jose.A128CBC_HS256, jose.A256CBC_HS512, jose.A128GCM, jose.A256GCM}
}

// kindOf is the kind of key that an algorithm needs.
func kindOf(algorithm jose.KeyAlgorithm) string {
	if algorithm == jose.RSA_OAEP || algorithm == jose.RSA_OAEP_256 {
		return rsaEncryption
	}
	return ecEncryption
}

// fitsEncryption says whether a key is of the kind (RFC 7518, sections 4.3 and
// 4.6).
func fitsEncryption(kind string, public crypto.PublicKey) error {
	switch public := public.(type) {
	case *rsa.PublicKey:
		if kind == rsaEncryption && public.N.BitLen() >= rsaBits {
			return nil
		}
	case *ecdsa.PublicKey:
		if kind == ecEncryption && public.Curve == elliptic.P256() {
			return nil
		}
	}
	return fmt.Errorf("%s does not fit %s", describe(public), kind)
}

func completeEncryption(asked []jose.KeyAlgorithm) ([]jose.KeyAlgorithm, error) {
	if asked == nil {
		return DefaultEncryptionAlgorithms(), nil
	}
	var complete []jose.KeyAlgorithm
	for _, algorithm := range asked {
		if !slices.Contains(EncryptionAlgorithms(), algorithm) {
			return nil, fmt.Errorf("encryption algorithm %q is not one of %v", algorithm, EncryptionAlgorithms())
		}
		if !slices.Contains(complete, algorithm) {
			complete = append(complete, algorithm)
		}
	}
	return complete, nil
}

// published is the JWK member alg of an encryption key: the algorithm that it
// serves, or nothing if it serves several (RFC 7517, section 4.4).
func (c Config) published(kind string) string {
	var served []jose.KeyAlgorithm
	for _, algorithm := range c.EncryptionAlgorithms {
		if kindOf(algorithm) == kind {
			served = append(served, algorithm)
		}
	}
	if len(served) == 1 {
		return string(served[0])
	}
	return ""
}
