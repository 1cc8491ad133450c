package keys

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/go-jose/go-jose/v4"

	"gatehouse/storage"
)

// The kinds of token, as the header member typ tells them apart (RFC 8725,
// section 3.11).
const (
	TypeJWT         = "JWT"        // ID tokens
	TypeAccessToken = "at+jwt"     // RFC 9068, section 2.1
	TypeLogoutToken = "logout+jwt" //nolint:gosec // no credential, but OIDC Back-Channel Logout, section 2.4
)

// ErrNoKey says that no key of the algorithm signs.
var ErrNoKey = errors.New("no current signing key")

// signer is a parsed key with its protected headers encoded in advance. go-jose
// would marshal the header and copy the token several times for each signature.
type signer struct {
	id        string
	algorithm jose.SignatureAlgorithm
	private   crypto.Signer
	public    jose.JSONWebKey
	// signatureSize is the length of a raw signature.
	signatureSize int
	// headers are the encoded protected headers with the dot that follows, of
	// the kinds in preparedTypes.
	headers [3]string
}

// preparedTypes is the order of signer.headers.
func preparedTypes() [3]string { return [3]string{TypeJWT, TypeAccessToken, TypeLogoutToken} }

func newSigner(key storage.RingKey) (*signer, error) {
	private, err := parse(key)
	if err != nil {
		return nil, err
	}
	s := &signer{
		id:        key.ID,
		algorithm: jose.SignatureAlgorithm(key.Algorithm),
		private:   private,
		public: jose.JSONWebKey{
			Key: private.Public(), KeyID: key.ID, Algorithm: key.Algorithm, Use: "sig",
		},
		signatureSize: 64,
	}
	if public, ok := private.Public().(*rsa.PublicKey); ok {
		s.signatureSize = public.Size()
	}
	for i, typ := range preparedTypes() {
		if s.headers[i], err = s.encodeHeader(typ); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// encodeHeader makes the protected header (RFC 7515, section 4.1).
func (s *signer) encodeHeader(typ string) (string, error) {
	header, err := json.Marshal(struct {
		Algorithm string `json:"alg"`
		KeyID     string `json:"kid"`
		Type      string `json:"typ"`
	}{string(s.algorithm), s.id, typ})
	if err != nil {
		return "", fmt.Errorf("encode JWS header: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(header) + ".", nil
}

func (s *signer) header(typ string) (string, error) {
	for i, prepared := range preparedTypes() {
		if typ == prepared {
			return s.headers[i], nil
		}
	}
	return s.encodeHeader(typ)
}

// Sign makes a JWS in compact serialisation (RFC 7515, section 7.1) over the
// payload with the current key of the algorithm, or returns ErrNoKey.
func (r *Ring) Sign(algorithm jose.SignatureAlgorithm, typ string, payload []byte) (string, error) {
	s := r.snapshot.Load().current[algorithm]
	if s == nil {
		return "", fmt.Errorf("%w of %s", ErrNoKey, algorithm)
	}
	return s.sign(r.config.Random, typ, payload)
}

// SignClaims is Sign for claims that are marshalled to JSON.
func (r *Ring) SignClaims(algorithm jose.SignatureAlgorithm, typ string, claims any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("encode claims: %w", err)
	}
	return r.Sign(algorithm, typ, payload)
}

func (s *signer) sign(random io.Reader, typ string, payload []byte) (string, error) {
	header, err := s.header(typ)
	if err != nil {
		return "", err
	}
	encoding := base64.RawURLEncoding
	size := len(header) + encoding.EncodedLen(len(payload)) + 1 + encoding.EncodedLen(s.signatureSize)
	token := make([]byte, 0, size)
	token = append(token, header...)
	token = encoding.AppendEncode(token, payload)
	signature, err := s.signature(random, token)
	if err != nil {
		return "", fmt.Errorf("sign with %s key: %w", s.algorithm, err)
	}
	token = append(token, '.')
	return string(encoding.AppendEncode(token, signature)), nil
}

func (s *signer) signature(random io.Reader, input []byte) ([]byte, error) {
	switch key := s.private.(type) {
	case *rsa.PrivateKey:
		if s.algorithm == jose.PS256 {
			// RFC 7518, section 3.5: the salt is as long as the hash.
			options := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
			return rsa.SignPSS(random, key, crypto.SHA256, digest(input), options)
		}
		return rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest(input))
	case *ecdsa.PrivateKey:
		der, err := ecdsa.SignASN1(random, key, digest(input))
		if err != nil {
			return nil, err
		}
		return rawSignature(der)
	case ed25519.PrivateKey:
		return ed25519.Sign(key, input), nil
	}
	return nil, fmt.Errorf("key of type %T", s.private)
}

// rawSignature turns the DER form of a P-256 signature,
// SEQUENCE { INTEGER r, INTEGER s }, into r and s of 32 bytes each (RFC 7518,
// section 3.4). All lengths are below 128, so each takes one byte.
func rawSignature(der []byte) ([]byte, error) {
	malformed := errors.New("malformed ECDSA signature")
	if len(der) < 2 || der[0] != 0x30 || int(der[1]) != len(der)-2 {
		return nil, malformed
	}
	raw, rest := make([]byte, 64), der[2:]
	for _, into := range [][]byte{raw[:32], raw[32:]} {
		if len(rest) < 2 || rest[0] != 0x02 || int(rest[1]) > len(rest)-2 {
			return nil, malformed
		}
		integer := rest[2 : 2+int(rest[1])]
		rest = rest[2+len(integer):]
		for len(integer) > 0 && integer[0] == 0 {
			integer = integer[1:]
		}
		if len(integer) > len(into) {
			return nil, malformed
		}
		copy(into[len(into)-len(integer):], integer)
	}
	if len(rest) != 0 {
		return nil, malformed
	}
	return raw, nil
}
