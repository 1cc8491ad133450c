package clientkeys

import (
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"fmt"
	"slices"

	"github.com/go-jose/go-jose/v4"

	"gatehouse/storage"
)

// EncryptionAlgorithms lists how a content key may be wrapped for a client, for
// discovery and registration. RSA1_5 is left out for its padding oracle (RFC 8725,
// section 3.2).
func EncryptionAlgorithms() []jose.KeyAlgorithm {
	return []jose.KeyAlgorithm{jose.RSA_OAEP, jose.RSA_OAEP_256, jose.ECDH_ES, jose.ECDH_ES_A128KW, jose.ECDH_ES_A256KW}
}

// ContentEncryptions lists how content may be encrypted; the first is the default
// where a client registers none (OpenID Connect Dynamic Client Registration 1.0,
// section 2).
func ContentEncryptions() []jose.ContentEncryption {
	return []jose.ContentEncryption{jose.A128CBC_HS256, jose.A256CBC_HS512, jose.A128GCM, jose.A256GCM}
}

// Encrypt returns a compact JWE that only the client can read; an empty encryption
// is the default. contentType is the cty, "JWT" for what is signed within (RFC
// 7519, section 5.2); empty leaves it out. An error wraps ErrNoKey if the client has
// no key for the algorithm.
func (k *Keys) Encrypt(ctx context.Context, client storage.Client, algorithm, encryption, contentType string, payload []byte) (string, error) {
	alg, enc := jose.KeyAlgorithm(algorithm), jose.ContentEncryption(encryption)
	if enc == "" {
		enc = ContentEncryptions()[0]
	}
	if !slices.Contains(EncryptionAlgorithms(), alg) || !slices.Contains(ContentEncryptions(), enc) {
		return "", fmt.Errorf("encrypt to client: %q with %q is not supported", algorithm, encryption)
	}
	var key jose.JSONWebKey
	err := k.try(ctx, client, func(set []jose.JSONWebKey) (err error) {
		key, err = encryptionKey(set, alg)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("encrypt to client: %w", err)
	}
	options := &jose.EncrypterOptions{}
	if contentType != "" {
		options = options.WithContentType(jose.ContentType(contentType))
	}
	encrypter, err := jose.NewEncrypter(enc, jose.Recipient{Algorithm: alg, Key: key.Key, KeyID: key.KeyID}, options)
	if err != nil {
		return "", fmt.Errorf("encrypt to client: %w", err)
	}
	object, err := encrypter.Encrypt(payload)
	if err != nil {
		return "", fmt.Errorf("encrypt to client: %w", err)
	}
	text, err := object.CompactSerialize()
	if err != nil {
		return "", fmt.Errorf("encrypt to client: %w", err)
	}
	return text, nil
}

// encryptionKey chooses the first key that is meant for encryption, else the first
// that does not say what it is for (RFC 7517, section 4.2). Both must name the
// algorithm if they name one.
func encryptionKey(set []jose.JSONWebKey, algorithm jose.KeyAlgorithm) (jose.JSONWebKey, error) {
	for _, use := range []string{"enc", ""} {
		for _, key := range set {
			named := key.Algorithm == "" || key.Algorithm == string(algorithm)
			if key.Use == use && named && mayEncrypt(key.Key, algorithm) {
				return key, nil
			}
		}
	}
	return jose.JSONWebKey{}, fmt.Errorf("%w for encryption with %s", ErrNoKey, algorithm)
}

// mayEncrypt says whether type and size of the key belong to the algorithm (RFC
// 7518, sections 4.3 and 4.6).
func mayEncrypt(key any, algorithm jose.KeyAlgorithm) bool {
	switch key := key.(type) {
	case *rsa.PublicKey:
		return (algorithm == jose.RSA_OAEP || algorithm == jose.RSA_OAEP_256) && key.N.BitLen() >= minRSABits
	case *ecdsa.PublicKey:
		return algorithm == jose.ECDH_ES || algorithm == jose.ECDH_ES_A128KW || algorithm == jose.ECDH_ES_A256KW
	}
	return false
}
