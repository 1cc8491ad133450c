package keys

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// ErrInvalidToken says that a token is not one that this issuer signed, or was
// signed with a key that is gone. It says nothing of the token's claims.
var ErrInvalidToken = errors.New("token was not signed by this issuer")

const (
	// maxTokenSize bounds what strangers can make us parse.
	maxTokenSize = 32 << 10
	// minReload is how often tokens with unknown key ids can make us ask the
	// store for keys.
	minReload = time.Second
)

// Verify checks that the issuer signed the token with any published key and
// returns its payload. The token must be of the type typ, which keeps one kind of
// token from passing for another (RFC 8725, section 3.11), and, if algorithms
// are given, of one of them. Expiry and all other claims are the caller's to
// check: an ID token given as a hint may be long expired.
//
// Every refusal is an ErrInvalidToken.
func (r *Ring) Verify(ctx context.Context, token, typ string, algorithms ...jose.SignatureAlgorithm) ([]byte, error) {
	if len(algorithms) == 0 {
		algorithms = Algorithms()
	}
	if len(token) > maxTokenSize {
		return nil, fmt.Errorf("%w: longer than %d bytes", ErrInvalidToken, maxTokenSize)
	}
	// Parsing refuses "none" and whatever else is not listed.
	jws, err := jose.ParseSignedCompact(token, algorithms)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalidToken, err)
	}
	header := jws.Signatures[0].Protected
	if got, _ := header.ExtraHeaders[jose.HeaderType].(string); got != typ {
		return nil, fmt.Errorf("%w: its type is not %s", ErrInvalidToken, typ)
	}
	// Only the key id chooses the key; jwk, jku and x5c of the header are the
	// sender's own words.
	key := r.lookup(ctx, header.KeyID)
	if key == nil {
		return nil, fmt.Errorf("%w: unknown key id", ErrInvalidToken)
	}
	// A key serves one algorithm only, or a public key could be used as the
	// secret of another.
	if header.Algorithm != string(key.algorithm) || !slices.Contains(algorithms, key.algorithm) {
		return nil, fmt.Errorf("%w: algorithm does not belong to the key", ErrInvalidToken)
	}
	payload, err := jws.Verify(key.public.Key)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInvalidToken, err)
	}
	return payload, nil
}

// lookup finds a published key. An unknown id may belong to a key that another
// node activated at once by command, so the store is asked, though seldom.
func (r *Ring) lookup(ctx context.Context, id string) *signer {
	if key := r.snapshot.Load().byID[id]; key != nil {
		return key
	}
	if id == "" || !r.reloadForUnknown(ctx) {
		return nil
	}
	return r.snapshot.Load().byID[id]
}

// reloadForUnknown reads the ring because a stranger named a key that is not in
// it, and says whether it did.
func (r *Ring) reloadForUnknown(ctx context.Context) bool {
	if r.Age() < minReload || !r.loading.TryLock() {
		return false
	}
	defer r.loading.Unlock()
	if err := r.reload(ctx); err != nil {
		r.config.Logger.WarnContext(ctx, "keys were not reloaded", "error", err)
		return false
	}
	return true
}
