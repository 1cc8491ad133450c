package keys

import (
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"

	"gatehouse/storage"
)

// snapshot is the ring as it was read, prepared for use. It never changes.
type snapshot struct {
	ring     storage.KeyRing
	loadedAt time.Time
	byID     map[string]*signer
	current  map[jose.SignatureAlgorithm]*signer
	set      []byte
	etag     string
}

// newSnapshot parses the keys that the previous snapshot does not have yet.
func newSnapshot(ring storage.KeyRing, previous *snapshot, loadedAt time.Time) (*snapshot, error) {
	s := &snapshot{
		ring:     ring,
		loadedAt: loadedAt,
		byID:     make(map[string]*signer, len(ring.Keys)),
		current:  make(map[jose.SignatureAlgorithm]*signer, len(ring.Keys)),
	}
	for _, key := range ring.Keys {
		prepared := previous.find(key)
		if prepared == nil {
			var err error
			if prepared, err = newSigner(key); err != nil {
				return nil, err
			}
		}
		s.byID[key.ID] = prepared
		if key.State == storage.KeyCurrent {
			s.current[prepared.algorithm] = prepared
		}
	}
	return s, s.publish()
}

func (s *snapshot) find(key storage.SigningKey) *signer {
	if s == nil {
		return nil
	}
	if known := s.byID[key.ID]; known != nil && string(known.algorithm) == key.Algorithm {
		return known
	}
	return nil
}

// publish builds the JWKS. Current keys come first, RS256 before all: there are
// relying parties that take the first key they see.
func (s *snapshot) publish() error {
	ordered := slices.Clone(s.ring.Keys)
	slices.SortStableFunc(ordered, func(a, b storage.SigningKey) int {
		return cmp.Or(
			cmp.Compare(statePlace(a.State), statePlace(b.State)),
			cmp.Compare(algorithmPlace(a.Algorithm), algorithmPlace(b.Algorithm)),
		)
	})
	set := jose.JSONWebKeySet{Keys: make([]jose.JSONWebKey, 0, len(ordered))}
	for _, key := range ordered {
		set.Keys = append(set.Keys, s.byID[key.ID].public)
	}
	body, err := json.Marshal(set)
	if err != nil {
		return fmt.Errorf("encode JWKS: %w", err)
	}
	sum := sha256.Sum256(body)
	s.set, s.etag = body, `"`+base64.RawURLEncoding.EncodeToString(sum[:16])+`"`
	return nil
}

func statePlace(state storage.KeyState) int {
	return slices.Index([]storage.KeyState{storage.KeyCurrent, storage.KeyNext, storage.KeyRetired}, state)
}

func algorithmPlace(algorithm string) int {
	return slices.Index(Algorithms(), jose.SignatureAlgorithm(algorithm))
}
