package keys

import (
	"context"
	"crypto"
	"errors"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"gatehouse/storage"
)

// ErrUndecryptable says that something was not encrypted to this issuer in a way
// that it takes, or to a key that is gone. It says nothing more: whoever sends
// variations of what he overheard must not learn from the answers.
var ErrUndecryptable = errors.New("not encrypted to this issuer")

// decrypter is a parsed encryption key.
type decrypter struct {
	kind    string
	private crypto.Signer
	public  jose.JSONWebKey
}

func newDecrypter(key storage.RingKey, config Config) (*decrypter, error) {
	private, err := parse(key)
	if err != nil {
		return nil, err
	}
	return &decrypter{kind: key.Algorithm, private: private, public: jose.JSONWebKey{
		Key: private.Public(), KeyID: key.ID, Algorithm: config.published(key.Algorithm), Use: string(UseEncryption),
	}}, nil
}

// Decrypt opens a JWE in compact serialisation (RFC 7516, section 7.1) that was
// encrypted to any key of the ring by a configured algorithm, and returns its
// content. Who encrypted it, it cannot tell: anybody can.
//
// Compressed content is refused, since a few bytes may unfold to any number (RFC
// 8725, section 3.6). Every refusal is the same ErrUndecryptable.
func (r *Ring) Decrypt(ctx context.Context, jwe string) ([]byte, error) {
	if len(jwe) > maxTokenSize || strings.Count(jwe, ".") != 4 {
		return nil, ErrUndecryptable
	}
	object, err := jose.ParseEncryptedCompact(jwe, r.config.EncryptionAlgorithms, ContentEncryptions())
	if err != nil {
		return nil, ErrUndecryptable
	}
	if _, compressed := object.Header.ExtraHeaders["zip"]; compressed {
		return nil, ErrUndecryptable
	}
	for _, key := range r.decrypters(ctx, object.Header.KeyID, kindOf(jose.KeyAlgorithm(object.Header.Algorithm))) {
		if content, err := object.Decrypt(key.private); err == nil {
			return content, nil
		}
	}
	return nil, ErrUndecryptable
}

// decrypters finds the key that was encrypted to, or, if the sender did not name
// it, those of the kind: there are seldom more than two.
func (r *Ring) decrypters(ctx context.Context, id, kind string) []*decrypter {
	if id == "" {
		return r.snapshot.Load().decryptersOf(kind)
	}
	key := r.snapshot.Load().decrypters[id]
	if key == nil && r.reloadForUnknown(ctx) {
		key = r.snapshot.Load().decrypters[id]
	}
	if key == nil || key.kind != kind {
		return nil
	}
	return []*decrypter{key}
}

// EncryptionAlgorithms lists the algorithms by which the ring is configured to be
// encrypted to. There may be none.
func (r *Ring) EncryptionAlgorithms() []jose.KeyAlgorithm {
	return append([]jose.KeyAlgorithm(nil), r.config.EncryptionAlgorithms...)
}

// ContentEncryptions lists what Decrypt takes as enc: nothing where there are no
// EncryptionAlgorithms.
func (r *Ring) ContentEncryptions() []jose.ContentEncryption {
	if len(r.config.EncryptionAlgorithms) == 0 {
		return nil
	}
	return ContentEncryptions()
}
